"""Shared kernel: knows nothing of incidents, agents or any outside system."""
