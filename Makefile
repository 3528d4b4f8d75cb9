# Everything runs in .venv, made here on first use from $(PYTHON), which must be 3.11 or newer.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo notebook test lint bench clean

help: ## Say what can be made
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

demo: $(VENV)/installed ## Run the payments scenario: tables here, figures in runs/
	$(BIN)/crdb run payments

notebook: $(VENV)/installed-notebook ## Open the notebooks in Jupyter
	$(BIN)/jupyter lab notebooks

test: lint ## Check everything: style, types, floors, tests, doctests, notebooks
	$(BIN)/pytest -q -n 2 --dist worksteal

lint: $(VENV)/installed-test ## Check style, types and floors only
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/installed-test ## Print the ratios of tests/bench
	@for file in tests/bench/bench_*.py; do \
		$(BIN)/python -m tests.bench.$$(basename $$file .py) || exit; \
	done

clean: ## Remove the environment, caches and builds; runs/ stays
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find crdb sim tests -name __pycache__ -prune -exec rm -rf {} +

# The stamps make a second call quick; a changed pyproject.toml installs again.
$(VENV)/installed: pyproject.toml | $(VENV)/created
	$(PIP) --editable .
	@touch $@

$(VENV)/installed-test: pyproject.toml | $(VENV)/created
	$(PIP) --editable '.[test]'
	@touch $@ $(VENV)/installed

$(VENV)/installed-notebook: pyproject.toml | $(VENV)/created
	$(PIP) --editable '.[notebook]'
	@touch $@ $(VENV)/installed

$(VENV)/created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	@touch $@
