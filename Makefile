# `make demo` and `make test` need Python >= 3.11, git, make and a C++ compiler; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_REPORT := results/report/index.html

.PHONY: demo test test-workflow test-package test-fuzz test-cluster test-places test-faults test-all check format demo-data schema bench-umls bench-linking bench-training bench-training-memory bench-evaluation bench-planning check-linking clean

demo: $(VENV)/.installed
	$(BIN)/snakemake --cores all
	@echo "The report is at $(CURDIR)/$(DEMO_REPORT)"

# Runs of the workflow wait for one another and leave a core idle, which the other tests take. One thread of torch in
# each: more only wait for a core that is taken.
test: $(VENV)/.installed-dev
	OMP_NUM_THREADS=1 $(MAKE) --no-print-directory --keep-going --jobs=2 test-workflow test-package

test-workflow: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m "not slow" tests/workflow

test-package: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m "not slow and not fuzz" --ignore=tests/workflow

test-all: $(VENV)/.installed-dev
	$(BIN)/python -m pytest

# Gives damaged files to every reader (INPUTS to six of them, a share to the others); 200,000 take some 30 minutes.
INPUTS ?= 200000
test-fuzz: $(VENV)/.installed-dev
	$(BIN)/python -m tests.fuzz.campaign --inputs $(INPUTS)

# Runs the demo on a one-node SLURM cluster that it starts and stops, as root on Debian; SMALL=1 takes a smaller
# configuration.
test-cluster: $(VENV)/.installed-dev
	tests/cluster/slurm.sh install
	$(BIN)/python -m pytest -m cluster $(if $(SMALL),--small) tests/cluster

# Runs the pipeline where little can be written or reached, as root on Linux, and builds the containers where it can.
test-places: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m places tests/places

# Strikes every stage of a small run with faults and compares what comes back; root for the full disk.
SEED ?= 29
test-faults: $(VENV)/.installed-dev
	BALI_FAULTS_SEED=$(SEED) OMP_NUM_THREADS=1 $(BIN)/python -m pytest -s -m faults tests/faults

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

# Writes workflow/schemas/config.schema.json from bali/config/, for editors.
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

# Times our training step against the published method written plainly; SIZE=base is BERT-base.
DEVICE ?= cpu
SIZE ?= base
bench-training: $(VENV)/.installed-dev
	@$(BIN)/python -m benchmarks.training --device $(DEVICE) --size $(SIZE)

# Memory of one step of a batch of BATCH sentences with cached gradients; says first how long it will take.
BATCH ?= 4096
bench-training-memory: $(VENV)/.installed-dev
	@$(BIN)/python -m benchmarks.training_memory --device $(DEVICE) --size $(SIZE) --batch-size $(BATCH)

# Times encoding a dictionary, against batches in file order, and searching it; 500,000 names take some 20 minutes.
bench-evaluation: NAMES = 500000
bench-evaluation: $(VENV)/.installed-dev
	@$(BIN)/python -m benchmarks.evaluation --names $(NAMES)

# Times Snakemake's own share with SHARDS shards whose jobs do nothing: planning, each job, planning anew; prints JSON.
SHARDS ?= 2000
bench-planning: $(VENV)/.installed-dev
	@$(BIN)/python -m benchmarks.planning --shards $(SHARDS)

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
