"""The read API that the dashboard and other programs use: rows as they are, without secrets, never written."""
