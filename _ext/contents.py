"""The contents in the side bar: the exercises in the order of their chapters, a page's sections under the page."""

from copy import copy

from bs4 import BeautifulSoup
from sphinx_external_toc.api import GlobItem

from lrsched.course.chapters import CHAPTERS


def sort_exercises(app, config):
    """Put the exercises in order: the `glob` of _toc.yml has them from A to Z."""
    (tree,) = config.external_site_map["exercises/index"].subtrees
    tree.items = [GlobItem(f"exercises/{slug}") for slug in CHAPTERS]


def sections_in_place(app, pagename, template, context, doctree):
    """List the sections of a page under its name in the side bar, so that the page has its margin for itself."""
    contents = context.get("generate_toctree_html")
    sections = BeautifulSoup(context.get("toc") or "", "html.parser").select("ul > li > ul")
    if not contents or not sections:
        return

    def with_sections(kind, **options):

        page = BeautifulSoup(str(contents(kind, **options)), "html.parser")
        here = page.select_one("li.current > a.current")
        if kind == "sidebar" and here and not here.parent.select(":scope > ul .current"):
            below = BeautifulSoup('<ul class="sections"></ul>', "html.parser").ul
            for link in sections[0].select(":scope > li > a"):
                item = page.new_tag("li")
                item.append(copy(link))
                below.append(item)
            here.insert_after(below)
        return str(page)

    context["generate_toctree_html"] = with_sections


def setup(app):
    app.connect("config-inited", sort_exercises, priority=950)  # after _toc.yml was read
    app.connect("html-page-context", sections_in_place, priority=900)
    return {"parallel_read_safe": True}
