"""The files of the built book. That it builds at all, without a warning, is what the fixture `book` demands."""

import re
import subprocess
import sys
from urllib.parse import unquote, urljoin, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup
from pages import PREFIX, ROOT, toc_pages

from lrsched.plotting import PALETTE

LOADS = {"script": "src", "img": "src", "source": "src", "iframe": "src", "link": "href"}
NOT_LOADED = {"canonical", "index", "search", "next", "prev"}


@pytest.fixture(scope="module")
def pages(book):
    """Every page of the book, parsed, by its path."""
    paths = [path for path in book.rglob("*.html") if "_static" not in path.parts]
    return {path.relative_to(book).as_posix(): BeautifulSoup(path.read_text(), "html.parser") for path in paths}


def test_every_page_of_the_contents_is_built(pages):
    assert {f"{name}.html" for name in toc_pages()} | {"search.html", "404.html"} <= pages.keys()


def test_the_theme_is_changed_as_the_template_says(pages):
    for name, page in pages.items():
        scripts = [script["src"] for script in page.select("script[src]")]
        assert not [src for src in scripts if "fontawesome" in src], name
        assert "matchMedia" in page.head.find("script", attrs={"data-cfasync": True}).string, name
        assert len(page.select("script[src]:not([defer])")) == 1 or name == "search.html", name
        assert any("searchindex" in src for src in scripts) == (name == "search.html"), name
        assert len(page.select('#pst-primary-sidebar[role="navigation"][aria-label="Book"]')) == 1, name
        assert not page.select('[title="Search"][aria-label], [role="doc-biblioentry"]'), name
        assert not page.select('[role="presentation"], [aria-label="Toggle hidden content"]'), name
        assert len(page.select("#pst-header")) == 1, name


def test_figures_and_page_share_one_palette(pages):
    for page in pages.values():
        style = page.head.find_all("style")[-1].string
        assert all(f"--{name}: {colour}" in style for name, colour in PALETTE.items())


def test_internal_links_and_anchors_resolve(pages, book):
    broken = []
    ids = {name: {tag["id"] for tag in page.find_all(id=True)} for name, page in pages.items()}
    for name, page in pages.items():
        for link in page.select("a[href], link[href], script[src], img[src]"):
            address = urlsplit(urljoin(f"{PREFIX}/{name}", link.get("href") or link.get("src")))
            if address.scheme or address.netloc:
                continue
            target = unquote(address.path.removeprefix(PREFIX + "/")) or "index.html"
            anchor = unquote(address.fragment)
            found = (book / target).is_file()
            if not found or (anchor and anchor not in ids.get(target, [anchor])):
                broken.append(f"{name}: {link.get('href') or link.get('src')}")
    assert not broken


def test_pages_and_styles_load_nothing_from_elsewhere(pages, book):
    elsewhere = []
    for name, page in pages.items():
        for tag in page.find_all(list(LOADS)):
            address = tag.get(LOADS[tag.name]) or ""
            if urlsplit(address).netloc and not NOT_LOADED & set(tag.get("rel", [])):
                elsewhere.append(f"{name}: {address}")
    for sheet in book.rglob("*.css"):
        elsewhere += [
            f"{sheet.name}: {url}"
            for url in re.findall(r"""(?:url\(|@import\s)['"]?((?:https?:)?//[^'")]+)""", sheet.read_text())
        ]
    assert not elsewhere


def test_formulas_are_set_at_build_time(pages):
    """No TeX waits for a script, and no formula was refused."""
    for name, page in pages.items():
        for formula in page.select(".math"):
            assert formula.select(".katex-html"), f"{name}: {formula.text}"
        assert not page.select(".katex-error"), name


def test_addresses_come_from_the_config(pages, book):
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    site, repository = config["html"]["baseurl"], urlsplit(config["repository"]["url"]).path.strip("/")
    for name in toc_pages():
        page = pages[f"{name}.html"]
        assert page.find("link", rel="canonical")["href"] == f"{site}{name}.html"
        assert page.find("meta", property="og:url")["content"] == f"{site}{name}.html"
        if (ROOT / f"{name}.ipynb").exists():
            binder = f"https://mybinder.org/v2/gh/{repository}/main?urlpath=lab/tree/{name}.ipynb"
            assert page.select(f'a[href="{binder}"]'), f"{name} has no link to Binder"
    addresses = re.findall(r"<loc>(.*?)</loc>", (book / "sitemap.xml").read_text())
    assert {f"{site}{name}.html" for name in toc_pages()} <= set(addresses)


def test_the_build_leaves_no_renderer_running(book):
    done = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    assert [line for line in done.stdout.splitlines() if f"{sys.prefix}/" in line and "katex-server.js" in line] == []
