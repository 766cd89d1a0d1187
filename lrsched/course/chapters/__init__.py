"""The chapters in their order. The slug of a chapter is its identity, its number only its place.

Each has a folder here that bears its slug, with what belongs to it alone: `demos.py`, `exercises.py`, `quiz.json`,
`terms.json` and `drawing.svg`. Its notebooks are `chapters/<slug>.ipynb` and `exercises/<slug>.ipynb`.
"""

import json
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType


@dataclass(frozen=True)
class Chapter:
    """A chapter: its slug, the heading of its notebook, and the question that it answers."""

    slug: str
    title: str
    question: str

    @property
    def number(self) -> int:
        return list(CHAPTERS).index(self.slug) + 1

    def module(self, name: str) -> ModuleType:
        """The module `name` of the chapter's folder."""
        return import_module(f"{__name__}.{self._file(f'{name}.py').parent.name}.{name}")

    def content(self, name: str) -> list[dict]:
        """What the file ``<name>.json`` of the chapter's folder holds."""
        path = self._file(f"{name}.json")
        try:
            return json.loads(path.read_text("utf-8"))
        except ValueError as error:
            raise ValueError(f"chapter {self.slug!r} needs JSON in {path.name}, got {error}") from None

    def _file(self, name: str) -> Path:
        path = Path(__file__).with_name(self.slug) / name
        if not path.is_file():
            raise FileNotFoundError(f"chapter {self.slug!r} needs a file {name} in lrsched/course/chapters/{self.slug}")
        return path


# _toc.yml has the same parts and the same order: a notebook in the browser has no _toc.yml.
PARTS = {
    "Part 1: the lesson": (
        Chapter("learning_rate", "The learning rate", "How large may the rate be, and what happens beyond?"),
        Chapter(
            "why_decay", "Why one rate is not enough", "Why does the loss stop falling while the weights still move?"
        ),
        Chapter("step_decay", "Step decay", "Why does the loss fall off a cliff when the rate drops?"),
        Chapter(
            "exponential_decay",
            "Exponential decay and its relatives",
            "Why does patience not help when the rate decays too fast?",
        ),
        Chapter("adaptive_rates", "Adaptive rates", "What does Adam adapt to, and what does it never see?"),
        Chapter("fair_comparison", "Putting it together", "Which schedule, at which rate, with which method?"),
    ),
    "Part 2: modern practice": (
        Chapter("finding_the_rate", "Finding the rate", "What does a range test see, and what do four runs see?"),
        Chapter("warm_up", "Warm-up", "Who makes the room for a large rate, and why does waiting not?"),
        Chapter("cosine_and_cycles", "Cosine and cycles", "Who leads at half-time, and what is that worth at the end?"),
    ),
}
# What will follow in the last part, for the map.
TO_COME = (
    "Budgets",
    "When the loss decides",
    "Batch and scale",
    "The edge of stability",
    "Steps that grow",
    "Your framework",
)
CHAPTERS = {chapter.slug: chapter for part in PARTS.values() for chapter in part}


def chapter(slug: str) -> Chapter:
    """The chapter of that slug.

    >>> chapter("step_decay").number
    3
    """
    if slug not in CHAPTERS:
        raise ValueError(f"slug must be one of {', '.join(map(repr, CHAPTERS))}, got {slug!r}")
    return CHAPTERS[slug]
