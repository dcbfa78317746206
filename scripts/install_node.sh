#!/usr/bin/env bash
# Install what frontend/package-lock.json pins; run by make when that file changed.
set -euo pipefail
cd "$(dirname "$0")/../frontend"

found=$(node --version 2>/dev/null || echo none)
major=${found#v}
case "${major%%.*}" in
    ''|none|*[!0-9]*) major=0 ;;
    *) major=${major%%.*} ;;
esac
[ "$major" -ge 20 ] && command -v npm >/dev/null ||
    { echo "Node 20 or newer with npm is needed (found: $found). Install it and try again." >&2; exit 1; }
echo "Installing the dashboard's packages ..."
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
touch node_modules/.installed
