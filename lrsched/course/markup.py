"""From the course's plain text to HTML: `$...$` is mathematics, `` `...` `` is code."""

import html
import re
from collections.abc import Callable

from latex2mathml.converter import convert


def math(latex: str) -> str:
    """Return a formula as MathML, which needs no script in the page.

    >>> math("x")
    '<math display="inline"><mrow><mi>x</mi></mrow></math>'
    """
    close = '<mo lspace="0" rspace="0">/</mo>'  # as TeX sets it: browsers part the slash from what it divides
    return (
        convert(latex).replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "").replace("<mo>&#x0002F;</mo>", close)
    )


def to_html(text: str, math: Callable[[str], str] = math) -> str:
    """Return `text` as HTML; `math` turns a formula into HTML.

    >>> to_html("`a < b`")
    '<code>a &lt; b</code>'
    >>> to_html("$x$, then")
    '<span style="white-space: nowrap"><math display="inline"><mrow><mi>x</mi></mrow></math>,</span> then'
    """
    parts = re.split(r"\$(.+?)\$|`(.+?)`", text)
    plain, formulas, codes = parts[::3], parts[1::3], parts[2::3]
    out = html.escape(plain[0])
    for formula, code, rest in zip(formulas, codes, plain[1:], strict=True):
        made = math(formula) if formula else f"<code>{html.escape(code)}</code>"
        if formula and (stop := re.match(r"[.,:;?!)]+", rest)):  # before which WebKit ends a line
            made, rest = f'<span style="white-space: nowrap">{made}{stop[0]}</span>', rest[stop.end() :]
        out += made + html.escape(rest)
    return out
