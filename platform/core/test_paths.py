"""Which files of a repository are tests: one answer for who protects them and who runs them."""

import re
from pathlib import PurePosixPath

TEST_FOLDERS = frozenset({"__tests__", "tests", "test"})

_TEST_FILE_NAME = re.compile(
    r"""
      .+\.(test|spec)\.[^.]+   # orders.test.js, orders.spec.ts
    | .+[-_](test|spec)\.[cm]?[jt]sx?   # orders-test.js, orders_spec.ts
    | test_.+\.py              # test_orders.py
    | .+_test\.py              # orders_test.py
    | tests\.py                # Django's orders/tests.py
    | conftest\.py
    """,
    re.VERBOSE,
)


def is_test_path(path: str) -> bool:
    """Return whether the plain relative POSIX `path` is a test or lies in a folder of tests."""
    pure = PurePosixPath(path)
    if TEST_FOLDERS.intersection(pure.parts[:-1]):
        return True
    return _TEST_FILE_NAME.fullmatch(pure.name) is not None
