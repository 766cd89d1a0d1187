"""Exercises: adaptive rates."""

from functools import lru_cache
from math import sqrt

import numpy as np

from lrsched.course.exercises.functions import function, open_function
from lrsched.course.exercises.sheet import Sheet
from lrsched.course.exercises.tasks import Choice, Number
from lrsched.problems import Quadratic

first_step = Number(
    title="Predict a first step",
    section="The first steps",
    answer=0.02 / np.sqrt(0.1),
    mistakes=[
        (0.02, "That is the first step of Adam, which corrects its average. RMSProp does not: what is `average` now?"),
        (0.14, "That is the step of SGD, rate times gradient. RMSProp divides it by the root of its average."),
        (0.2, "You divide by 1 - alpha. The average holds a share of the *square*, so take the root of that share."),
        (
            0.02 / np.sqrt(0.9),
            "You weight the new square by alpha. Alpha is the share of the old average that stays; the new "
            "square gets the rest.",
        ),
        (
            0.02 / 0.7,
            "You forgot the root: 0.1 * 49 is a squared size. Only its root has the unit of the gradient.",
        ),
        (
            0.02 * np.sqrt(0.1),
            "You multiply by the root. RMSProp divides by it, and the step gets longer.",
        ),
    ],
    hints=(
        "The average starts at 0. What is it after it has seen one square, 7 * 7?",
        "It is (1 - alpha) * 49. The step is rate * 7, divided by the root of that.",
        "The 7 cancels: 0.02 / sqrt(1 - 0.9).",
    ),
    why="One square has entered with the weight 0.1, so the root is too small by sqrt(0.1), and the step too long by "
    "as much. The gradient itself cancels.",
)


def adam_by(mean, square, root, t=lambda t: t):
    """Adam with parts to exchange: for the mistakes below."""

    def step(w, g, m, s, n, lr):
        m, s = mean(m, g), square(s, g)
        return w - lr * root(m / (1 - 0.9 ** t(n)), s / (1 - 0.999 ** t(n))), m, s

    return step


def new_mean(m, g):
    return 0.9 * m + 0.1 * g


def new_square(s, g):
    return 0.999 * s + 0.001 * g**2


def divided(m, s):
    return m / (np.sqrt(s) + 1e-8)


@function(
    title="One step of Adam",
    section="The formula",
    cases=[
        (1.0, 2.0, 0.0, 0.0, 1, 0.1),
        (1.0, -50.0, 0.0, 0.0, 1, 0.1),
        (0.5, 2.0, 0.3, 0.04, 2, 0.01),
        (-1.0, 0.2, -0.4, 0.09, 30, 0.1),
        (1.0, 1e-6, 0.0, 0.0, 1, 0.1),
    ],
    mistakes=[
        (
            lambda w, g, m, s, t, lr: (
                w - lr * divided(new_mean(m, g), new_square(s, g)),
                new_mean(m, g),
                new_square(s, g),
            ),
            "You leave out the bias correction. Both averages began at 0: divide them by "
            "`1 - 0.9**t` and `1 - 0.999**t` before you use them.",
        ),
        (
            lambda w, g, m, s, t, lr: (
                w - lr * divided(new_mean(m, g) / (1 - 0.9**t), new_square(s, g) / (1 - 0.999**t)),
                new_mean(m, g) / (1 - 0.9**t),
                new_square(s, g) / (1 - 0.999**t),
            ),
            "Your step is right, but you return the corrected averages. Keep the plain ones: "
            "else the next step corrects what is corrected already.",
        ),
        (
            adam_by(new_mean, new_square, divided, lambda t: t + 1),
            "You correct as if this were one update later. Here `t` counts from 1 already.",
        ),
        (
            adam_by(new_mean, lambda s, g: 0.999 * s + 0.001 * g, lambda m, s: m / (np.sqrt(abs(s)) + 1e-8)),
            "You average the gradient itself where its square belongs: `square` takes in `grad**2`.",
        ),
        (
            adam_by(new_mean, new_square, lambda m, s: m / (s + 1e-8)),
            "You divide by the mean square. Take its root first: else the size of the gradient does not cancel.",
        ),
        (
            adam_by(new_mean, new_square, lambda m, s: m / np.sqrt(s + 1e-8)),
            "Your eps stands inside the root. That shows where the gradient is tiny, as in the last case: add it after "
            "the root.",
        ),
        (
            adam_by(lambda m, g: 0.1 * m + 0.9 * g, lambda s, g: 0.001 * s + 0.999 * g**2, divided),
            "Your weights are the wrong way round: 0.9 and 0.999 are the shares of the *old* averages that stay.",
        ),
        (
            adam_by(lambda m, g: 0.999 * m + 0.001 * g, lambda s, g: 0.9 * s + 0.1 * g**2, divided),
            "You have exchanged the two betas: the mean forgets fast (0.9), the square slowly (0.999).",
        ),
        (
            adam_by(new_mean, new_square, lambda m, s: -divided(m, s)),
            "You add the step. It points along the gradient, which is uphill: subtract it.",
        ),
    ],
    hints=(
        "At the first update both averages are 0. What is each of them after it, and by how much is it too small?",
        "Update both averages, correct *copies* of them, divide the one by the root of the other plus eps.",
        "`weight - lr * (mean / (1 - 0.9**t)) / ((square / (1 - 0.999**t))**0.5 + 1e-8)`, after the update of both.",
    ),
    why="At t = 1 the corrections undo the factors 0.1 and 0.001, so the first step has the length of the rate.",
)
def adam_step(weight, grad, mean, square, t, lr):
    mean = 0.9 * mean + 0.1 * grad
    square = 0.999 * square + 0.001 * grad**2
    direction = mean / (1 - 0.9**t) / (np.sqrt(square / (1 - 0.999**t)) + 1e-8)
    return weight - lr * direction, mean, square


