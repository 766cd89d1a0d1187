"""What a page makes of its text: the line above the heading, the colours of the ideas, the heads of the speakers."""

import html
import json
import math
import re
from pathlib import Path

from docutils import nodes

from lrsched.course.chapters import CHAPTERS
from lrsched.ideas import WORDS

CAST = {"Maya": "teaches", "Theo": "tries", "Priya": "asks"}
WORDS_A_MINUTE, LINES_A_MINUTE = 100, 5  # of text, and of code


def kicker(app, doctree, docname):
    """Say above a chapter's heading which it is, and how long it takes to read."""
    folder, _, slug = docname.partition("/")
    if folder != "chapters" or slug not in CHAPTERS:
        return
    cells = json.loads(Path(app.env.doc2path(docname)).read_text("utf-8"))["cells"]
    text = {
        kind: "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == kind) for kind in ("markdown", "code")
    }
    minutes = len(text["markdown"].split()) / WORDS_A_MINUTE + len(text["code"].splitlines()) / LINES_A_MINUTE
    line = f"Chapter {CHAPTERS[slug].number} of {len(CHAPTERS)} · about {5 * math.ceil(minutes / 5)} minutes"
    title = next(doctree.findall(nodes.title))
    title.parent.insert(0, nodes.paragraph("", line, classes=["kicker"]))


def ideas(app, doctree, docname):
    """Give bold text that names an idea its colour."""
    for strong in doctree.findall(nodes.strong):
        found = [idea for idea, words in WORDS.items() if re.fullmatch(words, strong.astext(), re.IGNORECASE)]
        strong["classes"] += found


def conversations(app, doctree, docname):
    """Turn the lines of the cast into a conversation: paragraphs that begin with a name in bold."""
    first = True
    for paragraph in list(doctree.findall(nodes.paragraph)):
        if paragraph[:1] == [nodes.Text("")]:  # the parser puts it before what begins in bold
            del paragraph[0]
        name = speaker(paragraph)
        if not name:
            continue
        if first:
            paragraph.parent.insert(paragraph.parent.index(paragraph), nodes.raw("", cast(app), format="html"))
            first = False
        strong = paragraph[0]
        strong.replace_self(nodes.inline("", name, classes=["who"]))
        paragraph[1] = nodes.Text(paragraph[1].astext().lstrip())
        role = "teacher" if CAST[name] == "teaches" else "learner"
        turn = nodes.container(classes=["turn", role, name.lower()])
        paragraph.replace_self(turn)
        turn += [nodes.raw("", head(name), format="html"), paragraph]


def speaker(paragraph: nodes.paragraph) -> str | None:
    if len(paragraph) > 1 and isinstance(paragraph[0], nodes.strong):
        name = paragraph[0].astext().removesuffix(":")
        return name if name in CAST and paragraph[0].astext() != name else None
    return None


def head(name: str) -> str:
    return f'<svg class="head" aria-hidden="true"><use href="#{name.lower()}"/></svg>'


def cast(app) -> str:
    """The three heads, drawn once a page, and what each of them does."""
    folder = Path(app.srcdir) / "_static/cast"
    drawings = ""
    for name in CAST:
        drawing = (folder / f"{name.lower()}.svg").read_text("utf-8")
        drawing = re.sub(r"^<svg xmlns=\S+", f'<symbol id="{name.lower()}"', drawing.strip())
        drawings += drawing.replace("</svg>", "</symbol>")
    people = "".join(f"<span>{head(name)}{html.escape(name)} {does}</span>" for name, does in CAST.items())
    return f'<svg hidden>{drawings}</svg><p class="cast">{people}</p>'


def setup(app):
    app.connect("doctree-resolved", kicker)
    app.connect("doctree-resolved", ideas)
    app.connect("doctree-resolved", conversations)
    return {"parallel_read_safe": True}
