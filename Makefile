# Everything here does its own set-up; see README.md. `make` alone lists what there is.
PYTHON ?=
export PYTHON
BIN = .venv/bin
PYTEST = $(BIN)/python -m pytest
# Started by their paths. What is not Python of ours is left out: the .spec is PyInstaller's.
SCRIPTS = packaging/build packaging/*.py packaging/*/*.py
# The tests wait more than they work; a file's tests stay together, for what they share.
SHARED = -n 3 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help setup run test check tests long bench screenshots format translations package lock

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' Makefile | while IFS='	' read -r name text; do printf '  make %-14s %s\n' "$$name" "$$text"; done

run: ## open Rowmill with a sample job; without a display, run it in the terminal
	@packaging/run-sample.sh

test: setup check tests ## lint, types, import contracts, translations, tests

setup: ## make .venv with everything, and install what the system lacks
	@packaging/setup.sh test

check: setup ## lint, types, import contracts, translations
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/mypy --strict gui_app tests $(SCRIPTS)
	$(BIN)/lint-imports --no-logo
	$(BIN)/python packaging/catalogue.py check

# The window's tests have processes of their own: garbage is collected on Qt's thread there, and what two thousand
# other tests leave on the heap would make every collection a pause.
tests: setup ## the tests alone
	$(PYTEST) -q $(SHARED) --ignore=tests/ui
	$(PYTEST) -q $(SHARED) tests/ui

long: setup ## the tests that take long or need root
	@packaging/setup.sh long
	$(PYTEST) -q -m "long or privileged" -o timeout=3600 -o faulthandler_timeout=0

bench: setup ## the measurements
	$(PYTEST) -q -s -m bench -o timeout=3600 -o faulthandler_timeout=0 tests/benchmarks

screenshots: setup ## the pictures of the README, taken anew
	$(BIN)/python packaging/screenshots.py

format: setup ## put the code into its form
	$(BIN)/ruff check --quiet --fix .
	$(BIN)/ruff format --quiet .

translations: setup ## collect new sentences and list what is not translated
	$(BIN)/python packaging/catalogue.py update
	$(BIN)/python packaging/catalogue.py missing

package: ## build this system's packages into dist/
	@packaging/setup.sh package
	$(BIN)/python packaging/build

lock: setup ## pin the newest versions that fit
	packaging/lock.sh --upgrade
