"""Exercises: the learning rate."""

from math import sqrt

import numpy as np

from lrsched.course.exercises.functions import function
from lrsched.course.exercises.sheet import Sheet
from lrsched.course.exercises.tasks import Choice, Number
from lrsched.optimizers import SGD
from lrsched.problems import Digits, Quadratic
from lrsched.schedules import Constant
from lrsched.training import train


@function(
    title="One update",
    section="The formula",
    cases=[
        (4.0, 1.0, 2.0, 0.1),
        (3.0, 1.0, 2.0, 0.8),
        (-1.7, 1.3, 4.1, 0.23),
        (0.62, 0.62, 3.3, 0.2),
        (2.71, 0.0, 5.3, 0.37),
        (-2.3, -3.14, 0.7, 1.9),
        (913.7, -0.41, 0.013, 0.59),
        (7.3, 150.3, 0.0031, 137.1),
        (0.37, -0.21, 211.7, 0.0031416),
    ],
    curve=("weight", range(-5, 6)),
    mistakes=[
        (
            lambda w, best, c, lr: w + lr * c * (w - best),
            "You go uphill: the slope says where the loss rises, so subtract it.",
        ),
        (
            lambda w, best, c, lr: w - lr * (w - best),
            "The curvature is missing: the slope is `curvature` times the distance from `best`.",
        ),
        (
            lambda w, best, c, lr: w - lr * c * w,
            "Your slope is that of a valley at 0. This one lies at `best`: take the distance from there.",
        ),
        (
            lambda w, best, c, lr: w - lr * c * (w - best) ** 2,
            "You square the distance: that is in the loss. The slope is its derivative.",
        ),
        (
            lambda w, best, c, lr: w - 2 * lr * c * (w - best),
            "Your slope is twice too steep: the half in the loss cancels the 2 of the derivative.",
        ),
        (
            lambda w, best, c, lr: w - lr * c * (w - best) ** 2 / 2,
            "You subtract the loss. Take its slope: the derivative with respect to `weight`.",
        ),
        (
            lambda w, best, c, lr: w - lr * c / 2 * (w - best),
            "Your slope is half as steep as it is: the 2 of the derivative cancels the half in the loss.",
        ),
        (
            lambda w, best, c, lr: w - lr,
            "You take the rate for the step. It multiplies the slope first.",
        ),
        (
            lambda w, best, c, lr: w - lr * c,
            "You take the curvature for the slope. The slope grows with the distance from `best`.",
        ),
        (
            lambda w, best, c, lr: w - c * (w - best),
            "The rate is missing: it says how much of the slope to subtract.",
        ),
        (
            lambda w, best, c, lr: w - lr * c * w - best,
            "You subtract `best` as a whole, or lost a pair of brackets: the distance is `(weight - best)`.",
        ),
        (
            lambda w, best, c, lr: w - lr * c * w + best,
            "You add `best` as a whole, or lost a pair of brackets: the distance is `(weight - best)`.",
        ),
        (
            lambda w, best, c, lr: w - lr * (c * w - best),
            "The curvature multiplies the whole distance, `best` included: set brackets round `weight - best`.",
        ),
        (
            lambda w, best, c, lr: w - lr * c * abs(w - best),
            "You lost the sign of the slope: left of `best` it is negative, and the weight has to move to the right.",
        ),
        (
            lambda w, best, c, lr: (1 - lr * c) * (w - best),
            "That is how far from `best` the new weight is. The weight itself is asked for.",
        ),
        (
            lambda w, best, c, lr: best - lr * c * (w - best),
            "You start from `best`. The update starts from `weight`.",
        ),
        (
            lambda w, best, c, lr: lr * c * (w - best),
            "That is how far the weight moves. Subtract it from `weight`.",
        ),
        (
            lambda w, best, c, lr: -lr * c * (w - best),
            "That is the step alone. Add it to `weight`.",
        ),
        (
            lambda w, best, c, lr: c * (w - best),
            "That is the slope. The update subtracts the rate times the slope from `weight`.",
        ),
    ],
    hints=(
        "What is the slope of the loss at `weight`? Is it positive or negative to the right of `best`?",
        "An update subtracts the rate times the slope.",
        "The slope is `curvature * (weight - best)`.",
    ),
    why="The distance from `best` is multiplied by `1 - lr * curvature`, wherever the valley lies.",
)
def one_update(weight, best, curvature, lr):
    return weight - lr * curvature * (weight - best)


