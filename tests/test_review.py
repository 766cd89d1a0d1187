"""The review pages: one source for each term, and claims about libraries and schedules that hold."""

import csv
import json
import re
import sqlite3
import zipfile
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from pages import CONFIG, ROOT

from lrsched import Constant, CosineDecay, Join, PiecewiseConstant, Quadratic, ReduceOnPlateau, StepDecay, schedules
from lrsched.course.chapters import CHAPTERS
from lrsched.course.review.cards import cards
from lrsched.course.review.cheat_sheet import cheat_sheet, entries
from lrsched.course.review.final_quiz import read_again
from lrsched.course.review.glossary import glossary, terms

PAGES = ("glossary", "cards", "cheat_sheet", "memory_aids", "common_errors", "final_quiz")


def stored(name):
    return nbformat.read(ROOT / f"chapters/{name}.ipynb", as_version=4)


def written(name):
    """All Markdown of a page, and all that its cells printed."""
    cells = stored(name).cells
    outputs = [output.get("text", "") for cell in cells for output in cell.get("outputs", [])]
    return "\n".join([cell.source for cell in cells if cell.cell_type == "markdown"] + outputs)


def test_the_glossary_has_every_term_once_and_from_a_to_z():
    text = glossary().data
    names = re.findall("(?m)^### (.+)$", text)
    assert names == sorted((term["term"] for term in terms()), key=str.lower)
    for term in terms():
        assert f"{term['definition']} (" in text and term.get("formula", "") in text


def test_a_heading_of_the_glossary_becomes_the_anchor_that_chapters_link_to():
    for term in terms():
        assert re.sub(r"[^a-z -]", "", term["term"].lower()).replace(" ", "-") == term["slug"]


def test_each_term_leads_to_its_chapter():
    text = glossary().data
    assert set(re.findall(r"\]\((.+?)\)", text)) == {f"{slug}.ipynb" for slug in CHAPTERS}
    assert text.count("](") == len(terms())
    assert all((ROOT / f"chapters/{slug}.ipynb").is_file() for slug in CHAPTERS)


def test_links_to_terms_name_a_term():
    slugs = {term["slug"] for term in terms()}
    for path in ROOT.glob("chapters/*.ipynb"):
        assert set(re.findall(r"glossary\.ipynb#([\w-]+)", written(path.stem))) <= slugs, path.name


def test_the_cheat_sheet_has_every_schedule_of_the_package():
    called = {re.match(r"\w+", entry["call"])[0] for entry in entries()}
    assert called | {"Join", "Schedule", "Shift"} >= set(
        name
        for name, thing in vars(schedules).items()
        if isinstance(thing, type) and issubclass(thing, schedules.Schedule) and name[0] not in "_P"
    )
    assert {"PiecewiseConstant", "PolynomialDecay", "ReduceOnPlateau", "warmup_stable_decay"} <= called


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry["slug"])
def test_an_entry_says_all_that_the_sheet_promises(entry):
    assert list(entry["names"]) == ["torch", "Keras", "optax", "timm", "transformers"]
    for text in (entry["shape"], entry["use"], entry["trap"]):
        assert re.fullmatch(r"[A-Z`].+\.", text)
    assert entry["term"].lower() not in entry["shape"].lower(), "the alternative text would tell the answer of the card"


def test_the_cheat_sheet_shows_a_curve_with_its_words_for_each_entry():
    page = BeautifulSoup(cheat_sheet()._repr_html_(), "html.parser")
    assert [svg["aria-label"] for svg in page.select("svg")] == [entry["shape"] for entry in entries()]
    assert [heading.text for heading in page.select("h2")] == [entry["term"].capitalize() for entry in entries()]


def test_shapes_say_what_the_curves_do():
    lr = {entry["slug"]: eval(entry["call"], vars(schedules) | {"ReduceOnPlateau": list}) for entry in entries()[:-1]}
    inverse, root = lr["inverse-time-decay"], lr["inverse-square-root-decay"]
    assert inverse([10, 30]) == pytest.approx([0.05, 0.025])
    assert root([30, 80]) == pytest.approx([0.05, 0.1 / 3])
    assert 0.3 < np.argmax(lr["one-cycle-schedule"](np.arange(101))) / 100 + 0.04 < 0.35
    for slug in ("linear-decay", "polynomial-decay", "cosine-decay", "cooldown", "warm-up-stable-decay"):
        assert lr[slug](100) == 0
    scheduler = ReduceOnPlateau(0.1, factor=0.5, patience=19)
    assert [scheduler.step(1.0) for _ in range(21)][-2:] == [0.1, 0.05]


def test_what_to_read_again_leads_to_sections_and_exercises_that_are_there():
    for slug, part in zip(CHAPTERS, re.split("(?m)^## ", read_again().data)[1:], strict=True):
        anchors = re.findall(rf"\({slug}\.ipynb#(.+?)\)", part)
        headings = re.findall("(?m)^## (.+)$", written(slug))
        assert anchors and set(anchors) <= {re.sub("[^a-z0-9 -]", "", h.lower()).replace(" ", "-") for h in headings}
        assert f"](../exercises/{slug}.ipynb)" in part


