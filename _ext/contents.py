"""The exercises in the contents, in the order of their chapters: the `glob` of _toc.yml has them from A to Z."""

from sphinx_external_toc.api import GlobItem

from lrsched.course.chapters import CHAPTERS


def sort_exercises(app, config):
    (tree,) = config.external_site_map["exercises/index"].subtrees
    tree.items = [GlobItem(f"exercises/{slug}") for slug in CHAPTERS]


def setup(app):
    app.connect("config-inited", sort_exercises, priority=950)  # after _toc.yml was read
    return {"parallel_read_safe": True}