read_curvature = Number(
    title="Read the curvature off a run",
    section="The formula",
    answer=(1 + 0.75) / 0.5,
    mistakes=[
        (0.5, "The signs alternate, so the factor is -0.75, not 0.75."),
        (1.75, "That is rate times curvature. The rate is 0.5."),
        (0.875, "You multiply by the rate. Rate times curvature is 1.75: divide."),
        (-0.75, "That is the factor of each update, which is 1 less rate times curvature."),
        (
            0.75,
            "That is the size of the factor of each update. Its sign counts, and it is 1 less rate times curvature.",
        ),
        (-1.5, "You divide the factor by the rate. The factor is 1 less rate times curvature."),
        (1.5, "You divide the size of the factor by the rate. The factor is 1 less rate times curvature."),
        (4, "That would hold if each weight were minus the one before. Here they shrink."),
        (7, "You divide by the rate twice."),
    ],
    hints=(
        "By which factor is each weight multiplied to give the next? Mind its sign.",
        "The factor is 1 less rate times curvature.",
        "Here the factor is -6 / 8, and the rate in it is 0.5.",
    ),
    why="Each weight is -0.75 times the one before, so rate times curvature is 1.75, and the rate is 0.5.",
)


growth = Number(
    title="What would 3/L do?",
    section="The digits",
    answer=4,
    mistakes=[
        (2, "That is how fast the weight grows. The loss goes with its square."),
        (-2, "That is the factor of the weight. The loss goes with its square."),
        (3, "The rate is three times 1/L, but the factor of the weight is 1 less that."),
        (9, "You square 3. The factor of the weight is 1 less rate times curvature: square that."),
        (1.5, "The rate is 1.5 times the limit. What does that do to the factor of the weight?"),
        (2.25, "You square how far the rate is above the limit. Square the factor of the weight."),
        (16, "You square once too often: the weight grows by 2, the loss by its square."),
        (1, "That happens exactly at the limit, 2/L."),
        (-4, "A loss is never negative: the square of the factor has no sign."),
        (0.25, "The loss grows: you turned the factor upside down."),
    ],
    hints=(
        "What is rate times curvature in the steepest direction?",
        "The weight is multiplied by 1 less that, and the loss by the square of the factor.",
        "At the rate 3/L rate times curvature is 3: which factor does that leave, and which square?",
    ),
    why="The weight is multiplied by -2 and the loss by 4: after ten updates it has grown a million times.",
)


other_directions = Choice(
    title="And the flat directions?",
    section="The digits",
    answer="d",
    options={
        "a": "Directions do not mix in a bowl: each has its own factor, 1 less rate times its own curvature.",
        "b": "With a curvature of L/3 rate times curvature is 1. What is the factor then?",
        "c": "A factor of -1 needs rate times curvature to be 2. Here it is 3/L times L/3.",
        "d": "There the factor is 0: done in one update, while the steepest direction explodes. "
        "One rate serves all directions: that is the trouble which momentum and adaptive methods ease.",
    },
    hints=(
        "Does the factor of one direction depend on the curvature of another?",
        "The factor is 1 less rate times curvature.",
        "Put in the rate 3/L and the curvature L/3.",
    ),
)


sum_or_mean = Choice(
    title="Sum or mean?",
    section="The rate is not the size of the step",
    answer="a",
    options={
        "a": "The slope is 32 times as steep, so a rate 32 times smaller makes the same steps.",
        "b": "The best weights are the same, but the way there is not: every slope is now 32 times as steep.",
        "c": "That makes the steps 32 times longer once more. The slope has grown already.",
        "d": "A root comes in where noise is averaged. Here every slope is multiplied by exactly 32.",
    },
    hints=(
        "What happens to the slope when the loss is multiplied by 32?",
        "The step is the rate times the slope. It is to stay the same.",
        "The rate has to make up for a slope that is 32 times as steep.",
    ),
)


def descend_by_length(weight, curvature, lr, updates):
    weights = []
    for _ in range(updates):
        slope = curvature * weight
        weight = weight - lr * slope / abs(slope)
        weights.append(weight)
    return weights


def weights_after(weight, updates, step):
    """The weights after each update, where `step` says what to subtract."""
    weights = []
    for _ in range(updates):
        weight = weight - step(weight)
        weights.append(weight)
    return weights


