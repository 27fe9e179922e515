# Needs make and Python 3.10 or later. Uses uv if it is installed, otherwise venv and pip.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Python keeps what it has compiled also where the environment says not to: each of the tests' processes would compile
# all tests again, which takes longer than some of them.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -q

# A file's tests share stores, so a worker takes whole files. Each has servers of its own: four are enough of those.
# In the files' order, not the largest first: the longest tests are in the middle, and many quick ones at the end.
AT_ONCE := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help run test test-fast fuzz eval snapshot check audit format migrate seed bench lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.runtime ## Serve a sample store on APP_PORT (8000): SQLite unless DATABASE_URL is set
	@$(BIN)/python -m app --embedded serve --sample

test: $(VENV)/.dev ## Run all tests: several files at a time, then those that measure time
	@$(PYTEST) $(AT_ONCE) -m "not alone"
	@$(PYTEST) -m alone $$(grep -rl --include='test_*.py' 'mark\.alone' tests)

test-fast: $(VENV)/.dev ## Run the tests on SQLite that start no servers or commands
	@$(PYTEST) $(AT_ONCE) -m "not (alone or debugger or fuzz or postgres or servers)"

fuzz: $(VENV)/.dev ## Fuzz the API with more examples than the tests (FUZZ_EXAMPLES=100)
	@FUZZ_EXAMPLES=$(or $(FUZZ_EXAMPLES),100) $(PYTEST) tests/contract/test_fuzz.py

eval: $(VENV)/.dev ## Ask the configured model the questions of tests/eval; print right answers, tokens, milliseconds
	@$(BIN)/python -m tests.eval $(or $(FILES),questions.yaml)

snapshot: $(VENV)/.dev ## Regenerate the OpenAPI snapshot that the tests compare
	@$(BIN)/python -m tests.contract.snapshot

check: $(VENV)/.dev ## Run the linters and the type checker, including the container files
	@$(MAKE) --no-print-directory --jobs 3 audit check-types check-files

# The type checker takes as long as the rest, and the audit mostly waits.
.PHONY: check-types check-files
check-types:
	$(BIN)/mypy

check-files:
	$(BIN)/black --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --recursive app plugins migrations
	$(BIN)/shellcheck .ci/run docker/*.sh
	$(BIN)/hadolint --no-color docker/Dockerfile docker/*/Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker/docker-compose*.yml
	$(BIN)/kubernetes-validate --quiet --strict docker/kubernetes*.yml
	@$(compose_config)

audit: ## Check the locked packages for known vulnerabilities
	@$(pip_audit)

format: $(VENV)/.dev ## Format the code
	$(BIN)/black --quiet .
	$(BIN)/ruff check --quiet --fix .

migrate: $(VENV)/.runtime ## Migrate the database schema
	@$(BIN)/python -m app --embedded migrate

seed: $(VENV)/.runtime ## Fill an empty store with sample data (SCALE=1)
	@$(BIN)/python -m app --embedded seed --scale $(or $(SCALE),1)

bench: $(VENV)/.dev ## Benchmark against hand-written equivalents
	@$(BIN)/python -m tests.load

lock: ## Update the lock files (needs uv)
	uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --custom-compile-command "make lock" pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --custom-compile-command "make lock" --extra dev pyproject.toml -o requirements-dev.lock

clean: ## Remove the environment, the sample store and caches
	rm -rf $(VENV) interview.db interview.db-shm interview.db-wal .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage

$(VENV)/.runtime: requirements.lock | $(VENV)/bin/python
	@$(call install,requirements.lock)
	@touch $@

$(VENV)/.dev: requirements-dev.lock | $(VENV)/bin/python
	@$(call install,requirements-dev.lock)
	@touch $@ $(VENV)/.runtime

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
		|| { echo "Python 3.10 or later is needed: install it, or name one with 'make PYTHON=...'."; exit 1; }
	@if command -v uv >/dev/null; then uv venv --quiet --python $(PYTHON) $(VENV); \
	elif $(PYTHON) -c 'import ensurepip' 2>/dev/null; then $(PYTHON) -m venv $(VENV); \
	else echo "This Python cannot create environments. On Debian or Ubuntu: sudo apt install python3-venv"; exit 1; fi

# Without the optional .env: your settings must not change the result.
define compose_config
if docker compose version >/dev/null 2>&1; then compose="docker compose"; \
elif command -v docker-compose >/dev/null; then compose=docker-compose; \
else echo "docker compose config: skipped, Docker Compose is not installed"; exit 0; fi; \
for file in docker/docker-compose*.yml; do \
	echo "$$compose -f $$file config --quiet"; SECRET_KEY=any $$compose --env-file /dev/null -f $$file config --quiet || exit; \
done
endef

# Needs the package index, so it is skipped without network access or after a minute. Its result changes over time.
define pip_audit
echo "pip-audit --requirement requirements.lock"; limit=; ! command -v timeout >/dev/null || limit="timeout 60"; \
report=$$($$limit $(BIN)/pip-audit --requirement requirements.lock --disable-pip --progress-spinner off 2>&1); status=$$?; \
if echo "$$report" | grep -q '^Found [0-9]* known vulnerabilit'; then echo "$$report"; exit 1; fi; \
skipped=$$(echo "$$report" | grep -c 'could not be audited'); \
if [ $$status -ne 0 ]; then echo "pip-audit: SKIPPED, known vulnerabilities could not be looked up"; \
elif [ $$skipped -ne 0 ]; then echo "pip-audit: SKIPPED for $$skipped packages, which could not be looked up"; fi
endef

# With --no-deps: the lock file lists all dependencies, and pip would look for newer releases of those with extras.
# The .pth file makes the checkout importable from any folder, as an editable install does.
define install
echo "Installing from $(1) (the first time this takes a minute or two) ..."; \
if command -v uv >/dev/null; then uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes --compile-bytecode -r $(1); \
else $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(1); fi \
&& echo "$$PWD" > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/interview-api.pth"
endef
