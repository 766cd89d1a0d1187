"""Flash cards of terms, formulas and curves, in four boxes: what the reader knows comes back later."""

from collections.abc import Callable

from lrsched.course.cheat_sheet import curve, entries
from lrsched.course.glossary import terms
from lrsched.course.widgets.markup import marked, math
from lrsched.course.widgets.widget import Widget, script

FORMULA, PICTURE = "Which schedule has this formula?", "Which schedule is this picture?"


class Cards(Widget):
    """What `cards` returns."""

    _esm = script("cards")
    room = "cards"


def cards() -> Cards:
    """Return a card for each term of the glossary, and for the formula and the curve of each schedule.

    >>> cards()
    Cards(... cards; ...)
    """
    made = deck()
    shown = Cards(content={"title": "Flash cards", "cards": made})
    shown.summary = f"{len(made)} cards"
    shown.without_script = "".join(
        f"<details><summary>{card['front']}</summary>{card['back']}</details>" for card in made
    )
    return shown


def deck(math: Callable[[str], str] = math) -> list[dict[str, str]]:
    """Return the cards, both sides as HTML; `math` turns a formula into HTML.

    `heard` is what a screen reader says of a front that is a picture.
    """

    def shown(formula: str) -> str:
        return f'<p class="formula">{math(formula)}</p>'

    def text(sentence: str) -> str:
        return marked(sentence, math)

    made = [
        {
            "slug": term["slug"],
            "front": text(term["term"]),
            "back": f"<p>{text(term['definition'])}</p>" + (shown(term["formula"]) if "formula" in term else ""),
            "chapter": term["chapter"],
        }
        for term in terms()
    ]
    # A level line has no formula to recognise, and a plateau scheduler no curve of its own.
    schedules = [entry for entry in entries() if entry.get("formula", "P") != "P"]
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
