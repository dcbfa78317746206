"""What the bench of the pipeline and its workers both name."""

# Redis hash: when each run of the bare canvas ended.
DONE = "bench:done"
