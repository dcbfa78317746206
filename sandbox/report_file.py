"""The file in which the test command leaves its results."""

REPORT_LIMIT_BYTES = 32 * 1024 * 1024
