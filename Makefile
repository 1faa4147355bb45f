# What people type is what CI runs. Every target installs what it needs into .venv first.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo up test test-slow check bench format lock clean

help:  ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

demo: $(READY)  ## the closed loop on real services; ARGS="--once" ends after the summary
	$(BIN)/credit demo $(ARGS)

up: $(READY)  ## everything until Ctrl-C: PostgreSQL, Dagster, MLflow, the scoring service
	$(BIN)/credit up

test: $(READY)  ## the test suite (below 10 minutes on 2 cores)
	$(BIN)/pytest -m "not slow" $(ARGS)

test-slow: $(READY)  ## the tests that take minutes
	$(BIN)/pytest -m slow $(ARGS)

check: $(READY)  ## lint, format, types, import contracts, Dagster definitions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/dagster definitions validate

bench: $(READY)  ## the benchmarks; figures and how to read them in benchmarks/README.md
	$(BIN)/python -m benchmarks $(ARGS)

format: $(READY)  ## write the code the way `check` wants it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Needs uv. Hashes without addresses: the lock names no registry, and installs from any.
lock:  ## pin all dependencies anew
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --upgrade --generate-hashes \
		--no-emit-index-url --no-annotate --no-header --no-strip-extras -o requirements.lock

clean:  ## stop the local database; remove it with all decisions, the lake, logs and caches
	@[ ! -x $(BIN)/credit ] || $(BIN)/credit db stop
	rm -rf .credit .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3"; exit 1; }
	@if command -v uv >/dev/null; then \
		set -e; [ -d $(VENV) ] || uv venv -q --python $(PYTHON) $(VENV); \
		VIRTUAL_ENV=$(VENV) uv pip install -q --require-hashes -r requirements.lock; \
		VIRTUAL_ENV=$(VENV) uv pip install -q --no-deps --no-build-isolation -e .; \
	else \
		set -e; [ -d $(VENV) ] || $(PYTHON) -m venv $(VENV); \
		echo "installing about 230 packages into $(VENV) ..."; \
		$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock; \
		$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .; \
	fi
	@touch $@
