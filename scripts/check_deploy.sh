#!/usr/bin/env bash
# Check the deployment on AWS: synthesise it, test it, and let cdk-nag and cfn-lint look at it. Needs node.
# Its packages are large, so they have an environment of their own, which is made anew when their pins change.
set -euo pipefail
cd "$(dirname "$0")/../deploy/aws"

export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION=1 JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION=1
if [ ! .venv/.installed -nt requirements.txt ]; then
    [ -x .venv/bin/python ] || python3 -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.txt
    touch .venv/.installed
fi
.venv/bin/python -m pytest -q -p no:cacheprovider -c /dev/null --rootdir . --confcutdir . tests
templates=$(mktemp -d)
trap 'rm -rf "$templates"' EXIT
# What `cdk synth` does; it fails where cdk-nag finds something that nobody has accepted with a reason.
CDK_OUTDIR=$templates CDK_CONTEXT_JSON=$(.venv/bin/python -c 'import json; print(json.dumps(json.load(open("cdk.json"))["context"]))') \
    .venv/bin/python app.py
.venv/bin/cfn-lint "$templates"/*.template.json
echo "DEPLOY OK: $(ls "$templates"/*.template.json | wc -l) stacks"
