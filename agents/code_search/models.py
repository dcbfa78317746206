from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from pgvector.django import VectorField

from core.embedding import EMBEDDING_DIMENSIONS


class CodeChunk(models.Model):
    """One function or a stretch of a file: it finds candidates and proves nothing.

    A chunk belongs to a file's content, not to a commit: what a commit does not change is never read again.
    """

    repository = models.CharField(max_length=200)
    path = models.CharField(max_length=1000)
    blob_hash = models.CharField(max_length=64)
    symbol = models.CharField(max_length=300, blank=True, help_text="qualified name; empty: between functions")
    line_start = models.PositiveIntegerField()
    line_end = models.PositiveIntegerField()
    name_terms = models.TextField(help_text="the words of path and symbol")
    text_terms = models.TextField(help_text="the words of the code, split as people write them")
    search = models.GeneratedField(
        expression=SearchVector("name_terms", weight="A", config="english")
        + SearchVector("text_terms", weight="C", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
    )
    embedding = VectorField(dimensions=EMBEDDING_DIMENSIONS)
    used_at = models.DateTimeField(help_text="when a commit that holds this file was last indexed")

    class Meta:
        ordering = ["repository", "path", "line_start"]
        constraints = [
            models.UniqueConstraint(
                fields=["repository", "path", "blob_hash", "line_start"], name="code_chunk_once"
            ),
        ]
        # No index of the vectors: the search is over one commit's chunks, some thousands, and exact.
        indexes = [GinIndex(fields=["search"], name="code_chunk_search")]

    def __str__(self) -> str:
        return f"{self.path}:{self.line_start}-{self.line_end} {self.symbol}"
