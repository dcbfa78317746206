"""A rehearsal: the real platform works on a bundled service with a bundled fault, as often as somebody likes."""
