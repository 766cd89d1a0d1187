"""Fonts: those of the icons cut down to the icons in use, that of the headings to the letters of English."""

import base64
import re
from io import BytesIO
from pathlib import Path

from fontTools import subset


def icons(app, error):
    """Cut icon font and icon rules down to the icons that some page or stylesheet names."""
    if error or app.builder.name != "html":
        return
    out, rule = Path(app.outdir), re.compile(r'((?:\.fa-[a-z0-9-]+:before,?)+)\{content:"\\([0-9a-f]{1,4})"\}')
    sheet = out / "_static/styles/pydata-sphinx-theme.css"
    named = set(re.findall(r"fa-[a-z0-9-]+", "".join(p.read_text() for p in out.rglob("*.html"))))
    css = rule.sub(lambda m: m[0] if named & set(re.findall(r"fa-[a-z0-9-]+", m[1])) else "", sheet.read_text())
    sheet.write_text(css)
    css += (out / "_static/styles/sphinx-book-theme.css").read_text()
    used = re.findall("[\ue000-\uf8ff]", css) + [chr(int(c, 16)) for c in re.findall(r'content:"\\([0-9a-f]{4})"', css)]
    for path in (out / "_static/vendor/fontawesome/webfonts").glob("*.ttf"):
        path.with_suffix(".woff2").write_bytes(cut(path, used))


def headings(app):
    """Take the font of the headings from its package into a stylesheet: it is there when the page is painted."""
    font = Path(app.srcdir) / "node_modules/@fontsource/bricolage-grotesque/files"
    source = font / "bricolage-grotesque-latin-700-normal.woff2"
    letters = [*map(chr, range(0x20, 0x7F)), *"\u2013\u2019\u201c\u201d\u2026"]
    data = base64.b64encode(cut(source, letters, layout_features=["kern", "liga"])).decode()
    out = Path(app.outdir) / "_static"
    out.mkdir(parents=True, exist_ok=True)
    (out / "headings.css").write_text(
        f'@font-face {{ font-family: "Course Head"; font-weight: 700; src: url(data:font/woff2;base64,{data}) }}\n'
    )
    app.add_css_file("headings.css")


def cut(source: Path, characters: list[str], **options: object) -> bytes:
    """Return a font with these characters alone, as WOFF2."""
    options = subset.Options(flavor="woff2", **options)
    font, cutter = subset.load_font(source, options), subset.Subsetter(options)
    cutter.populate(text="".join(characters))
    cutter.subset(font)
    subset.save_font(font, made := BytesIO(), options)
    return made.getvalue()


def setup(app):
    app.connect("builder-inited", headings)
    app.connect("build-finished", icons)
    return {"parallel_read_safe": True}
