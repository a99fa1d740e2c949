# Every target sets up what it needs; `make help` lists them.
PYTHON ?= python3
PORT ?= 8000
SANDBOX_PORT ?= 8100
DATA ?= .data
BIN := .venv/bin
export PORT SANDBOX_PORT DATA

.DEFAULT_GOAL := help
.PHONY: demo test check bench help

demo: .venv/run ## Start everything with demo data: web, workers, schedule, sandbox, embedded servers
	@$(BIN)/trellis up --demo

test: .venv/dev ## Set up and run every test
	@$(BIN)/pytest $(ARGS)

check: .venv/dev ## Static checks only: format, lint, types, layers, templates
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/djlint portal/templates sandbox/templates --lint --check --quiet

bench: .venv/dev ## Measure, and print each figure beside its limit and its peer
	@$(BIN)/python -m bench $(ARGS)

help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

.venv/run: requirements.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev: .venv/run requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
