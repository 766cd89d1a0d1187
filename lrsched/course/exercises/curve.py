"""Your curve over the expected one, as an SVG picture that follows the colours of the page."""

from collections.abc import Sequence

import numpy as np

from lrsched.course.exercises.verdict import escaped

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 380, 150, 64, 22, 30


def picture(name: str, xs: Sequence, yours: np.ndarray, expected: np.ndarray, label: str) -> str:
    """Draw both against the argument `name`; a value holds until the next one, as a rate does."""
    scale = expected if np.ptp(expected) else np.append(expected, yours)
    low, high = scale.min(), scale.max()
    room = (high - low or abs(high) or 1.0) / 4
    bottom, top = low - room, high + room  # yours is cut there, so that the expected one keeps its shape

    def path(ys: np.ndarray) -> str:
        width = (WIDTH - LEFT) / len(xs)
        heights = TOP + (top - np.clip(ys, bottom, top)) / (top - bottom) * (HEIGHT - TOP - BOTTOM)
        moves = [f"M{LEFT} {heights[0]:.1f}"]
        for i, y in enumerate(heights):
            if i + 1 == len(heights) or heights[i + 1] != y:
                moves.append(f"H{LEFT + (i + 1) * width:.1f}")
                moves += [f"V{heights[i + 1]:.1f}"] if i + 1 < len(heights) else []
        return "".join(moves)

    def text(x: float, y: float, anchor: str, content: object) -> str:
        return f'<text x="{x}" y="{y:.0f}" text-anchor="{anchor}">{escaped(str(content))}</text>'

    tick = (HEIGHT - TOP - BOTTOM) * 0.25 / 1.5
    alt = text_alternative(name, xs, yours, expected, label)
    return (
        f'<svg role="img" aria-label="{escaped(alt)}" viewBox="0 0 {WIDTH} {HEIGHT}" fill="none" '
        f'stroke="currentColor" style="display:block;width:100%;max-width:{WIDTH}px;margin:.4em 0">'
        f'<path d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH}" stroke-opacity=".5"/>'
        f'<path d="{path(expected)}" stroke-width="7" stroke-opacity=".3"/>'
        f'<path d="{path(yours)}" stroke-width="2"/>'
        f'<g fill="currentColor" stroke="none" font-size="12" font-family="inherit">'
        + text(LEFT, 12, "start", f"thin: yours; wide and pale: {label}")
        + text(LEFT - 6, TOP + tick + 4, "end", f"{high:.3g}")
        + text(LEFT - 6, HEIGHT - BOTTOM - tick + 4, "end", f"{low:.3g}" if low < high else "")
        + text(LEFT, HEIGHT - 14, "start", xs[0])
        + text(WIDTH, HEIGHT - 14, "end", xs[-1])
        + text((LEFT + WIDTH) / 2, HEIGHT - 4, "middle", name)
        + "</g></svg>"
    )


def text_alternative(name: str, xs: Sequence, yours: np.ndarray, expected: np.ndarray, label: str) -> str:
    differing = np.flatnonzero(~np.isclose(yours, expected, rtol=1e-6, atol=1e-12))
    if not differing.size:
        return f"Your curve lies on the {label}."
    i = differing[0]
    return (
        f"Your curve leaves the {label} at {name} {xs[i]}: {yours[i]:.3g} in place of {expected[i]:.3g}. "
        f"{len(xs) - differing.size} of {len(xs)} values agree."
    )
