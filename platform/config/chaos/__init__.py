"""Chaos: real processes on this machine, killed and lied to at chosen points, and what must hold afterwards."""
