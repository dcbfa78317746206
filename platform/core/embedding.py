"""What every embedder and every index agree on."""

# One length for all embedders, so that one index serves them all.
EMBEDDING_DIMENSIONS = 512
