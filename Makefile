# Coursehouse. Needs Python >= 3.11 and make; everything else comes from the package registries.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
PACKAGES := dbt_packages/SOURCE
SUPERSET := .venv-superset/.installed
AIRFLOW := .venv-airflow/.installed
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links --upgrade

.DEFAULT_GOAL := help
.NOTPARALLEL: # one environment, installed by one rule at a time
.PHONY: help demo test proof lint docs superset airflow up down status lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(RUNTIME) $(PACKAGES) ## from nothing to a tested warehouse of the sample site (or of your Moodle)
	@$(BIN)/coursehouse demo

test: $(DEV) $(PACKAGES) ## the checks: ruff, mypy, pytest (loader, laws, dbt unit and data tests, sqlfluff)
	@for other in $(SUPERSET) $(AIRFLOW); do { $(MAKE) --no-print-directory $$other || \
		echo "== $${other%/*} cannot be installed here: tests that need it are skipped"; } & done; wait
	@echo "== ruff" && $(BIN)/ruff check . && $(BIN)/ruff format --check .
	@echo "== mypy" && $(BIN)/mypy
	@echo "== pytest" && $(BIN)/pytest -n 2 --dist loadgroup --no-loadscope-reorder $(MORE)

proof: ## the same, and the tests that say more of the same: easier orders, other engines
	@$(MAKE) --no-print-directory test MORE=--thorough

lint: $(DEV) $(PACKAGES) ## style only: ruff, mypy, sqlfluff
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy
	@$(BIN)/coursehouse up && $(BIN)/sqlfluff lint --processes 2

docs: $(RUNTIME) $(PACKAGES) ## docs, lineage and dictionary of the built warehouse, in a browser
	@$(BIN)/coursehouse up
	@$(BIN)/coursehouse docs --serve

superset: $(RUNTIME) $(PACKAGES) $(SUPERSET) ## dashboards of what was built, on http://127.0.0.1:8088
	@$(BIN)/coursehouse dashboards serve

up: $(RUNTIME) $(PACKAGES) ## start the warehouse
	@$(BIN)/coursehouse up

down: ## stop the warehouse
	@test ! -x $(BIN)/coursehouse || $(BIN)/coursehouse down

status: $(RUNTIME) ## what the warehouse holds
	@$(BIN)/coursehouse status

airflow: $(RUNTIME) $(PACKAGES) $(AIRFLOW) ## Apache Airflow with the schedules of orchestrate/, and how to start it
	@cat orchestrate/START

lock: $(DEV) ## renew requirements/*.txt from pyproject.toml
	$(LOCK) pyproject.toml requirements/build.in --extra dev -o requirements/dev.txt
	$(LOCK) pyproject.toml requirements/build.in -c requirements/dev.txt \
		-o requirements/runtime.txt
	$(LOCK) requirements/superset.in -o requirements/superset.txt
	echo uv | $(LOCK) - -c requirements/dev.txt -o requirements/uv.txt
	$(LOCK) requirements/airflow.in -o requirements/airflow.txt

clean: ## stop the warehouse and delete everything that was made here
	@test ! -x $(BIN)/coursehouse || $(BIN)/coursehouse down --delete
	rm -rf $(VENV) .venv-superset .venv-airflow .coursehouse target logs dbt_packages .dbt_packages.* .pytest_cache .mypy_cache .ruff_cache *.egg-info

$(RUNTIME): requirements/runtime.txt requirements/uv.txt pyproject.toml
	@PYTHON="$(PYTHON)" sh requirements/install.sh $(VENV) requirements/runtime.txt
	@touch $@

$(DEV): requirements/dev.txt requirements/uv.txt pyproject.toml
	@PYTHON="$(PYTHON)" sh requirements/install.sh $(VENV) requirements/dev.txt
	@touch $(RUNTIME) $@

$(SUPERSET): requirements/superset.txt requirements/uv.txt
	@PYTHON="$(PYTHON)" sh requirements/install.sh .venv-superset requirements/superset.txt bare
	@touch $@

$(AIRFLOW): requirements/airflow.txt requirements/uv.txt
	@PYTHON="$(PYTHON)" sh requirements/install.sh .venv-airflow requirements/airflow.txt bare
	@touch $@

$(PACKAGES): packages.yml | $(RUNTIME)
	@$(BIN)/coursehouse deps
