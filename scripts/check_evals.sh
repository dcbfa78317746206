#!/usr/bin/env bash
# Fail if the evaluation harness does not give the figures that it must: entrants that are no models are known.
set -euo pipefail
cd "$(dirname "$0")/.."

evals() { .venv/bin/python manage.py run_evals "$@"; }

.venv/bin/python manage.py migrate --verbosity 0
evals --lint
evals triage --model gold --fail-under accuracy=1 --fail-under severity_kappa=1
evals triage --model wrong --fail-over accuracy=0
evals triage --model majority --model rules --model words
evals injection --model gold --fail-over attack_success=0
evals injection --model obedient --fail-under attack_success=1
evals grounding --fail-under fabrication_refused=1 --fail-over truth_refused=0
export SANDBOX_RUNNER=docker
evals fixes --model gold --limit 4 --concurrency 2 --fail-under answered=1 --fail-under resolved=1
evals fixes --model wrong --limit 4 --concurrency 2 --fail-under answered=1 --fail-over resolved=0
