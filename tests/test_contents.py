"""The order of the chapters stands in the package and in _toc.yml, and each chapter has all its files."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from lrsched.course.chapters import CHAPTERS, PARTS, Chapter, chapter

ROOT = Path(__file__).resolve().parents[1]
FILES = (
    "chapters/{}.ipynb",
    "exercises/{}.ipynb",
    *(
        f"lrsched/course/chapters/{{}}/{name}"
        for name in ("demos.py", "exercises.py", "quiz.json", "terms.json", "drawing.svg")
    ),
)


def missing(root: Path, parts: dict[str, list[str]]) -> list[str]:
    """What keeps the chapters under `root` from being those of `parts`, one sentence each."""
    contents = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))["parts"]
    listed = {part["caption"]: [one["file"].removeprefix("chapters/") for one in part["chapters"]] for part in contents}
    faults = []
    for part, slugs in parts.items():
        here = listed.get(part, [])
        faults += [f"_toc.yml lacks chapters/{slug} in the part {part!r}" for slug in slugs if slug not in here]
        faults += [f"lrsched/course/chapters/__init__.py lacks {slug!r}" for slug in here if slug not in slugs]
        if not faults and here != slugs:
            faults.append(f"the order in _toc.yml is {here}, in the package {slugs}")
        faults += [
            f"there is no {name.format(slug)}"
            for slug in slugs
            for name in FILES
            if not (root / name.format(slug)).is_file()
        ]
    folders = {path.parent.name for path in root.glob("lrsched/course/chapters/*/*.py")} - {"chapters"}
    known = {slug for slugs in parts.values() for slug in slugs}
    return faults + [f"lrsched/course/chapters/{slug} is a chapter that no list names" for slug in folders - known]


def parts() -> dict[str, list[str]]:
    return {part: [one.slug for one in chapters] for part, chapters in PARTS.items()}


def test_both_lists_name_the_same_chapters_and_each_has_its_files():
    assert missing(ROOT, parts()) == []


@pytest.fixture
def copy(tmp_path):
    """The files that decide which chapters there are."""
    for name in ("_toc.yml", *(name.format(slug) for slug in CHAPTERS for name in FILES)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_what_is_missing_is_named(copy):
    toc = copy / "_toc.yml"
    whole = toc.read_text()
    toc.write_text(re.sub(".*chapters/step_decay\n", "", whole))
    assert missing(copy, parts()) == ["_toc.yml lacks chapters/step_decay in the part 'Part 1: the lesson'"]
    toc.write_text(
        whole.replace("- file: chapters/step_decay", "- file: chapters/step_decay\n      - file: chapters/more")
    )
    assert missing(copy, parts()) == ["lrsched/course/chapters/__init__.py lacks 'more'"]
    first, second, *rest = parts()["Part 1: the lesson"]
    toc.write_text(whole)
    (fault,) = missing(copy, parts() | {"Part 1: the lesson": [second, first, *rest]})
    assert fault.startswith(f"the order in _toc.yml is ['{first}', '{second}'")
    (copy / "exercises/why_decay.ipynb").unlink()
    (copy / "lrsched/course/chapters/why_decay/terms.json").unlink()
    assert missing(copy, parts()) == [
        "there is no exercises/why_decay.ipynb",
        "there is no lrsched/course/chapters/why_decay/terms.json",
    ]
    shutil.copytree(copy / "lrsched/course/chapters/step_decay", copy / "lrsched/course/chapters/stray")
    assert "lrsched/course/chapters/stray is a chapter that no list names" in missing(copy, parts())


def test_an_unknown_chapter_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match=r"slug must be one of 'learning_rate', .*, got '03'"):
        chapter("03")


def test_a_file_that_is_missing_or_no_json_is_named(tmp_path, monkeypatch):
    stray = Chapter("stray", "Stray", "Where is it?")
    with pytest.raises(
        FileNotFoundError, match=r"chapter 'stray' needs a file quiz.json in lrsched/course/chapters/stray"
    ):
        stray.content("quiz")
    monkeypatch.setattr("lrsched.course.chapters.__file__", str(tmp_path / "__init__.py"))
    (tmp_path / "stray").mkdir()
    (tmp_path / "stray/quiz.json").write_text("{")
    with pytest.raises(ValueError, match=r"chapter 'stray' needs JSON in quiz.json, got "):
        stray.content("quiz")


BESIDE_THE_TREE = shutil.ignore_patterns(
    ".git", ".venv*", "_build", "node_modules", "cache", "*_cache", "__pycache__", "*.egg-info"
)
QUICK = [f"tests/test_{name}.py" for name in ("contents", "chapters", "quizzes", "review", "exercises", "progress")]
PROGRESS = """
from lrsched.course.chapters import chapter
from lrsched.course.exercises import step_decay
print(chapter("step_decay").number, step_decay.sheet.code(), step_decay.progress().heading)
"""


@pytest.fixture
def tree(tmp_path):
    """A copy of all that makes the course, without what is built from it."""
    shutil.copytree(ROOT, tmp_path / "tree", ignore=BESIDE_THE_TREE)
    return tmp_path / "tree"


def insert(path: Path, line: str, before: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(before) == 1
    path.write_text(text.replace(before, line + before), "utf-8")


def add_chapter(tree: Path) -> None:
    """The steps of CONTRIBUTING, with what step decay has for what an author would write."""
    entry = '        Chapter("further", "A further chapter", "Who moves up?"),\n'
    insert(tree / "lrsched/course/chapters/__init__.py", entry, before='        Chapter("step_decay"')
    insert(tree / "_toc.yml", "      - file: chapters/further\n", before="      - file: chapters/step_decay\n")
    renamed = {
        'step_decay\\"': 'further\\"',  # in a cell of a notebook
        "/step_decay": "/further",
        "chapters.step_decay": "chapters.further",
        "exercises import step_decay": "exercises import further",
        "# Step decay": "# A further chapter",
        '"slug": "': '"slug": "further-',
        '"term": "': '"term": "further ',
        '"text": "': '"text": "Further: ',
    }
    for name in FILES:
        text = (tree / name.format("step_decay")).read_text("utf-8")
        for old, new in renamed.items():
            text = text.replace(old, new)
        (tree / name.format("further")).parent.mkdir(exist_ok=True)
        (tree / name.format("further")).write_text(text, "utf-8")


def test_a_further_chapter_at_third_place_needs_nothing_more_and_moves_nobodys_progress(tree, tmp_path):
    environment = os.environ | {"PYTHONPATH": str(tree)}
    asking = {"cwd": tmp_path, "env": environment | {"LRSCHED_PROGRESS": "on"}, "text": True}
    (tmp_path / ".lrsched-progress.json").write_text('{"step_decay": {"first_below": "done"}}')
    before = subprocess.check_output([sys.executable, "-c", PROGRESS], **asking)
    add_chapter(tree)
    after = subprocess.check_output([sys.executable, "-c", PROGRESS], **asking)
    assert (before[0], after[0]) == ("3", "4")
    assert before[1:] == after[1:] and "1 of 6 tasks done" in after

    asked = "not further_chapter and (further or not test_exercises)"
    options = ["-q", "-p", "no:cacheprovider", "-m", "not book and not browser", "-k", asked]
    quick = [sys.executable, "-m", "pytest", *options, *QUICK]
    done = subprocess.run(quick, cwd=tree, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-5000:]
