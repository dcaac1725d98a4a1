# certgraph: everything a developer or a newcomer runs. `make` alone lists the targets.
PYTHON ?= python3
VENV ?= .venv
# One test process for each core; both databases run in each.
PYTEST_ARGS ?= -n auto --dist loadgroup
BIN := $(VENV)/bin
PAGE := web/verify
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# uv does not read pip's configuration: hand a mirror that is configured for pip on to it.
UV_DEFAULT_INDEX ?= $(or $(PIP_INDEX_URL),$(shell $(PYTHON) -m pip config get global.index-url 2>/dev/null))
ifneq ($(strip $(UV_DEFAULT_INDEX)),)
export UV_DEFAULT_INDEX
else
unexport UV_DEFAULT_INDEX
endif

.DEFAULT_GOAL := help
.PHONY: help setup judges browser demo test check serve bench mutants schema docs page page-check lint format vectors sbom lock clean

help: ## List these targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1|/' | column -t -s '|'

setup: $(VENV)/.installed ## Make the virtual environment (the other targets do it, too)

# Packages come from the hash-locked list, by uv where it can be had, else by pip. All is compiled at
# once: where Python writes no bytecode by itself, each command would start in ten seconds.
$(VENV)/.installed: requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "certgraph needs Python 3.11 or newer; set PYTHON=/path/to/python3"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) …"
	@if command -v uv >/dev/null 2>&1; then uv=uv; \
	  elif $(BIN)/python -m pip install -q uv >/dev/null 2>&1; then uv=$(BIN)/uv; else uv=; fi; \
	if [ -n "$$uv" ] && $$uv pip install -q --python $(BIN)/python --require-hashes -r requirements/dev.txt \
	  && $$uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .; then :; \
	else $(BIN)/python -m pip install -q --require-hashes -r requirements/dev.txt \
	  && $(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .; fi
	@$(BIN)/python -m compileall -qq -j 0 $(VENV)/lib src tests || true
	@touch $@

demo: setup ## Set up everything and run the main job: issue, verify offline, serve
	@$(BIN)/certgraph demo $(DEMO_ARGS)

test: setup judges browser ## Set up everything and pass all tests (SQLite, a real PostgreSQL, Chromium)
	@$(BIN)/pytest $(PYTEST_ARGS)

check: setup judges browser lint page-check ## Everything CI checks: format, lint, types, imports, schema, page, tests
	@$(BIN)/certgraph schema | diff -u schema.graphql - && echo "schema.graphql is current"
	@$(BIN)/python scripts/schema_changes.py
	@$(BIN)/python tests/credential/vectors/build.py --check
	@$(BIN)/pytest $(PYTEST_ARGS)

page: setup $(PAGE)/node_modules/.installed ## Build the verify page into the package (needs Node)
	@$(BIN)/python scripts/verify_page_data.py
	@cd $(PAGE) && npm run --silent check && npm run --silent build

# The page in the package is what its source builds, byte for byte.
page-check: setup
	@if command -v npm >/dev/null 2>&1; then \
	  $(MAKE) --no-print-directory $(PAGE)/node_modules/.installed && $(BIN)/python scripts/verify_page_data.py --check && \
	  built=$$(mktemp -d) && (cd $(PAGE) && npm run --silent check && npm run --silent build -- "$$built") && \
	  diff -r "$$built" src/certgraph/verify_page/built && rm -r "$$built" && echo "the verify page is current"; \
	elif [ -n "$$REQUIRE_JUDGES" ]; then echo "no npm: the verify page cannot be built again"; exit 1; \
	else echo "No npm here: whether the built verify page is current is left out"; fi

$(PAGE)/node_modules/.installed: $(PAGE)/package-lock.json
	@cd $(PAGE) && npm install --no-save --silent --no-audit --no-fund
	@touch $@

# A real browser, where one may be installed.
browser:
	@if command -v chromium >/dev/null 2>&1 && command -v chromedriver >/dev/null 2>&1; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 && echo "Installing Chromium …" && apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium chromium-driver >/dev/null 2>&1; then :; \
	else echo "No Chromium here, and none can be installed: the tests of the verify page in a browser are left out"; fi
	@if command -v npm >/dev/null 2>&1; then $(MAKE) --no-print-directory $(PAGE)/node_modules/.installed || \
	  echo "axe-core could not be installed: its tests are left out"; fi

lint: setup
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: setup ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

serve: setup ## Serve the demo's folder again
	@$(BIN)/certgraph serve --dir demo

mutants: setup ## Plant faults and see which the tests miss (MUTANTS="--count 40 --kind credential")
	@$(BIN)/python scripts/mutants.py $(MUTANTS)

bench: setup ## Measure, both sides in one run
	@$(BIN)/python benchmarks/run.py

schema: setup ## Write schema.graphql from the code
	@$(BIN)/certgraph schema > schema.graphql

docs: setup ## Print the documents that are made from the code
	@$(BIN)/python scripts/printed_docs.py

vectors: setup ## Write the test vectors of the credential format
	@$(BIN)/python tests/credential/vectors/build.py

sbom: setup ## Write what the server is made of, as CycloneDX (dist/certgraph.cdx.json)
	@test -x .sbom/bin/python || $(PYTHON) -m venv .sbom
	@if [ -x $(BIN)/uv ]; then $(BIN)/uv pip install -q --python .sbom/bin/python --require-hashes -r requirements/sbom.txt; \
	  else .sbom/bin/python -m pip install -q --require-hashes -r requirements/sbom.txt; fi
	@mkdir -p dist
	@.sbom/bin/cyclonedx-py requirements --pyproject pyproject.toml --mc-type application --output-reproducible \
	  -o dist/certgraph.cdx.json requirements/server.txt
	@echo "dist/certgraph.cdx.json"

lock: setup ## Renew the hash-locked requirements
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  pyproject.toml -o requirements/base.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  pyproject.toml --extra server -c requirements/base.txt -o requirements/server.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --group build -c requirements/server.txt -o requirements/build.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  pyproject.toml --extra server --group test --group lint --group build \
	  -c requirements/server.txt -c requirements/build.txt -o requirements/dev.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --group sbom -o requirements/sbom.txt
	@$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  requirements/judges.in -o requirements/judges.txt

judges: .judges/.installed
	@if command -v npm >/dev/null 2>&1; then \
	  $(MAKE) --no-print-directory tests/third_party/node_modules/.installed >/dev/null 2>&1 || \
	  echo "Node's judges could not be installed; their tests are left out"; fi

tests/third_party/node_modules/.installed: tests/third_party/package-lock.json
	@cd tests/third_party && npm install --no-save --omit=optional --silent --no-audit --no-fund
	@touch $@

# Third-party COSE libraries, in an environment of their own: cwt pins another cbor2 than ours.
.judges/.installed: requirements/judges.txt | setup
	@test -x .judges/bin/python || $(PYTHON) -m venv .judges
	@if [ -x $(BIN)/uv ]; then $(BIN)/uv pip install -q --python .judges/bin/python --require-hashes -r requirements/judges.txt; \
	  else .judges/bin/python -m pip install -q --require-hashes -r requirements/judges.txt; fi
	@touch $@

clean: ## Remove the virtual environments and caches
	rm -rf $(VENV) .judges .sbom dist tests/third_party/node_modules $(PAGE)/node_modules .mypy_cache .ruff_cache .hypothesis .import_linter_cache node_modules
