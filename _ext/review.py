"""The glossary's anchors, and its terms as a table and as an Anki deck, which the page of the cards offers."""

import csv
import html
import json
import zipfile
from pathlib import Path

import genanki

from lrsched.course.review.cards import deck
from lrsched.course.review.glossary import terms

# By these Anki knows the deck and its kind of note: a new edition replaces the old one, what was learned stays.
DECK, MODEL = 1_702_930_011, 1_702_930_012


def headings(app, docname, source):
    """Turn Markdown that a cell has written, and a recording, into the page's own: links find what has a heading."""
    if not app.env.doc2path(docname).endswith(".ipynb"):
        return
    notebook = json.loads(source[0])
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if text := data.get("text/markdown") or ("<audio" in str(data.get("text/html")) and data["text/html"]):
                cell.update(cell_type="markdown", source=text)
                del cell["outputs"], cell["execution_count"]
    source[0] = json.dumps(notebook)


def downloads(app, error):
    """Write the table and the deck beside the pages."""
    if error or app.builder.name != "html":
        return
    folder = Path(app.outdir) / "downloads"
    folder.mkdir(exist_ok=True)
    with (folder / "glossary.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, ["term", "definition", "formula", "chapter"], extrasaction="ignore")
        table.writeheader()
        table.writerows(terms())
    style = ".card { font: 20px sans-serif; text-align: center } svg { width: 100%; max-width: 26em; height: auto }"
    template = {"name": "Card", "qfmt": "{{Front}}", "afmt": "{{FrontSide}}<hr id=answer>{{Back}}"}
    names = [{"name": "Front"}, {"name": "Back"}]
    model = genanki.Model(MODEL, "Learning-rate scheduling", fields=names, templates=[template], css=style)
    made = genanki.Deck(DECK, app.config.html_title)
    for card in deck(lambda formula: rf"\({html.escape(formula)}\)"):
        fields, tags = [card["front"], card["back"]], [card["chapter"]]
        guid = genanki.guid_for("lrsched", card["slug"])
        made.add_note(genanki.Note(model=model, fields=fields, tags=tags, guid=guid))
    package = folder / "learning-rate-scheduling.apkg"
    genanki.Package(made).write_to_file(package, timestamp=0)
    forget_times(package)


def forget_times(path):
    """Write an archive anew without the times of its files: the same content makes the same bytes."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)


def setup(app):
    app.connect("source-read", headings)
    app.connect("build-finished", downloads)
    return {"parallel_read_safe": True}
