"""Lists in pages, as GitHub hands them out: 30 rows or as many as asked for up to 100, the others by Link headers.

docs.github.com, "Using pagination in the REST API".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar
from urllib.parse import urlencode

DEFAULT_ROWS = 30
MOST_ROWS = 100

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page:
    """Which rows of a list are asked for; `number` begins with 1."""

    number: int = 1
    rows: int = DEFAULT_ROWS

    @classmethod
    def asked(cls, query: Mapping[str, str]) -> Self:
        """Return the page that a request names; what is no number counts as not said."""
        number, rows = (query.get(name, "") for name in ("page", "per_page"))
        return cls(
            max(1, int(number)) if number.isdecimal() else 1,
            min(MOST_ROWS, int(rows)) if rows.isdecimal() and int(rows) else DEFAULT_ROWS,
        )

    def of(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return this page's rows of all."""
        return rows[(self.number - 1) * self.rows : self.number * self.rows]

    def links(self, count: int, *, url: str, query: Mapping[str, str]) -> str:
        """Return the Link header of a list of `count` rows at `url`; empty where one page holds it all."""
        last = -(-count // self.rows)
        pages = {"prev": self.number - 1, "next": self.number + 1, "last": last, "first": 1}
        if self.number == 1:
            del pages["prev"], pages["first"]
        if self.number >= last:
            del pages["next"], pages["last"]
        return ", ".join(
            f'<{url}?{urlencode({**query, "page": str(number)})}>; rel="{relation}"'
            for relation, number in pages.items()
        )
