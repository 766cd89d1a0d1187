"""A proxy that counts and refuses, a handle on an open notebook, and what the notebook takes without a browser."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from nbclient import NotebookClient
from notebooks import read
from playwright.sync_api import Page

PREFIX = "/a/repository"
SECONDS = 240  # until something is given up
# Chromium's own calls home, by the first part of the host's name or the last.
CHROMIUM = (
    "accounts.",
    "android.",
    "clients2.",
    "content-autofill.",
    "optimizationguide-pa.",
    "redirector.",
    "update.",
)


class Counter(BaseHTTPRequestHandler):
    """A proxy that writes down whom it is asked for, and refuses."""

    def __init__(self, hosts: list[str], *args: object):
        self.hosts = hosts
        super().__init__(*args)

    def refuse(self) -> None:
        self.hosts.append(self.path.removeprefix("http://").split("/")[0])
        self.send_error(403)

    do_GET = do_POST = do_HEAD = do_CONNECT = do_OPTIONS = refuse

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def counting(hosts: list[str]) -> Iterator[int]:
    """The port of a proxy that adds to `hosts`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Counter, hosts))
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def foreign(asked: list[str]) -> list[str]:
    """The hosts, less those that Chromium itself calls."""
    return [host for host in asked if not host.startswith(CHROMIUM)]


class Notebook:
    """A notebook that is open in `page`, with its kernel ready; its cells are its code cells, counted from 0."""

    def __init__(self, page: Page):
        self.page = page
        page.locator("#all").wait_for(timeout=SECONDS * 1000)
        self.frame = page.frame_locator("iframe")
        [self.inner] = [frame for frame in page.frames if frame != page.main_frame and "/notebooks/" in frame.url]

    def call(self, body: str, argument: object = None) -> object:
        """What the JavaScript `body` returns; it knows `app`, `notebook`, `cells` and its `argument`."""
        return self.inner.evaluate(
            f"""async argument => {{
              const app = jupyterapp, notebook = app.shell.currentWidget.content;
              const cells = notebook.widgets.filter(cell => cell.model.type === 'code');
              const late = new Promise((_, fail) => setTimeout(() => fail(Error('{SECONDS} s are over')), {SECONDS}e3));
              return Promise.race([late, (async () => {{ {body} }})()]);
            }}""",
            argument,
        )

    def run(self, cell: int, source: str | None = None) -> str:
        """Run a cell, with another `source` if there is one; return its outputs as JSON."""
        return self.call(
            """const cell = cells[argument.cell];
            if (argument.source !== null) cell.model.sharedModel.setSource(argument.source);
            notebook.activeCellIndex = notebook.widgets.indexOf(cell);
            await app.commands.execute('notebook:run-cell');
            return JSON.stringify(cell.model.outputs.toJSON());""",
            {"cell": cell, "source": source},
        )

    def run_all(self) -> list[dict]:
        """Run everything; return each cell's source, tags, execution count and outputs."""
        return self.call(
            """await app.commands.execute('notebook:run-all-cells');
            return cells.map(cell => cell.model.toJSON());"""
        )

    def cell_with(self, text: str) -> int:
        """The number of the first cell whose source contains `text`."""
        return self.call("return cells.findIndex(cell => cell.model.sharedModel.source.includes(argument));", text)

    def save(self) -> None:
        self.call("await app.commands.execute('docmanager:save');")


def native(path: Path) -> float:
    """Seconds that all cells of a notebook take with this machine's own Python."""
    client = NotebookClient(nb := read(path), resources={"metadata": {"path": path.parent}})
    with client.setup_kernel():
        start = time.monotonic()
        for i, cell in enumerate(nb.cells):
            client.execute_cell(cell, i)
        return time.monotonic() - start
