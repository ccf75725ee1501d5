# make demo       set up and run the demo drill        make test      set up, lint and run the whole test-suite
# make bench      benchmarks, peers in the same run    make validate  the long comparisons with published figures
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
CITY   := scenarios/adlershof/city/city.yaml
RUNS   ?= runs

.PHONY: setup demo test lint validate bench clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt tools/system_libraries.sh
	sh tools/system_libraries.sh
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	$(BIN)/python -m drainage.warm & $(BIN)/python -m port.warm && wait $$!
	touch $(STAMP)

$(CITY): $(STAMP) scenarios/adlershof/city.build.yaml
	$(BIN)/twin build scenarios/adlershof/city.build.yaml

demo: $(STAMP) $(CITY)
	$(BIN)/twin run scenarios/adlershof/drill.yaml --runs $(RUNS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow"

validate: $(STAMP)
	$(BIN)/python -m pytest tests/validation -m "slow or not slow" -s

bench: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --constraint constraints.txt epyt
	$(BIN)/python -m pytest benchmarks --benchmark-only -s
	$(BIN)/python benchmarks/hydraulics/closures.py
	$(BIN)/python benchmarks/hydraulics/day.py
	$(BIN)/python benchmarks/core/demo.py
	$(BIN)/python benchmarks/drainage/kernel.py
	$(BIN)/python benchmarks/traffic/queue_speed.py --skip-growth
	$(BIN)/python benchmarks/traffic/equilibrium.py
	$(BIN)/python benchmarks/traffic/coupling.py
	$(BIN)/python benchmarks/port/engines.py
	$(BIN)/python benchmarks/port/decisions.py

clean:
	rm -rf scenarios/*/city build dist .pytest_cache .mypy_cache .ruff_cache
