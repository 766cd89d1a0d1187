"""Execute notebooks so that the same content gives the same file, and check what nbval does not see.

    python tools/notebooks.py run [notebook ...]      execute, and store the outputs
    python tools/notebooks.py check [notebook ...]    execute nothing; say what is wrong

Without a name: every notebook of the book. nbval executes a notebook and compares texts and HTML with those stored. It
compares neither the state of the widgets, which is what a page without a kernel shows, nor PNG, tracebacks, metadata
and execution counts, and a cell without a count not at all. `check` holds the state and the PNG against digests in
the texts and HTML that nbval compares, so that together they see all.
"""

import argparse
import base64
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path
from subprocess import PIPE

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from lrsched._figure import digest
from lrsched.course.widgets.widget import state_digest

ROOT = Path(__file__).resolve().parents[1]
TAGS = re.compile(r"hide-input|remove-cell|raises-exception|dialogue|answer-[\w-]+")
MACHINE_PATH = re.compile(r"(?<![\w.:/])/(?:home|root|Users|tmp|work|usr|opt)/\w|[A-Z]:\\\\?Users|site-packages")
MOST_BYTES = 750_000
DEADLINE = 600  # seconds for a notebook
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
FIGURE = re.compile(r'<svg class="figure".*?</svg>', re.DOTALL)
ALTERNATIVE = re.compile(r'<svg class="figure" role="img" aria-label="([^"]+)"')


def notebooks() -> list[Path]:
    """Every notebook of the book, in reading order."""
    return [ROOT / "index.ipynb", *sorted(ROOT.glob("chapters/*.ipynb")), *sorted(ROOT.glob("exercises/*.ipynb"))]


def read(path: Path) -> nbformat.NotebookNode:
    """The notebook as it is stored."""
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


def execute(path: Path) -> str:
    """The text of the notebook after a fresh execution in its own folder: the same on every run."""
    nb = read(path)
    nb.metadata = deepcopy(METADATA)
    for cell in nb.cells:
        cell.metadata = {"tags": cell.metadata["tags"]} if cell.metadata.get("tags") else {}
    NotebookClient(
        nb,
        timeout=300,
        startup_timeout=300,  # a busy machine may need more than the usual minute
        record_timing=False,
        coalesce_streams=True,  # else what a slow cell prints is stored in as many pieces as it happened to arrive
        store_widget_state=True,
        resources={"metadata": {"path": str(path.parent)}},
        extra_arguments=["--IPKernelApp.log_level=40"],  # else it warns of the local network on every start
    ).execute()
    nb.metadata["language_info"] = METADATA["language_info"]  # without the version
    for cell in code(nb):
        for output in cell.outputs:
            if output.output_type == "error":  # its traceback names files of this machine
                output.traceback = [f"{output.ename}: {output.evalue}"]
    text = nbformat.writes(nb)
    for i, model in enumerate(widget_models(nb)):  # their names are random; they come in order of creation
        text = text.replace(model, f"{i:032x}")
    return nbformat.writes(nbformat.reads(text, as_version=nbformat.NO_CONVERT)) + "\n"


def code(nb: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """The code cells, counted from 0 as nbval does."""
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def widget_models(nb: nbformat.NotebookNode) -> dict:
    """The stored widgets by name."""
    return nb.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})


def check(path: Path) -> list[str]:
    """What is wrong with the stored notebook as it lies there, one sentence each."""
    nb, faults = read(path), []
    for i, cell in enumerate(code(nb)):
        if cell.execution_count != i + 1:
            faults.append(f"code cell {i} has execution count {cell.execution_count}, not {i + 1}")
        if cell.source.rstrip().endswith(";"):
            faults.append(f"code cell {i} ends with ';', which nbval does not honour: write `_ = ...`")
        drawn = []
        for output in cell.outputs:
            faults += [f"code cell {i} {fault}" for fault in unseen(output, drawn, widget_models(nb))]
    for tag in {tag for cell in nb.cells for tag in cell.metadata.get("tags", []) if not TAGS.fullmatch(tag)}:
        faults.append(f"tag {tag!r} is not one of {TAGS.pattern.replace('|', ', ')}")
    if found := MACHINE_PATH.search(nbformat.writes(nb)):
        faults.append(f"it holds a path of one machine: {found[0]}")
    if (size := path.stat().st_size) > MOST_BYTES:
        faults.append(f"it has {size:,} bytes, more than {MOST_BYTES:,}")
    others = {name: value for name, value in nb.metadata.items() if name != "widgets"}
    if others != METADATA or any(cell.metadata.keys() - {"tags"} for cell in nb.cells):
        faults.append("its metadata are not those that `make notebooks` stores")
    return faults


def unseen(output: nbformat.NotebookNode, drawn: list[str], models: dict) -> Iterator[str]:
    """What nbval does not see of an output; `drawn` are the figures of its cell so far, for PNG follows its SVG."""
    data = output.get("data", {})
    figures = FIGURE.findall(data.get("text/html", ""))
    drawn += figures
    if not all(map(ALTERNATIVE.match, figures)) or ("image/png" in data and not drawn):
        yield "shows a figure without alternative text: use lrsched.plotting.show"
    elif "image/png" in data and not any(
        f"Comment\0{digest(figure)}".encode() in base64.b64decode(data["image/png"]) for figure in drawn
    ):
        yield "has a PNG that is not the one of its figure"
    if view := data.get(WIDGET_VIEW):
        state = models.get(view["model_id"], {}).get("state", {})
        if not data["text/plain"].endswith(f"; {state_digest(state)})"):
            yield f"shows {data['text/plain']}, whose stored state is another"
    if output.output_type == "error" and output.traceback != [f"{output.ename}: {output.evalue}"]:
        yield "has more traceback than the error's own line"


def run(path: Path) -> list[str]:
    """Execute and store; what `check` finds is told, but stored all the same."""
    try:
        path.write_text(execute(path))
    except CellExecutionError as error:
        return [f"a cell fails: {error.ename}: {error.evalue}"]
    except (RuntimeError, TimeoutError) as error:
        return [f"its kernel fails: {error}"]
    return check(path)


def run_apart(path: Path) -> list[str]:
    """The same from a process of its own, which is ended when it hangs, and gets a second chance."""
    for _ in range(2):
        try:
            done = subprocess.run([sys.executable, __file__, "run", path], stdout=PIPE, text=True, timeout=DEADLINE)
        except subprocess.TimeoutExpired:
            continue
        faults = [line.split(": ", 1)[-1] for line in done.stdout.splitlines()]
        return (faults or ["its process failed"]) if done.returncode else []
    return [f"its execution did not end in {DEADLINE} seconds, twice"]


def main() -> int:
    """Work on as many notebooks at a time as there are cores; print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=["run", "check"])
    parser.add_argument("paths", nargs="*", type=Path, metavar="notebook")
    asked = parser.parse_args()
    os.environ["LRSCHED_PROGRESS"] = "off"  # outputs do not depend on what a reader has solved
    failed = 0
    paths = [path.resolve() for path in asked.paths] or notebooks()
    faults = check if asked.verb == "check" else run if len(paths) == 1 else run_apart
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, found in zip(paths, pool.map(faults, paths), strict=True):
            name = os.path.relpath(path, ROOT)
            print(*[f"{name}: {fault}" for fault in found] or [f"{name}: {asked.verb} ok"], sep="\n", flush=True)
            failed += bool(found)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
