# `make demo` and `make test` need Python >= 3.11, git, make and a C++ compiler; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_REPORT := results/report/index.html

.PHONY: demo test test-all check format demo-data schema bench-umls bench-linking check-linking clean

demo: $(VENV)/.installed
	$(BIN)/snakemake --cores all
	@echo "The report is at $(CURDIR)/$(DEMO_REPORT)"

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m "not slow"

test-all: $(VENV)/.installed-dev
	$(BIN)/python -m pytest

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/snakefmt --check workflow
	$(BIN)/snakemake --lint

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt workflow

# Writes resources/demo anew; the committed files are what this gives.
demo-data: $(VENV)/.installed
	$(BIN)/python resources/demo/make_demo_data.py

# Writes workflow/schemas/config.schema.json from bali/config.py, for editors.
schema: $(VENV)/.installed
	$(BIN)/python -m bali config-schema > workflow/schemas/config.schema.json

# Times the ingestion of a generated release; SCALE=1 is a full UMLS (8 GB of disk, 6 GB of memory, 10 minutes).
SCALE ?= 1
bench-umls: $(VENV)/.installed-dev
	@$(BIN)/python -m benchmarks.umls --scale $(SCALE)

# Times the linker's back ends and prints a JSON object; PACKAGE_ABSTRACTS is what the slow one of them gets.
NAMES ?= 1000000
INDEX_NAMES ?= 6000000
ABSTRACTS ?= 4000
PACKAGE_ABSTRACTS ?= $(ABSTRACTS)
bench-linking: $(VENV)/.installed-dev
	@$(BIN)/python -m benchmarks.linking --names $(NAMES) --index-names $(INDEX_NAMES) \
		--abstracts $(ABSTRACTS) --package-abstracts $(PACKAGE_ABSTRACTS)

# Compares every row of the linker's back ends under many parameters; SETTINGS="defaults dice overlap=100" takes some.
SETTINGS ?= all
CHECKED_ABSTRACTS ?= 5000
check-linking: $(VENV)/.installed-dev
	@$(BIN)/python -m benchmarks.linking_identity --abstracts $(CHECKED_ABSTRACTS) --settings $(SETTINGS)

clean:
	rm -rf results .snakemake

$(VENV)/.installed: requirements/lock.txt requirements/quickumls.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python >= 3.11 is needed, this is " + sys.version)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -r requirements/lock.txt
	$(BIN)/python -m pip install --quiet --no-deps -r requirements/quickumls.txt -e .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements/dev.txt
	$(BIN)/python -m pip install --quiet -r requirements/dev.txt
	touch $@
