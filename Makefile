# Two commands for a person: `make app` and `make test`. The rest is for development.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
PY := $(VENV)/bin/python
PORT ?= 8501
# The newest Python for which every package has a wheel (opentimelineio and TensorFlow have none for 3.14 yet), and which
# can make an environment: Debian's comes without that until python3-venv is there.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && { echo $$p; break; }; done)
# uv is quick and trusts what this machine trusts; where it cannot reach the packages, pip follows the machine's settings.
INSTALL := $(VENV)/bin/uv pip install -q --python $(PY) --system-certs --compile-bytecode -r
PIP_INSTALL := $(PY) -m pip install -q --disable-pip-version-check -r
# The project itself, so that $(VENV)/bin/moodcue is there; editable: it runs the files that lie here.
OWN := --no-deps -e .
# Where no Python fits: the one command that brings one, by what is there.
NO_PYTHON := if python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 14))' 2>/dev/null; \
	then get="python3 -m venv ~/.uv && ~/.uv/bin/pip install -q uv && ~/.uv/bin/uv python install 3.13"; \
	else get="sudo apt-get install -y python3 python3-venv"; fi; \
	echo "MoodCue needs Python 3.11, 3.12 or 3.13 with its venv module. To get it, then run make again: $$get" >&2; exit 1
# What a machine without a network reads last, after pip's own words.
NO_PACKAGES := echo "MoodCue: the packages could not be installed (see above). Connect this machine to the internet, and run make again." >&2; exit 1
LOCK := $(VENV)/bin/uv pip compile --system-certs -q --universal --python-version 3.11 --no-header pyproject.toml

.PHONY: help app dev test lint types bench lock clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 10

# One thread for NumPy's small products: a second one would spin between them and double the voice's processor time.
app: $(VENV)/.app ## make the environment (about 2 minutes, once) and start the app on http://localhost:8501
	@echo "MoodCue: starting on http://localhost:$(PORT)"
	@OPENBLAS_NUM_THREADS=1 $(PY) -m streamlit run app.py --server.port $(PORT)

dev: $(VENV)/.app ## start the app for who changes it: it reloads when a file is saved, and shows tracebacks
	@OPENBLAS_NUM_THREADS=1 $(PY) -m streamlit run app.py --server.port $(PORT) \
		--server.fileWatcherType auto --server.runOnSave true --client.showErrorDetails full --client.toolbarMode developer

test: $(VENV)/.dev ## make the environment (about 3 minutes, once) and run every test, browser tests too
	@$(if $(ARGS),$(PY) -m pytest $(ARGS),bash tests/browser/need_chromium.sh && bash tests/whole.sh $(PY))

lint: $(VENV)/.dev ## ruff
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .

types: $(VENV)/.dev ## pyright
	@$(VENV)/bin/pyright

bench: $(VENV)/.dev ## speed and memory against the plain way, as a table
	@$(PY) -m tests.benchmarks

lock: $(VENV)/.uv ## pin pyproject.toml's dependencies in requirements*.txt
	@$(LOCK) --extra serve --extra train -o requirements.txt
	@$(LOCK) --extra serve -c requirements.txt -o requirements-serve.txt
	@$(LOCK) --extra serve --extra train --group dev -c requirements.txt -o requirements-dev.txt

clean: ## remove the environment
	@rm -rf $(VENV)

$(VENV)/.uv:
	@[ -n "$(PYTHON)" ] || { $(NO_PYTHON); }
	@echo "MoodCue: making $(VENV) with $(PYTHON) (a few seconds)"
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install -q --disable-pip-version-check uv || { $(NO_PACKAGES); }
	@touch $@

$(VENV)/.app: requirements.txt pyproject.toml $(VENV)/.uv
	@echo "MoodCue: installing the app's packages (about 2 minutes, once)"
	@$(INSTALL) requirements.txt || $(PIP_INSTALL) requirements.txt || { $(NO_PACKAGES); }
	@$(INSTALL:-r=) $(OWN) || $(PIP_INSTALL:-r=) $(OWN)
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.app
	@echo "MoodCue: installing what the tests need (about 1 minute, once)"
	@$(INSTALL) requirements-dev.txt || $(PIP_INSTALL) requirements-dev.txt || { $(NO_PACKAGES); }
	@touch $@
