#!/usr/bin/env bash
# Make .venv with exactly what requirements-dev.txt pins; run by make when that file changed.
set -euo pipefail
cd "$(dirname "$0")/.."

python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    { echo "Python 3.11 or newer is needed as python3 (found: $(python3 --version 2>&1)). Install it and try again." >&2; exit 1; }
[ -x .venv/bin/python ] || python3 -m venv .venv ||
    { echo "python3 cannot make a virtual environment: install the package python3-venv and try again." >&2; exit 1; }
echo "Installing Python packages into .venv ..."
[ -x .venv/bin/uv ] || .venv/bin/python -m pip install --quiet --disable-pip-version-check uv
.venv/bin/uv pip sync --quiet --require-hashes requirements-dev.txt
touch .venv/.installed
