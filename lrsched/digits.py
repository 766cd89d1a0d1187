"""The 8x8 handwritten digits, and small networks that learn them: `Digits`, imported from `lrsched.problems`.

The 1,797 images are the test part of "Optical Recognition of Handwritten Digits" [alpaydin1998]_ by E. Alpaydin
and C. Kaynak, UCI Machine Learning Repository, licence CC BY 4.0, as distributed by scikit-learn.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise, repeat
from numbers import Real
from pathlib import Path

import numpy as np

from lrsched import _check
from lrsched._streams import BLOCK, EXAMPLES, FIXED_LABELS, FRESH_LABELS, INIT, stream
from lrsched.interfaces import Problem

__all__ = ["POOL", "Digits", "images_and_labels"]

POOL, PIXELS, CLASSES = 1397, 64, 10
ONE_HOT = np.eye(CLASSES)


@cache
def images_and_labels() -> tuple[np.ndarray, np.ndarray]:
    """All digits, the pool first.

    Returns
    -------
    images : array, (1797, 65)
        The 64 pixels, scaled to 0..1, less their means over the pool; and a one.
    labels : array of int, (1797,)
        The digit that each image shows.
    """
    with np.load(Path(__file__).with_name("data") / "digits.npz") as data:
        order = np.random.default_rng(0).permutation(len(data["labels"]))
        images, labels = data["images"][order] / 16, data["labels"][order].astype(int)
    images -= images[:POOL].mean(axis=0)
    return np.hstack([images, np.ones((len(images), 1))]), labels


def redraw(labels: np.ndarray, share: float, random: "np.random.Generator") -> np.ndarray:
    """Replace a `share` of the labels by uniformly random ones (each may be the right one again)."""
    chance = random.random((*labels.shape, 2))
    return np.where(chance[..., 0] < share, (chance[..., 1] * CLASSES).astype(int), labels)


def batch_sizes(given: object) -> int | tuple[tuple[int, int], ...]:
    """Return a batch size, or how many updates have which, as plain numbers."""
    if isinstance(given, Real) or _check.is_scalar(given):
        return _check.number("batch_size", given, "a whole number of 1 or more")
    if not isinstance(given, (Sequence, np.ndarray)) or isinstance(given, (str, bytes)):
        allowed = "a whole number of 1 or more, pairs (updates, batch size), or None"
        raise TypeError(f"batch_size must be {allowed}, got {given!r} ({type(given).__name__})")
    pairs = [_check.numbers(f"batch_size[{i}]", pair, "a whole number of 1 or more") for i, pair in enumerate(given)]
    if not pairs or any(len(pair) != 2 for pair in pairs):
        raise ValueError(f"batch_size must be pairs (updates, batch size), one or more, got {given!r}")
    return tuple((updates, size) for updates, size in pairs)


@dataclass(frozen=True, kw_only=True)
class Digits(Problem):
    """Logistic regression or a fully connected network on a pool of 1,397 digits; 400 more are the test split.

    Inputs are the 64 pixels, scaled to 0..1, less their means. The scores are ``loss``, ``excess`` (the loss less
    its floor) and ``accuracy`` (on the true labels, from 0 to 1). The data are those of [alpaydin1998]_.

    Parameters
    ----------
    hidden : sequence of int
        The numbers of units of the hidden layers; none is logistic regression.
    activation : "relu" or "tanh"
        What the hidden units apply to their input.
    loss : "cross_entropy" or "squared"
        Softmax cross-entropy (in nats), or half the squared distance to the one-hot label; the mean over the batch.
    batch_size : int, sequence of pairs (updates, int), or None
        The number of examples that an update sees, with replacement. Pairs change it on the way: ``((480, 16), (60,
        64))`` is 16 for 480 updates, then 64 for 60, and 64 from there on. None is the whole pool at every update,
        fresh noise averaged.
    label_noise : number
        The share of training labels, from 0 to below 1, that are replaced by uniformly random ones of the ten classes.
    fresh_noise : bool
        Redraw at every visit, so that nothing can be memorised: ``loss`` is then the expectation over the noise,
        and its floor that of the best possible prediction. Or once for each seed: then only the pool is noisy.
    label_seed : int or None
        With ``fresh_noise=False``, what fixes the wrong labels for the runs of all seeds, as if they had one data set.
        None draws them for each seed.
    init_scale : number
        Initial weights are normal with standard deviation ``init_scale * sqrt(2 / in)``, ``in`` the number of inputs
        of a unit; biases are 0.
    feature_decades : number
        Scale the features, in a fixed random order, by factors from 1 down to ``10 ** -feature_decades``.
    pool_size : int
        Use the first so many examples of the pool only, from 1 to 1,397.
    width_rule : "standard" or "mup"
        What changes with the width so that the best rate of `Adam` does not [yang2022]_: nothing, or two things. The
        output weights begin ``sqrt(base_width / in)`` times as large, and `lr_factors` divide the rates of all weights
        that hidden units feed.
    base_width : int
        The width at which ``width_rule="mup"`` changes nothing, 1 or more.
    start : array, (parameters,), or None
        The initial parameters of every run, such as those of a trained one. None draws them for each seed.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> problem = Digits(hidden=(32,), label_noise=0.3)
    >>> problem.init(range(4)).shape
    (4, 2410)
    >>> problem.metric, round(problem.floor, 3)
    ('excess', 1.177)
    """

    hidden: Sequence[int] = ()
    activation: str = "relu"
    loss: str = "cross_entropy"
    batch_size: int | Sequence[tuple[int, int]] | None = 32
    label_noise: float = 0.0
    fresh_noise: bool = True
    label_seed: int | None = None
    init_scale: float = 1.0
    feature_decades: float = 0.0
    pool_size: int = POOL
    width_rule: str = "standard"
    base_width: int = 32
    start: Sequence[float] | np.ndarray | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        _check.arguments(self)
        object.__setattr__(self, "hidden", _check.numbers("hidden", self.hidden, "a whole number of 1 or more"))
        if self.batch_size is not None:
            object.__setattr__(self, "batch_size", batch_sizes(self.batch_size))
        if self.pool_size > POOL:
            raise ValueError(f"pool_size must be at most {POOL}, got {self.pool_size}")
        if self.label_seed is not None:
            seed = _check.number("label_seed", self.label_seed, "a whole number of 0 or more")
            if self.fresh_noise:
                raise ValueError(f"label_seed must be None with fresh_noise=True, got {seed}")
            object.__setattr__(self, "label_seed", seed)
        if self.start is not None:
            start = _check.numbers("start", self.start, "a finite number")
            if len(start) != self._size:
                raise ValueError(f"start must be {self._size} numbers, one a parameter, got {len(start)}")
            object.__setattr__(self, "start", tuple(map(float, start)))

    @property
    def metric(self) -> str:
        """The score by which runs are compared: ``excess`` where there is a floor, else ``loss``."""
        return "excess" if self.floor else "loss"

    @property
    def floor(self) -> float:
        """The expected loss of the best possible prediction: 0 unless labels are redrawn at every visit."""
        chances = self._expected(np.array(0))
        if self.loss == "squared":
            return float(np.sum(chances * (1 - chances)) / 2)
        return float(-np.sum(chances * np.log(chances, where=chances > 0, out=np.zeros(CLASSES))))

    @property
    def stretches(self) -> tuple[int, ...]:
        """The numbers of parameters of the first layer's weights, its biases, those of the second, and so on.

        They are the ``sizes`` of `Grouped`, for a rate of each layer.
        """
        return tuple(size for n_in, n_out in self._shapes for size in (n_in * n_out, n_out))

    @property
    def lr_factors(self) -> tuple[float, ...]:
        """What the width rule multiplies the rate of each of `stretches` by: the ``factors`` of `Grouped`, for `Adam`.

        With ``"mup"`` they are ``base_width / in`` for the weights of all layers but the first, else 1.
        """
        wide = [1.0, *(self.base_width / n_in if self.width_rule == "mup" else 1.0 for n_in, _ in self._shapes[1:])]
        return tuple(factor for weights in wide for factor in (weights, 1.0))

    def init(self, seeds: Sequence[int]) -> np.ndarray:
        seeds = _check.numbers("seeds", seeds, "a whole number of 0 or more")
        if self.start is not None:
            return np.tile(self.start, (len(seeds), 1))
        params = np.zeros((len(seeds), self._size))
        for row, seed in zip(params, seeds, strict=True):
            random = stream(seed, INIT)
            for weights in self._layers(row[None]):
                n_in, n_out = weights[0, :-1].shape
                weights[0, :-1] = self.init_scale * np.sqrt(2 / n_in) * random.standard_normal((n_in, n_out))
            if self.hidden and self.width_rule == "mup":
                weights[0, :-1] *= np.sqrt(self.base_width / n_in)
        return params

    def batches(self, seeds: Sequence[int], steps: int, start: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Return what the runs see at each update.

        Parameters
        ----------
        seeds : sequence of int, (runs,)
            One a run.
        steps : int
            The number of updates.
        start : int
            The index of the first of them.

        Yields
        ------
        inputs : array, (runs or 1, 65, batch)
            The pixels of the examples, less their means, and a one.
        targets : array, (runs or 1, 10, batch)
            The chance of each class; a whole pool without fixed noise is the same for all runs.
        """
        images, labels = self._labels_of("train", seeds)
        if self.batch_size is None:
            yield from repeat(self._whole(images, labels), steps)
            return
        examples = [stream(seed, EXAMPLES) for seed in seeds]
        redraws = [stream(seed, FRESH_LABELS) for seed in seeds]
        for first, shape in self._blocks(start + steps):
            # intp: the browser's Python has 32 bits, and there `take` refuses the 64 that are drawn
            picks = [random.integers(len(images), size=shape).astype(np.intp) for random in examples]
            targets = [own[pick] for own, pick in zip(labels, picks, strict=True)]
            if self._fresh:
                targets = [redraw(own, self.label_noise, random) for own, random in zip(targets, redraws, strict=True)]
            for t, *drawn in zip(range(first, first + shape[0]), np.stack(picks, 1), np.stack(targets, 1), strict=True):
                if t >= start:
                    pick, label = drawn
                    yield images.take(pick, axis=0).swapaxes(1, 2), ONE_HOT.take(label, axis=0).swapaxes(1, 2)

    def loss_and_grads(self, params: np.ndarray, batch: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        inputs, targets = batch  # forward and backward through all runs at once
        grads = np.empty_like(params)
        layers = self._layers(params)
        activations, outputs = self._forward(layers, inputs)
        losses, delta = self._loss_and_delta(outputs, targets)
        for i, own in self._backward(layers, activations, delta):
            np.matmul(activations[i], own.swapaxes(1, 2), out=self._layers(grads)[i])
        return losses, grads

    def evaluate(self, params: np.ndarray, seeds: Sequence[int], split: str = "train") -> dict[str, np.ndarray]:
        """The scores of finished runs.

        Parameters
        ----------
        params : array, (runs, parameters)
            Where the runs ended.
        seeds : sequence of int, (runs,)
            One a run; they matter only where each has its own fixed label noise.
        split : "train" or "test"
            The pool, or the 400 other digits.

        Returns
        -------
        dict of array, (runs,)
            ``loss`` and ``excess`` in the unit of the loss, ``accuracy`` from 0 to 1.
        """
        params = _check.runs(params, self._size, seeds)
        images, labels = self._labels_of(split, seeds)
        _, truth = self._split(split)
        losses, accuracy = np.empty((2, len(params)))
        for i, row in enumerate(params[:, None]):  # one run at a time stays in the cache
            inputs, targets = self._whole(images, labels[i : i + 1])
            _, outputs = self._forward(self._layers(row), inputs)
            losses[i] = self._loss_and_delta(outputs, targets)[0][0]
            accuracy[i] = np.mean(outputs[0].argmax(axis=0) == truth)
        return {"loss": losses, "excess": losses - self.floor, "accuracy": accuracy}

    def predict(self, params: np.ndarray, split: str = "train") -> np.ndarray:
        """The chance that a network gives each class of each image.

        The mean over runs is the prediction of an ensemble: ``predict(params, "test").mean(axis=0).argmax(axis=-1)``,
        to compare with `labels`.

        Parameters
        ----------
        params : array, (runs, parameters)
            The networks.
        split : "train" or "test"
            The pool, or the 400 other digits.

        Returns
        -------
        array, (runs, images, 10)
            From 0 to 1, and 1 in all; with ``loss="squared"`` the outputs as they are.

        Raises
        ------
        ValueError
            If `params` has the wrong shape, or there is no such split.
        """
        params = self._points(params)
        inputs = self._split(split)[0].T[None]
        chances = np.empty((len(params), inputs.shape[2], CLASSES))
        for own, row in zip(chances, params[:, None], strict=True):  # one run at a time stays in the cache
            _, [outputs] = self._forward(self._layers(row), inputs)
            if self.loss == "cross_entropy":
                outputs = np.exp(outputs - outputs.max(axis=0))
                outputs /= outputs.sum(axis=0)
            own[:] = outputs.T
        return chances

    def labels(self, split: str = "train") -> np.ndarray:
        """The digit that each image of a split shows, without noise.

        Parameters
        ----------
        split : "train" or "test"
            The pool, or the 400 other digits.

        Returns
        -------
        array of int, (images,)
            From 0 to 9.

        Raises
        ------
        ValueError
            If there is no such split.
        """
        return self._split(split)[1]

    def noise_scale(self, params: np.ndarray, seeds: Sequence[int] | np.ndarray) -> np.ndarray:
        """The batch size at which the noise of a gradient is as large as the gradient [mccandlish2018]_.

        ``trace(covariance) / |mean|**2`` of the gradients of single examples, exact over the pool and the noise of its
        labels; ``B_simple`` of the paper. Below it, twice the batch makes nearly twice the progress an update.

        Parameters
        ----------
        params : array, (runs, parameters)
            Where to measure.
        seeds : sequence of int, (runs,)
            One a run; they matter only where each has its own fixed label noise.

        Returns
        -------
        array, (runs,)
            In examples.

        Raises
        ------
        ValueError
            If `params` has the wrong shape, or `seeds` are not one a run.
        """
        params, seeds = _check.runs(params, self._size, seeds), tuple(seeds)
        images, labels = self._labels_of("train", seeds)
        scales = np.empty(len(params))
        for i, row in enumerate(params[:, None]):
            inputs, targets = self._whole(images, labels[i : i + 1])
            layers = self._layers(row)
            activations, outputs = self._forward(layers, inputs)
            lengths = [np.sum(units**2, axis=1) for units in activations]
            squares = 0.0  # the mean squared length of the gradient of one example
            for label, chances in zip(ONE_HOT, targets[0], strict=True):
                if chances.any():
                    _, delta = self._loss_and_delta(outputs, np.broadcast_to(label[:, None], targets.shape))
                    delta *= len(images)
                    for k, own in self._backward(layers, activations, delta):
                        squares += np.mean(chances * lengths[k] * np.sum(own**2, axis=1))
            mean = np.sum(self.loss_and_grads(row, (inputs, targets))[1] ** 2)
            scales[i] = (squares - mean) / mean
        return scales

    def sharpness(
        self,
        params: np.ndarray,
        seeds: Sequence[int] | np.ndarray = (),
        tolerance: float = 1e-3,
        scale: float | np.ndarray | None = None,
    ) -> np.ndarray:
        """The largest curvature of the loss on the whole pool, by Lanczos' iteration.

        Full-batch gradient descent is stable for rates below 2 / sharpness. With a `scale`, parameters are measured in
        its units: the largest eigenvalue of ``scale * H * scale``, where H is the Hessian. At ``scale = P ** -0.5``
        that is the preconditioned sharpness of an optimiser that divides gradients by P [cohen2022]_.

        Parameters
        ----------
        params : array, (runs, parameters)
            Where to measure.
        seeds : sequence of int, (runs,)
            Those of the runs; needed only where each has its own fixed label noise.
        tolerance : number
            Stop when two more steps have changed the curvature of a run by at most this share, above 0.
        scale : None, number or array that broadcasts to (runs, parameters)
            The unit of each parameter, 0 or more; None is 1.

        Returns
        -------
        array, (runs,)
            The curvature of each run, in units of loss by squared parameter; NaN where gradients are not finite.

        Raises
        ------
        TypeError
            If an argument is of another type.
        ValueError
            If `params` or `scale` has the wrong shape, a number is out of range, or `seeds` are needed and are not one
            a run.
        """
        tolerance = _check.argument("tolerance", tolerance)
        params = self._points(params)
        seeds = _check.numbers("seeds", seeds, "a whole number of 0 or more")
        if len(seeds) != len(params) and (seeds or (self.label_noise and not self.fresh_noise)):
            raise ValueError(f"seeds must be one for each of {len(params)} runs, got {len(seeds)}")
        units = _check.array(
            "scale", 1.0 if scale is None else scale, "None, a number or an array of numbers of 0 or more"
        )
        try:
            units = np.broadcast_to(units, params.shape)
        except ValueError:
            raise ValueError(f"scale must broadcast to the shape {params.shape} of params, got {units.shape}") from None
        if not np.all((units >= 0) & np.isfinite(units)):
            raise ValueError(f"scale must be numbers of 0 or more, got {scale!r}")
        images, labels = self._labels_of("train", seeds or [0] * len(params))
        return np.array(
            [
                self._sharpness(row, self._whole(images, own[None]), unit, tolerance)
                for row, own, unit in zip(params, labels, units, strict=True)
            ]
        )

    def _sharpness(
        self, params: np.ndarray, batch: tuple[np.ndarray, np.ndarray], scale: np.ndarray, tolerance: float
    ) -> float:
        """The sharpness of a single run, which does not depend on those beside it."""
        hessian, steps = self._hessian(params[None], batch), 200
        direction = np.random.default_rng(0).standard_normal(len(params))
        direction /= np.linalg.norm(direction)
        before, beside, found = np.zeros_like(direction), 0.0, [0.0, 0.0]
        tridiagonal = np.zeros((steps, steps))  # what the Hessian is in the directions so far
        for k in range(steps):
            bent = scale * hessian(scale * direction) - beside * before
            tridiagonal[k, k] = along = direction @ bent
            if not np.isfinite(along):
                return np.nan
            found.append(float(np.linalg.eigvalsh(tridiagonal[: k + 1, : k + 1])[-1]))
            bent -= along * direction
            beside = float(np.linalg.norm(bent))
            # two steps, for one alone may add a direction that happens to matter little
            if abs(found[-1] - found[-3]) <= tolerance * abs(found[-1]) or beside == 0:
                break
            tridiagonal[k + 1 : k + 2, k] = beside
            before, direction = direction, bent / beside
        return found[-1]

    def _hessian(self, params: np.ndarray, batch: tuple[np.ndarray, np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
        """What multiplies a direction by the Hessian of a single run: `loss_and_grads`, differentiated along it.

        Exact, for a difference of gradients sees any curvature where a unit of a relu network switches.
        """
        inputs, targets = batch
        layers = self._layers(params)
        activations, outputs = self._forward(layers, inputs)
        _, delta = self._loss_and_delta(outputs, targets)
        images = outputs.shape[2]
        chances = delta * images + targets
        deltas = [own for _, own in self._backward(layers, activations, delta)][::-1]
        slopes: list[np.ndarray] = []  # of the units that leave each layer, and how they bend the loss
        bends: list[np.ndarray | float] = []
        for above, weights, own in zip(activations[1:], layers[1:], deltas[1:], strict=True):
            units = above[:, :-1]
            slopes.append(self._slope(units))
            bends.append(0.0 if self.activation == "relu" else -2 * units * (weights[:, :-1] @ own))

        def times(direction: np.ndarray) -> np.ndarray:
            turns = self._layers(direction[None])
            moves: list[np.ndarray] = []  # of the units that leave each layer
            for i, turn in enumerate(turns):
                move = turn.swapaxes(1, 2) @ activations[i]
                if i > 0:
                    move += layers[i][:, :-1].swapaxes(1, 2) @ moves[-1]
                moves.append(move * slopes[i] if i < len(slopes) else move)
            back = moves.pop()  # of the delta of each layer, from the last on
            if self.loss == "cross_entropy":
                back = chances * (back - (chances * back).sum(axis=1, keepdims=True))
            back = back / images
            product = np.empty_like(params)
            for i in reversed(range(len(layers))):
                own = self._layers(product)[i]
                np.matmul(activations[i], back.swapaxes(1, 2), out=own)
                if i > 0:
                    own[:, :-1] += moves[i - 1] @ deltas[i].swapaxes(1, 2)
                    back = (layers[i][:, :-1] @ back + turns[i][:, :-1] @ deltas[i]) * slopes[i - 1]
                    back += bends[i - 1] * moves[i - 1]
            return product[0]

        return times

    @property
    def _shapes(self) -> list[tuple[int, int]]:
        """The numbers of inputs and outputs of each layer."""
        return [*pairwise((PIXELS, *self.hidden, CLASSES))]

    @property
    def _size(self) -> int:
        """The number of parameters."""
        return sum((n_in + 1) * n_out for n_in, n_out in self._shapes)

    def _points(self, params: object) -> np.ndarray:
        points = _check.points("params", params, self._size)
        if points.ndim != 2:
            raise ValueError(f"params must have the shape (runs, {self._size}), got {points.shape}")
        return points

    def _blocks(self, stop: int) -> Iterator[tuple[int, tuple[int, int]]]:
        """The updates whose examples are drawn at once: the first, and their number and batch size."""
        sizes = self.batch_size if isinstance(self.batch_size, tuple) else ((stop, self.batch_size),)
        first = 0
        for i, (updates, size) in enumerate(sizes):
            end = stop if i == len(sizes) - 1 else min(stop, first + updates)
            while first < end:
                yield first, (min(BLOCK, end - first), size)
                first = min(first + BLOCK, end)

    @property
    def _fresh(self) -> bool:
        return self.label_noise > 0 and self.fresh_noise

    def _split(self, split: str) -> tuple[np.ndarray, np.ndarray]:
        _check.argument("split", split)
        part = slice(self.pool_size) if split == "train" else slice(POOL, None)
        images, labels = images_and_labels()
        scales = np.ones(PIXELS + 1)
        scales[:-1] = np.random.default_rng(0).permutation(np.logspace(0, -self.feature_decades, PIXELS))
        return images[part] * scales, labels[part]

    def _labels_of(self, split: str, seeds: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """The images of a split and the labels that each seed has for them, ``(runs, images)``."""
        images, labels = self._split(split)
        if split == "train" and self.label_noise and not self.fresh_noise:
            fixed = seeds if self.label_seed is None else [self.label_seed] * len(seeds)
            own = [redraw(labels, self.label_noise, stream(seed, FIXED_LABELS)) for seed in fixed]
            return images, np.array(own)
        return images, np.broadcast_to(labels, (len(seeds), len(labels)))

    def _expected(self, labels: np.ndarray) -> np.ndarray:
        """The chances of each class where `labels` are the true ones."""
        share = self.label_noise if self._fresh else 0.0
        return (1 - share) * ONE_HOT[labels] + share / CLASSES

    def _whole(self, images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """All images as one batch; redrawn labels are replaced by their expectation."""
        return images.T[None], self._expected(labels).swapaxes(1, 2)

    def _layers(self, params: np.ndarray) -> list[np.ndarray]:
        """The weights of each layer, ``(runs, in + 1, out)``, as views of the flat parameters; last come biases."""
        layers, start = [], 0
        for n_in, n_out in self._shapes:
            stop = start + (n_in + 1) * n_out
            layers.append(params[:, start:stop].reshape(len(params), n_in + 1, n_out))
            start = stop
        return layers

    def _forward(self, layers: list[np.ndarray], inputs: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        """What enters each layer, ``(runs, in + 1, batch)`` with a row of ones last, and the outputs."""
        activations = [inputs]
        for weights in layers[:-1]:
            outputs = weights.swapaxes(1, 2) @ activations[-1]
            runs, units, batch = outputs.shape
            above = np.empty((runs, units + 1, batch))
            above[:, -1] = 1
            if self.activation == "relu":
                np.maximum(outputs, 0, out=above[:, :-1])
            else:
                np.tanh(outputs, out=above[:, :-1])
            activations.append(above)
        return activations, layers[-1].swapaxes(1, 2) @ activations[-1]

    def _backward(
        self, layers: list[np.ndarray], activations: list[np.ndarray], delta: np.ndarray
    ) -> Iterator[tuple[int, np.ndarray]]:
        """The derivative by what each layer sums up, ``(runs, out, batch)``, from the last layer to the first."""
        for i in reversed(range(len(layers))):
            yield i, delta
            if i > 0:
                delta = layers[i][:, :-1] @ delta
                delta *= self._slope(activations[i][:, :-1])

    def _slope(self, units: np.ndarray) -> np.ndarray:
        """The derivative of hidden units by what they are applied to."""
        return units > 0 if self.activation == "relu" else 1 - units**2

    def _loss_and_delta(self, outputs: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The mean loss of each run and its derivative by the outputs."""
        if self.loss == "squared":
            delta = outputs - targets
            losses = (delta**2 + targets * (1 - targets)).sum(axis=(1, 2)) / 2
        else:
            outputs = outputs - outputs.max(axis=1, keepdims=True)
            delta = np.exp(outputs)
            total = delta.sum(axis=1, keepdims=True)
            losses = np.log(total).sum(axis=(1, 2)) - (targets * outputs).sum(axis=(1, 2))
            delta *= 1 / total
            delta -= targets
        share = 1 / outputs.shape[2]
        delta *= share
        return losses * share, delta