@function(
    title="Find the bug",
    section="The rate is not the size of the step",
    given=descend_by_length,
    cases=[
        (1.0, 4.0, 0.1, 6),
        (-2.0, 4.0, 0.3, 6),
        (3.0, 0.5, 0.5, 5),
        (1.37, 2.9, 0.41, 7),
        (0.0, 3.1, 0.2, 4),
        (1.7, 4.0, 0.25, 3),
        (2.3, 1.7, 0.1, 0),
        (-40.0, 1.1, 1.9, 3),
        (137.7, 0.0029, 111.3, 3),
        (0.9, 151.3, 0.0021, 3),
        (1.3, 0.7, 0.11, 102),
    ],
    curve="update",
    mistakes=[
        (
            lambda w, c, lr, n: weights_after(w, n, lambda v: lr if c * v > 0 else -lr),
            "Each step is as long as the rate, whatever the slope is. Let it be the rate times the slope.",
        ),
        (
            lambda w, c, lr, n: weights_after(w, n + 1, lambda v: lr * c * v),
            "Your list has one weight too many at its end: do as many updates as `updates` says.",
        ),
        (
            lambda w, c, lr, n: weights_after(w, n, lambda v: lr * np.sign(c * v)),
            "Each step is still as long as the rate, and the slope only gives its side. Let the slope be as long as "
            "it is.",
        ),
        (
            lambda w, c, lr, n: weights_after(w, n, lambda v: lr * c * v / (1 + abs(c * v))),
            "Your step still has a limit, however steep it is: do not divide the slope by anything.",
        ),
        (
            lambda w, c, lr, n: weights_after(w, n, lambda v: c * v),
            "The rate is missing: it says how much of the slope to subtract.",
        ),
        (
            lambda w, c, lr, n: weights_after(w, n, lambda v: lr * c),
            "You subtract the same in every update. The slope is `curvature` times the weight.",
        ),
        (
            lambda w, c, lr, n: weights_after(w, n, lambda v: 2 * lr * c * v),
            "Your slope is twice too steep: the half in the loss cancels the 2 of the derivative.",
        ),
        (
            lambda w, c, lr, n: weights_after(w, n, lambda v: lr * c * v / 2),
            "Your slope is half as steep as it is: the 2 of the derivative cancels the half in the loss.",
        ),
        (
            lambda w, c, lr, n: [w, *weights_after(w, n, lambda v: lr * c * v)],
            "Your list has one weight too many: it begins after the first update, not with the start.",
        ),
        (
            lambda w, c, lr, n: weights_after(w, n, lambda v: lr * abs(c * v)),
            "You lost the sign of the slope: left of the minimum the weight has to move to the right.",
        ),
        (
            lambda w, c, lr, n: weights_after(w, n, lambda v: lr * v),
            "The curvature is missing. Keep `slope`, and multiply it by the rate.",
        ),
        (
            lambda w, c, lr, n: weights_after(w, n, lambda v: -lr * c * v),
            "Now it goes uphill. Subtract the rate times the slope.",
        ),
        (
            lambda w, c, lr, n: weights_after(w, n, lambda v: lr * c * w),
            "You use the slope of the start for ever. Work it out anew before each update.",
        ),
        (
            lambda w, c, lr, n: [w, *weights_after(w, n, lambda v: lr * c * v)][:n],
            "You record each weight before its update. Record it afterwards.",
        ),
    ],
    hints=(
        "How far does the weight move in each update of the given program? Does the slope matter?",
        "`slope / abs(slope)` is 1 or -1, whatever the slope is.",
        "The step is the rate times the slope, and nothing else.",
    ),
    why="Divided by its length, a slope says only left or right, so the weight hops to and fro at a distance "
    "up to the rate. A step that shrinks with the slope settles.",
)
def descend(weight, curvature, lr, updates):
    weights = []
    for _ in range(updates):
        slope = curvature * weight
        weight = weight - lr * slope
        weights.append(weight)
    return weights


def losses(curvatures, lr, updates):
    """The losses of a run in a bowl."""
    return Quadratic(curvatures).expected_loss(lambda t: lr, updates).tolist()


