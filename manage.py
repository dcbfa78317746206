#!/usr/bin/env python
"""The door for people: `manage.py up`, `demo`, `bench`, and Django's own commands."""

import os
import sys
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent


def main() -> None:
    # `platform/` is a source root, never a package: its packages are imported as `core`, `config`, ...
    sys.path.insert(1, str(BASE_DIR / "platform"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from config.entry import execute

    execute(sys.argv)


if __name__ == "__main__":
    main()
