# Every target does its own set-up: a Python 3.10+ is all a machine needs.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/ready

.PHONY: help demo test slow check support nightly mutants bench docs links lock dist engine setup

help:  ## What there is
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

demo: engine  ## The main job on a local ngrok API: import, adoption, a change that costs traffic, drift, repair
	@$(PY) tools/demo.py

test: engine  ## The tests, with the real Pulumi CLI; some minutes
	@$(PY) -m pytest -n auto --dist worksteal -m "not nightly" $(PYTEST_ARGS)

slow: engine  ## The tests that make test leaves out
	@$(PY) -m pytest -n auto --dist worksteal -m nightly $(PYTEST_ARGS)

check: setup  ## Lint, types, the direction of the imports, and the workflow files
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports
	@$(VENV)/bin/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(VENV)/bin/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
	@$(VENV)/bin/zizmor --quiet --offline .github

support: engine  ## The tests on every Python that is here, and on the oldest dependencies; says which are missing
	@PATH="$$($(PY) tools/engine):$$PATH:$$(printf '%s:' ~/.pyenv/versions/*/bin)$(CURDIR)/$(VENV)/bin" $(VENV)/bin/tox run

nightly: slow  ## The slow tests, then thousands of random programs and responses
	@HYPOTHESIS_PROFILE=nightly $(PY) -m pytest -n auto --timeout 3600 tests/api tests/provider tests/rules tests/emulator

mutants: setup  ## Whether the tests notice when the code is broken on purpose; takes hours
	@$(PY) tools/mutants.py

bench: engine  ## What speed claims are made of
	@$(PY) -m benchmarks.import_cost
	@$(PY) -m benchmarks.policy_cost
	@$(PY) -m benchmarks.emulator
	@$(PY) -m benchmarks.scale

docs: setup  ## The pages and the API reference, in docs/_build/html
	@$(VENV)/bin/sphinx-build -W --keep-going -q -E -d docs/_build/.doctrees -b html docs docs/_build/html
	@echo "$(CURDIR)/docs/_build/html/index.html"

links: setup  ## Whether the addresses in the docs are there; asks the network
	@$(VENV)/bin/sphinx-build -q -b linkcheck docs docs/_build/links

lock: setup  ## Renews what a clean clone installs: the newest of everything
	@$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.10 --upgrade --no-emit-index-url --no-header \
	  --no-annotate --all-extras --group dev pyproject.toml --output-file constraints.txt

dist: setup  ## An sdist, and the wheel that is built from it
	@$(PY) -m build --no-isolation --outdir dist .

engine: setup  ## The Pulumi CLI: found, installed or built
	@$(PY) tools/engine > /dev/null

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.10 or newer is needed; name one with make PYTHON=...") if sys.version_info < (3, 10) else None'
	@echo "Setting up $(VENV), which takes about a minute ..." >&2
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PY) -m pip install --quiet --constraint constraints.txt --upgrade pip
	@$(PY) -m pip install --quiet --constraint constraints.txt --build-constraint constraints.txt --editable '.[all]' --group dev
	@touch $@
