"""The files of the built book. That it builds at all, without a warning, is what the fixture `book` demands."""

import re
import shutil
from urllib.parse import unquote, urljoin, urlsplit

import nbformat
import psutil
import pytest
import yaml
from bs4 import BeautifulSoup
from nbformat.v4 import new_markdown_cell, new_notebook
from pages import PREFIX, REPOSITORY, ROOT, SITE, build, toc_pages

from lrsched.course.chapters import CHAPTERS
from lrsched.plotting import PALETTE

LOADS = {"script": "src", "img": "src", "source": "src", "iframe": "src", "link": "href"}
A_REPOSITORY, A_SITE = "https://github.com/a-owner/a-course", "https://a-site.example/a-course/"
NOT_LOADED = {"canonical", "index", "search", "next", "prev"}


@pytest.fixture(scope="module")
def pages(book):
    """Every page of the book, parsed, by its path."""
    paths = [path for path in book.rglob("*.html") if not {"_static", "lite"} & set(path.relative_to(book).parts)]
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
            if target == "chapters/draw.html" and anchor.startswith("draw="):  # a drawing: test_draw opens it
                anchor = ""
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


def addresses(page):
    """The addresses outside the book that a page offers or names: in its buttons and in its head."""
    found = [link["href"] for link in page.select(".article-header-buttons a[href], .bd-header-article a[href]")]
    found += [link["href"] for link in page.select('link[rel="canonical"]')]
    found += [meta["content"] for meta in page.select('meta[property="og:url"], meta[property="og:image"]')]
    return {address for address in found if urlsplit(address).netloc}


def expected(name, repository, site, *, notebook):
    """Those that a page should have where the two are known, or empty."""
    found = {f"{site}{name}.html", f"{site}_static/screenshot.png"} if site else set()
    if repository:
        title = f"Issue%20on%20page%20%2F{name}.html&body=Your%20issue%20content%20here."
        found |= {repository, f"{repository}/issues/new?title={title}"}
    if repository and notebook:
        found |= {f"https://mybinder.org/v2/gh{urlsplit(repository).path}/main?urlpath=lab/tree/{name}.ipynb"}
    return found


@pytest.mark.parametrize("slug", CHAPTERS)
def test_each_line_of_a_conversation_has_its_head(slug, pages):
    cells = nbformat.read(ROOT / f"chapters/{slug}.ipynb", as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    names = re.findall(r"(?m)^\*\*(Maya|Theo|Priya):\*\* ", text)
    page = pages[f"chapters/{slug}.html"]
    assert [who.text for who in page.select(".turn .who")] == names != []
    assert [use["href"] for use in page.select(".turn .head use")] == [f"#{name.lower()}" for name in names]
    assert len(page.select(".cast")) == 1
    assert {f"#{symbol['id']}" for symbol in page.select("symbol")} == {"#maya", "#theo", "#priya"}


def test_no_page_leads_to_an_address_that_is_not_known(pages, book):
    for name in toc_pages():
        page = pages[f"{name}.html"]
        notebook = (ROOT / f"{name}.ipynb").exists()
        assert addresses(page) == expected(name, REPOSITORY, SITE, notebook=notebook)
        assert (page.select('meta[property="og:url"]') != []) == bool(SITE)
    assert (book / "sitemap.xml").exists() == bool(SITE)


@pytest.fixture(
    scope="module", params=[("", ""), (A_REPOSITORY, ""), (A_REPOSITORY, A_SITE)], ids=["none", "repository", "both"]
)
def small(request, tmp_path_factory):
    """A book of two pages, the addresses that its build was given, and the folder by which its processes are known."""
    folder = tmp_path_factory.mktemp("small")
    for name in ("_static", "_templates", "references.bib", "node_modules"):
        (folder / name).symlink_to(ROOT / name)
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    sphinx = config["sphinx"]
    own, used = sphinx["local_extensions"], ("addresses", "theme", "formulas")
    sphinx["local_extensions"] = {name: str(ROOT / own[name]) for name in used}
    extensions = sphinx["config"]["extensions"]
    sphinx["config"]["extensions"] = [name for name in extensions if name in used or name not in own]
    (folder / "_config.yml").write_text(yaml.safe_dump(config))
    (folder / "_toc.yml").write_text("{format: jb-book, root: index, chapters: [{file: chapters/text}]}")
    (folder / "chapters").mkdir()
    (folder / "chapters/text.md").write_text("# A page that is no notebook")
    nbformat.write(new_notebook(cells=[new_markdown_cell("# A notebook\n\n$x^2$")]), folder / "index.ipynb")
    repository, site = request.param
    environment = {"BOOK_REPOSITORY": repository, "BOOK_SITE": site.rstrip("/"), "LITE": "on", "BUILD": str(folder)}
    return build(folder, folder, "-W", **environment), repository, site, folder


@pytest.mark.book
def test_known_addresses_come_from_the_environment(small):
    book, repository, site, _ = small
    for name, notebook in {"index": True, "chapters/text": False}.items():
        page = BeautifulSoup((book / f"{name}.html").read_text(), "html.parser")
        assert addresses(page) == expected(name, repository, site, notebook=notebook)
        assert (page.select('meta[property="og:url"]') != []) == bool(site)
        assert len(page.select('a[href="lite/run.html?path=index.ipynb"]')) == notebook
    lost = BeautifulSoup((book / "404.html").read_text(), "html.parser")
    assert lost.find("a", string="The course begins here")["href"] == f"{urlsplit(site).path or '/'}index.html"
    assert (book / "sitemap.xml").exists() == bool(site)
    if site:
        assert f"<loc>{site}index.html</loc>" in (book / "sitemap.xml").read_text()


@pytest.mark.book
def test_a_build_leaves_no_process_running(small):
    book, *_, folder = small
    assert "katex-html" in (book / "index.html").read_text()  # so the renderer of formulas has been running
    running = psutil.process_iter(["cmdline", "environ"])  # None for what others run
    assert [p.info["cmdline"] for p in running if (p.info["environ"] or {}).get("BUILD") == str(folder)] == []


@pytest.mark.book
def test_a_build_without_pages_ends_well(tmp_path, book):
    """As `make links` builds: its builder is of this kind, and asks for addresses besides."""
    shutil.copytree(book.with_name(".doctrees"), tmp_path / "_build/.doctrees")  # what is read need not be read again
    build(ROOT, tmp_path, "-W", "--builder", "custom", "--custom-builder", "dummy")
