"""The notebooks in the reader's own browser, as `make site` has built them.

Each notebook is opened as the button on its page does; every request to another host, from a page, a worker or a
service worker, goes to a proxy that counts and refuses it.
"""

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pages
import pytest
from notebooks import notebooks
from pages import ROOT, chromium, served
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from reader import PREFIX, SECONDS, Notebook, counting, foreign, native

from lrsched.course.exercises import step_decay

SITE = ROOT / "_build/html"
NAMES = [path.relative_to(ROOT).as_posix() for path in notebooks()]
EXERCISE = "exercises/step_decay.ipynb"
FIGURE = "import matplotlib.pyplot as plt\n_ = plt.plot([1, 2])\nplt.show()"


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """The address of the site."""
    if not (SITE / "lite/run.html").exists():
        pytest.fail("there is no _build/html/lite: run `make site` first")
    with served(SITE, PREFIX) as address:
        yield address


@pytest.fixture(scope="session")
def asked() -> list[str]:
    """The foreign hosts that were asked."""
    return []


@pytest.fixture(scope="session")
def browser(asked: list[str]) -> Iterator[Browser]:
    with counting(asked) as port, sync_playwright() as playwright:
        through = [f"--proxy-server=127.0.0.1:{port}", "--proxy-bypass-list=127.0.0.1"]
        running = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", *through])
        yield running
        running.close()


@pytest.fixture
def reader(browser: Browser) -> Iterator[BrowserContext]:
    """A reader who comes for the first time."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def opened(address: str, reader: BrowserContext) -> Callable[[str], Notebook]:
    """`opened("exercises/step_decay.ipynb")` opens it as the button of its page does."""

    def opened(path: str) -> Notebook:
        page = reader.new_page()
        page.goto(f"{address}lite/run.html?path={path}")
        return Notebook(page)

    return opened


@pytest.fixture(scope="session")
def table() -> Iterator[list[str]]:
    """Lines of what was measured."""
    lines = []
    yield lines
    (ROOT / "_build/lite/measured.txt").write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="session")
def seconds(table: list[str]) -> Iterator[dict[str, tuple[float, float]]]:
    """What all cells of each notebook take in the browser, and with this machine's own Python."""
    taken = {}
    yield taken
    for_readers = ROOT / "lite/seconds.json"
    known = json.loads(for_readers.read_text()) | {name: here for name, (here, _) in taken.items()}
    for_readers.write_text(json.dumps({name: known[name] for name in NAMES if name in known}, indent=2) + "\n")
    table += ["", f"{'seconds for all cells':40}in the browser  natively  ratio"]
    table += [f"{name:40}{here:14.1f}{there:10.1f}{here / there:7.1f}" for name, (here, there) in taken.items()]


def megabytes_of_renderer() -> float:
    """The memory of the page that has most."""
    listed = subprocess.run(["ps", "-eo", "rss,args"], capture_output=True, text=True, check=True).stdout
    return max(int(line.split()[0]) for line in listed.splitlines() if "--type=renderer" in line) / 1000


@pytest.mark.parametrize("name", ["index.ipynb", EXERCISE])
def test_first_cell_comes_soon(name, address, reader, monkeypatch, table):
    pages.sent(SITE / "lite/static/pyodide/pyodide.asm.wasm")  # a server has compressed it beforehand
    sent = []
    monkeypatch.setattr(pages, "sent", lambda path, of_file=pages.sent: sent.append(len(body := of_file(path))) or body)
    table += ["", f"{name:34}cold   warm"]
    rows = {}
    for _ in "cold", "warm":
        sent.clear()
        page, start = reader.new_page(), time.monotonic()
        page.goto(f"{address}lite/run.html?path={name}")
        notebook = Notebook(page)
        own = notebook.call("return cells[0].model.sharedModel.source;")
        for what, source in {"1 + 1": "1 + 1", "its first cell": own, "a figure": FIGURE}.items():
            notebook.run(0, source)
            rows.setdefault(f"{what}, s", []).append(time.monotonic() - start)
        rows.setdefault("transferred, MB", []).append(sum(sent) / 1e6)
        rows.setdefault("requests", []).append(len(sent))
        rows.setdefault("memory of the page, MB", []).append(megabytes_of_renderer())
        page.close()
    table += [f"  {what:29}{cold:7.1f}{warm:7.1f}" for what, (cold, warm) in rows.items()]
    assert rows["1 + 1, s"][0] <= 15, rows
    assert rows["1 + 1, s"][1] <= 12, rows
    assert rows["transferred, MB"][0] <= 30, rows


@pytest.mark.parametrize("name", NAMES)
def test_notebook_runs_from_top_to_bottom(name, opened, seconds):
    notebook = opened(name)
    start = time.monotonic()
    cells = notebook.run_all()
    here = round(time.monotonic() - start, 1)
    # Nbclient and Playwright both want the only event loop.
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        seconds[name] = here, process.submit(native, ROOT / name).result(SECONDS)
    stored = [c for c in json.loads((ROOT / name).read_text())["cells"] if c["cell_type"] == "code"]
    counts = [cell["execution_count"] for cell in cells]  # the page before the notebook has run something, too
    assert counts == list(range(counts[0], counts[0] + len(stored)))
    for cell, before in zip(cells, stored, strict=True):
        source = "".join(before["source"])
        assert kinds(cell) == kinds(before), f"{source}\n{json.dumps(cell['outputs'])[:2000]}"
    drawn = len([cell for cell in stored for kind in kinds(cell) if "widget" in kind])
    alive = ".lrsched:not(.first-frame)"
    notebook.inner.wait_for_function(f"document.querySelectorAll('{alive}').length === {drawn}", timeout=10_000)


