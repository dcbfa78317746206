#!/usr/bin/env python
"""`manage.py measure_mttr` under the name that people look for; the arguments are the same."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    sys.path.insert(0, str(ROOT))
    from manage import main as manage

    sys.argv[1:1] = ["measure_mttr"]
    manage()


if __name__ == "__main__":
    main()
