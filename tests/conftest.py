"""What the tests of the book share: one build, one server, one browser for a whole run of pytest.

A test that asks for `book` is marked `book`, one that asks for `browser` is marked `browser`, so that
`pytest -m "not browser"` works with no mark in any test.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
import yaml
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PREFIX = urlsplit(yaml.safe_load((ROOT / "_config.yml").read_text())["html"]["baseurl"]).path.rstrip("/")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "book: builds the book")
    config.addinivalue_line("markers", "browser: needs Chromium")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for name in {"book", "browser"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(name)


def toc_pages() -> list[str]:
    """The pages that _toc.yml names, in reading order, without suffix."""

    def names(entry: dict) -> Iterator[str]:
        yield from (entry[key] for key in ("root", "file") if key in entry)
        for key in ("parts", "chapters", "sections"):
            for part in entry.get(key, []):
                yield from names(part)

    return list(names(yaml.safe_load((ROOT / "_toc.yml").read_text())))


def command(name: str) -> Path:
    """A command of the environment that runs the tests."""
    return Path(sys.executable).with_name(name)


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a fresh build of the book; every warning is an error."""
    out = tmp_path_factory.mktemp("book")
    build = [command("jupyter-book"), "build", ROOT, "-W", "-n", "--keep-going", "--path-output", out]
    done = subprocess.run(build, capture_output=True, text=True)
    assert done.returncode == 0, f"the book does not build:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return out / "_build/html"


class Handler(SimpleHTTPRequestHandler):
    """Serves the book under the path that it will have on its site; says nothing."""

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix(PREFIX))

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="session")
def site(book: Path) -> Iterator[str]:
    """The address of the built book, served on a free local port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=book))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{PREFIX}/"
    server.shutdown()
    server.server_close()


def chromium() -> str | None:
    """The path of Chromium, installed if need be; None for Playwright's own, whose place it knows itself."""

    def installed() -> str | None:
        names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
        return next(filter(None, map(shutil.which, names)), None)

    def succeeds(*command: str) -> bool:
        return subprocess.run(command).returncode == 0

    if path := installed():
        return path
    if succeeds(sys.executable, "-m", "playwright", "install", "chromium"):
        return None
    if shutil.which("apt-get") and succeeds("sh", "-c", "apt-get update && apt-get install -y chromium"):
        return installed()
    pytest.fail("the browser tests need Chromium, and neither Playwright nor apt-get could install it")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless Chromium."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """`visit(url, width=1280, dark=False, javascript=True)` opens a page in a fresh context.

    The page's `requests` are the addresses that it asked for, its `complaints` what it wrote to the console,
    less the theme's own remarks, which begin with "[PST]".
    """
    contexts = []

    def visit(url: str, *, width: int = 1280, dark: bool = False, javascript: bool = True) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme="dark" if dark else "light",
            java_script_enabled=javascript,
        )
        contexts.append(context)
        page = context.new_page()
        page.requests, page.complaints = [], []
        page.on("request", lambda request: page.requests.append(request.url))
        page.on("console", lambda message: message.text.startswith("[PST]") or page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(url)
        return page

    yield visit
    for context in contexts:
        context.close()
