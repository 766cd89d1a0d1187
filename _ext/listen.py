"""The recorded conversations: their players, and the page on which one follows the other."""

import html
import json
import re
import shutil
from pathlib import Path

from docutils import nodes

from lrsched.course.chapters import CHAPTERS
from lrsched.course.recording import CREDIT, dialogue, listen

PAGE = "chapters/listen"
SPEEDS = (0.75, 1, 1.25, 1.5)
TRIANGLE = '<svg viewBox="0 0 10 10" aria-hidden="true"><path d="M2 0l8 5-8 5z"/></svg>'
AUDIO = re.compile(r'<audio [^>]*src="(\.\./_static/audio/(\w+)\.mp3)"></audio>.*')


def manifest(app) -> dict:
    return json.loads((Path(app.srcdir) / "_static/audio/manifest.json").read_text("utf-8"))


def conversations(app, docname, source):
    """Put all conversations, in order, on the page that plays them one after the other."""
    if docname != PAGE:
        return
    source_folder, recordings = Path(app.srcdir), manifest(app)
    minutes = sum(recorded["seconds"] for recorded in recordings.values()) / 60
    total = f"{len(recordings)} conversations, {minutes:.0f} minutes."
    parts = [source[0], total, f'<button type="button" class="all">{TRIANGLE}Play all</button>']
    for slug in recordings:
        text = dialogue(source_folder / f"chapters/{slug}.ipynb")
        text = re.sub(r'\(#([\w-]+)(?: "[^"]*")?\)', rf"({slug}.ipynb#\1)", text)
        size = (source_folder / f"_static/audio/{slug}.mp3").stat().st_size
        load = f'<a download href="../_static/audio/{slug}.mp3">MP3, {size / 1e6:.1f} MB</a>'
        parts.append(f"## [{CHAPTERS[slug].title}]({slug}.ipynb)\n\n{listen(slug).data}\n\n{text}\n\n{load}")
    source[0] = "\n\n".join(parts)


def players(app, doctree, docname):
    """Put our player in the place of each plain audio element, and nothing where nothing is recorded yet."""
    for paragraph in list(doctree.findall(nodes.paragraph)):
        if match := AUDIO.fullmatch(paragraph.astext()):
            recorded = manifest(app).get(match[2])
            made = player(match[1], match[2], recorded) if recorded else ""
            paragraph.replace_self(nodes.raw("", made, format="html"))


def player(address: str, slug: str, recorded: dict) -> str:
    name, seconds = html.escape(f"Conversation: {CHAPTERS[slug].title}"), recorded["seconds"]
    lines = " ".join(str(line["start"]) for line in recorded["lines"])
    links = " ".join(str(time) for line in recorded["lines"] for _, time in line["links"])
    speeds = "".join(
        f'<label><input type="radio" name="speed-{slug}" value="{speed}"{" checked" * (speed == 1)}>{speed}×</label>'
        for speed in SPEEDS
    )
    return f"""<div class="player"><div class="bar" role="group" aria-label="{name}">
<button type="button" class="play" aria-label="Play">{TRIANGLE}</button>
<input type="range" max="{int(seconds)}" value="0" aria-label="Place"><span class="time">0:00 / {clock(seconds)}</span>
<fieldset aria-label="Speed">{speeds}</fieldset>
<label class="follow"><input type="checkbox" checked>Scroll along</label><span role="status"></span></div></div>
<audio controls preload="none" src="{address}?{recorded["file"][:8]}" aria-label="{name}" data-slug="{slug}"
data-seconds="{seconds}" data-lines="{lines}" data-links="{links}"></audio>
<p class="voices">{CREDIT}</p>"""


def clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def script(app, error):
    """Put the player's script among the pages: what lies in _static every page loads at once."""
    if not error and app.builder.name == "html":
        shutil.copy(Path(__file__).with_name("listen.js"), Path(app.outdir) / "_static")


def setup(app):
    app.connect("source-read", conversations)
    app.connect("doctree-resolved", players)
    app.connect("build-finished", script)
    return {"parallel_read_safe": True}
