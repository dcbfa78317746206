#!/usr/bin/env bash
# Fail if the dashboard's API types are not the ones that the API's schema gives.
set -euo pipefail
cd "$(dirname "$0")/.."

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
.venv/bin/python manage.py spectacular --validate --fail-on-warn --file "$fresh/schema.yml"
frontend/node_modules/.bin/openapi-typescript "$fresh/schema.yml" --output "$fresh/schema.d.ts" >/dev/null
diff -u frontend/src/api/schema.d.ts "$fresh/schema.d.ts" ||
    { echo "frontend/src/api/schema.d.ts is stale: run 'npm run types' in frontend/." >&2; exit 1; }
