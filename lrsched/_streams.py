"""The streams of random numbers that a seed fixes: one for each use, so that none shifts another."""

import numpy as np

INIT, EXAMPLES, FIXED_LABELS, FRESH_LABELS, GRADIENT_NOISE = range(5)
BLOCK = 64  # updates whose random numbers are drawn at once


def stream(seed: int, use: int) -> "np.random.Generator":  # in quotes: NumPy loads it when it is first named
    return np.random.default_rng([seed, use])
