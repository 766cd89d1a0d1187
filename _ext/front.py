"""The front page: its lists of ways and chapters as cards, each with its drawing."""

from pathlib import Path

from docutils import nodes

from lrsched.course.chapters import CHAPTERS


def cards(app, doctree, docname):
    if docname != "index":
        return
    source = Path(app.srcdir)
    for entries in doctree.findall(nodes.bullet_list):
        for entry in entries:
            link = next(iter(entry.findall(nodes.reference)), None)
            name = link and link.astext()
            slug = next((slug for slug, chapter in CHAPTERS.items() if chapter.title == name), None)
            chapter = source / f"lrsched/course/chapters/{slug}/drawing.svg"
            way = source / f"_static/ways/{(name or '').lower()}.svg"
            drawing = next((path for path in (chapter, way) if path.is_file()), None)
            if drawing:
                entries["classes"] = ["cards"]
                svg = drawing.read_text("utf-8").replace("<svg ", '<svg aria-hidden="true" ', 1)
                number = f"{CHAPTERS[slug].number} " if slug else ""
                paragraph = entry[0]
                paragraph.insert(0, nodes.inline("", number, classes=["number"]))
                text = paragraph.pop().astext().lstrip(":. ")
                paragraph.append(nodes.inline("", text, classes=["summary"]))
                entry.insert(0, nodes.raw("", svg, format="html"))


def setup(app):
    app.connect("doctree-resolved", cards)
    return {"parallel_read_safe": True}
