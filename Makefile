# The door: make demo | test | smoke-real | check | bench | chaos | dev | frontend | lock
PY := .venv/bin/python
FRONTEND_SOURCES := $(shell find frontend/src frontend/public frontend/scripts frontend/index.html \
	frontend/package.json frontend/*.ts -type f -not -name "*.test.ts*" -not -path "*/testing/*" 2>/dev/null)

.PHONY: demo test smoke-real check bench chaos dev frontend lock setup
.DEFAULT_GOAL := demo

setup: .venv/.installed frontend/dist/.built

demo: setup
	$(PY) manage.py demo $(if $(EXIT),--exit)

test: setup
	cd frontend && npm run --silent test
	.venv/bin/pytest

smoke-real: setup
	.venv/bin/pytest -m real -rs tests/test_smoke_real.py

check: setup
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy .
	PYTHONPATH=platform:. .venv/bin/lint-imports
	$(PY) manage.py makemigrations --check --dry-run
	scripts/check_api_types.sh
	cd frontend && npm run --silent check

bench: setup
	$(PY) manage.py bench pipeline

chaos: setup
	$(PY) manage.py chaos

dev: setup
	$(PY) manage.py up

frontend: frontend/dist/.built

lock:
	.venv/bin/uv pip compile -q --no-header --no-annotate --generate-hashes requirements.in -o requirements.txt
	.venv/bin/uv pip compile -q --no-header --no-annotate --generate-hashes -c requirements.txt requirements-dev.in -o requirements-dev.txt

.venv/.installed: requirements-dev.txt
	scripts/install_python.sh

frontend/node_modules/.installed: frontend/package-lock.json
	scripts/install_node.sh

frontend/dist/.built: frontend/node_modules/.installed $(FRONTEND_SOURCES)
	cd frontend && npm run --silent build
	touch $@
