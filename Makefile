# Works on a bare Debian 12 with Python 3.11 and make; everything else is installed into .venv.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
WEB_BUILT := web/dist/map/LICENCES.txt
WEB_SOURCES := $(shell find web -type f -not -path 'web/dist/*' -not -path '*/node_modules/*')
DEMO := out/demo
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile

# Package clients trust the machine's own certificate store.
export UV_SYSTEM_CERTS := 1
export NODE_USE_SYSTEM_CA := 1

# SPACEGOV_REAL_DATA, where it is set, reaches the tests through the environment.

.PHONY: help
help: ## say what can be made
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

.PHONY: setup
setup: $(INSTALLED) $(WEB_BUILT) ## install everything into .venv and build the web assets

.PHONY: run
run: setup ## take the sample county through all applications
	@$(BIN)/spacegov demo --out $(DEMO)
	@echo "Open $(CURDIR)/$(DEMO)/index.html in a browser."

.PHONY: test
test: setup ## run the tests
	$(PYTEST) $(ARGS)

.PHONY: test-long
test-long: setup ## run the tests that take long: many cases, kills, loads
	$(PYTEST) -m long $(ARGS)

.PHONY: lint
lint: setup ## check style and types
	@failed=0; \
	$(BIN)/ruff check --output-format concise . || failed=1; \
	$(BIN)/ruff format --check . || failed=1; \
	$(BIN)/mypy || failed=1; \
	(cd web && ../$(BIN)/node node_modules/.bin/tsc --noEmit) || failed=1; \
	exit $$failed

.PHONY: bench
bench: setup ## measure beside other programs (ARGS="areas" for one family)
	$(BIN)/python -m benchmarks $(ARGS)

.PHONY: docs
docs: setup ## build the documentation pages
	$(BIN)/python -m docs.build $(ARGS)

.PHONY: lock
lock: $(INSTALLED) ## resolve requirements.lock again (ARGS="--upgrade" for newer versions)
	$(BIN)/uv pip compile pyproject.toml --all-extras --python-version 3.11 \
		--python-platform x86_64-manylinux_2_28 --no-emit-index-url \
		--custom-compile-command "make lock" --quiet --output-file requirements.lock $(ARGS)

.PHONY: clean
clean: ## remove everything that make has made
	rm -rf $(VENV) web/dist web/node_modules out .mypy_cache .pytest_cache .ruff_cache .hypothesis

# Debian's python3 comes without ensurepip, which a virtual environment needs; one without pip was left half made.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "spacegov needs Python 3.11 or newer, but $(PYTHON) is $$($(PYTHON) --version 2>&1): name another one with make PYTHON=python3.11." >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends python3-venv; \
		else \
			echo "Python's venv module is incomplete: install it first (on Debian: apt-get install python3-venv as root), then call make again." >&2; exit 2; \
		fi; }
	$(PYTHON) -m venv $(VENV)

# The lock names one version of each distribution; uv and the build backend are among them. The kernels are compiled
# here, so that no question waits for it.
$(INSTALLED): requirements.lock pyproject.toml | $(BIN)/pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' requirements.lock)"
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	$(BIN)/python -c "from spacegov.kernels import warm_up; warm_up()"
	touch $@

# Node and npm come as a Python package, so no Node needs to be installed.
$(WEB_BUILT): $(WEB_SOURCES) hatch_build.py | $(INSTALLED)
	$(BIN)/python hatch_build.py