OUTSIDE, INSIDE = 1e-5 + 1e-8, np.sqrt(1e-10 + 1e-8)

eps_ratio = Number(
    title="Eps, inside or outside",
    section="The formula",
    answer=INSIDE / OUTSIDE,
    rtol=2e-3,
    mistakes=[
        (
            1,
            "Eps is tiny, but so is the average: inside the root 1e-8 stands beside 1e-10. Which of the two is larger?",
        ),
        (
            OUTSIDE / INSIDE,
            "You took the quotient the other way round: the smaller divisor makes the longer step.",
        ),
        (
            (1e-10 + 1e-8) / 1e-10,
            "That is the ratio of what stands under the roots. Take the root of it.",
        ),
        (10, "Nearly: put both numbers in full, 1e-10 + 1e-8 under the one root and 1e-5 + 1e-8 as the other divisor."),
        (1000, "You compare the root of the average with eps itself. Eps outside is *added* to the root."),
    ],
    hints=(
        "What is the divisor in each case? Write both down.",
        "Outside: sqrt(1e-10) + 1e-8. Inside: sqrt(1e-10 + 1e-8).",
        "The steps are rate times gradient over the divisor, so their ratio is (inside) / (outside).",
    ),
    why="Outside the root, eps matters below gradients of about 1e-8; inside, already below 1e-4, which is its root. "
    "The same number in two libraries is not the same setting.",
)


def rmsprop_given(grads, lr):
    average, steps = 0.0, []
    for g in grads:
        average = 0.99 * average + 0.01 * g**2
        steps.append(lr * g / np.sqrt(average + 1e-8))
    return steps


def rmsprop_by(step, early=True):
    def steps(grads, lr):
        average, out = 0.0, []
        for g in grads:
            new = 0.99 * average + 0.01 * g**2
            out.append(step(lr, g, new if early else average))
            average = new
        return out

    return steps


