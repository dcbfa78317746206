"""Chaos: real processes on this machine, killed and lied to at chosen points, and what must hold afterwards."""

# Where the web server of the crash matrix fetches the certificates of SNS.
CERTIFICATES_URL = "CHAOS_CERTIFICATES_URL"
