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
    return convert(latex).replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "")


def to_html(text: str, math: Callable[[str], str] = math) -> str:
    """Return `text` as HTML; `math` turns a formula into HTML.

    >>> to_html("`a < b`")
    '<code>a &lt; b</code>'
    """
    parts = re.split(r"\$(.+?)\$|`(.+?)`", text)
    plain, formulas, codes = parts[::3], parts[1::3], parts[2::3]
    out = html.escape(plain[0])
    for formula, code, rest in zip(formulas, codes, plain[1:], strict=True):
        out += (math(formula) if formula else f"<code>{html.escape(code)}</code>") + html.escape(rest)
    return out