@function(
    title="Mend RMSProp",
    section="The formula",
    given=rmsprop_given,
    cases=[
        ([1e-3, 1e-4, -1e-5, 1e-5], 0.1),
        ([1.0, 2.0, -3.0], 0.01),
        ([0.0, 1e-7, 1e-7], 0.1),
    ],
    curve="update",
    mistakes=[
        (
            rmsprop_by(lambda lr, g, v: lr * g / np.sqrt(v) if v else 0.0),
            "You took eps away. It is needed where all gradients so far are 0: add it to the root.",
        ),
        (
            rmsprop_by(lambda lr, g, v: lr * g / np.sqrt(v + 1e-16)),
            "You squared eps to bring it under the root, but the root of a sum is not the sum of the roots. "
            "Add it outside.",
        ),
        (
            rmsprop_by(lambda lr, g, v: lr * g / (v + 1e-8)),
            "Now the root is gone: divide by `np.sqrt(average) + 1e-8`.",
        ),
        (
            rmsprop_by(lambda lr, g, v: lr * g / np.sqrt(v) + 1e-8 if v else 1e-8),
            "Eps is now added to the step itself: division comes before addition. Set brackets round the divisor.",
        ),
        (
            rmsprop_by(lambda lr, g, v: lr * g / (np.sqrt(v) + 1e-8), early=False),
            "You divide by the average from before this gradient. Update it first, as the program did.",
        ),
        (
            rmsprop_by(lambda lr, g, v: lr * g / (np.sqrt(v) + np.sqrt(1e-8))),
            "You took the root of eps as well. Outside it is added as it is: 1e-8.",
        ),
    ],
    hints=(
        "Where does the formula of the chapter have its eps?",
        "Take the root of the average alone, then add eps, then divide.",
        "`lr * g / (np.sqrt(average) + 1e-8)`",
    ),
    why="With eps under the root, gradients below about 1e-4 never get the full step. Training looks stuck, and no "
    "error is raised.",
)
def rmsprop(grads, lr):
    average, steps = 0.0, []
    for g in grads:
        average = 0.99 * average + 0.01 * g**2
        steps.append(lr * g / (np.sqrt(average) + 1e-8))
    return steps


which_shrinks = Choice(
    title="L2 or decoupled",
    section="The formula",
    answer="c",
    options={
        "a": "That is what the penalty does in SGD. Adam divides the gradient, the penalty in it included, by the root "
        "of the mean square.",
        "b": "The size of the gradients stands in the divisor: large gradients make the penalty's part of the step "
        "smaller.",
        "c": "The penalty is divided by the size of that weight's gradients, so the loud weight hardly feels it. AdamW "
        "shrinks both by the same share.",
        "d": "The first step is the rate whatever the gradient, but it is a step against gradient plus penalty: the "
        "penalty has its share of it.",
    },
    hints=(
        "With L2, what exactly does Adam divide by the root of the mean square?",
        "The gradient plus weight_decay times the weight. The divisor is about 100 for the one weight, 0.01 for the "
        "other.",
        "weight_decay * 1 / 100 against weight_decay * 1 / 0.01: which is larger?",
    ),
)


def decayed_by(new_weight):
    def weights(weight, directions, rates, weight_decay):
        first, out = weight, []
        for d, lr in zip(directions, rates, strict=True):
            weight = new_weight(weight, d, lr, weight_decay, first, rates[0])
            out.append(weight)
        return out

    return weights


@function(
    title="AdamW under a schedule",
    section="The formula",
    cases=[
        (2.0, [0.0, 0.0, 0.0], [0.1, 0.1, 0.1], 0.5),
        (1.0, [1.0, -1.0, 0.5, 0.0], [0.1, 0.08, 0.04, 0.01], 0.3),
        (-3.0, [1.0, 1.0], [0.5, 0.0], 0.1),
    ],
    curve="update",
    mistakes=[
        (
            decayed_by(lambda w, d, lr, wd, first, peak: w * (1 - wd) - lr * d),
            "You shrink by `weight_decay` alone. The rate of the update multiplies it, so that the schedule scales the "
            "decay too.",
        ),
        (
            decayed_by(lambda w, d, lr, wd, first, peak: (w - lr * d) * (1 - lr * wd)),
            "You shrink after the step, and so shrink the step itself. First shrink the weight, then subtract.",
        ),
        (
            decayed_by(lambda w, d, lr, wd, first, peak: w * (1 - peak * wd) - peak * d),
            "You use the first rate throughout. Each update has its own: go through `rates` along with `directions`.",
        ),
        (
            decayed_by(lambda w, d, lr, wd, first, peak: w * (1 - peak * wd) - lr * d),
            "Your step follows the schedule, but your decay stays at the first rate.",
        ),
        (
            decayed_by(lambda w, d, lr, wd, first, peak: w - lr * d),
            "There is no decay yet: shrink the weight by the share `rate * weight_decay` as well.",
        ),
        (
            decayed_by(lambda w, d, lr, wd, first, peak: w * (1 + lr * wd) - lr * d),
            "Your decay lets the weights grow: the factor is 1 *minus* rate times decay.",
        ),
        (
            decayed_by(lambda w, d, lr, wd, first, peak: w - lr * wd * first - lr * d),
            "You subtract a share of the *first* weight every time. The decay takes a share of what is there now.",
        ),
        (
            decayed_by(lambda w, d, lr, wd, first, peak: w - lr * wd - lr * d),
            "You subtract the same amount from every weight. A decay subtracts a share of the weight: multiply by it.",
        ),
    ],
    hints=(
        "If all directions are 0, by which factor does one update shrink the weight?",
        "By 1 - rate * weight_decay, with the rate of that update. After that comes the step of Adam.",
        "`weight = weight * (1 - rate * weight_decay) - rate * direction`",
    ),
    why="The decay does not pass through the division by the root, so that every weight loses the same share; and when "
    "the schedule reaches 0, so does the decay.",
)
def adamw(weight, directions, rates, weight_decay):
    weights = []
    for direction, rate in zip(directions, rates, strict=True):
        weight = weight * (1 - rate * weight_decay) - rate * direction
        weights.append(weight)
    return weights


