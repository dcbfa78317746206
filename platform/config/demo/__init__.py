"""The story of `make demo`: real processes and protocols; only what is outside the machine is played."""
