# Everything a newcomer needs, with nothing but make and Python >= 3.11 on the machine:
# each target first sets up .venv from requirements.lock (once; uv does it when there is one).

VENV = .venv
BIN = $(VENV)/bin
READY = $(VENV)/ready
PYTHONS = $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python

BY_UV = set -e; \
	$(BIN)/python -c '' 2>/dev/null || uv venv --quiet --clear --python '>=3.11' $(VENV); \
	uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock; \
	uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .

# Debian's python3 comes without ensurepip, so a Python counts only when it can make a venv.
BY_PIP = set -e; \
	if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
	  for python in $(PYTHONS) none; do \
	    $$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	  done; \
	  if [ $$python = none ]; then \
	    echo "No Python >= 3.11 that can make a virtual environment was found among: $(PYTHONS)."; \
	    echo "Install one (on Debian or Ubuntu: apt install python3 python3-venv), or install uv,"; \
	    echo "or name one yourself: make $(MAKECMDGOALS) PYTHON=/path/to/python3"; \
	    exit 1; \
	  fi; \
	  $$python -m venv --clear $(VENV); \
	fi; \
	$(BIN)/python -m pip install -qq --require-hashes -r requirements.lock; \
	$(BIN)/python -m pip install -qq --no-deps --no-build-isolation -e .

.PHONY: help setup demo test lab audit chaos bench check format lint types docstrings floors notebooks tidy lock app sample pictures clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' Makefile

setup: $(READY) ## make .venv from requirements.lock

demo: $(READY) ## the main job on the practice world: leaderboard, alerts, chart, deck
	@$(BIN)/trendlib demo

# A module's tests stay together, as they share what it prepared; tests/conftest.py says how many at once, and which
# begin. They start hundreds of programs, which keep what they compiled even where the environment says they should not.
ALL_CORES = -n logical --dist loadscope --no-loadscope-reorder

test: $(READY) ## run the tests
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest $(ALL_CORES) $(ARGS)

lab: $(READY) ## open JupyterLab on the notebooks
	@$(BIN)/jupyter lab notebooks --ServerApp.ip=127.0.0.1 --config=notebooks/lab_config.py

# How long they are: bodies a provider, megabytes a body, seconds of fuzzing a provider, files, command lines, kills,
# seconds that notebooks look.
FULL_LENGTH = TRENDLIB_CHAOS_BODIES=10000 TRENDLIB_CHAOS_BODY_MB=50 TRENDLIB_CHAOS_FUZZ_S=60 TRENDLIB_CHAOS_FILES=2000 \
  TRENDLIB_CHAOS_COMMANDS=500 TRENDLIB_CHAOS_KILLS=240 TRENDLIB_CHAOS_SECONDS=60

chaos: $(READY) ## the tests of trust at full length; the tables they end in go to out/chaos.md
	@$(FULL_LENGTH) TRENDLIB_CHAOS_TABLE=out/chaos.md $(BIN)/python -m pytest tests/chaos -n 2 --dist worksteal $(ARGS)

bench: $(READY) ## all promises about speed; the table goes to out/bench.md (PARTS="boards", ARGS="--millions 1")
	@$(BIN)/python -m benchmarks.speed $(PARTS) --out out/bench.md $(ARGS)

audit: $(READY) ## compare what is installed with the lock, and look known vulnerabilities up where a service answers
	@$(BIN)/python .ci/audit

check: format lint types docstrings floors notebooks ## everything the house holds itself to, tests apart

format: $(READY)
	@$(BIN)/ruff format --check --quiet . || { echo "run 'make tidy'"; exit 1; }

lint: $(READY)
	@$(BIN)/ruff check --quiet .

types: $(READY)
	@$(BIN)/mypy

docstrings: $(READY)
	@find trendlib -name '*.py' | xargs $(BIN)/numpydoc lint

floors: $(READY)
	@$(BIN)/lint-imports --no-cache --no-logo

notebooks: $(READY)
	@[ ! -d notebooks ] || $(BIN)/nbstripout --verify notebooks/*.ipynb

tidy: $(READY) ## format, mend what ruff can mend, strip notebooks
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format --quiet .
	@[ ! -d notebooks ] || $(BIN)/nbstripout notebooks/*.ipynb

lock: $(READY) ## make requirements.lock anew: the newest versions pyproject.toml allows
	@PATH="$$PWD/$(BIN):$$PATH"; command -v uv >/dev/null || python -m pip install -qq uv; \
	uv pip compile pyproject.toml --group dev --all-extras --upgrade --quiet \
	  --universal --python-version 3.11 --fork-strategy fewest \
	  --generate-hashes --no-annotate --no-header --no-emit-index-url --output-file requirements.lock

# Voila's own template asks a CDN for icons; the browser is told not to.
NOTHING_FROM_OUTSIDE = --Voila.tornado_settings="{'headers': {'Content-Security-Policy': \"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob: ws:\"}}"

app: $(READY) ## notebooks 01, 04 and 05 as pages, on this machine only (extra app)
	@rm -rf out/app && mkdir -p out/app && cp $(wildcard notebooks/01_*.ipynb notebooks/04_*.ipynb notebooks/05_*.ipynb) out/app
	@$(BIN)/voila out/app --Voila.ip=127.0.0.1 --token $(NOTHING_FROM_OUTSIDE)

sample: $(READY) ## record data/sample from the practice world
	@$(BIN)/trendlib sandbox --record data/sample

pictures: $(READY) ## draw the pictures of README and docs (needs Chrome or Chromium)
	@$(BIN)/python docs/draw.py

clean: ## remove .venv and caches; data/ stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis out
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml
	@echo "Setting up $(VENV) from requirements.lock: once, a minute or two"
	@if command -v uv >/dev/null 2>&1; then $(BY_UV); else $(BY_PIP); fi
	@touch $@
