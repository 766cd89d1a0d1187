"""The glossary: every term of the course, from `glossary.json`, which is also what the flash cards are made of."""

import json
from itertools import groupby
from pathlib import Path

from IPython.display import Markdown

GLOSSARY = Path(__file__).with_name("glossary.json")


def terms() -> list[dict]:
    """Return the terms in the order of the chapters."""
    return json.loads(GLOSSARY.read_text("utf-8"))


def glossary(chapters: str = ".") -> Markdown:
    """Return all terms from A to Z as Markdown, each under a heading and with a link to its chapter.

    `chapters` is the folder in which the chapters' notebooks are.

    >>> glossary().data.splitlines()[:3]
    ['## A', '', '### AdaGrad']
    """
    ordered = sorted(terms(), key=lambda term: term["term"].lower())
    letters = groupby(ordered, key=lambda term: term["term"][0].upper())
    return Markdown(
        "\n\n".join(
            f"## {letter}\n\n" + "\n\n".join(_entry(term, Path(chapters)) for term in group)
            for letter, group in letters
        )
    )


def _entry(term: dict, chapters: Path) -> str:
    formula = [f"$$\n{term['formula']}\n$$"] if "formula" in term else []
    name = f"Chapter {int(term['chapter'])}"
    for notebook in chapters.glob(f"{term['chapter']}_*.ipynb"):
        name = f"[{name}]({notebook.name})"
    return "\n\n".join([f"### {term['term']}", f"{term['definition']} ({name})", *formula])
