"""The house itself: what would break everything at once if somebody changed it."""

import platform
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_platform_is_a_source_root_and_never_a_package() -> None:
    assert not (ROOT / "platform" / "__init__.py").exists()


def test_the_standard_library_platform_module_is_the_one_that_is_imported() -> None:
    assert platform.python_version().startswith("3.")
    assert ROOT not in Path(platform.__file__).parents
