"""What the voices say: each conversation line by line as it is spoken, and whether its recording fits.

Nothing here needs the voices: the tests compare texts and recordings by it, `tools/record.py` records what it lists.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from lrsched.course.recording import dialogue

ROOT = Path(__file__).parents[1]
RECORDINGS = ROOT / "_static/audio"
MANIFEST = RECORDINGS / "manifest.json"
# Who is who for the model: a voice, and its speed. At full speed all three are too quick for a lesson.
VOICES = {"Maya": ("af_heart", 0.82), "Theo": ("am_michael", 0.85), "Priya": ("bf_emma", 0.78)}
# The SHA-256 of the model and of the package of its voices: with others a line sounds otherwise.
MODEL = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
VOICES_PACKAGE = "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860"
LEXICON = yaml.safe_load((ROOT / "tools/lexicon.yml").read_text("utf-8"))

SPEAKER = re.compile(rf"\*\*({'|'.join(VOICES)}):\*\* (.*)")
LINK = re.compile(r"\[([^\]]*)\]\(([^)]*)\)")


@dataclass(frozen=True)
class Line:
    """A line of a conversation: who says it, what is said, and at which letters its links to the demo begin."""

    speaker: str
    text: str
    links: tuple[int, ...]

    @property
    def digest(self) -> str:
        """What the sound depends on: words, their sounds, voice, speed and model."""
        causes = [marked(self.text), *VOICES[self.speaker], MODEL, VOICES_PACKAGE]
        return hashlib.sha256(json.dumps(causes).encode()).hexdigest()[:16]

    @property
    def unspeakable(self) -> list[str]:
        """The words that a voice cannot read as written: symbols, digits with signs, capitals inside a word."""
        plain = re.sub(r"[.,;:?!…]+(?=\s|$)", " ", self.text)
        plain_word = r"(?:[A-Z]?[a-z]+|[A-Z]|\d+(?:\.\d+)?)(?:[-'’](?:[A-Z]?[a-z]+|\d+))*"
        return [word for word in plain.split() if word not in LEXICON and not re.fullmatch(plain_word, word)]


def marked(text: str) -> str:
    """A text with the sounds of the words in the lexicon, as the voices read it."""
    words = "|".join(map(re.escape, sorted(LEXICON, key=len, reverse=True)))
    return re.sub(rf"(?<!\w)(?:{words})(?!\w)", lambda found: f"[{found[0]}](/{LEXICON[found[0]]}/)", text)


def conversation(slug: str, root: Path = ROOT) -> list[Line]:
    """The lines of a chapter's conversation.

    A file ``spoken.yml`` in the chapter's folder says how something that is written is to be said, for this chapter.
    """
    forms = root / f"lrsched/course/chapters/{slug}/spoken.yml"
    said = yaml.safe_load(forms.read_text("utf-8")) if forms.is_file() else {}
    paragraphs = dialogue(root / f"chapters/{slug}.ipynb").split("\n\n")
    spoken = (SPEAKER.fullmatch(paragraph.replace("\n", " ")) for paragraph in paragraphs)
    return [line(match[1], match[2], said) for match in spoken if match]


def line(speaker: str, markdown: str, said: dict[str, str]) -> Line:
    """A line as it is spoken, from its Markdown."""

    def spoken(part: str) -> str:
        for written, instead in said.items():
            part = part.replace(written, instead)
        return part

    text, links = "", []
    plain, labels, targets = (LINK.split(markdown)[i::3] for i in range(3))
    for part, label, target in zip(plain, [*labels, ""], [*targets, ""], strict=True):
        text += spoken(part)
        if " = " in target:
            links.append(len(text))
        text += spoken(label)
    return Line(speaker, text, tuple(links))


def unlike(slug: str, recorded: dict | None, root: Path = ROOT) -> str | None:
    """What of a recording does not fit the text, as a sentence; None where all fits."""
    if not recorded:
        return f"the conversation of {slug} is not recorded: run `make audio`"
    lines = conversation(slug, root)
    if len(lines) != len(recorded["lines"]):
        return f"{slug} has {len(lines)} lines, and {len(recorded['lines'])} are recorded: run `make audio`"
    for line, spoken in zip(lines, recorded["lines"], strict=True):
        if line.digest != spoken["digest"] or list(line.links) != [at for at, _ in spoken["links"]]:
            return f"{slug} has a line that is recorded otherwise: {line.speaker}: {line.text!r}: run `make audio`"
    return None
