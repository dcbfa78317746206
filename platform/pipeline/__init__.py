"""The graph of one alarm's way and what keeps it moving."""
