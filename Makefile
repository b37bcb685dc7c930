# The two commands: `make serve` and `make test`. Both set up everything they need in .venv.

PYTHON ?= $(firstword $(foreach v,3.12 3.11,$(shell python$(v) --version >/dev/null 2>&1 && echo python$(v))) python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready-1
ARGS ?=

.PHONY: setup serve test check fix bench soak clean

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3,11) <= sys.version_info[:2] <= (3,12))' || \
	  { echo "Wearcast needs Python 3.11 or 3.12 (MediaPipe has no later wheel). Install one, or say: make PYTHON=/path/to/python3.12"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what Wearcast needs into $(VENV) (about 7 GB with PyTorch; a few minutes, once)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

setup: $(READY)  ## make the virtual environment
	@echo "Ready. Next: make serve, or $(BIN)/wearcast --help"

serve: $(READY)  ## run the live mirror; ARGS="--port 9000" for options
	$(BIN)/wearcast serve $(ARGS)

test: $(READY)  ## run the checks and all tests
	$(BIN)/python -m pytest $(ARGS)

check: $(READY)  ## formatting, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(READY)  ## format and mend what can be mended by itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)  ## CPU time per stage, and the stream in a real browser
	$(BIN)/wearcast bench frame
	$(BIN)/wearcast bench stream

soak: $(READY)  ## a long run with loss, kills and overload; MINUTES=60
	$(BIN)/python -m tests.bench.soak --minutes $(or $(MINUTES),60)

clean:  ## remove what the build made
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
