# The door: make demo | test | smoke-real | check | check-compose | check-deploy | bench | chaos | soak | docs | fuzz | scan |
# dev | frontend | lock
PY := .venv/bin/python
FRONTEND_SOURCES := $(shell find frontend/src frontend/public frontend/scripts frontend/index.html \
	frontend/package.json frontend/*.ts -type f -not -name "*.test.ts*" -not -path "*/testing/*" 2>/dev/null)

.PHONY: demo test smoke-real check check-compose check-deploy bench chaos soak docs fuzz scan dev frontend lock setup
.DEFAULT_GOAL := demo

# For every patch version of Python 3.11: the image's own may be older than this machine's.
LOCKED := -q --no-header --no-annotate --generate-hashes --universal --python-version 3.11

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

check-compose: setup
	scripts/check_compose.sh

check-deploy:
	scripts/check_deploy.sh

bench: setup
	$(PY) manage.py bench pipeline

chaos: setup
	$(PY) manage.py chaos

soak: setup
	$(PY) manage.py soak

docs: setup
	NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict --quiet
	@echo "Read it with: .venv/bin/python -m http.server --directory .data/site"

fuzz: setup
	.venv/bin/pytest tests/test_fuzz.py --hypothesis-profile fuzz --hypothesis-show-statistics --timeout 0

scan: setup
	scripts/scan.sh

dev: setup
	$(PY) manage.py up

frontend: frontend/dist/.built

lock:
	.venv/bin/uv pip compile $(LOCKED) requirements.in -o requirements.txt
	.venv/bin/uv pip compile $(LOCKED) -c requirements.txt requirements-dev.in -o requirements-dev.txt
	.venv/bin/uv pip compile $(LOCKED) deploy/aws/requirements.in -o deploy/aws/requirements.txt

.venv/.installed: requirements-dev.txt
	scripts/install_python.sh

frontend/node_modules/.installed: frontend/package-lock.json
	scripts/install_node.sh

frontend/dist/.built: frontend/node_modules/.installed $(FRONTEND_SOURCES)
	cd frontend && npm run --silent build
	touch $@
