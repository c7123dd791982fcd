# Everything this needs beside python3, pip, git and make it installs into .tools and .venv, by hash.
PYTHON ?= python3
UV := .tools/bin/uv
BIN := .venv/bin
RIVYA := $(BIN)/rivya
INSTALL := $(UV) pip install --quiet --require-hashes --python $(BIN)/python

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev up demo test browser screenshots lint types format chaos fuzz bench lock clean

help: ## Show what make can do
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

setup: .venv/.runtime ## Install Rivya and its built-in engines into .venv, and nothing else
	@echo "Rivya is installed: $(RIVYA)"

setup-dev: .venv/.dev ## Install what tests and checks need as well

up: .venv/.runtime ## Run Rivya in ./.rivya until Ctrl-C
	@$(RIVYA) up --data-dir .rivya

demo: .venv/.runtime ## Start Rivya, make a picture, speech, a clip, an upscale and a chat answer, then stop it
	@$(RIVYA) demo

test: .venv/.dev browser ## Run all tests, on a real PostgreSQL, real processes and a real browser
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

browser: .venv/.dev ## Install Chromium for the browser tests, where there is none
	@$(BIN)/python -m tests.browser.chromium || { \
		test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
		echo "Installing Chromium" && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
	} || true

screenshots: .venv/.dev browser ## Take a picture of every page at three widths, light and dark, into ./screenshots
	@$(BIN)/python -m pytest tests/browser/screenshots.py --timeout 1800

lint: .venv/.dev ## Check style and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: .venv/.dev ## Check types
	@$(BIN)/pyright

format: .venv/.dev ## Put code into the house's format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

chaos: .venv/.dev ## Kill everything at random for some minutes, and check that nothing is lost
	@RIVYA_CHAOS_TASKS=500 RIVYA_CHAOS_KILLS=24 RIVYA_CHAOS_DELIVERIES=2000 $(BIN)/python -m pytest tests/chaos -s
	@RIVYA_PROPERTY_EXAMPLES=5000 $(BIN)/python -m pytest tests/properties --timeout 1800
	@RIVYA_CHAOS_TURNS=300 $(BIN)/python -m pytest tests/chat/test_chat_kills.py tests/chat/test_real_upstreams.py -s

fuzz: .venv/.dev ## Send the API whatever its document allows and forbids; RIVYA_FUZZ_EXAMPLES an operation
	@RIVYA_FUZZ_EXAMPLES=$${RIVYA_FUZZ_EXAMPLES:-200} $(BIN)/python -m pytest tests/api/test_schemathesis.py -s

bench: .venv/.dev ## Measure against baselines in the same run; writes bench/RESULTS.md
	@$(BIN)/python -m bench

lock: $(UV) ## Choose versions anew and lock them by hash
	@$(UV) pip compile --quiet --universal --upgrade --generate-hashes --no-emit-index-url --python-version 3.11 \
		pyproject.toml --extra engines -o requirements.lock
	@$(UV) pip compile --quiet --universal --upgrade --generate-hashes --no-emit-index-url --python-version 3.11 \
		pyproject.toml --extra engines --group dev -c requirements.lock -o requirements-dev.lock

clean: ## Remove what make installed
	rm -rf .tools .venv

$(UV):
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit(f"Rivya needs Python 3.11 or later; this is {v.major}.{v.minor}. Choose another: make PYTHON=python3.12")'
	@echo "Installing uv into .tools"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target .tools uv

$(BIN)/python: | $(UV)
	@echo "Making the environment .venv"
	@$(UV) venv --quiet --python $(PYTHON) .venv

.venv/.runtime: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing Rivya and its built-in engines into .venv (about 400 MB; a minute or two)"
	@$(INSTALL) -r requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.runtime
	@echo "Installing what tests need"
	@$(INSTALL) -r requirements-dev.lock
	@touch $@
