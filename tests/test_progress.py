"""What a learner has done is kept in a file and in a code, and neither is ever lost."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from test_exercises import no_progress  # noqa: F401 (a fixture)

from lrsched.course.exercises import ex03, progress, resume, summary


@pytest.fixture
def folder(monkeypatch, tmp_path):
    monkeypatch.delenv("LRSCHED_PROGRESS")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def kept(folder):
    return json.loads((folder / ".lrsched-progress.json").read_text())


def restart():
    progress.memory.clear()
    progress.told.clear()
    progress.told.add("")


def test_progress_is_kept_over_a_restart(folder):
    ex03.boundary.check("a")
    ex03.first_below.check(180)
    assert kept(folder) == {"03": {"boundary": "tried", "first_below": "done"}}
    restart()
    assert repr(ex03.progress()).startswith("█░░░░░ 1 of 6 tasks done")
    assert "◐ At the boundary: tried" in ex03.progress().lines
    assert [path.name for path in folder.iterdir()] == [".lrsched-progress.json"]


def test_progress_never_falls(folder):
    ex03.first_below.check(180)
    ex03.first_below.check(150)
    ex03.first_below.solution()
    assert kept(folder) == {"03": {"first_below": "done"}}


def test_two_notebooks_share_the_file(folder):
    ex03.first_below.check(180)
    restart()  # as in another kernel, which knows nothing of the first
    ex03.boundary.check("b")
    assert kept(folder) == {"03": {"first_below": "done", "boundary": "done"}}


def test_not_attempted_is_not_recorded(folder):
    ex03.first_below.check(...)
    assert not list(folder.iterdir())


def test_what_another_edition_wrote_is_kept(folder):
    (folder / ".lrsched-progress.json").write_text('{"99": {"later": "done"}}')
    ex03.boundary.check("b")
    assert kept(folder) == {"99": {"later": "done"}, "03": {"boundary": "done"}}


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"03": 1}', b'{"03": {"boundary": "won"}}', b"\xff\xfe\x00", b"7"])
def test_a_damaged_file_is_kept_aside_and_named_once(folder, content):
    path = folder / ".lrsched-progress.json"
    for i in (1, 2):
        path.write_bytes(content)
        restart()
        verdict = ex03.boundary.check("b")
        aside = f".lrsched-progress.damaged-{i}.json"
        assert verdict.status == "correct"
        assert verdict.lines[1:] == (
            f"The file of your progress was damaged: it is kept as `{aside}`, and a new one is begun.",
        )
        assert (folder / aside).read_bytes() == content
    assert kept(folder) == {"03": {"boundary": "done"}}
    assert len(ex03.boundary.check("b").lines) == 1


def test_an_empty_or_missing_file_is_no_trouble(folder):
    (folder / ".lrsched-progress.json").write_text("")
    assert len(ex03.boundary.check("b").lines) == 1
    (folder / ".lrsched-progress.json").unlink()
    assert len(ex03.boundary.check("b").lines) == 1
    assert kept(folder) == {"03": {"boundary": "done"}}


@pytest.mark.parametrize("fails", ["touch", "write_text", "replace", "read_bytes"])
def test_a_file_that_cannot_be_used_costs_a_sentence_once_and_nothing_else(folder, fails, monkeypatch):
    ex03.first_below.check(180)
    before = (folder / ".lrsched-progress.json").read_bytes()

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, fails, refuse)
        assert ex03.boundary.check("b").lines[1:] == (
            "Your progress cannot be kept in `.lrsched-progress.json` (Permission denied): "
            "before you close this notebook, note the code that `summary()` shows.",
        )
        assert len(ex03.boundary.check("b").lines) == 1
        assert "2 of 6" in ex03.progress().heading
    assert (folder / ".lrsched-progress.json").read_bytes() == before


def test_the_environment_switches_the_file_off(folder, monkeypatch):
    monkeypatch.setenv("LRSCHED_PROGRESS", "off")
    ex03.boundary.check("b")
    assert not list(folder.iterdir())


def code_of(message):
    return re.search(r'resume\("(.*)"\)', message.lines[-1])[1]


def test_a_resume_code_brings_the_progress_back():
    ex03.boundary.check("b")
    ex03.train.check(ex03.train_late)
    ex03.step_decay.check(abs)
    before, code = ex03.chapter.states(), code_of(ex03.progress())
    assert re.fullmatch(r"03-\w{2,6}", code)
    assert code_of(summary()) == code
    restart()
    assert "1 of 6 tasks done" in repr(resume(f" {code.lower()} "))
    assert ex03.chapter.states() == before


def test_resuming_loses_nothing_that_is_done():
    ex03.first_below.check(150)
    code = code_of(ex03.progress())
    ex03.first_below.check(180)
    resume(code)
    assert ex03.chapter.states()["first_below"] == "done"


def test_every_state_survives_its_code():
    names = list(ex03.chapter.tasks)
    for seed in range(200):
        states = dict(zip(names, np.random.default_rng(seed).choice(progress.STATES, len(names)).tolist(), strict=True))
        assert progress.decoded(progress.code("03", states), names) == states


def test_a_mistyped_code_changes_nothing():
    ex03.boundary.check("b")
    code, before = code_of(ex03.progress()), ex03.chapter.states()
    typed = [code[:i] + letter + code[i + 1 :] for i in range(3, len(code)) for letter in "0A9ZU!"]
    typed += ["", "03", "03-", code[:-1], code + "0", "99-ABC", "x", None, 7, ex03, "é-é"]
    for wrong in set(map(str, typed)) - {code}:
        says = repr(resume(wrong))
        assert "is no resume code of this course" in says or "with the code you noted" in says
        assert ex03.chapter.states() == before


def test_the_code_of_a_chapter_stays_good_when_tasks_are_added():
    states = {"a": "done", "b": "tried"}
    assert progress.decoded(progress.code("03", states), ["a", "b", "c"]) == {**states, "c": "untouched"}


def test_the_summary_says_what_to_read_again():
    assert "Read again" not in repr(summary())
    ex03.rate_at_update.check(max)
    ex03.step_decay.check(max)
    ex03.boundary.check("b")
    assert f"Read again in chapter 3: {ex03.step_decay.section}, {ex03.rate_at_update.section}." in summary().lines
    ex03.rate_at_update.check(ex03.rate_at_update.answer)
    assert f"Read again in chapter 3: {ex03.step_decay.section}." in summary().lines
