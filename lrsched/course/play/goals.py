"""What a medal asks for, and who has it already."""

from collections.abc import Mapping

MARGIN = 0.998  # a medal asks for a little more than to be as good


def goals(rivals: Mapping[str, float], best: float, *, share: float = 0.5) -> dict[str, dict]:
    """The loss that each medal asks for, and whose it is.

    Bronze beats the best constant rate and silver every rival; gold goes the `share` of the way, in the logarithm, from
    the best rival to the best that is known.

    >>> goals({"constant": 1.0, "linear": 0.1}, 0.001)["gold"]
    {'loss': 0.01, 'of': ''}
    """
    name = min(rivals, key=rivals.__getitem__)
    return {
        "bronze": goal(MARGIN * rivals["constant"], "the best constant rate"),
        "silver": goal(MARGIN * rivals[name], f"the best rival: {name}"),
        "gold": goal(rivals[name] ** (1 - share) * best**share),
    }


def goal(loss: float, of: str = "") -> dict:
    return {"loss": float(f"{loss:.6g}"), "of": of}