@function(
    title="Read L off an explosion",
    section="The digits",
    cases=[
        (losses([10], 0.3, 5), 0.3),
        (losses([3.7320508], 0.61, 8), 0.61),
        (losses([8.2137, 1.13, 0.2], 0.29, 60), 0.29),
        (losses([5.1716, *[3] * 30], 0.5, 80), 0.5),
        (losses([0.3734567, 0.011], 6.4, 70), 6.4),
        (losses([0.0137], 150.0, 9), 150.0),
        (losses([141.42], 0.015, 9), 0.015),
    ],
    mistakes=[
        (
            lambda ls, lr: (1 + (ls[-1] / ls[0]) ** (0.5 / (len(ls) - 1))) / lr,
            "You take the growth over the whole run. At the start all directions are in the loss: look at the end "
            "alone.",
        ),
        (
            lambda ls, lr: (sqrt(ls[-1] / ls[-2]) - 1) / lr,
            "The growth of the weight is rate times curvature *less* 1: to get back, add the 1.",
        ),
        (
            lambda ls, lr: 1 / lr,
            "That is the curvature for which this rate would arrive in one update. The run explodes, so L is larger.",
        ),
        (
            lambda ls, lr: 1 + sqrt(ls[-1] / ls[-2]) / lr,
            "Brackets are missing: the rate divides the 1 as well.",
        ),
        (
            lambda ls, lr: (1 + (ls[-1] / ls[-2]) ** 2) / lr,
            "You square the ratio. The loss goes with the square of the weight: take the root.",
        ),
        (
            lambda ls, lr: (1 + ls[-1] / ls[-2] / 2) / lr,
            "You halve the ratio. A root is something else: the loss is multiplied by the *square* of the weight's "
            "factor.",
        ),
        (
            lambda ls, lr: (1 + ls[-1] / ls[-2]) / lr,
            "The loss goes with the square of the weight: take the root of the ratio.",
        ),
        (
            lambda ls, lr: (1 - sqrt(ls[-1] / ls[-2])) / lr,
            "Your curvature is negative. In an explosion the weight changes sides, so its factor is negative.",
        ),
        (
            lambda ls, lr: (1 + sqrt(ls[1] / ls[0])) / lr,
            "At the start all directions are in the loss. Look at the end, where the steepest is alone.",
        ),
        (
            lambda ls, lr: 1 + sqrt(ls[-1] / ls[-2]),
            "That is rate times curvature. Divide by the rate.",
        ),
        (
            lambda ls, lr: (1 + sqrt(ls[-1] / ls[-2])) * lr,
            "You multiply by the rate. Rate times curvature is known: divide.",
        ),
        (
            lambda ls, lr: 2 / lr,
            "That is the curvature for which this rate would be exactly the limit. The run explodes, so L is larger.",
        ),
        (
            lambda ls, lr: sqrt(ls[-1] / ls[-2]) / lr,
            "The factor of the weight is 1 less rate times curvature: you left out the 1.",
        ),
        (
            lambda ls, lr: (1 + sqrt(ls[-2] / ls[-1])) / lr,
            "Your ratio is upside down: the later loss belongs on top.",
        ),
    ],
    hints=(
        "By which factor does the loss grow from one update to the next, late in the run? And the weight?",
        "Late in the run the steepest direction is alone, and its weight is multiplied by 1 - lr * L, below -1.",
        "The root of the last loss over the one before is `lr * L - 1`.",
    ),
    why="An explosion is a measuring instrument: the steepest direction outgrows all others, and its pace gives L, "
    "and with it the rates that are safe.",
)
def largest_curvature(losses, lr):
    return (1 + (losses[-1] / losses[-2]) ** 0.5) / lr


