"""Flash cards of terms, formulas and curves, in four boxes: what the reader knows comes back later."""

from collections.abc import Callable

from lrsched.course.chapters import CHAPTERS
from lrsched.course.markup import math, to_html
from lrsched.course.review.cheat_sheet import curve, entries
from lrsched.course.review.glossary import terms
from lrsched.course.widgets.widget import Widget, script

FORMULA, PICTURE = "Which schedule has this formula?", "Which schedule is this picture?"


class Cards(Widget):
    """What `cards` returns."""

    _esm = script("cards")


def cards() -> Cards:
    """Return a card for each term of the glossary, and for the formula and the curve of each schedule.

    >>> cards()
    Cards(... cards; ...)
    """
    made = deck()
    titles = {slug: chapter.title for slug, chapter in CHAPTERS.items()}
    widget = Cards(content={"title": "Flash cards", "cards": made, "titles": titles})
    widget.summary = f"{len(made)} cards"
    widget.without_script = "".join(
        f"<details><summary>{card['front']}</summary>{card['back']}</details>" for card in made
    )
    return widget


def deck(math: Callable[[str], str] = math) -> list[dict[str, str]]:
    """Return the cards, both sides as HTML; `math` turns a formula into HTML.

    `heard` is what a screen reader says of a front that is a picture.
    """

    def display(formula: str) -> str:
        return f'<p class="formula">{math(formula)}</p>'

    def text(sentence: str) -> str:
        return to_html(sentence, math)

    made = [
        {
            "slug": term["slug"],
            "front": text(term["term"]),
            "back": f"<p>{text(term['definition'])}</p>" + (display(term["formula"]) if "formula" in term else ""),
            "chapter": term["chapter"],
        }
        for term in terms()
    ]
    # A level line has no formula to recognise, and a plateau scheduler no curve of its own.
    schedules = [entry for entry in entries() if "formula" in entry and not entry["call"].startswith("Constant(")]
    for entry in schedules:
        made.append(
            {
                "slug": f"formula-{entry['slug']}",
                "front": f"{FORMULA}<br>{math(entry['formula'])}",
                "back": f"<p><strong>{entry['term'].capitalize()}.</strong> {text(entry['definition'])}</p>",
                "chapter": entry["chapter"],
            }
        )
    for entry in schedules:
        made.append(
            {
                "slug": f"curve-{entry['slug']}",
                "front": f"{PICTURE}{curve(entry, size=(4, 2), alt=entry['shape'])}",
                "heard": f"{PICTURE} {entry['shape']}",
                "back": f"<p><strong>{entry['term'].capitalize()}.</strong> {entry['shape']} "
                f"<code>{entry['call']}</code></p>",
                "chapter": entry["chapter"],
            }
        )
    return made
