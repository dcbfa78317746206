'use strict';

class ServiceError extends Error {
  constructor(message, { status, code, details }) {
    super(message);
    this.name = this.constructor.name;
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

class ValidationError extends ServiceError {
  constructor(message, details) {
    super(message, { status: 400, code: 'invalid_request', details });
  }
}

class NotFound extends ServiceError {
  constructor(kind, id) {
    super(`${kind} ${id} does not exist`, { status: 404, code: 'not_found' });
  }
}

class Conflict extends ServiceError {
  constructor(message, details) {
    super(message, { status: 409, code: 'conflict', details });
  }
}

class PaymentDeclined extends ServiceError {
  constructor(declineCode) {
    super(`the payment was declined: ${declineCode}`, {
      status: 402,
      code: 'payment_declined',
      details: { declineCode },
    });
  }
}

class ProviderUnavailable extends ServiceError {
  constructor(message) {
    super(message, { status: 503, code: 'provider_unavailable' });
  }
}

module.exports = { ServiceError, ValidationError, NotFound, Conflict, PaymentDeclined, ProviderUnavailable };
