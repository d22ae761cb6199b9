# lakegraph: two commands matter, `make demo` and `make test`. Each makes .venv when it is missing.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
# One process a core; each file stays in one process, whose fixtures it shares.
SPREAD := -n auto --dist loadfile

.PHONY: help demo test unit coverage bench docs wheel clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(READY): pyproject.toml
	@echo "Making $(VENV): once, about a minute."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "lakegraph needs Python 3.11 or newer; set PYTHON=…")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[test,lint]'
	@touch $(READY)

demo: $(READY) ## make a lake from real runs, show it, and serve it (DEMO=--no-serve ends instead)
	$(BIN)/lakegraph demo $(DEMO)

test: $(READY) ## everything that must hold: style, types, tests
	$(BIN)/ruff check src tests
	$(BIN)/ruff format --check src tests
	$(BIN)/mypy
	$(BIN)/python -m pytest $(SPREAD) -q

unit: $(READY) ## the tests alone, stopping at the first failure
	$(BIN)/python -m pytest -q -x

coverage: $(READY) ## the tests, and which lines and branches they leave out: half as long again
	$(BIN)/python -m pytest $(SPREAD) --cov --cov-report=term -q

bench: $(READY) ## what it costs, as ratios; writes docs/reference/benchmarks.md (BENCH_RUNS=150000 for the large lake, BENCH_DESCRIPTIONS for the harvest)
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[bench]'
	$(BIN)/python -m tests.benchmarks

docs: $(READY) ## write the reference pages from the code, and the ontology's pages into build/
	$(BIN)/lakegraph reference docs/reference
	$(BIN)/lakegraph shapes docs docs/reference/shapes.md
	mkdir -p build
	$(BIN)/lakegraph ontology docs build/ontology.html

wheel: $(READY) ## build the wheel into dist/
	rm -rf dist
	$(PYTHON) -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

clean: ## remove what the other targets made
	rm -rf $(VENV) .venv-wheel dist build htmlcov .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis demo-lake
