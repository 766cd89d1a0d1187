"""Flash cards of the glossary's terms, in four boxes: what the reader knows comes back later."""

import json
from pathlib import Path

from lrsched.course.widgets.markup import marked, math
from lrsched.course.widgets.widget import Widget, script

GLOSSARY = Path(__file__).parents[1] / "glossary.json"


class Cards(Widget):
    """What `cards` returns."""

    _esm = script("cards")
    room = "cards"


def cards() -> Cards:
    """Return a card for each term of ``glossary.json``.

    >>> cards()
    Cards(... terms; ...)
    """
    terms = json.loads(GLOSSARY.read_text("utf-8"))
    made = [
        {
            "slug": term["slug"],
            "front": marked(term["term"]),
            "back": f"<p>{marked(term['definition'])}</p>"
            + (f'<p class="formula">{math(term["formula"])}</p>' if "formula" in term else ""),
            "chapter": term["chapter"],
        }
        for term in terms
    ]
    shown = Cards(content={"title": "Flash cards", "cards": made})
    shown.summary = f"{len(made)} terms"
    shown.without_script = "".join(
        f"<details><summary>{card['front']}</summary>{card['back']}</details>" for card in made
    )
    return shown
