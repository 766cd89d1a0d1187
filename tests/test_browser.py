"""Each page of the book in Chromium, and a chapter in JupyterLab."""

import os
import re
import shutil
import socket
import subprocess
import time
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from pages import ROOT, VIEW, all_pages, command, elsewhere, faults, read_through, toc_pages, visits

EVERY_PAGE = pytest.mark.parametrize("name", all_pages())
IN_CONTENTS = pytest.mark.parametrize("name", toc_pages())


@EVERY_PAGE
def test_page_asks_no_other_origin_and_has_no_complaint(name, site, visit):
    page = visit(f"{site}{name}.html")
    read_through(page)
    assert elsewhere(page) == []
    assert page.complaints == []


def test_requests_to_another_origin_and_complaints_would_be_seen(site, visit):
    page = visit(site)
    page.evaluate("new Image().src = 'http://127.0.0.1:9/pixel.png'")
    page.wait_for_timeout(200)
    assert elsewhere(page) == ["http://127.0.0.1:9/pixel.png"]
    assert "ERR_" in page.complaints[0]


@EVERY_PAGE
def test_axe_finds_nothing(name, site, visit):
    page = visit(f"{site}{name}.html")
    read_through(page)
    assert faults(page) == []


@EVERY_PAGE
def test_page_fits_a_phone(name, site, visit):
    page = visit(f"{site}{name}.html", width=390)
    read_through(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    left = page.eval_on_selector_all(
        ".katex-display", "all => all.map(e => e.querySelector('.katex-html').getBoundingClientRect().left)"
    )
    assert [x for x in left if x < 0] == []


@IN_CONTENTS
def test_page_reads_without_javascript(name, site, visit):
    page = visit(f"{site}{name}.html", javascript=False)
    assert page.locator("article h1").is_visible()
    assert (
        page.locator(VIEW).count()
        == page.locator("noscript:not(head *)").count() - page.locator("noscript:empty").count()
    )
    formulas_and_figures = "article :is(.katex-html, svg.figure):not(details *)"
    for tab in page.locator("article .sd-tab-label").all():  # tabs open by a click, without JavaScript too
        tab.click()
        assert all(shown.is_visible() for shown in tab.locator("+ .sd-tab-content").locator(".katex-html").all())
    for shown in page.locator(f"{formulas_and_figures}:not(.sd-tab-content *)").all():
        assert shown.is_visible()


@IN_CONTENTS
def test_page_works_as_a_file(name, book, visit):
    page = visit((book / f"{name}.html").as_uri())
    read_through(page)
    assert {urlsplit(url).scheme for url in page.requests} <= {"file", "blob", "data"}
    assert page.complaints == []


def test_pages_are_light(site, book, visit):
    asked = {}
    for name in toc_pages():
        page = visit(f"{site}{name}.html")
        read_through(page)
        asked[name] = set(page.requests)
    assert [(name, kb) for name, kb, most in visits(asked, book) if kb > most] == []


def test_slider_of_a_chapter_works_by_keyboard(site, visit):
    page = visit(f"{site}chapters/03_step_decay.html")
    read_through(page)
    slider = page.locator(".lrsched input[type=range]").first
    before = slider.get_attribute("aria-valuetext")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert slider.get_attribute("aria-valuetext") != before


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab on a copy of the notebooks."""
    folder, port = tmp_path_factory.mktemp("lab"), free_port()
    shutil.copy(ROOT / "index.ipynb", folder)
    for name in ("chapters", "exercises"):
        shutil.copytree(ROOT / name, folder / name)
    options = {
        "ServerApp.root_dir": folder,
        "ServerApp.port": port,
        "ServerApp.open_browser": False,
        "ServerApp.allow_root": True,
        "IdentityProvider.token": "",
        "LabApp.news_url": None,
        "LabApp.extension_manager": "readonly",
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    }
    server = subprocess.Popen(
        [command("jupyter-lab"), *(f"--{name}={value}" for name, value in options.items())],
        env=os.environ | {"JUPYTER_CONFIG_DIR": str(folder / ".config"), "LRSCHED_PROGRESS": "off"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}/lab"
    try:
        for _ in range(300):
            try:
                urlopen(address, timeout=1).close()
                break
            except OSError:
                time.sleep(0.2)
        yield address
    finally:
        server.terminate()  # it ends its kernels first
        server.wait(20)


def test_chapter_works_in_jupyterlab(lab, visit):
    page = visit(f"{lab}/tree/chapters/03_step_decay.ipynb")
    page.locator(".jp-Notebook h1").wait_for(timeout=60_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    slider = page.locator(".lrsched input[type=range]").first
    slider.wait_for(timeout=60_000)
    slider.focus()
    before = slider.get_attribute("aria-valuetext")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(
        "before => document.querySelector('.lrsched input').getAttribute('aria-valuetext') !== before", arg=before
    )
    text = "\n".join(page.locator(".jp-MarkdownCell").all_inner_texts())
    assert len(text) > 500
    assert re.findall(r":::.*|```.*|\{[a-z:]+\}`?", text) == []
