# Everything starts here: `make demo` and `make test` need only Python 3.11+, Node 20+ and make.
.DEFAULT_GOAL := help
.PHONY: help setup build demo experiment test test-python test-frontend test-browser torture check lint types schema fix bench audit clean
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= python3
PORT ?= 8000
DATA ?=
LABELLED ?=
BUDGET ?=
STEPS ?=
BROWSER ?= auto
WORKERS ?= auto
BROWSERS ?= 0
BIN := .venv/bin
PY := $(BIN)/python
STAMPS := .stamps
SOURCES := $(shell find frontend/src frontend/index.html frontend/vite.config.ts -type f 2>/dev/null) $(wildcard frontend/tsconfig*.json)

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

setup: $(STAMPS)/python $(STAMPS)/node ## Virtual environment and front-end packages

build: $(STAMPS)/build ## The front end's production build

demo: $(STAMPS)/python $(STAMPS)/build ## The whole loop on http://127.0.0.1:8000 (PORT=… DATA=/folder LABELLED=n BUDGET=s)
	@PORT="$(PORT)" DATA="$(DATA)" LABELLED="$(LABELLED)" BUDGET="$(BUDGET)" exec $(PY) -m backend.demo

test: test-python test-frontend test-browser ## Every test, services and browser included

test-python: $(STAMPS)/tests
	$(PY) -m pytest tests -n $(WORKERS) --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test-frontend: $(STAMPS)/node
	cd frontend && npm run --silent test

test-browser: $(STAMPS)/python $(STAMPS)/build
ifeq ($(BROWSER),none)
	@echo "Browser tests left out (BROWSER=none)."
else
	$(PY) -m tests.e2e.browser
	$(PY) -m pytest tests/e2e -m 'e2e and not torture' -n $(BROWSERS) --dist loadfile --no-loadscope-reorder --reruns 1 -rR  # a real browser on a busy machine: tried once more, and told
endif

torture: $(STAMPS)/tests $(STAMPS)/build ## Every promise of docs/reference/trust.md, with its figure (DELINEATE_TORTURE_SCALE=0.1 is quicker)
	$(PY) -m tests.trust

check: ## Format, lint, types, import rules, schema drift
	@$(MAKE) --no-print-directory -j2 $(if $(filter output-sync,$(.FEATURES)),-O) lint types schema

lint: $(STAMPS)/python $(STAMPS)/node
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	cd frontend && npx biome ci .

types: $(STAMPS)/tests $(STAMPS)/node
	$(BIN)/mypy
	cd frontend && npx tsc -b

schema: $(STAMPS)/python $(STAMPS)/node ## Fail when migrations, openapi.yaml or schema.ts are out of date
	$(PY) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run  # no database is needed, and none runs
	$(PY) manage.py spectacular --validate --fail-on-warn --file $(STAMPS)/openapi.yaml
	diff -u openapi.yaml $(STAMPS)/openapi.yaml || { echo "openapi.yaml is out of date: run make fix."; exit 1; }
	cd frontend && npx openapi-typescript ../openapi.yaml -o ../$(STAMPS)/schema.ts >/dev/null
	diff -u frontend/src/api/schema.ts $(STAMPS)/schema.ts || { echo "schema.ts is out of date: run make fix."; exit 1; }

fix: $(STAMPS)/python $(STAMPS)/node ## Format, sort imports, write openapi.yaml and schema.ts anew
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(PY) manage.py spectacular --validate --file openapi.yaml
	cd frontend && npx openapi-typescript ../openapi.yaml -o src/api/schema.ts
	cd frontend && npm run --silent fix

bench: $(STAMPS)/python $(STAMPS)/build ## The table of budgets
	$(PY) -m bench

experiment: $(STAMPS)/tests $(STAMPS)/build ## The learning loop by itself, round after round (OUT=var/experiment DATA=/folder BUDGET=s STEPS=n)
	$(PY) -m bench.experiment "$(or $(OUT),var/experiment)" $(if $(DATA),--data "$(DATA)") $(if $(BUDGET),--budget "$(BUDGET)") $(if $(STEPS),--steps "$(STEPS)")

audit: $(STAMPS)/tests $(STAMPS)/node ## Known faults of packages that are used; asks the network, so no part of make check
	@test -x $(STAMPS)/pip-audit/bin/pip-audit || { $(PYTHON) -m venv $(STAMPS)/pip-audit && $(STAMPS)/pip-audit/bin/pip install --quiet pip-audit==2.10.1; }
	$(PY) -m tests.trust.advisories $(STAMPS)/pip-audit/bin/pip-audit

clean: ## Remove what was built, and the data of the demo
	rm -rf $(STAMPS) .venv var frontend/node_modules frontend/dist

$(STAMPS)/python: requirements.txt constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Delineate needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version). Try make PYTHON=python3.11 …"; exit 1; }
	@echo "Setting up Python packages …"
	@$(PYTHON) -m venv .venv \
	  || { echo "Python's venv module is missing (on Debian and Ubuntu: the package python3-venv)."; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt -c constraints.txt
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/tests: requirements-test.txt $(STAMPS)/python
	@echo "Setting up packages for tests …"
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-test.txt -c constraints.txt
	@touch $@

$(STAMPS)/node: frontend/package.json frontend/package-lock.json
	@node -e 'process.exit(+process.versions.node.split(".")[0] >= 20 ? 0 : 1)' 2>/dev/null \
	  || { echo "Delineate needs Node 20 or newer; found: $$(node --version 2>/dev/null || echo none)."; exit 1; }
	@echo "Setting up front-end packages …"
	cd frontend && npm ci --no-audit --no-fund --loglevel=error
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/build: $(STAMPS)/node $(STAMPS)/python $(SOURCES)
	@echo "Building the front end …"
	cd frontend && npm run --silent build
	@$(PY) -m whitenoise.compress --quiet frontend/dist
	@touch $@
