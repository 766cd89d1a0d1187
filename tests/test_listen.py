"""The recordings of the conversations: they fit the texts, and can be heard."""

import hashlib
import json

import mutagen
import numpy as np
import pytest
import soundfile
import spoken
from spoken import RECORDINGS, Line, conversation, line, unlike

from lrsched.course.chapters import CHAPTERS

each = pytest.mark.parametrize("slug", CHAPTERS)
RECORDED = json.loads(spoken.MANIFEST.read_text("utf-8"))


@each
def test_a_recording_fits_its_text(slug):
    assert not unlike(slug, RECORDED.get(slug))
    assert hashlib.sha256((RECORDINGS / f"{slug}.mp3").read_bytes()).hexdigest() == RECORDED[slug]["file"]


@each
def test_a_recording_can_be_heard(slug):
    import pyloudnorm  # it brings scipy, for which no other test should wait

    samples, rate = soundfile.read(RECORDINGS / f"{slug}.mp3")
    recorded = RECORDED[slug]
    starts = [spoken["start"] for spoken in recorded["lines"]]
    assert rate == 24_000 and samples.ndim == 1
    assert len(samples) / rate == pytest.approx(recorded["seconds"], abs=0.1)
    assert starts == sorted(starts) and starts[0] < 1
    last = conversation(slug)[-1]
    assert 0.2 < (recorded["seconds"] - starts[-1]) / len(last.text.split()) < 0.8, "seconds a word"
    assert -19 < pyloudnorm.Meter(rate).integrated_loudness(samples) < -17
    assert 20 * np.log10(abs(samples).max()) < -2
    for before, after in zip(recorded["lines"], recorded["lines"][1:], strict=False):
        pause = samples[int((after["start"] - 0.2) * rate) : int((after["start"] - 0.05) * rate)]
        assert abs(pause).max() < 0.01, f"{before} is cut off"
        assert all(before["start"] <= time < after["start"] for _, time in before["links"])


@each
def test_a_recording_says_what_it_is(slug):
    tags = mutagen.File(RECORDINGS / f"{slug}.mp3").tags
    chapter = CHAPTERS[slug]
    assert tags["TIT2"] == [chapter.title]
    assert tags["TRCK"] == [f"{chapter.number}/{len(CHAPTERS)}"]
    assert "CC BY 4.0" in tags["TCOP"][0] and "Kokoro" in tags["TCOP"][0]
    assert tags.getall("APIC")[0].data.startswith(b"\x89PNG")
    assert conversation(slug)[0].text in tags.getall("USLT")[0].text


@each
def test_every_word_has_a_sound(slug):
    assert {word for line in conversation(slug) for word in line.unspeakable} == set()


def test_recordings_are_light():
    megabytes = {slug: (RECORDINGS / f"{slug}.mp3").stat().st_size / 1e6 for slug in CHAPTERS}
    assert sum(megabytes.values()) < 30
    for slug, size in megabytes.items():
        assert size / (RECORDED[slug]["seconds"] / 60) <= 0.4
    assert {path.stem for path in RECORDINGS.glob("*.mp3")} == set(CHAPTERS) == set(RECORDED)


@each
def test_lines_lead_the_demo(slug):
    assert sum(bool(spoken["links"]) for spoken in RECORDED[slug]["lines"]) >= 3


@pytest.mark.parametrize(
    "text", ["take η", "lr=0.1", "x² grows", "1e-3 is small", "use RMSProp", "the peak_lr", "50 % of it", "a $x$"]
)
def test_what_a_voice_cannot_read_is_found(text):
    assert line("Maya", text, {}).unspeakable


@pytest.mark.parametrize(
    "text", ["It's 0.05, isn't it?", "A warm-up: ten steps.", "AdaGrad forgets nothing!", "So ... why?"]
)
def test_what_a_voice_can_read_is_left_alone(text):
    assert not line("Maya", text, {}).unspeakable


def test_a_form_for_the_ear_takes_the_place_of_what_is_written():
    said = line("Theo", 'At [lr=0.1](#try-it "rate = 0.1") it works.', {"lr=0.1": "a rate of a tenth"})
    assert said == Line("Theo", "At a rate of a tenth it works.", (3,))


@pytest.fixture
def changed(tmp_path):
    """Changes a conversation in a copy, and says what of its recording does not fit any more."""

    def change(written, instead):
        (tmp_path / "chapters").mkdir()
        source = (spoken.ROOT / "chapters/step_decay.ipynb").read_text("utf-8")
        assert written in source
        (tmp_path / "chapters/step_decay.ipynb").write_text(source.replace(written, instead, 1), "utf-8")
        return unlike("step_decay", RECORDED["step_decay"], tmp_path)

    return change


@pytest.mark.parametrize(
    ("written", "instead", "why"),
    [
        ("Why bother with the large rate", "Why trouble with the large rate", "recorded otherwise: Theo: 'Why trouble"),
        ("**Priya:** So when in doubt", "**Theo:** So when in doubt", "recorded otherwise: Theo: 'So when in doubt"),
        ("I made it small at once, [a tenth every", "I made it small [at once, a tenth every", "recorded otherwise"),
        ("**Priya:** So when in doubt, later?", "So when in doubt, later?", "lines, and"),
        ("[a tenth every", "[A tenth every", "recorded otherwise"),
    ],
    ids=["a word", "a voice", "a link's place", "a line", "a letter"],
)
def test_a_recording_of_another_text_is_refused(changed, written, instead, why):
    found = changed(written, instead)
    assert why in found and found.endswith("run `make audio`")


def test_a_chapter_without_recording_is_named():
    assert unlike("step_decay", None) == "the conversation of step_decay is not recorded: run `make audio`"
