# Every target makes .venv itself when it is missing, or older than the two lists of packages.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
NOTEBOOKS := intro.ipynb chapters appendix
READERS ?= colab newest lowest environment

.PHONY: help book check test portable processors browsers offline readers sphinx here bench results lint notebooks branch address clean
help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile

book: $(READY)  ## build the pages, and check that they are all there
	@start=$$(date +%s); $(BIN)/jupyter-book build . -W -n --keep-going && $(BIN)/python tests/site_checks.py \
	  && echo "built in $$(($$(date +%s) - start)) s: $(CURDIR)/_build/html/index.html"

check: lint  ## in two minutes: lint, the fast unit tests, and the outputs of a page: make check PAGE=chapters/03_tanh
	$(BIN)/pytest -m "not slow and not portable and not browsers" --dist=load tests/package
	$(if $(PAGE),$(BIN)/pytest $(PAGE).ipynb)

test: lint book  ## all that a change to text, code or data can break: lint, book, unit tests, notebooks, Chromium
	$(BIN)/pytest --built

portable: $(READY)  ## the notebooks on other machines: an old processor, another number of threads, JupyterLab
	$(BIN)/pytest -m portable --processor=oldest --no-loadscope-reorder tests/book $(NOTEBOOKS)

processors: $(READY)  ## the notebooks on a processor between that old one and those of today
	$(BIN)/pytest -m portable --processor=between $(NOTEBOOKS)

browsers: $(READY)  ## pages and labs in Firefox and in WebKit, which need Debian's firefox-esr, webkit2gtk-driver and xvfb
	$(BIN)/pytest -n0 -m browsers tests/book/test_other_browsers.py

offline: book  ## the built pages as one file, to be unpacked and read without a network: _build/actlab-book.zip
	cd _build && ln -sfn html actlab-book && rm -f actlab-book.zip && ../$(BIN)/python -m zipfile -c actlab-book.zip actlab-book/

readers: book  ## every notebook in what readers have: Colab's set, the newest and lowest versions, environment.yml
	$(BIN)/python tests/readers.py $(READERS)
	$(if $(filter colab,$(READERS)),$(BIN)/pytest -n0 --built -m readers tests/book/test_readers.py)

sphinx: $(READY)  ## the same pages without Jupyter Book, by the newest Sphinx, and the same checks of them
	$(BIN)/python tests/sphinx_alone.py

here:  ## every plain notebook that is built, with the python3 that is there: for a job inside Colab's own image
	$(PYTHON) tests/readers.py here

bench: $(READY)  ## what a training step costs: plain loop, both engines, and what the processor allows
	@$(BIN)/python data/engine_speed/make.py

results: $(READY)  ## make everything in data/ and the figure of the README again, from their recipes
	@for recipe in data/*/make.py _static/make.py; do echo $$recipe; $(BIN)/python $$recipe || exit 1; done

lint: $(READY)  ## style, whether the notebooks are in their stored form, and how long the pages take to read
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/python -m actlab.notebooks check $(NOTEBOOKS)
	$(BIN)/python -m actlab.reading

notebooks: $(READY)  ## run all notebooks in place, keep their text outputs
	$(BIN)/python -m actlab.notebooks run $(NOTEBOOKS)

branch:  ## the branch that Colab and Binder open, with the plain notebooks of the built book; pushes nothing
	@.ci/branch

address:  ## the address of the repository; with URL=https://github.com/OWNER/NAME, in every place, a new one
	@$(PYTHON) .ci/address.py $(if $(URL),"$(URL)")

clean:  ## remove the built pages and what is stored for them
	rm -rf _build

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet -c constraints.txt -e ".[book,test]"
	@touch $@
