"""What `tools/notebooks.py check` and strict nbval refuse between them, proved on spoilt copies of a small notebook."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from notebooks import ROOT, WIDGET_STATE, check, code

from lrsched.plotting import figure

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
QUIZ = """
from lrsched.course import quiz

quiz("step_decay")"""


def stored(nb, name):
    """The stored content of the widget that has `name` in it."""
    states = [model.state for model in nb.metadata.widgets[WIDGET_STATE].state.values()]
    return next(state.content for state in states if name in state.get("content", ()))


def nothing(nb):
    pass


# Each is refused by the check or by nbval, or by both, as its table says.


def printed_number_changed(nb):
    nb.cells[1].outputs[0].text = "0.060\n"


def one_output_stripped(nb):
    nb.cells[1].outputs = []


def outputs_and_counts_stripped(nb):
    for cell in nb.cells[1:]:
        cell.update(outputs=[], execution_count=None)


def drawing_of_demo_changed(nb):
    nb.cells[3].source = nb.cells[3].source.replace("[0, slope])", "[0, slope / 2])")


def second_frame_of_demo_changed(nb):
    nb.cells[3].source = nb.cells[3].source.replace("[0, slope])", "[0, max(slope, 1.5)])").replace("[1, 2]", "[2, 1]")
    nb.cells[3].source = nb.cells[3].source.replace('title="', 'start={"slope": 1}, title="')


def stored_demo_is_stale(nb):
    content = stored(nb, "frames")
    content.frames[0], content.frames[1] = content.frames[1], content.frames[0]


def stored_script_is_stale(nb):
    model = next(m for m in nb.metadata.widgets[WIDGET_STATE].state.values() if "frames" in m.state.get("content", ()))
    model.state._esm = model.state._esm.replace("const", "let", 1)


def stored_demo_is_missing(nb):
    del nb.metadata["widgets"]


def data_of_figure_changed(nb):
    nb.cells[2].source = nb.cells[2].source.replace("[0, 1])", "[0, 2])")


def png_of_figure_is_another(nb):
    nb.cells[2].outputs[0].data["image/png"] = nb.cells[3].outputs[1].data["image/png"]


def quiz_changed(nb):
    nb.cells[4].source = nb.cells[4].source.replace("step_decay", "why_decay")


def stored_quiz_is_stale(nb):
    stored(nb, "questions").questions[0].text = "What is one and one?"


def alternative_text_missing(nb):
    data = nb.cells[2].outputs[0].data
    data["text/html"] = data["text/html"].replace(' role="img" aria-label="A line that rises."', "")


def figure_without_alternative_text(nb):
    nb.cells[2].source = nb.cells[2].source.replace('show(fig, alt="A line that rises.")', "fig")
    data = nb.cells[2].outputs[0].data
    nb.cells[2].outputs[0].data = {"image/png": data["image/png"], "text/plain": repr(figure()[0])}


def error_with_a_longer_traceback(nb):
    nb.cells[5].outputs[0].traceback.insert(0, "In the cell above:")


REFUSED_BY_CHECK = {
    outputs_and_counts_stripped: "code cell 0 has execution count None, not 1",
    stored_demo_is_stale: "code cell 2 shows Explorer(slope: 2; ",
    stored_script_is_stale: "code cell 2 shows Explorer(slope: 2; ",
    stored_demo_is_missing: "code cell 2 shows Explorer(slope: 2; ",
    png_of_figure_is_another: "code cell 1 has a PNG that is not the one of its figure",
    stored_quiz_is_stale: "code cell 3 shows Quiz(step_decay: 7 questions; ",
    alternative_text_missing: "code cell 1 shows a figure without alternative text",
    figure_without_alternative_text: "code cell 1 shows a figure without alternative text",
    error_with_a_longer_traceback: "code cell 4 has more traceback than the error's own line",
}
REFUSED_BY_NBVAL = (
    printed_number_changed,
    one_output_stripped,
    drawing_of_demo_changed,
    second_frame_of_demo_changed,
    data_of_figure_changed,
    quiz_changed,
    alternative_text_missing,
)
COPIES = (nothing, *(REFUSED_BY_CHECK | dict.fromkeys(REFUSED_BY_NBVAL)))


def run(*command):
    return subprocess.run(
        [sys.executable, *map(str, command)],
        capture_output=True,
        text=True,
        env=os.environ | {"LRSCHED_PROGRESS": "off"},
    )


@pytest.fixture(scope="session")
def first_run(once, tmp_path_factory):
    """The folder of two notebooks that were run, one of which cannot, with what was printed and the exit status."""

    def make():
        folder = tmp_path_factory.mktemp("notebooks")
        fails = new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]})
        cells = [new_markdown_cell("# A page"), *map(new_code_cell, (NUMBER, FIGURE, DEMO, QUIZ)), fails]
        nbformat.write(new_notebook(cells=cells), folder / "good.ipynb")
        nbformat.write(new_notebook(cells=[new_code_cell("1 / 0")]), folder / "fails.ipynb")
        done = run(ROOT / "tools/notebooks.py", "run", folder / "good.ipynb", folder / "fails.ipynb")
        (folder / "printed.txt").write_text(f"{done.stdout}{done.returncode}")
        return folder

    return Path(once("notebooks", make))


@pytest.fixture(scope="session")
def good(first_run):
    """A notebook as `make notebooks` stores it."""
    return first_run / "good.ipynb"


@pytest.fixture(scope="session")
def copies(good):
    """The spoilt notebooks, and one that is not, by what was done to each."""
    notebooks = {spoil: nbformat.read(good, 4) for spoil in COPIES}
    for spoil, nb in notebooks.items():
        spoil(nb)
    return notebooks


@pytest.fixture
def refused_by_nbval(good, copies, tmp_path):
    """What strict nbval refuses of the copies; one kernel executes the cells of all, as no cell needs another."""
    untouched = code(nbformat.read(good, 4))
    asked = [
        (spoil, cell)
        for spoil, nb in copies.items()
        for cell, before in zip(code(nb), untouched, strict=True)
        if spoil is nothing or cell != before
    ]
    cells = [new_code_cell(cell.source, **{k: cell[k] for k in ("outputs", "execution_count")}) for _, cell in asked]
    for cell, (_, spoilt) in zip(cells, asked, strict=True):
        cell.metadata = spoilt.metadata
    nbformat.write(new_notebook(cells=cells), path := tmp_path / "copies.ipynb")
    done = run("-m", "pytest", "--nbval", "--nbval-current-env", "-q", "-rf", "-p", "no:cacheprovider", path)
    failed = {int(number) for number in re.findall(r"^FAILED .*::Cell (\d+)", done.stdout, re.MULTILINE)}
    assert f"{len(failed)} failed, {len(cells) - len(failed)} passed" in done.stdout
    return {asked[number][0] for number in failed}


def test_check_accepts_what_run_has_stored(first_run, good):
    assert "good.ipynb: run ok" in (first_run / "printed.txt").read_text()
    assert check(good) == []
    assert run(ROOT / "tools/notebooks.py", "check", good).stdout.endswith("good.ipynb: check ok\n")


@pytest.mark.parametrize("spoil", COPIES, ids=lambda spoil: spoil.__name__)
def test_check_sees_what_nbval_does_not(spoil, copies, tmp_path):
    nbformat.write(copies[spoil], path := tmp_path / "page.ipynb")
    faults = check(path)
    assert bool(faults) == (spoil in REFUSED_BY_CHECK)
    assert spoil not in REFUSED_BY_CHECK or faults[0].startswith(REFUSED_BY_CHECK[spoil])


def test_nbval_sees_what_check_does_not(refused_by_nbval):
    assert refused_by_nbval == set(REFUSED_BY_NBVAL)


def test_run_gives_the_same_file_again(good, tmp_path):
    again = Path(shutil.copy(good, tmp_path))
    run(ROOT / "tools/notebooks.py", "run", again)
    assert again.read_bytes() == good.read_bytes()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda nb: nb.cells[2].update(execution_count=7), "code cell 1 has execution count 7, not 2"),
        (lambda nb: nb.cells[1].update(source="x = 1;"), "code cell 0 ends with ';'"),
        (lambda nb: nb.cells[0].metadata.update(tags=["nbval-skip"]), "tag 'nbval-skip' is not one of"),
        (lambda nb: nb.cells[1].outputs[0].update(text="/home/me/book\n"), "a path of one machine: /home/m"),
        (lambda nb: nb.cells[1].outputs[0].update(text="x" * 750_000), "bytes, more than 750,000"),
        (lambda nb: nb.metadata.language_info.update(version="3.11"), "its metadata are not those"),
        (lambda nb: nb.cells[1].metadata.update(collapsed=True), "its metadata are not those"),
    ],
)
def test_check_says_what_is_wrong(spoil, sentence, good, tmp_path):
    nb = nbformat.read(good, 4)
    spoil(nb)
    nbformat.write(nb, path := tmp_path / "page.ipynb")
    (fault,) = check(path)
    assert sentence in fault


def test_a_cell_that_fails_is_reported_in_one_line(first_run):
    printed = (first_run / "printed.txt").read_text()
    assert printed.endswith("fails.ipynb: a cell fails: ZeroDivisionError: division by zero\n1")
