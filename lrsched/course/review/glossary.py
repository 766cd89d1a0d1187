"""The glossary: the terms of all chapters, from A to Z. The flash cards are made of them too."""

from itertools import groupby

from IPython.display import Markdown

from lrsched.course.chapters import CHAPTERS, chapter


def terms() -> list[dict]:
    """Return the terms in the order of the chapters, each with the slug of its chapter."""
    return [term | {"chapter": slug} for slug, one in CHAPTERS.items() for term in one.content("terms")]


def glossary() -> Markdown:
    """Return all terms from A to Z as Markdown, each under a heading and with a link to its chapter.

    >>> glossary().data.splitlines()[:3]
    ['## A', '', '### AdaGrad']
    """
    ordered = sorted(terms(), key=lambda term: term["term"].lower())
    letters = groupby(ordered, key=lambda term: term["term"][0].upper())
    return Markdown("\n\n".join(f"## {letter}\n\n" + "\n\n".join(map(_entry, group)) for letter, group in letters))


def _entry(term: dict) -> str:
    formula = [f"$$\n{term['formula']}\n$$"] if "formula" in term else []
    link = f"[Chapter {chapter(term['chapter']).number}]({term['chapter']}.ipynb)"
    return "\n\n".join([f"### {term['term']}", f"{term['definition']} ({link})", *formula])
