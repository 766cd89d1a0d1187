"""What the theme and Jupyter Book cannot be told in _config.yml."""

import html
import os
from textwrap import shorten

from docutils import nodes

from lrsched.ideas import PALETTE

LOST = """<h1>Page not found</h1>
<p>Nothing lies at this address. <a href="{0}index.html">The course begins here</a>, and
<a href="{0}search.html">the search</a> finds its pages.</p>"""


def settings(app, config):
    """Derive from _config.yml what the theme and the extensions ask for under names of their own."""
    config.project = config.html_title
    config.ogp_image_alt = "A chapter's demo: two sliders, the learning rate above and the expected loss below"
    config.notfound_context = {"title": "Page not found", "body": LOST.format(config.notfound_urls_prefix)}
    config.html_theme_options |= {
        "logo": {"text": config.html_title},
        "use_fullscreen_button": False,
        "secondary_sidebar_items": [],
        "show_navbar_depth": 2,
        "pygments_dark_style": "github-dark",  # the theme's own has yellow comments
    }


def buttons(app, pagename, template, context, doctree):
    """Hand the figures' colours to the template, and draw the repository button from the icon font that is
    loaded anyway (the brand font is 118 KB).
    """
    context["palette"] = "; ".join(f"--{name}: {colour}" for name, colour in PALETTE.items())
    for button in context.get("header_buttons", []):
        for b in [button, *button.get("buttons", [])]:
            b["icon"] = b.get("icon", "").replace("fab fa-github", "fas fa-code-branch")
    if os.environ.get("LITE") == "on":
        run_in_browser(pagename, context)


def run_in_browser(pagename, context):
    """Add a button, beside Binder's if any, that opens a notebook in the site that `make site` puts under lite/."""
    if context.get("page_source_suffix") != ".ipynb":
        return
    buttons = context["header_buttons"]
    group = next((button for button in buttons if button.get("label") == "launch-buttons"), None)
    if not group:
        group = {"type": "group", "label": "launch-buttons", "tooltip": "Run this notebook", "icon": "fas fa-rocket"}
        group["buttons"] = []
        buttons.insert(0, group)
    group["buttons"].append(
        {
            "type": "link",
            "text": "Run in your browser",
            "tooltip": "Run this notebook in your own browser: nothing to install, no server",
            "icon": "fas fa-play",
            "url": f"{context['pathto']('lite/run.html', resource=True)}?path={pagename}.ipynb",
        }
    )


def description(app, pagename, template, context, doctree):
    """Describe a page to those who link to it by its puzzle, or else by its first sentences: not by its aims."""
    if not doctree:
        return
    sections = list(doctree.findall(nodes.section))
    start = next((section for section in sections if section[0].astext() == "A puzzle"), doctree)
    found = (paragraph.astext().replace("\n", " ") for paragraph in start.findall(nodes.paragraph))
    if text := next((text for text in found if len(text) > 80), ""):
        text = shorten(text, 200, placeholder=" ...")
        context["meta"] = (context["meta"] or {}) | {"og:description": text}
        context["metatags"] += f'<meta name="description" content="{html.escape(text)}" />'


def setup(app):
    app.connect("config-inited", settings)
    app.connect("html-page-context", description, priority=400)  # before sphinxext-opengraph looks for one
    app.connect("html-page-context", buttons, priority=900)
    return {"parallel_read_safe": True}
