# Everything a person types. `make run` and `make test` need Python 3.11 and make only; `make test-browser` brings the rest.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
HOME_DIR ?= data
INBOX ?= $(HOME_DIR)/inbox
PERSONS ?= 50000
FROM ?= 2025-01
TO ?= 2025-06
SEED ?= 20250601
# Tests run in this many processes, a file of tests in one of them.
WORKERS ?= 2

.PHONY: run test test-browser lint app dagster install benchmark accuracy clean

run: install ## simulate a city, close its months, write its reports
	$(BIN)/python -m orchestration.first_run --home $(HOME_DIR) --inbox $(INBOX) --persons $(PERSONS) --from $(FROM) --to $(TO) --seed $(SEED)

test: install ## every test that needs Python alone
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m "not browser and not slow"

test-browser: install $(VENV)/.browser ## tests that drive a browser or LibreOffice
	$(BIN)/python -m pytest -m "browser"

lint: install ## ruff over everything
	$(BIN)/ruff check .

app: install ## the dashboard
	$(BIN)/tongchou --home $(HOME_DIR) app

dagster: install ## the Dagster page
	$(BIN)/python -m orchestration.serve_dagster --home $(HOME_DIR) --inbox $(INBOX)

benchmark: install ## long measurements, apart from the tests
	$(BIN)/python -m pytest -m "slow" -s

accuracy: install ## precision and recall of the matching on simulated cities, trap by trap, and of the duplicate cases
	$(BIN)/python -m tests.accuracy
	$(BIN)/python -m tests.accuracy --cases --levels specified

install: $(VENV)/.installed

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "Python 3.11 is needed: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@

$(VENV)/.browser: $(VENV)/.installed
	@command -v chromium >/dev/null && command -v soffice >/dev/null && command -v pdftoppm >/dev/null || { \
	  sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$sudo apt-get update -qq && \
	  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	    chromium libreoffice-calc libreoffice-writer fonts-noto-cjk poppler-utils >/dev/null; }
	@touch $@

clean: ## what can be made again; never the home
	rm -rf $(VENV) dbt_project/target dbt_project/logs .pytest_cache .ruff_cache
