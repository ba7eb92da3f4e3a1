# Everything a newcomer types. `make` alone lists it.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo up test test-postgresql check planted bench kills answers lost-ledgers under-way requirements assumptions golden dist clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

$(VENV)/sandbox-installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; say PYTHON=/path/to/python3.11 make ..."; exit 2; }
	@echo "Installing into $(VENV) (once) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[sandbox]'
	@touch $@

$(VENV)/dev-installed: $(VENV)/sandbox-installed
	@echo "Installing the test tools into $(VENV) (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[sandbox,dev]'
	@touch $@

demo: $(VENV)/sandbox-installed ## a day of payments through real sockets, told as a timeline
	@$(BIN)/sandbox demo

up: $(VENV)/sandbox-installed ## leave the fakes and the adapter running, console at http://127.0.0.1:8100/; Ctrl-C stops them
	@$(BIN)/sandbox up --with-adapter

test: $(VENV)/dev-installed ## the whole suite
	@$(BIN)/python -m pytest

test-postgresql: $(VENV)/dev-installed ## the tests that keep a ledger, and they alone, with their ledgers on a private PostgreSQL
	@$(BIN)/python -m pytest --ledger postgresql tests/conformance tests/e2e tests/delivery \
	  tests/unit/ledger tests/unit/jobs tests/unit/doors

check: $(VENV)/dev-installed ## format, lint, types, imports, files, tests: what must pass before a commit
	@echo "== format";  $(BIN)/ruff format --check .
	@echo "== lint";    $(BIN)/ruff check .
	@echo "== types";   $(BIN)/mypy
	@echo "== imports"; PYTHONPATH=. $(BIN)/lint-imports --no-cache
	@echo "== files";   $(BIN)/check-jsonschema --builtin-schema vendor.compose-spec compose.yaml
	@echo "== tests";   $(BIN)/python -m pytest

planted: $(VENV)/dev-installed ## plant every wrong in the books, and see the auditor notice it
	@$(BIN)/python -m pytest -n0 --every-wrong tests/planted

SEED ?= 7
KILLS ?= 100
PAYMENTS ?= 3000
ENGINE ?= embedded
SKEW ?= 600
kills: $(VENV)/dev-installed ## kill the adapter 100 times under 3,000 payments, returns and enrolments; SEED, KILLS, PAYMENTS, ENGINE, SKEW
	@$(BIN)/python -m tests.delivery.rig --seed $(SEED) --kills $(KILLS) --payments $(PAYMENTS) --engine $(ENGINE) --skew $(SKEW)

LEDGER ?= sqlite
ONLY ?= *
answers: $(VENV)/dev-installed ## answer 14,000 receipts with every status and count what became of them; SEED, LEDGER, ONLY
	@$(BIN)/python -m tests.delivery.answers --seed $(SEED) --ledger $(LEDGER) --only '$(ONLY)'

lost-ledgers: $(VENV)/dev-installed ## delete, put back, move and fail over ledgers, and count what became of the payments
	@$(BIN)/python -m tests.delivery.lost_ledgers

STORIES ?= 150
under-way: $(VENV)/dev-installed ## 150 outages with payers who come again, and a judge: nobody asked twice; SEED, STORIES
	@$(BIN)/python -m tests.e2e.under_way --seed $(SEED) --stories $(STORIES)

bench: $(VENV)/dev-installed ## speed and size, as a table
	@$(BIN)/python tests/bench/run.py

requirements: $(VENV)/dev-installed ## requirement ids against the contract tests that stand for them
	@$(BIN)/python -m pytest --requirements -n0

assumptions: $(VENV)/sandbox-installed ## what the contracts assume, and what to ask the vendors
	@$(BIN)/sandbox assumptions

golden: $(VENV)/dev-installed ## write the golden files anew; read the diff before committing it
	@$(BIN)/python tests/golden/test_bif_golden.py

dist: $(VENV)/dev-installed ## the wheel and the source distribution, into dist/
	@$(BIN)/python -m hatchling build

clean: ## remove the environment and every cache
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
