"""Put notebooks that run in the reader's own browser beside the book: `python tools/lite.py`.

JupyterLite is JupyterLab without a server. It is built from the notebooks and from the files that
`tools/pyodide_files.py fetch` has brought, into _build/html/lite.
"""

import json
import shutil
import sys
from pathlib import Path

import nbformat
from notebooks import ROOT, code, notebooks, read
from pyodide_files import LITE, run, stop
from pyodide_packages import pyodide

from lrsched._figure import digest

STAGE, SITE = ROOT / "_build/lite", ROOT / "_build/html/lite"


def build() -> None:
    """Assemble the folder that JupyterLite builds from, and build."""
    shutil.rmtree(STAGE, ignore_errors=True)
    shutil.copytree(LITE, STAGE, ignore=shutil.ignore_patterns("cache", "*.py", "*.txt", "run.html", "seconds.json"))
    pyodide(STAGE / "static/pyodide")
    contents(STAGE / "contents")
    try:
        run(Path(sys.executable).with_name("jupyter"), "lite", "build", "--output-dir", SITE, cwd=STAGE)
    except OSError as error:
        stop(f"JupyterLite does not build: {error}")
    start_page(SITE / "run.html")


def contents(out: Path) -> None:
    """Put the notebooks into `out`, trusted, so that their stored figures show, and each with its digest."""
    for path in notebooks():
        nb = read(path)
        for cell in code(nb):
            cell.metadata["trusted"] = True
        nb.metadata["published"] = published(nb)
        target = out / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(nb))  # nbformat would take the trust away
    shutil.copytree(ROOT / "_static/audio", out / "_static/audio")


def published(nb: nbformat.NotebookNode) -> str:
    """What changes when a reader would see another text or other code."""
    return digest("\0".join(cell.source for cell in nb.cells))


def start_page(out: Path) -> None:
    """Tell the page before the notebooks which there are: their titles, digests, and how long they take."""
    times = json.loads((LITE / "seconds.json").read_text())
    listed = {}
    for path in notebooks():
        nb, name = read(path), path.relative_to(ROOT).as_posix()
        title = next(line for line in nb.cells[0].source.splitlines() if line.startswith("# "))[2:]
        listed[name] = {"title": title, "published": published(nb), "seconds": times.get(name)}
    out.write_text((LITE / "run.html").read_text().replace(">{}<", f">{json.dumps(listed)}<"))


if __name__ == "__main__":
    build()
