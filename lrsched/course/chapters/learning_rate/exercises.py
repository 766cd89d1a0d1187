"""Exercises: the learning rate."""

from math import sqrt

from lrsched.course.exercises.functions import function
from lrsched.course.exercises.sheet import Sheet
from lrsched.course.exercises.tasks import Choice, Number
from lrsched.problems import Quadratic


@function(
    title="One update",
    section="The formula",
    cases=[
        (3.0, 1.0, 2.0, 0.1),
        (3.0, 1.0, 2.0, 0.8),
        (-1.0, 1.5, 4.0, 0.25),
        (0.5, 0.5, 3.0, 0.2),
        (2.0, 0.0, 5.0, 0.1),
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
            lambda w, best, c, lr: w - lr,
            "You take the rate for the step. It multiplies the slope first.",
        ),
        (
            lambda w, best, c, lr: lr * c * (w - best),
            "That is how far the weight moves. Subtract it from `weight`.",
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
        (-0.75, "That is the factor of each update. Solve `1 - 0.5 * c = -0.75` for c."),
        (-1.5, "You divide the factor by the rate. The factor is 1 less rate times curvature."),
        (4, "That would hold if each weight were minus the one before. Here they shrink."),
    ],
    hints=(
        "By which factor is each weight multiplied to give the next? Mind its sign.",
        "The factor is 1 less rate times curvature.",
        "Solve `1 - 0.5 * c = -6 / 8`.",
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
    ],
    hints=(
        "What is rate times curvature in the steepest direction?",
        "The weight is multiplied by 1 less that, and the loss by the square of the factor.",
        "The factor of the weight is 1 - 3.",
    ),
    why="The weight is multiplied by -2 and the loss by 4: after ten updates it has grown a million times.",
)


other_directions = Choice(
    title="And the flat directions?",
    section="The digits",
    answer="c",
    options={
        "a": "Directions do not mix in a bowl: each has its own factor, 1 less rate times its own curvature.",
        "b": "With a curvature of L/3 rate times curvature is 1. What is the factor then?",
        "c": "There the factor is 0: done in one update, while the steepest direction explodes. "
        "One rate serves all directions: that is the trouble which momentum and adaptive methods ease.",
        "d": "A factor of -1 needs rate times curvature to be 2. Here it is 3/L times L/3.",
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
    answer="b",
    options={
        "a": "The best weights are the same, but the way there is not: every slope is now 32 times as steep.",
        "b": "The slope is 32 times as steep, so a rate 32 times smaller makes the same steps.",
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
    cases=[(1.0, 4.0, 0.1, 6), (-2.0, 4.0, 0.3, 6), (3.0, 0.5, 0.5, 5)],
    curve="update",
    mistakes=[
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
        (
            lambda w, c, lr, n: weights_after(w, n, lambda v: lr * c * v / abs(w)),
            "You divide by a length still, that of the start. The step is the rate times the slope.",
        ),
    ],
    hints=(
        "How far does the weight move in each update of the given program? Does the slope matter?",
        "`slope / abs(slope)` is 1 or -1, whatever the slope is.",
        "Subtract `lr * slope`.",
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
        (losses([4], 0.6, 8), 0.6),
        (losses([8, 1, 0.2], 0.3, 60), 0.3),
        (losses([5, 3, 3, 3], 0.5, 80), 0.5),
    ],
    mistakes=[
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
        "`(losses[-1] / losses[-2]) ** 0.5` is `lr * L - 1`.",
    ),
    why="An explosion is a measuring instrument: the steepest direction outgrows all others, and its pace gives L, "
    "and with it the rates that are safe.",
)
def largest_curvature(losses, lr):
    return (1 + (losses[-1] / losses[-2]) ** 0.5) / lr


@function(
    title="Choose a rate",
    section="The digits",
    cases=[([1.0, 25.0],), ([4.0],), ([0.5, 2.0, 8.0],), ([9.0, 1.0, 3.0, 3.0],)],
    mistakes=[
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
            "Half of what is best. Set the two factors equal: `lr * steepest - 1` and `1 - lr * flattest`.",
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
        "Solve `lr * steepest - 1 = 1 - lr * flattest` for `lr`.",
    ),
    why="The best rate lies just below the limit when the flattest direction is very flat: in the ravine of the "
    "chapter at 2/26, with the limit at 2/25. No wonder that larger was better until it was a disaster.",
)
def best_rate(curvatures):
    return 2 / (max(curvatures) + min(curvatures))


sheet = Sheet(globals())
progress = sheet.progress