def test_what_the_memory_aids_show():
    valley = Quadratic(np.geomspace(0.5, 5, 8), noise=0.5)
    both = PiecewiseConstant([0.1, 0.004], boundaries=[100])
    single = [valley.expected_loss(Constant(lr), 200)[-1] for lr in both.values]
    assert valley.expected_loss(both, 200)[-1] < min(single)
    assert (StepDecay(0.1, decay_rate=0.5, step_size=5)(np.arange(1000)) > 0).all()


def test_common_errors_lists_each_symptom_and_cures_it():
    text = written("common_errors")
    headings = re.findall("(?m)^## (.+)$", text)
    listed = re.findall(r"\| \[(.+?)\]\(#(.+?)\) \|", text)
    assert [title for title, _ in listed] == headings
    assert [anchor for _, anchor in listed] == [
        re.sub("[^a-z -]", "", heading.lower()).replace(" ", "-") for heading in headings
    ]
    assert text.count("**Cause.**") == text.count("**Cure.**") == len(headings)
    for cell in (cell for cell in stored("common_errors").cells if cell.cell_type == "code"):
        assert len(cell.source.splitlines()) <= 10


def test_the_errors_are_errors():
    cosine = CosineDecay(0.3, decay_steps=400)
    valley = Quadratic(np.geomspace(0.5, 5, 8), noise=0.5)
    again = Join([cosine, cosine], boundaries=[300])
    assert valley.expected_loss(again, 310)[-1] > 5 * valley.expected_loss(cosine, 310)[-1]
    assert CosineDecay(1.0, decay_steps=4)(8) == 0


@pytest.mark.parametrize("name", PAGES)
def test_no_line_of_code_is_cut_off(name):
    for cell in (cell for cell in stored(name).cells if cell.cell_type == "code"):
        assert max(map(len, cell.source.splitlines())) <= 76


@pytest.fixture(scope="module")
def downloads(book):
    return book / "downloads"


def test_the_table_has_every_term(downloads):
    with (downloads / "glossary.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["term"] for row in rows] == [term["term"] for term in terms()]
    assert [row["formula"] for row in rows] == [term.get("formula", "") for term in terms()]


def test_the_anki_deck_has_a_note_for_each_card_under_a_name_that_stays(downloads, tmp_path):
    with zipfile.ZipFile(downloads / "learning-rate-scheduling.apkg") as package:
        package.extract("collection.anki2", tmp_path)
    base = sqlite3.connect(tmp_path / "collection.anki2")
    notes = base.execute("SELECT guid, flds, tags, mid FROM notes ORDER BY id").fetchall()
    ((decks,),) = base.execute("SELECT decks FROM col").fetchall()
    base.close()
    assert len(notes) == len({guid for guid, *_ in notes}) == len(cards().content["cards"])
    fronts = [fields.split("\x1f")[0] for _, fields, *_ in notes]
    assert fronts[: len(terms())] == [term["term"] for term in terms()]
    assert sum("<svg" in front for front in fronts) == sum("formula-" in c["slug"] for c in cards().content["cards"])
    assert {mid for *_, mid in notes} == {1_702_930_012}
    assert "1702930011" in json.loads(decks)
    text = "\n".join(fields for _, fields, *_ in notes)
    assert "<math" not in text and r"\(P\, \gamma^{\lfloor t/s \rfloor}\)" in text
    assert notes[0][2].strip() == next(iter(CHAPTERS))


def test_the_same_cards_make_the_same_bytes(downloads, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "_ext")
    import review

    config = SimpleNamespace(html_title=CONFIG["title"])
    review.downloads(SimpleNamespace(builder=SimpleNamespace(name="html"), outdir=tmp_path, config=config), None)
    for path in downloads.iterdir():
        assert (tmp_path / "downloads" / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("kind", ["csv", "apkg"])
def test_the_cards_page_offers_the_downloads(book, kind):
    page = BeautifulSoup((book / "chapters/cards.html").read_text(), "html.parser")
    (link,) = page.select(f'a[download][href$=".{kind}"]')
    assert (book / "chapters" / link["href"]).resolve().is_file()


def test_every_term_is_a_place_in_the_page(book):
    page = BeautifulSoup((book / "chapters/glossary.html").read_text(), "html.parser")
    headings = [heading.find(string=True).strip() for heading in page.select("article h3")]
    assert headings == sorted((term["term"] for term in terms()), key=str.lower)
    assert not page.select("article div.cell_output")


def test_the_cheat_sheet_prints_on_two_pages(site, visit):
    page = visit(f"{site}chapters/cheat_sheet.html")
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 2


def test_the_final_quiz_by_keyboard_names_the_chapter_and_keeps_the_answer(site, visit):
    page = visit(f"{site}chapters/final_quiz.html")
    question = page.locator(".lrsched fieldset").first
    wrong = question.get_by_role("radio", name="It is below 4.")
    wrong.press("Space")
    wrong.press("Enter")
    again = page.locator(".lrsched .foot a")
    assert again.inner_text() == "The learning rate"
    page.reload()
    page.locator(".lrsched .foot a").press("Enter")
    assert page.url.endswith("#the-learning-rate")
    assert page.locator("#the-learning-rate a[href='learning_rate.html']").is_visible()
