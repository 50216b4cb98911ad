# wedcache: every verb installs what it needs first; a second call starts in seconds.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# Without bytecode the Pulumi SDKs cost 8-11 s at every import.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONUNBUFFERED := 1

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
UV_VERSION := 0.13.9
READY := $(VENV)/.ready
RIVALS := $(VENV)/.rivals-ready

.PHONY: help setup lock tools check test rehearsal prove chaos sandbox sandbox-down bench clean

help:  ## list the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' | column -t -s '|'

setup: $(READY)  ## the virtual environment, from requirements.lock

$(READY): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "wedcache needs Python 3.11 or newer (PYTHON=python3.12 make ...)"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@echo "installing requirements.lock into $(VENV)"
	@VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip install --quiet --require-hashes -r requirements.lock
	@VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(RIVALS): $(READY) benchmarks/requirements.lock
	@echo "installing benchmarks/requirements.lock into $(VENV)"
	@VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip install --quiet --require-hashes -r benchmarks/requirements.lock
	@touch $@

COMPILE := $(BIN)/uv pip compile --universal --generate-hashes --no-header --python-version 3.11 -q

lock: $(READY)  ## compile what is wanted to hash-pinned lock files (which name no index)
	$(COMPILE) requirements.in -o requirements.lock
	$(COMPILE) benchmarks/requirements.in -c requirements.lock -o benchmarks/requirements.lock

tools: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/zizmor --offline --quiet .github/workflows
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml

check: tools  ## ruff, mypy, layers, workflows, sizes and words
	$(BIN)/pytest --durations=0 --durations-min=10 tests/architecture

test: tools  ## every check, then every test
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

rehearsal: $(READY)  ## provision, warm, freeze and lose a region in a sandboxed cloud; FULL=1: at full width; FAULT=...: with one more
	@$(BIN)/python -m sandbox.rehearsal $(if $(ENGINE),--engine $(ENGINE)) $(if $(FULL),--world full) $(if $(FAULT),--fault '$(FAULT)')

prove: $(READY)  ## break each claim on purpose; it must turn false; FULL=1: also those whose proof takes long
	@$(BIN)/python -m sandbox.rehearsal prove $(if $(ONLY),--only $(ONLY)) $(if $(FULL),--world full)

chaos: $(READY)  ## kill laptops at every step of every operation, and KILLS=1000 by chance; PROVE=1: with broken ones
	@$(BIN)/python -m sandbox.chaos $(if $(PROVE),prove) $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only '$(ONLY)')

sandbox: $(READY)  ## start the sandbox, provision it and leave it up
	@$(BIN)/python -m sandbox up --detach $(if $(ENGINE),--engine $(ENGINE)) $(if $(AT),--at $(AT))

sandbox-down: $(READY)  ## stop the sandbox
	@$(BIN)/python -m sandbox down

bench: $(RIVALS)  ## every speed claim beside its rival
	@$(BIN)/python -m benchmarks $(if $(ONLY),--only $(ONLY))

clean:  ## remove what the verbs made, but not a running sandbox's state
	rm -rf out .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
