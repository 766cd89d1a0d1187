"""What every chapter must hold: its parts in order, numbers that some cell prints, figures that say what they show."""

import re
from pathlib import Path

import nbformat
import pytest

from lrsched.course.chapters import CHAPTERS
from lrsched.course.recording import dialogue

ROOT = Path(__file__).resolve().parents[1]
PATHS = [ROOT / f"chapters/{slug}.ipynb" for slug in CHAPTERS]
PARTS = [
    r"^# \S",
    r"^```\{dropdown\} What you will be able to do, and what you need",
    r"^## Try it",
    r"```\{dropdown\} Answers",
    r"^## .*\bidea\b",
    r"^\$\$",
    r"^## In practice",
    r"^## A conversation",
    r"^## Check yourself",
    r"^## Key concepts",
    r"^\*\*Exercise:\*\*",
    r"^## Sources",
]
NUMBER = re.compile(r"(?<![\w.,])\d+(?:,\d{3})*\.\d+(?:e-?\d+)?(?!\.?\d)|\b\d+(?:\.\d+)?(?=[  ]?%)")

each = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def cells(path, kind):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def prose(path):
    return "\n\n".join(cell.source for cell in cells(path, "markdown"))


def code_and_output(path):
    """All code, all that it printed or wrote into a page, and the settings of the demos."""
    nb = nbformat.read(path, as_version=4)
    widgets = nb.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"].values()
    parts = [str(widget["state"].get("content", {}).get("values", "")) for widget in widgets]
    for cell in cells(path, "code"):
        parts.append(cell.source)
        for output in cell.outputs:
            parts += [output.get("text", ""), output.get("data", {}).get("text/plain", "")]
    return "\n".join(parts)


@each
def test_the_parts_stand_in_their_order(path):
    text, at = prose(path), 0
    for part in PARTS:
        found = re.compile(part, re.MULTILINE).search(text, at)
        assert found, f"{path.name} lacks {part}, or has it too early"
        at = found.end()
    assert re.findall(r"^# (.*)", text, re.MULTILINE) == [CHAPTERS[path.stem].title]
    sources = [cell.source for cell in cells(path, "code")]
    assert "bet(" in sources[0] and f'name="{path.stem}"' in sources[0], "a chapter opens with a bet"
    assert f'next_chapter("{path.stem}")' in sources


@each
def test_numbers_in_prose_come_from_a_cell_or_a_source(path):
    known = {
        float(n.replace(",", "")) for n in re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?(?:e-?\d+)?", code_and_output(path))
    }
    known |= {round(100 * n, 6) for n in known}  # 0.694 may be told as 69.4 %
    sentences = [s for s in re.split(r"\n|(?<=[.?!]) ", prose(path)) if "{cite}" not in s]
    loose = {n for s in sentences for n in NUMBER.findall(s) if float(n.replace(",", "")) not in known}
    assert not loose, f"{path.name} states {sorted(loose)}, which no cell holds"


@each
def test_a_chapter_is_short(path):
    text = re.sub(r"```\{dropdown\}|\$\$.*?\$\$|\]\([^)]*\)|^\|.*?$", "", prose(path), flags=re.DOTALL | re.MULTILINE)
    spoken = dialogue(path)
    assert 250 <= len(spoken.split()) <= 500
    assert len(text.split()) - len(spoken.split()) <= 1700
    code = [cell for cell in cells(path, "code") if not cell.source.startswith("next_chapter(")]
    assert len(code) <= 16
    for cell in code:
        lines = cell.source.splitlines()
        width = 79 if "hide-input" in cell.metadata.get("tags", []) else 76
        assert max(map(len, lines)) <= width, f"{path.name}: the page cuts off {max(lines, key=len)!r}"
        assert len(lines) <= 15 or "hide-input" in cell.metadata.get("tags", []), (
            f"{path.name}: a cell of {len(lines)} lines: does part of it belong in lrsched?"
        )


@each
def test_speakers_of_the_conversation(path):
    conversation = dialogue(path)
    paragraphs = conversation.split("\n\n")
    lines = [re.fullmatch(r"\*\*(Maya|Theo|Priya):\*\* (.*)", paragraph, re.DOTALL) for paragraph in paragraphs]
    assert all(lines) and {line[1] for line in lines} == {"Maya", "Theo", "Priya"}
    for line in lines:
        spoken = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", line[2])
        assert 5 <= len(spoken.split()) <= 45, spoken
        assert not re.search(r"[$`=<>*_^]", spoken), f"it is read aloud: {spoken}"
    assert conversation.count('(#try-it "') >= 3, "the picture shows what is said"


@each
def test_figures_say_what_they_show(path):
    headings = {h.strip().lower() for h in re.findall(r"^#+ (.*)", prose(path), re.MULTILINE)}
    alts = re.findall(r"Figure: (.*)", code_and_output(path))
    assert alts or "explore(" in code_and_output(path)
    for alt in alts:
        assert alt.lower().rstrip(".") not in headings
        assert len(alt.split()) >= 6, f"{path.name}: {alt!r} states no conclusion"
    assert len(set(alts)) == len(alts)


@each
def test_demo_recording_quiz_and_exercise_are_there(path):
    assert "explore(" in code_and_output(path)
    assert f'listen("{path.stem}")' in code_and_output(path)
    assert f'quiz("{path.stem}")' in code_and_output(path)
    assert f"](../exercises/{path.stem}.ipynb)" in prose(path)


@each
def test_links_that_move_sliders_name_what_the_demo_has(path):
    state = nbformat.read(path, 4).metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    (demo,) = [model["state"]["content"] for model in state.values() if "values" in model["state"].get("content", ())]
    choices = dict(zip(demo["names"], demo["values"], strict=True))
    wishes = [wish for title in re.findall(r'\(#try-it "([^"]*)"\)', prose(path)) for wish in title.split(", ")]
    assert wishes
    for name, value in (wish.split(" = ") for wish in wishes):
        assert value in choices[name]


@each
def test_only_what_jupyterlab_shows_as_well(path):
    text = prose(path)
    allowed = {"dropdown", "note", "tip", "warning", "admonition"}
    assert set(re.findall(r"^`{3,}\{([\w-]+)\}", text, re.MULTILINE)) <= allowed
    roles = re.findall(r"\{([\w-]+)\}`", text)
    assert set(roles) <= {"cite"}
    sources = cells(path, "markdown")[-1].source
    assert sources.startswith("## Sources")
    assert len(roles) == sources.count("{cite}`"), "citations stand in the Sources cell"
