"""What a learner has done is kept in a file and in a code, and neither is ever lost."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from test_exercises import no_progress  # noqa: F401 (a fixture)

from lrsched.course.chapters import CHAPTERS
from lrsched.course.exercises import progress, resume, sheet, step_decay, summary


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.delenv("LRSCHED_PROGRESS")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def stored(folder):
    return json.loads((folder / ".lrsched-progress.json").read_text())


def restart():
    progress.memory.clear()
    progress.troubles.clear()
    progress.troubles.add("")


def test_progress_is_kept_over_a_restart(folder):
    step_decay.train.check(7)
    step_decay.first_below.check(180)
    assert stored(folder) == {"step_decay": {"train": "tried", "first_below": "done"}}
    restart()
    assert repr(step_decay.progress()).startswith("█░░░░░ 1 of 6 tasks done")
    assert "◐ Find the bug: tried" in step_decay.progress().lines
    assert [path.name for path in folder.iterdir()] == [".lrsched-progress.json"]


def test_progress_never_falls(folder):
    step_decay.first_below.check(180)
    step_decay.first_below.check(150)
    step_decay.first_below.solution()
    assert stored(folder) == {"step_decay": {"first_below": "done"}}


def test_two_notebooks_share_the_file(folder):
    step_decay.first_below.check(180)
    restart()  # as in another kernel, which knows nothing of the first
    step_decay.train.check(step_decay.train.answer)
    assert stored(folder) == {"step_decay": {"first_below": "done", "train": "done"}}


def test_not_attempted_is_not_recorded(folder):
    step_decay.first_below.check(...)
    assert not list(folder.iterdir())


def test_what_another_edition_wrote_is_stored(folder):
    (folder / ".lrsched-progress.json").write_text('{"later": {"later": "done"}}')
    step_decay.train.check(step_decay.train.answer)
    assert stored(folder) == {"later": {"later": "done"}, "step_decay": {"train": "done"}}


DAMAGED = {
    "cut off": b"{",
    "a list": b"[]",
    "a number": b"7",
    "a huge number": b"9" * 5000,
    "no states": b'{"step_decay": 1}',
    "another state": b'{"step_decay": {"train": "won"}}',
    "a list for a state": b'{"step_decay": {"train": []}}',
    "a table for a state": b'{"step_decay": {"train": {"train": "done"}}}',
    "not UTF-8": b"\xff\xfe\x00",
    "deep": b"[" * 100_000,
    "deep in a chapter": b'{"step_decay": ' * 50_000,
    "10 MB": b'{"step_decay": {"train": "' + b"x" * 10_000_000 + b'"}}',
    "10 MB of chapters": b"{" + b", ".join(b'"%d": {}' % i for i in range(800_000)) + b"}",
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_kept_aside_and_named_once(folder, content):
    path = folder / ".lrsched-progress.json"
    for i in (1, 2):
        path.write_bytes(content)
        restart()
        verdict = step_decay.train.check(step_decay.train.answer)
        aside = f".lrsched-progress.damaged-{i}.json"
        assert verdict.status == "correct"
        assert verdict.lines[1:] == (
            f"The file of your progress was damaged: it is kept as `{aside}`, and a new one is begun.",
        )
        assert (folder / aside).read_bytes() == content
    assert stored(folder) == {"step_decay": {"train": "done"}}
    assert len(step_decay.train.check(step_decay.train.answer).lines) == 1


def test_an_empty_or_missing_file_is_no_trouble(folder):
    (folder / ".lrsched-progress.json").write_text("")
    assert len(step_decay.train.check(step_decay.train.answer).lines) == 1
    (folder / ".lrsched-progress.json").unlink()
    assert len(step_decay.train.check(step_decay.train.answer).lines) == 1
    assert stored(folder) == {"step_decay": {"train": "done"}}


@pytest.mark.parametrize("fails", ["touch", "write_text", "replace", "read_bytes"])
def test_a_file_that_cannot_be_used_costs_a_sentence_once_and_nothing_else(folder, fails, monkeypatch):
    step_decay.first_below.check(180)
    before = (folder / ".lrsched-progress.json").read_bytes()

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, fails, refuse)
        assert step_decay.train.check(step_decay.train.answer).lines[1:] == (
            "Your progress cannot be kept in `.lrsched-progress.json` (Permission denied): "
            "before you close this notebook, note the code that `summary()` shows.",
        )
        assert len(step_decay.train.check(step_decay.train.answer).lines) == 1
        assert "2 of 6" in step_decay.progress().heading
    assert (folder / ".lrsched-progress.json").read_bytes() == before


def test_the_environment_switches_the_file_off(folder, monkeypatch):
    monkeypatch.setenv("LRSCHED_PROGRESS", "off")
    step_decay.train.check(step_decay.train.answer)
    assert not list(folder.iterdir())


def code_of(message):
    return re.search(r'resume\("(.*)"\)', message.lines[-1])[1]


def test_a_resume_code_brings_the_progress_back():
    step_decay.train.check(step_decay.train.answer)
    step_decay.train.check(step_decay.train_late)
    step_decay.step_decay.check(abs)
    before, code = step_decay.sheet.states(), code_of(step_decay.progress())
    assert re.fullmatch(r"step_decay-\w{2,6}", code)
    assert code_of(summary()) == code
    restart()
    assert "1 of 6 tasks done" in repr(resume(f" {code.lower()} "))
    assert step_decay.sheet.states() == before


def test_resuming_loses_nothing_that_is_done():
    step_decay.first_below.check(150)
    code = code_of(step_decay.progress())
    step_decay.first_below.check(180)
    resume(code)
    assert step_decay.sheet.states()["first_below"] == "done"


def test_every_state_survives_its_code():
    names = list(step_decay.sheet.tasks)
    for seed in range(200):
        states = dict(zip(names, np.random.default_rng(seed).choice(progress.STATES, len(names)).tolist(), strict=True))
        assert progress.decoded(progress.code("step_decay", states), names) == states


def test_a_mistyped_code_changes_nothing():
    step_decay.train.check(step_decay.train.answer)
    code, before = code_of(step_decay.progress()), step_decay.sheet.states()
    typed = [code[:i] + letter + code[i + 1 :] for i in range(len("step_decay-"), len(code)) for letter in "0A9ZU!"]
    typed += ["", "step_decay", "step_decay-", code[:-1], code + "0", "99-ABC", "x", None, 7, step_decay, "é-é"]
    for wrong in set(map(str, typed)) - {code}:
        says = repr(resume(wrong))
        assert "is no resume code of this course" in says or "with the code you noted" in says
        assert step_decay.sheet.states() == before


def test_the_code_of_a_chapter_stays_good_when_tasks_are_added():
    states = {"a": "done", "b": "tried"}
    assert progress.decoded(progress.code("step_decay", states), ["a", "b", "c"]) == {**states, "c": "untouched"}


def test_the_summary_says_what_to_read_again():
    again = f"Read again in chapter {CHAPTERS['step_decay'].number}: "
    first, second = step_decay.step_decay, step_decay.rate_at_update
    assert "Read again" not in repr(summary())
    second.check(max)
    first.check(max)
    step_decay.train.check(step_decay.train.answer)
    assert f"{again}{first.section}, {second.section}." in summary().lines
    second.check(second.answer)
    assert f"{again}{first.section}." in summary().lines


def test_a_folder_in_place_of_the_file_costs_a_sentence_and_stays(folder):
    (folder / ".lrsched-progress.json").mkdir()
    verdict = step_decay.train.check(step_decay.train.answer)
    assert verdict.status == "correct"
    assert verdict.lines[1].startswith("Your progress cannot be kept in `.lrsched-progress.json` (it is not a file)")
    assert (folder / ".lrsched-progress.json").is_dir()


@pytest.mark.parametrize(
    "codes", ["x" * 1_000_000, "step_decay-" + "Z" * 100_000, "\ud800", "-", "--", [], {}, b"x", 1e9]
)
def test_a_text_that_is_no_code_gets_one_short_sentence(codes):
    (line,) = resume(codes).lines
    assert "is no resume code of this course" in line or "with the code you noted" in line
    assert len(line) < 200


def test_another_order_of_chapters_moves_nobodys_progress(folder, monkeypatch):
    step_decay.first_below.check(180)
    before, code = stored(folder), step_decay.sheet.code()
    slugs = list(CHAPTERS)
    monkeypatch.setattr(sheet, "CHAPTERS", {slug: CHAPTERS[slug] for slug in reversed(slugs)})
    restart()
    assert step_decay.progress().heading.endswith("1 of 6 tasks done")
    assert (stored(folder), step_decay.sheet.code()) == (before, code)
