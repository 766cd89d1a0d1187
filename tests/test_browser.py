"""Each page of the book in Chromium, and a chapter in JupyterLab."""

import gzip
import os
import re
import shutil
import socket
import subprocess
import time
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from conftest import PREFIX, ROOT, command, toc_pages

AXE = ROOT / "node_modules/axe-core/axe.min.js"
EVERY_PAGE = pytest.mark.parametrize("name", [*toc_pages(), "search", "genindex", "404"])
IN_CONTENTS = pytest.mark.parametrize("name", toc_pages())
VIEW = 'script[type="application/vnd.jupyter.widget-view+json"]'


def read_through(page):
    """Scroll from top to bottom, as a reader does, until every widget is drawn and nothing more is loaded."""
    page.evaluate(
        """async () => {
          for (let y = 0; y < document.body.scrollHeight; y += innerHeight / 2) {
            window.scrollTo(0, y);
            await new Promise(done => setTimeout(done, 50));
          }
          window.scrollTo(0, 0);
        }"""
    )
    page.wait_for_function(
        f"document.querySelectorAll('.lrsched').length === document.querySelectorAll('{VIEW}').length"
    )
    if page.url.startswith("http"):
        page.wait_for_load_state("networkidle")


def elsewhere(page):
    """The requests of a page to another origin than its own."""
    return [
        url
        for url in page.requests
        if urlsplit(url).scheme not in ("blob", "data") and urlsplit(url).netloc != urlsplit(page.url).netloc
    ]


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
    page.add_script_tag(path=AXE)
    found = []
    for theme in ("light", "dark"):
        page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 800})
            page.wait_for_timeout(300)  # the theme's transitions
            faults = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
            for fault in (fault for fault in faults if fault["impact"] != "minor"):
                found += [
                    f"{theme}, {width} px: {fault['id']} ({fault['impact']}): {node['html'][:200]}"
                    for node in fault["nodes"]
                ]
    assert found == []


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


def weight(urls, book):
    """KB that a first visit transfers, compressed where compression helps."""
    files = {(book / urlsplit(url).path.removeprefix(PREFIX).lstrip("/")) for url in urls if url.startswith("http")}
    return sum(min(len(data), len(gzip.compress(data))) for data in map(Path.read_bytes, files)) / 1000


def test_pages_are_light(site, book, visit):
    asked = {}
    for name in toc_pages():
        page = visit(f"{site}{name}.html")
        read_through(page)
        asked[name] = set(page.requests)
    kb = {name: weight(urls, book) for name, urls in asked.items()}
    front, *others = kb
    assert kb[front] <= 180, kb
    assert {name: size for name, size in kb.items() if size > 300} == {}
    for before, after in pairwise(others):
        assert weight(asked[after] - asked[before], book) <= 80, after


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
