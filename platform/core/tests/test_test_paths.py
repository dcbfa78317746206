import pytest

from core.test_paths import is_test_path


@pytest.mark.parametrize(
    "path",
    [
        "src/total.test.js",
        "src/total.spec.tsx",
        "src/__tests__/total.js",
        "tests/support/app.js",
        "packages/orders/test/total.js",
        "test_total.py",
        "orders/total_test.py",
        "orders/tests.py",
        "conftest.py",
        "src/total-test.js",
        "spec/total_spec.ts",
    ],
)
def test_a_test_is_known_by_its_folder_or_its_name(path: str) -> None:
    assert is_test_path(path)


@pytest.mark.parametrize(
    "path",
    [
        "src/total.js",
        "src/testing.js",
        "src/latest.py",
        "contest_py/a.py",
        "tests",
        "src/test.js",
        "src/test_total.js",
        "src/contests.py",
        "src/latest-test.css",
    ],
)
def test_a_like_name_is_no_test(path: str) -> None:
    assert not is_test_path(path)
