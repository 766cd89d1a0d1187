"""How sure a ratio is when both arms were tuned: the error of tuning beside that of the seeds."""

import numpy as np

from lrsched import _check
from lrsched.intervals import Interval
from lrsched.training import Tuned

__all__ = ["tuned_ratio"]


def tuned_ratio(arm: Tuned, to: Tuned, *, draws: int = 1000) -> Interval:
    """Return the ratio of two tuned arms, with an interval that holds the error of tuning too.

    Each draw tunes both arms on a random half of the seeds, and races them at these rates, seed by seed, on a resample
    of the other half:

    ``mean over s in R of loss_arm(s, best_arm(T)) / loss_to(s, best_to(T))``,

    where T and R are the halves, and best_arm(T) is the rate with the lowest mean loss on T.
    The interval holds 95 % of the draws.

    Parameters
    ----------
    arm, to : Tuned
        What `tune` returned for each, with the same seeds, 8 or more.
    draws : whole number
        How often the seeds are divided.

    Returns
    -------
    Interval
        Of the ratio, without a unit.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If `draws` is no whole number of 1 or more, or the arms have other or too few seeds.

    Examples
    --------
    >>> from lrsched import SGD, Constant, LinearDecay, Quadratic, tune
    >>> valley, rates = Quadratic([0.1, 1], noise=0.5), np.geomspace(0.02, 1.28, 13)
    >>> constant = tune(valley, SGD(), Constant, rates, steps=100, seeds=16)
    >>> linear = tune(valley, SGD(), lambda lr: LinearDecay(lr, decay_steps=100), rates, steps=100, seeds=16)
    >>> tuned_ratio(linear, constant).mean < 1
    True
    """
    for name, tuned in (("arm", arm), ("to", to)):
        _check.instance(name, tuned, Tuned, "a Tuned, as `tune` returns it")
    draws = _check.number("draws", draws, "a whole number of 1 or more")
    seeds = arm.scores.shape[1]
    if to.scores.shape[1] != seeds or seeds < 8:
        raise ValueError(f"arm and to must have the same seeds, 8 or more, got {seeds} and {to.scores.shape[1]}")
    random, ratios = np.random.default_rng(0), []
    for _ in range(draws):
        tuning, race = np.split(random.permutation(seeds), [seeds // 2])
        race = random.choice(race, len(race))
        ours, theirs = (one.scores[one.scores[:, tuning].mean(axis=1).argmin(), race] for one in (arm, to))
        ratios.append((ours / theirs).mean())
    low, high = np.quantile(ratios, [0.025, 0.975])
    return Interval(float(np.mean(ratios)), float((high - low) / 2))
