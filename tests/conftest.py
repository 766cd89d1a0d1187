"""What the tests of the book share: one build, one server, one browser for a whole run of pytest.

A test that asks for `book` is marked `book`, one that asks for `browser` is marked `browser`, so that
`pytest -m "not browser"` works with no mark in any test.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from pages import build_book, launched, opened, served
from playwright.sync_api import Browser, Page


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "book: builds the book")
    config.addinivalue_line("markers", "browser: needs Chromium")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for name in {"book", "browser"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(name)


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a fresh build of the book; every warning is an error."""
    return build_book(tmp_path_factory.mktemp("book"))


@pytest.fixture(scope="session")
def site(book: Path) -> Iterator[str]:
    """The address of the built book."""
    with served(book) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with launched() as running:
        yield running


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """`visit(url, **options)` opens a page in a fresh context, as `pages.opened` does."""
    yield partial(opened, browser)
    for context in browser.contexts:
        context.close()
