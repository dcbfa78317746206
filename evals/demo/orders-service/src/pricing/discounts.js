'use strict';

const { ValidationError } = require('../errors');

class Vouchers {
  constructor(vouchers) {
    this.byCode = new Map(vouchers.map((voucher) => [voucher.code, voucher]));
  }

  discountFor(code, { subtotalMinor, currency }) {
    if (!code) {
      return 0;
    }
    const voucher = this.byCode.get(code.trim().toUpperCase());
    if (!voucher) {
      throw new ValidationError(`voucher ${code} is not valid`);
    }
    if (subtotalMinor < voucher.minimumMinor[currency]) {
      throw new ValidationError(`voucher ${code} needs a larger order`, {
        minimumMinor: voucher.minimumMinor[currency],
      });
    }
    if (voucher.kind === 'percent') {
      return Math.round((subtotalMinor * voucher.percent) / 100);
    }
    return Math.min(voucher.amountMinor[currency], subtotalMinor);
  }
}

module.exports = { Vouchers };