def kinds(cell: dict) -> set[str]:
    """What a cell shows: the kinds of its outputs, without the forms that only one of two viewers gets."""
    found = {output["output_type"] for output in cell["outputs"]} & {"error"}
    found |= {output["name"] for output in cell["outputs"] if output["output_type"] == "stream"}
    return found | {kind for output in cell["outputs"] for kind in output.get("data", {})}


def test_kernel_has_the_versions_of_pyodide(opened):
    text = opened("index.ipynb").run(0, "import sys, numpy\nprint(sys.version[:4], numpy.__version__, numpy.__file__)")
    assert "3.12 2.0.2 /lib/python3.12/site-packages/numpy/__init__.pyc" in text


def test_figure_of_matplotlib_appears(opened):
    output = opened("index.ipynb").run(0, FIGURE)
    assert "image/png" in output
    assert "stderr" not in output


def test_sliders_of_ipywidgets_and_of_the_course_answer_the_arrow_keys(opened):
    notebook = opened("index.ipynb")
    notebook.run(0)
    slider = notebook.frame.locator(".lrsched input[type=range]")
    before = slider.get_attribute("aria-valuetext")
    slider.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") != before
    notebook.run(0, "import ipywidgets\nslider = ipywidgets.IntSlider(5)\nslider")
    handle = notebook.frame.locator(".widget-slider [role=slider]")
    handle.focus()
    notebook.page.keyboard.press("ArrowRight")
    notebook.frame.locator(".widget-readout", has_text="6").wait_for()
    assert "'6'" in notebook.run(0, "str(slider.value)")


def test_exercise_is_judged_and_kept_over_a_reload(opened):
    notebook = opened(EXERCISE)
    notebook.run(0)
    task = notebook.cell_with("tasks.first_below.check")
    assert "not yet" in notebook.run(task, "first_below = 150\n\ntasks.first_below.check(first_below)")
    solution = f"{step_decay.first_below.solution_cell()}\n\ntasks.first_below.check(first_below)"
    assert "correct" in notebook.run(task, solution)
    notebook.page.wait_for_timeout(8000)  # autosave
    notebook.page.reload()
    again = Notebook(notebook.page)
    source, outputs = again.call(
        "const cell = cells[argument].model.toJSON(); return [cell.source, JSON.stringify(cell.outputs)];", task
    )
    assert source == solution
    assert "correct" in outputs
    again.run(0)
    assert "1 of" in again.run(again.cell_with("tasks.progress"))


def test_endless_loop_is_too_slow_and_the_kernel_lives(opened):
    notebook = opened(EXERCISE)
    notebook.run(0)
    loop = "def step_decay(*_):\n    while True:\n        pass\n\n\ntasks.step_decay.check(step_decay)"
    assert "too slow" in notebook.run(notebook.cell_with("tasks.step_decay.check"), loop)
    assert "42" in notebook.run(0, "6 * 7")


def test_older_copy_of_the_reader_is_told_and_put_aside(opened, address):
    notebook = opened("index.ipynb")
    notebook.call(
        """notebook.model.setMetadata('published', 'before');
        cells[0].model.sharedModel.setSource('mine = 1');
        await app.commands.execute('docmanager:save');"""
    )
    page = notebook.page
    page.reload()
    page.get_by_text("a newer version has been published").wait_for()
    page.get_by_role("button", name="Take the new one").click()
    page.get_by_text("index (mine 1).ipynb").wait_for()
    page.get_by_role("button", name="Go on", exact=True).click()
    assert "mine = 1" not in Notebook(page).call("return cells[0].model.sharedModel.source;")
    page.goto(f"{address}lite/notebooks/index.html?path=index (mine 1).ipynb")
    page.get_by_text("mine = 1").wait_for(timeout=SECONDS * 1000)


def test_reader_on_a_phone_is_warned_first(browser, address):
    context = browser.new_context(
        viewport={"width": 390, "height": 800}, screen={"width": 390, "height": 800}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(f"{address}lite/run.html?path=index.ipynb")
    page.get_by_text("memory").wait_for()
    assert page.locator("iframe").count() == 0
    page.get_by_role("button", name="Start all the same").click()
    page.locator("iframe").wait_for()
    context.close()


def test_credits_name_every_package_that_is_shipped():
    credit = (ROOT / "chapters/sources.md").read_text()
    lock = json.loads((SITE / "lite/static/pyodide/pyodide-lock.json").read_text())
    assert lock["info"]["version"] in credit
    assert [name for name in (p["name"] for p in lock["packages"].values()) if f"`{name}`" not in credit] == []
    scripts = [path.parent.name for path in (SITE / "lite/extensions").rglob("package.json")]
    assert sorted(scripts) == [
        "anywidget",
        "jupyterlab-manager",  # of jupyterlab-widgets
        "jupyterlab-myst",
        "jupyterlab_pygments",
        "pyodide-kernel-extension",
    ]


def test_button_of_each_page_leads_here(reader, address):
    for name in NAMES:
        page = reader.new_page()
        page.goto(address + re.sub("ipynb$", "html", name))
        assert (
            page.locator("a", has_text="Run in your browser").evaluate("a => a.href")
            == f"{address}lite/run.html?path={name}"
        )
        page.close()


def test_nobody_else_was_asked_but_would_have_been_noticed(opened, asked):
    """The last test: all others have been counted, too."""
    notebook = opened("index.ipynb")
    notebook.run(0)
    assert foreign(asked) == []
    notebook.run(0, "import js\nawait js.fetch('http://elsewhere.example/')")
    notebook.inner.evaluate("fetch('http://third.example/').catch(() => null)")
    assert {"elsewhere.example", "third.example"} <= set(foreign(asked))
