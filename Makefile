# Two commands do all the set-up on a fresh machine:
#   make quickstart     base install in its own virtual environment; trains, evaluates, draws learning_curve.png
#   make test           every engine in one virtual environment; runs the suite
# KERASFRONT_BACKEND=jax make quickstart does the first on JAX (torch, tensorflow alike).

PYTHON ?= python3
VENV ?= .venv
QUICKSTART_VENV ?= .venv-quickstart
ENGINE := $(or $(KERASFRONT_BACKEND),numpy)
# Processes that share the tests. Each holds every engine, about 1.5 GiB.
WORKERS ?= 2
TESTS ?= tests
# The columns of docs/coverage.md, in this order on every machine.
COVERED := numpy jax torch tensorflow

PIP_INSTALL = -m pip install --quiet --disable-pip-version-check -c constraints.txt
comma := ,
EXTRAS := datasets$(comma)plot$(if $(filter-out numpy,$(ENGINE)),$(comma)$(ENGINE))

.PHONY: quickstart test lint format coverage lines clean
.DELETE_ON_ERROR:

quickstart: $(QUICKSTART_VENV)/installed-$(ENGINE)
	KERASFRONT_BACKEND=$(ENGINE) TF_CPP_MIN_LOG_LEVEL=3 $(QUICKSTART_VENV)/bin/python examples/quickstart.py

# One thread for each worker: the engines' thread pools spin against each other otherwise.
test: $(VENV)/installed
	OMP_NUM_THREADS=1 TF_CPP_MIN_LOG_LEVEL=3 $(VENV)/bin/python -m pytest -n $(WORKERS) --dist loadfile $(TESTS)

lint: $(VENV)/installed
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/python scripts/count_lines.py

format: $(VENV)/installed
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

coverage: $(VENV)/installed
	TF_CPP_MIN_LOG_LEVEL=3 $(VENV)/bin/python -m kerasfront.testing.coverage $(COVERED) --markdown docs/coverage.md

lines:
	$(PYTHON) scripts/count_lines.py

clean:
	rm -rf $(VENV) $(QUICKSTART_VENV) build dist learning_curve.png

# Stamps: what is installed is installed again only when the requirements change.
$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python $(PIP_INSTALL) -e ".[dev]"
	touch $@

$(QUICKSTART_VENV)/installed-$(ENGINE): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(QUICKSTART_VENV)
	$(QUICKSTART_VENV)/bin/python $(PIP_INSTALL) -e ".[$(EXTRAS)]"
	touch $@
