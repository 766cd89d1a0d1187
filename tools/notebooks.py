"""Execute notebooks so that the same content gives the same file, and check what nbval does not see.

    python tools/notebooks.py run [notebook ...]      execute, and store the outputs
    python tools/notebooks.py check [notebook ...]    change nothing; say what is wrong

Without a name: every notebook of the book. nbval compares the outputs of each cell with those stored, but
looks neither at execution counts nor at the state of the widgets, which is what a page without a kernel shows.
"""

import argparse
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from subprocess import PIPE

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parents[1]
TAGS = re.compile(r"hide-input|remove-cell|raises-exception|dialogue|answer-[\w-]+")
MACHINE_PATH = re.compile(r"(?<![\w.:/])/(?:home|root|Users|tmp|work|usr|opt)/\w|[A-Z]:\\\\?Users|site-packages")
MOST_BYTES = 750_000
DEADLINE = 600  # seconds for a notebook
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"


def notebooks() -> list[Path]:
    """Every notebook of the book, in reading order."""
    return [ROOT / "index.ipynb", *sorted(ROOT.glob("chapters/*.ipynb")), *sorted(ROOT.glob("exercises/*.ipynb"))]


def read(path: Path) -> nbformat.NotebookNode:
    """The notebook as it is stored."""
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


def execute(path: Path) -> str:
    """The text of the notebook after a fresh execution in its own folder: the same on every run."""
    nb = read(path)
    nb.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
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
    nb.metadata["language_info"] = {"name": "python"}
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


def policy(path: Path) -> list[str]:
    """What is wrong with the stored notebook as it lies there, one sentence each."""
    nb, faults = read(path), []
    for i, cell in enumerate(code(nb)):
        if cell.execution_count != i + 1:
            faults.append(f"code cell {i} has execution count {cell.execution_count}, not {i + 1}")
        if cell.source.rstrip().endswith(";"):
            faults.append(f"code cell {i} ends with ';', which nbval does not honour: write `_ = ...`")
    for tag in {tag for cell in nb.cells for tag in cell.metadata.get("tags", []) if not TAGS.fullmatch(tag)}:
        faults.append(f"tag {tag!r} is not one of {TAGS.pattern.replace('|', ', ')}")
    if found := MACHINE_PATH.search(nbformat.writes(nb)):
        faults.append(f"it holds a path of one machine: {found[0]}")
    if (size := path.stat().st_size) > MOST_BYTES:
        faults.append(f"it has {size:,} bytes, more than {MOST_BYTES:,}")
    return faults


def differences(path: Path) -> list[str]:
    """Where the stored notebook differs from a fresh execution; the bytes of PNG previews do not count."""
    stored, fresh = read(path), nbformat.reads(execute(path), as_version=nbformat.NO_CONVERT)
    faults = []
    for i, (old, new) in enumerate(zip(code(stored), code(fresh), strict=True)):
        for cell in old, new:
            for output in cell.outputs:
                output.get("data", {}).pop("image/png", None)
        if old.outputs != new.outputs:
            faults.append(f"code cell {i} has other outputs than when it is executed afresh")
    if widget_models(stored) != widget_models(fresh):
        faults.append("the stored state of its widgets is not that of a fresh execution")
    if not faults and stored.metadata != fresh.metadata:
        faults.append("its metadata are not those that `make notebooks` stores")
    return faults


def run(path: Path) -> list[str]:
    """Execute and store; what the policy forbids is said, but stored all the same."""
    path.write_text(execute(path))
    return policy(path)


def check(path: Path) -> list[str]:
    """The policy first: a notebook that fails it is not worth executing."""
    return policy(path) or differences(path)


def alone(verb: str, path: Path) -> list[str]:
    """What `verb` says about one notebook."""
    try:
        return {"run": run, "check": check}[verb](path.resolve())
    except CellExecutionError as error:
        return [f"a cell fails: {error.ename}: {error.evalue}"]
    except (RuntimeError, TimeoutError) as error:
        return [f"its kernel fails: {error}"]


def apart(verb: str, path: Path) -> list[str]:
    """The same from a process of its own, which is ended when it hangs, and gets a second chance."""
    for _ in range(2):
        try:
            done = subprocess.run([sys.executable, __file__, verb, path], stdout=PIPE, text=True, timeout=DEADLINE)
        except subprocess.TimeoutExpired:
            continue
        said = [line.split(": ", 1)[-1] for line in done.stdout.splitlines()]
        return (said or ["its process failed"]) if done.returncode else []
    return [f"its execution did not end in {DEADLINE} seconds, twice"]


def main() -> int:
    """Work on as many notebooks at a time as there are cores; print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("verb", choices=["run", "check"])
    parser.add_argument("paths", nargs="*", type=Path, metavar="notebook")
    asked = parser.parse_args()
    os.environ["LRSCHED_PROGRESS"] = "off"  # outputs do not depend on what a reader has solved
    failed = 0
    paths = asked.paths or notebooks()
    faults = partial(alone if len(paths) == 1 else apart, asked.verb)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, found in zip(paths, pool.map(faults, paths), strict=True):
            name = os.path.relpath(path, ROOT)
            print(*[f"{name}: {fault}" for fault in found] or [f"{name}: {asked.verb} ok"], sep="\n", flush=True)
            failed += bool(found)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
