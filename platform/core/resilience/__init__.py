"""What a call to an outside system needs so that its bad hour is not ours: retries and a circuit breaker."""