STEPS = 1500
STRIDE = 10  # a schedule is called at every tenth update, and its rate held in between
PROBLEM = Quadratic((1.0, 100.0), start=2.0)
CONSTANT = 0.03
GOAL = 1e-6


@lru_cache(maxsize=1)
def losses(rates):
    """The loss of RMSProp before each update. Plain numbers: a check must not take longer than a blink."""
    total = np.zeros(STEPS)
    for curvature, weight in zip(PROBLEM.curvatures, PROBLEM.start, strict=True):
        average, weights = 0.0, []
        for rate in np.repeat(rates, STRIDE).tolist():
            weights.append(weight)
            grad = curvature * weight
            average = 0.99 * average + 0.01 * grad * grad
            weight -= rate * grad / (sqrt(average) + 1e-8)
        total += curvature / 2 * np.square(weights)
    return total


def lowest(rates):
    return losses(tuple(rates.tolist())).min()


def last(rates):
    return losses(tuple(rates.tolist()))[-1]


@open_function(
    title="Stop the bouncing",
    section="The puzzle solved",
    cases=[(step,) for step in range(0, STEPS, STRIDE)],
    beside=("step", "constant rate", CONSTANT),
    report=lambda rates: (
        f"The lowest loss of your run is {lowest(rates):.2g}, its last {last(rates):.2g}. "
        f"The goal for the last is {GOAL:g}."
    ),
    rules=[
        (
            lambda rates: np.all(rates > 0),
            lambda t: 0.03 * (1 - t / 1000),
            "Your rate reaches 0 or less before the end. Let it come near 0 only at the last update.",
        ),
        (
            lambda rates: np.all(np.diff(rates) <= 0),
            lambda t: 0.01 * (1 + t / 1000),
            "Your rate rises. Start high, and only go down from there.",
        ),
        (
            lambda rates: rates[-1] < rates[0],
            lambda t: 0.01,
            "Your rate is constant, and a constant rate hops for ever. A smaller one only hops lower, and later: "
            "let it fall.",
        ),
        (
            lambda rates: lowest(rates) < 0.01,
            lambda t: 0.03 * 0.9**t,
            "Your run never arrives: the rates have all but vanished on the way. Let them fall more slowly.",
        ),
        (
            lambda rates: last(rates) < GOAL,
            lambda t: 0.03 * 0.5 ** (t // 1000),
            "Your run arrives, and then bounces: its last rates are still too large. Let them fall further.",
        ),
    ],
    hints=(
        "At a constant rate, how high does the run bounce? What does that say about the last rate?",
        "The floor is about 12.6 times the square of the rate. Start near 0.03 and end near 0.",
        "A line to zero: `0.03 * (1 - step / 1500)`.",
    ),
    why="An adaptive method takes steps of about the length of the rate, so that the rate is its resolution. "
    "Whatever brings the rate down brings the floor down with it.",
)
def calm(step):
    return 0.03 * (1 - step / 1500)


sheet = Sheet(globals())
progress = sheet.progress
