"""What the benches of the pipeline and their workers both name."""

# Redis hash: when each run of the bare canvas ended.
DONE = "bench:done"
# Environment of a worker: seconds that each answer of the model and each run of tests takes.
TURN_SECONDS, TEST_SECONDS = "BENCH_TURN_SECONDS", "BENCH_TEST_SECONDS"
