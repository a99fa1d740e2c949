# Each target sets up what it needs by itself. PORT, SANDBOX_PORT and DATA, in the environment or after the
# target, reach the `trellis` program as they are: make demo PORT=9000
PYTHON ?= python3
# Processes for the tests. Each has its own servers; a file stays in one, so that it shares what it set up. Files go
# by name: browser and guards, the longest, first. By number of tests they would come last, one process waiting.
# More than the two cores that it is made for: half of the time tests wait for processes and servers.
JOBS ?= 4
# Where it is set, each of the hundreds of processes that tests start compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --no-input --disable-pip-version-check
UV_COMPILE := uv pip compile --quiet --universal --python-version 3.11.2 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header --extra embedded --extra build

.DEFAULT_GOAL := help
.PHONY: demo test check bench chaos chaos-table faults promises fuzz requirements help machine

demo: .venv/run ## Start everything with demo data; PORT, SANDBOX_PORT and DATA choose where
	@$(BIN)/trellis up --demo

test: .venv/dev ## Set up and run every test; ARGS="-k word" chooses some
	@$(BIN)/pytest --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: .venv/dev ## Static checks only: format, lint, security, types, layers, templates
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/djlint portal/templates sandbox/templates --lint --check
	@$(BIN)/bandit --quiet --configfile pyproject.toml --recursive portal sandbox
	@$(BIN)/python -m tests.lints

bench: .venv/dev ## Measure, and print each figure beside its limit and its peer; ARGS="--only memory"
	@$(BIN)/python -m bench $(ARGS)

chaos: .venv/dev ## Real processes through disasters, then the verdict; SEED, MINUTES, ORDERS, ARGS="--record FILE"
	@$(BIN)/python -m tests.chaos --seed $(or $(SEED),1) --minutes $(or $(MINUTES),3) --orders $(or $(ORDERS),200) $(ARGS)

chaos-table: .venv/dev ## The table of docs/chaos.md, anew from the runs in RECORD
	@$(BIN)/python -m tests.chaos.table $(RECORD)

faults: .venv/dev ## docs/faults.md anew, from the catalogue of faults and the tests that are marked with it
	@$(BIN)/python -m tests.faults

promises: .venv/dev ## docs/promises.md anew, from the catalogue of promises and the tests that are marked with it
	@$(BIN)/python -m tests.promises

fuzz: .venv/dev ## Hostile webhooks, and what came of them; N=1000000 requests, SEED chooses which
	@$(BIN)/python -m tests.fuzz --requests $(or $(N),1000000) --seed $(or $(SEED),1) $(ARGS)

machine: .venv/dev ## Stories made up anew, watched at every step; EXAMPLES=500 of them, SEEDS=20 told wildly
	@MACHINE_EXAMPLES=$(or $(EXAMPLES),500) METAMORPHIC_SEEDS=$(or $(SEEDS),20) \
		$(BIN)/pytest tests/sync/engine/test_machine.py tests/sync/engine/test_metamorphic.py $(ARGS)

requirements: ## Resolve requirements*.txt again, for every Python that is supported (needs uv)
	@command -v uv >/dev/null || { echo "make requirements needs uv on PATH: pip install uv" >&2; exit 1; }
	@$(UV_COMPILE) pyproject.toml --output-file requirements.txt
	@$(UV_COMPILE) --extra dev pyproject.toml --output-file requirements-dev.txt

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

# Says in one line what is missing, before venv says it in many.
define USABLE_PYTHON
import sys
if sys.version_info < (3, 11, 2): sys.exit("Trellis needs Python 3.11.2 or newer and this is %d.%d.%d: make PYTHON=/path/to/python3" % sys.version_info[:3])
try: import ensurepip, venv
except ImportError: sys.exit("This Python cannot make virtual environments: install python3-venv, or make PYTHON=/path/to/python3")
endef
export USABLE_PYTHON

.venv/run: requirements.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON): install Python 3.11.2 or newer, or make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { $(PYTHON) -c "$$USABLE_PYTHON" && $(PYTHON) -m venv --clear .venv; }
	@$(PIP) install --require-hashes -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev: .venv/run requirements-dev.txt
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@
