"""One test case, whatever its language."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """`expectations` are the asserting calls that always run if the case does, and the rows of its table."""

    title: str
    expectations: tuple[str, ...]
    is_skipped: bool
    is_focused: bool
    is_empty: bool

    @property
    def counts(self) -> bool:
        """Whether a runner that passes this case has run something."""
        return not self.is_skipped and not self.is_empty