@function(
    title="Choose a rate",
    section="The digits",
    cases=[
        ([1.0, 25.0],),
        ([4.0],),
        ([0.53, 2.1, 8.7],),
        ([9.3, 1.21, 3.1, 3.1],),
        ([3.3, 0.71, 11.9, 5.2],),
        ([6.13, 6.13],),
        ([0.0023, 0.031],),
    ],
    mistakes=[
        (
            lambda cs: (1 / max(cs) + 1 / min(cs)) / 2,
            "You take the mean of the two rates that arrive at once. The steepest direction explodes at it.",
        ),
        (
            lambda cs: 2 / (max(cs) - min(cs)),
            "A sign is wrong: at this rate the steepest direction is beyond its limit. Set the sizes of both factors "
            "equal.",
        ),
        (
            lambda cs: (max(cs) + min(cs)) / 2,
            "That is the middle of the two curvatures. A steeper bowl needs a smaller rate: turn it upside down.",
        ),
        (
            lambda cs: 2 / max(cs) + min(cs),
            "Brackets are missing: divide 2 by the whole sum.",
        ),
        (
            lambda cs: 2 / max(cs),
            "At the limit itself the steepest direction bounces for ever. Go lower.",
        ),
        (
            lambda cs: 1 / max(cs),
            "Safe, but the flattest direction can go faster: the steepest may overshoot a little.",
        ),
        (
            lambda cs: 1 / min(cs),
            "That suits the flattest direction alone. The steepest one explodes.",
        ),
        (
            lambda cs: 2 / sum(cs),
            "You sum all curvatures. Only the steepest and the flattest decide: those between are faster.",
        ),
        (
            lambda cs: len(cs) / sum(cs),
            "That suits the mean curvature. What counts is the slowest direction: the steepest or the flattest.",
        ),
        (
            lambda cs: 1 / (max(cs) + min(cs)),
            "Half of what is best: at this rate the steepest direction does not overshoot yet.",
        ),
        (
            lambda cs: 1 / sqrt(max(cs) * min(cs)),
            "The middle on a logarithmic scale lies far above the limit of the steepest direction.",
        ),
        (
            lambda cs: 2 / (cs[0] + cs[-1]),
            "You take the first and the last curvature. They need not come in order: use `min` and `max`.",
        ),
    ],
    hints=(
        "As the rate rises, which direction is the slowest at first? Which one once the rate is near its limit?",
        "The best rate makes the flattest and the steepest equally slow: factors of one size, with opposite signs.",
        "The two sizes are `lr * steepest - 1` and `1 - lr * flattest`: which `lr` makes them equal?",
    ),
    why="The best rate lies just below the limit when the flattest direction is very flat: in the ravine of the "
    "chapter at 2/26, with the limit at 2/25. No wonder that larger was better until it was a disaster.",
)
def best_rate(curvatures):
    return 2 / (max(curvatures) + min(curvatures))


DIGITS = Digits(loss="squared", batch_size=None, pool_size=300)  # its limit is at 2


@function(
    title="Measure a limit",
    section="The digits",
    cases=[
        (Quadratic([3.1, 0.4], start=2.0), [0.1, 0.5, 0.63, 0.66, 0.9]),
        (DIGITS, [0.3, 1.98, 2.02]),
        (Quadratic([0.37, 0.2, 0.01]), [5.5, 0.02, 5.3, 1.0]),
        (Quadratic(5.3), [2.1, 0.37, 0.38]),
    ],
    seconds=10,
    mistakes=[
        (
            lambda problem, rates: [r for r in rates if not safe_rates.answer(problem, [r])],
            "Those are the rates that explode. The others are asked for.",
        ),
        (
            lambda problem, rates: [r for r in rates if np.isfinite(last_loss(problem, r))],
            "A run explodes long before its loss is infinite, or counts as diverged: see whether it grows.",
        ),
        (
            lambda problem, rates: [max(safe_rates.answer(problem, rates))],
            "That is the largest of the safe rates. Return all of them.",
        ),
        (
            lambda problem, rates: sorted(safe_rates.answer(problem, rates)),
            "Those are the right rates, sorted: keep the order in which they came.",
        ),
        (
            lambda problem, rates: [last_loss(problem, r) for r in safe_rates.answer(problem, rates)],
            "Those are the losses. Return the rates that led to them.",
        ),
        (
            lambda problem, rates: rates,
            "You keep every rate. Train at each, and look at what its loss does.",
        ),
    ],
    hints=(
        "How do you see from the losses of a run that it explodes?",
        "Train as the example above does, at each rate: `run.loss[0]` holds the loss before each update.",
        "In a loop: compare the last of these losses with the one at place 100, and keep the rate if it is no larger.",
    ),
    why="The limit of the digits lies between 1.98 and 2.02, as their largest curvature foretells. To measure it takes "
    "two runs; to see it coming in a loss curve is impossible.",
)
def safe_rates(problem, rates):
    safe = []
    for rate in rates:
        run = train(problem, SGD(), Constant(rate), steps=200, seeds=1)
        if run.loss[0, -1] <= run.loss[0, 100]:
            safe.append(rate)
    return safe


def last_loss(problem, rate):
    return train(problem, SGD(), Constant(rate), steps=200, seeds=1).loss[0, -1]


sheet = Sheet(globals())
progress = sheet.progress
