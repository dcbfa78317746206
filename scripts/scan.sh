#!/usr/bin/env bash
# Secrets in the tree, known vulnerabilities, and what the product is made of (CycloneDX, .data/sbom/).
# Bandit's rules run with every `make check`, as ruff's S.
set -euo pipefail
cd "$(dirname "$0")/.."

# Data of evaluations and samples are full of hashes and signatures that are none.
files() {
    git ls-files -z | grep -zvE '(requirements[^/]*\.txt|lock[^/]*\.(json|yaml)|\.jsonl|\.png|\.gif)$|/samples/|/locks/'
}
if [ "${1:-}" = --accept ]; then
    files | xargs -0 .venv/bin/detect-secrets scan >.secrets.baseline
    echo "accepted what is there now: read the difference of .secrets.baseline before you commit it"
    exit 0
fi
if ! files | xargs -0 .venv/bin/detect-secrets-hook --baseline .secrets.baseline; then
    echo "What is no secret (made up for a test): scripts/scan.sh --accept. What is one: take it out, and change it." >&2
    exit 1
fi
echo "no secret that .secrets.baseline does not know"

mkdir -p .data/sbom
.venv/bin/cyclonedx-py requirements requirements.txt --of JSON --output-file .data/sbom/python.json 2>/dev/null
(cd frontend && npm sbom --sbom-format cyclonedx --package-lock-only) > .data/sbom/dashboard.json
echo "written: .data/sbom/python.json .data/sbom/dashboard.json"

# A mirror without advisories can say nothing; that is told, and with AUDIT=required it fails.
unknown() {
    echo "NOT AUDITED: $1 has no advisories here; run this where the public registry answers"
    [ "${AUDIT:-}" != required ]
}
found=$(mktemp)
trap 'rm -f "$found"' EXIT
if .venv/bin/pip-audit --progress-spinner off --disable-pip --require-hashes -r requirements.txt >"$found" 2>&1; then
    if grep -q "could not be audited" "$found"; then unknown "the Python index"; else tail -n 1 "$found"; fi
else
    cat "$found"
    exit 1
fi
status=0
(cd frontend && npm audit --omit=dev --audit-level=high) >"$found" 2>&1 || status=$?
if grep -q "audit endpoint returned an error" "$found"; then
    unknown "the npm registry"
elif [ "$status" -ne 0 ]; then
    cat "$found"
    exit 1
else
    tail -n 1 "$found"
fi
