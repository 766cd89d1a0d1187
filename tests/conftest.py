"""What the tests of the book share: one build for a whole run of pytest, one server and one browser a worker.

A test that asks for `book` is marked `book`, one that asks for `browser` is marked `browser`, so that
`pytest -m "not browser"` works with no mark in any test.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pages import ROOT, build_book, chromium, launched, opened, served
from playwright.sync_api import Browser, Page


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "book: builds the book")
    config.addinivalue_line("markers", "browser: needs Chromium")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for name in {"book", "browser"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(name)


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[], object]], str]:
    """`once(name, make)` is the text of what `make` returns; of all workers only the first calls it."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent

    def once(name: str, make: Callable[[], object]) -> str:
        path = folder / f"{name}.txt"
        with path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                path.write_text(str(make()))
        return path.read_text()

    return once


@pytest.fixture(scope="session")
def book(once: Callable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the book: of the one at BOOK_FOLDER, or of a fresh build; every warning is an error."""
    if folder := os.environ.get("BOOK_FOLDER"):
        return ROOT / folder
    return Path(once("book", lambda: build_book(tmp_path_factory.mktemp("book"))))


@pytest.fixture(scope="session")
def site(book: Path) -> Iterator[str]:
    """The address of the built book."""
    with served(book) as address:
        yield address


@pytest.fixture(scope="session")
def browser(once: Callable) -> Iterator[Browser]:
    with launched(once("chromium", lambda: chromium() or "")) as running:
        yield running


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """`visit(url, **options)` opens a page in a fresh context, as `pages.opened` does."""
    pages = []

    def visit(url: str, **options: object) -> Page:
        pages.append(opened(browser, url, **options))
        return pages[-1]

    yield visit
    for page in pages:
        page.context.close()
