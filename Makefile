# What people type is what CI runs. Every target installs what it needs into .venv first.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
SPARK  := $(VENV)/.ready-spark

.DEFAULT_GOAL := help
.PHONY: help demo up dashboards test test-slow spark check check-deploy secrets bench bench-features bench-serving bench-drift bench-log bench-backfill bench-worth study-drift format lock lock-images clean

help:  ## what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

demo: $(READY)  ## the closed loop on real services; ARGS="--once" ends after the summary
	$(BIN)/credit demo $(ARGS)

up: $(READY)  ## everything until Ctrl-C: PostgreSQL, Dagster, MLflow, the scoring service, the dashboard
	$(BIN)/credit up

# One process more than cores, because tests wait for servers; files in their order, because the long ones come first.
test: $(SPARK)  ## the test suite (below 10 minutes on 2 cores)
	$(BIN)/pytest -m "not slow" -n $$(( $$($(BIN)/python -c "import os; print(os.cpu_count())") + 1 )) \
		--dist loadfile --no-loadscope-reorder $(ARGS)

test-slow: $(SPARK)  ## the tests that take minutes
	$(BIN)/pytest -m slow $(ARGS)

spark: $(SPARK)  ## the second engine, for CREDIT_ENGINE=spark: 0.5 GB to fetch, 0.6 GB on disk

check: $(READY)  ## lint, format, types, import contracts, Dagster definitions
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/dagster definitions validate

check-deploy: $(READY)  ## compose, Dockerfile, workflows, rules and chart, against their schemas and linters
	deploy/check.sh

secrets:  ## random secrets for one machine, into deploy/secrets/; never over one that is there
	$(PYTHON) deploy/make_secrets.py

bench: $(READY)  ## the benchmarks; figures and how to read them in benchmarks/README.md
	$(BIN)/python -m benchmarks $(ARGS)

bench-features: $(READY)  ## features of all clients against pandas and floors; ARGS="--clients 5000" for a small run
	$(BIN)/python -m benchmarks.features $(ARGS)

bench-serving: $(READY)  ## the scoring service under load, against peers and its floor; ARGS="--sides ours floor --soak 10"
	$(BIN)/python -m benchmarks.serving $(ARGS)

bench-drift: $(READY)  ## a wide window against Evidently and SciPy; ARGS="--scale 0.1 --only small" for a small run
	$(BIN)/python -m benchmarks.drift_bench $(ARGS)

bench-log: $(READY)  ## a day of decisions from the log into a matrix, against JSONB; ARGS="--decisions 20000" for a small run
	$(BIN)/python -m benchmarks.log $(ARGS)

bench-backfill: $(READY)  ## a year of drift reports in one run, and days ten times as large; ARGS="--days 60" for a small run
	$(BIN)/python -m benchmarks.backfill $(ARGS)

bench-worth: $(READY)  ## AUC and cost of the feature sets, from CREDIT_RAW_DIR; ARGS="--clients 20000" for a sample
	$(BIN)/python -m benchmarks.worth $(ARGS)

study-drift: $(READY)  ## false alarms and power of drift reports, into docs/drift_error_rates.md; ARGS="--windows 50" to try
	$(BIN)/python -m benchmarks.drift_study $(ARGS)

dashboards: $(READY)  ## Grafana's dashboards from their code, and what the chart carries of deploy/
	$(BIN)/python -m deploy.grafana
	$(BIN)/python deploy/helm/sync.py

format: $(READY)  ## write the code the way `check` wants it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Needs uv. Hashes without addresses: the locks name no registry, and install from any.
PIN := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	--no-header --no-strip-extras -q
# Spark in a lock of its own: who does not ask for it need not fetch it.
EXTRA := import tomllib; \
	print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["spark"], sep=chr(10))

lock:  ## pin all dependencies anew
	$(PIN) pyproject.toml --extra dev --extra s3 --upgrade -o requirements.lock
	$(PYTHON) -c '$(EXTRA)' | $(PIN) - -c requirements.lock --upgrade -o requirements-spark.lock
	$(MAKE) lock-images

# What each image imports, in the versions of requirements.lock.
lock-images:  ## pin the dependencies of the images anew
	for image in build service dashboard mlflow; do \
		$(PIN) deploy/docker/$$image.in -c requirements.lock -o deploy/docker/$$image.lock || exit 1; done
	$(PIN) pyproject.toml --extra s3 --extra cluster -c requirements.lock -o deploy/docker/dagster.lock

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

$(SPARK): requirements-spark.lock $(READY)
	@if command -v uv >/dev/null; then \
		VIRTUAL_ENV=$(VENV) uv pip install -q --require-hashes -r $<; \
	else \
		echo "installing Spark into $(VENV): 0.5 GB to fetch, then a minute ..."; \
		$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r $<; \
	fi
	@touch $@
