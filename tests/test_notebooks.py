"""What `tools/notebooks.py` and nbval refuse, proved on spoilt copies of a small notebook."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

TOOL = Path(__file__).parents[1] / "tools/notebooks.py"
policy = runpy.run_path(str(TOOL))["policy"]

NUMBER = "print(f'{0.1 * 0.5:.3f}')"
FIGURE = """
from lrsched.plotting import figure, show

fig, ax = figure()
ax.plot([0, 1], [0, 1])
show(fig, alt="A line that rises.")"""
DEMO = """
from lrsched.course import explore


def line(ax, slope):
    ax.plot([0, 1], [0, slope])
    ax.set(xlim=(0, 1), ylim=(0, 2))
    return f"The line ends at {slope}."


explore(line, {"slope": [1, 2]}, title="A line")"""


def printed_number_changed(nb):
    nb.cells[1].outputs[0].text = "0.060\n"


def outputs_and_counts_stripped(nb):
    for cell in nb.cells[1:]:
        cell.update(outputs=[], execution_count=None)


def one_output_stripped(nb):
    nb.cells[1].outputs = []


def data_of_figure_changed(nb):
    nb.cells[2].source = nb.cells[2].source.replace("[0, 1])", "[0, 2])")


def drawing_of_demo_changed(nb):
    nb.cells[3].source = nb.cells[3].source.replace("[0, slope])", "[0, slope / 2])")


def stored_demo_is_stale(nb):
    models = nb.metadata.widgets["application/vnd.jupyter.widget-state+json"].state.values()
    content = next(model.state.content for model in models if "content" in model.state)
    content.frames[0], content.frames[1] = content.frames[1], content.frames[0]


def nothing(nb):
    pass


SPOILT = (
    printed_number_changed,
    outputs_and_counts_stripped,
    one_output_stripped,
    data_of_figure_changed,
    drawing_of_demo_changed,
    stored_demo_is_stale,
)


def run(*command):
    return subprocess.run(
        [sys.executable, *map(str, command)],
        capture_output=True,
        text=True,
        timeout=500,
        env=os.environ | {"LRSCHED_PROGRESS": "off"},
    )


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A notebook as `make notebooks` stores it."""
    path = tmp_path_factory.mktemp("good") / "nothing.ipynb"
    nbformat.write(
        new_notebook(cells=[new_markdown_cell("# A page"), *map(new_code_cell, (NUMBER, FIGURE, DEMO))]), path
    )
    done = run(TOOL, "run", path)
    assert done.returncode == 0, done.stdout + done.stderr
    return path


@pytest.fixture(scope="module")
def copies(good):
    """The notebook and its spoilt copies, by what was done to each."""
    for spoil in SPOILT:
        nb = nbformat.read(good, 4)
        spoil(nb)
        nbformat.write(nb, good.with_name(f"{spoil.__name__}.ipynb"))
    return {spoil: good.with_name(f"{spoil.__name__}.ipynb") for spoil in (nothing, *SPOILT)}


@pytest.fixture(scope="module")
def checked(copies):
    """What `check` prints about the copies."""
    return run(TOOL, "check", *copies.values()).stdout


@pytest.fixture(scope="module")
def nbval(copies):
    """What strict nbval prints about the copies."""
    return run(
        "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "-p", "no:cacheprovider", *copies.values()
    ).stdout


def test_check_accepts_what_run_has_stored(checked):
    assert "nothing.ipynb: check ok" in checked


@pytest.mark.parametrize("spoil", SPOILT, ids=lambda spoil: spoil.__name__)
def test_check_refuses_a_copy_that_is_no_longer_true(spoil, checked):
    assert f"{spoil.__name__}.ipynb: " in checked
    assert f"{spoil.__name__}.ipynb: check ok" not in checked


def test_nbval_refuses_changed_outputs(nbval):
    refused = {spoil for spoil in (nothing, *SPOILT) if f"{spoil.__name__}.ipynb::Cell" in nbval}
    assert refused == {printed_number_changed, one_output_stripped, data_of_figure_changed, drawing_of_demo_changed}


def test_run_gives_the_same_file_again(good):
    before = good.read_bytes()
    run(TOOL, "run", good)
    assert good.read_bytes() == before


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda nb: nb.cells[2].update(execution_count=7), "code cell 1 has execution count 7, not 2"),
        (lambda nb: nb.cells[1].update(source="x = 1;"), "code cell 0 ends with ';'"),
        (lambda nb: nb.cells[0].metadata.update(tags=["nbval-skip"]), "tag 'nbval-skip' is not one of"),
        (lambda nb: nb.cells[1].outputs[0].update(text="/home/me/book\n"), "a path of one machine: /home/m"),
        (lambda nb: nb.cells[1].outputs[0].update(text="x" * 750_000), "bytes, more than 750,000"),
    ],
)
def test_policy_says_what_is_wrong(spoil, sentence, good, tmp_path):
    nb = nbformat.read(good, 4)
    spoil(nb)
    nbformat.write(nb, path := tmp_path / "page.ipynb")
    (fault,) = policy(path)
    assert sentence in fault


def test_a_cell_that_fails_is_reported_in_one_line(tmp_path):
    nbformat.write(new_notebook(cells=[new_code_cell("1 / 0")]), path := tmp_path / "page.ipynb")
    done = run(TOOL, "run", path)
    assert done.returncode == 1
    assert done.stdout.strip().endswith("page.ipynb: a cell fails: ZeroDivisionError: division by zero")
