"""Exercises: adaptive rates."""

from functools import lru_cache
from math import sqrt

import numpy as np

from lrsched.course.exercises.functions import Requirement, function, open_function
from lrsched.course.exercises.noisy import advice
from lrsched.course.exercises.sheet import Sheet
from lrsched.course.exercises.tasks import Choice, Number
from lrsched.optimizers import SGD, Adam, RMSProp
from lrsched.problems import Digits, Quadratic
from lrsched.schedules import Constant
from lrsched.training import compare, train, tune

first_step = Number(
    title="Predict a first step",
    section="The first steps",
    answer=0.02 / np.sqrt(0.05),
    digits=3,
    mistakes=[
        (0.02, "That is the first step of Adam, which corrects its average. RMSProp does not: what is `average` now?"),
        (0.14, "That is the step of SGD, rate times gradient. RMSProp divides it by the root of its average."),
        (
            0.2,
            "Ten times the rate is right for an alpha of 0.99. Here alpha is 0.95, so a larger share of the square "
            "enters.",
        ),
        (0.4, "You divide by 1 - alpha. The average holds that share of the *square*: take its root."),
        (
            0.02 / np.sqrt(0.95),
            "You weight the new square by alpha. Alpha is the share of the old average that stays; the new "
            "square gets the rest.",
        ),
        (
            0.14 / (0.05 * 49),
            "You forgot the root: the average is a squared size. Only its root has the unit of the gradient.",
        ),
        (
            0.02 * np.sqrt(0.05),
            "You multiply by the root. RMSProp divides by it, and the step gets longer.",
        ),
        (
            0.02 / (np.sqrt(0.05) * 7),
            "That is the effective rate. The step is that times the gradient, 7.",
        ),
        (0.02 * 0.05, "You multiply by 1 - alpha. That share enters the average, and its root divides."),
    ],
    hints=(
        "The average starts at 0. What is it after it has seen one square, 7 * 7?",
        "It is the share 1 - alpha of 49. The step is the rate times 7, divided by the root of the average.",
        "Both the 7 and the root of 49 are 7, so they cancel: what is left besides the rate?",
    ),
    why="One square has entered with the weight 0.05, so the root is too small by sqrt(0.05), and the step too long by "
    "as much. The gradient itself cancels.",
)


def adam_by(mean, square, root, t=lambda t: t, betas=(0.9, 0.999)):
    """Adam with parts to exchange: for the mistakes below. A beta of 0 corrects nothing."""

    def step(w, g, m, s, n, lr):
        m, s = mean(m, g), square(s, g)
        return w - lr * root(m / (1 - betas[0] ** t(n)), s / (1 - betas[1] ** t(n))), m, s

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
        (0.53, 2.3, 0.31, 0.043, 2, 0.013),
        (-1.7, 0.21, -0.43, 0.091, 31, 0.17),
        (1.0, 1e-6, 0.0, 0.0, 1, 0.1),
        (0.7, 0.0, 0.0, 0.0, 1, 0.1),
        (2.9, 0.37, 0.11, 0.57, 4000, 0.0013),
        (0.0, 0.0, 1e-6, 1.3, 5, 0.1),
        (150.3, 137.1, 111.7, 20_011.0, 151, 11.3),
    ],
    mistakes=[
        (
            adam_by(new_mean, new_square, lambda m, s: m / np.sqrt(s)),
            "Eps is missing: where all gradients so far were 0, you divide 0 by 0.",
        ),
        (
            adam_by(new_mean, new_square, lambda m, s: m / s**0.5),
            "Eps is missing: where all gradients so far were 0, you divide 0 by 0.",
        ),
        (
            adam_by(new_mean, new_square, lambda m, s: m / np.sqrt(s) + 1e-8),
            "Brackets are missing: eps belongs to the divisor, and division comes before addition.",
        ),
        (
            adam_by(new_mean, new_square, lambda m, s: m / s**0.5 + 1e-8),
            "Brackets are missing: eps belongs to the divisor, and division comes before addition.",
        ),
        *(
            (
                lambda w, g, m, s, t, lr, root=root: (
                    w - lr * new_mean(m, g) / (1 - 0.9**t) / root(new_square(s, g) / (1 - 0.999**t)) + 1e-8,
                    new_mean(m, g),
                    new_square(s, g),
                ),
                "Brackets are missing: eps belongs to the divisor, and division comes before addition.",
            )
            for root in (np.sqrt, lambda square: square**0.5)
        ),
        (
            adam_by(new_mean, new_square, divided, betas=(0.9, 0)),
            "You correct the mean alone. The mean square began at 0 as well: divide it by `1 - 0.999**t`.",
        ),
        (
            adam_by(new_mean, new_square, divided, betas=(0, 0.999)),
            "You correct the mean square alone. The mean began at 0 as well: divide it by `1 - 0.9**t`.",
        ),
        (
            lambda w, g, m, s, t, lr: (
                w - lr * (1 - 0.999**t) ** 0.5 / (1 - 0.9**t) * divided(new_mean(m, g), new_square(s, g)),
                new_mean(m, g),
                new_square(s, g),
            ),
            "You add eps to the root before it is corrected, as Keras does. That shows where gradients are tiny: "
            "correct "
            "first.",
        ),
        (
            adam_by(new_mean, lambda s, g: 0.999 * s + 0.001 * g, divided),
            "You average the gradient itself where its square belongs: `square` takes in `grad**2`.",
        ),
        (
            adam_by(lambda m, g: 0.999 * m + 0.001 * g, lambda s, g: 0.9 * s + 0.1 * g**2, divided, betas=(0.999, 0.9)),
            "You have exchanged the two betas: the mean forgets fast (0.9), the square slowly (0.999).",
        ),
        (
            lambda w, g, m, s, t, lr: adam_step.answer(w, g, m, s, t, lr)[0],
            "You return the weight alone. The two averages are needed for the next step.",
        ),
        (
            lambda w, g, m, s, t, lr: (adam_step.answer(w, g, m, s, t, lr)[0], m, s),
            "You return the averages from before this update. Return the new ones.",
        ),
        (
            lambda w, g, m, s, t, lr: (
                w - lr * divided(m / (1 - 0.9**t), s / (1 - 0.999**t)),
                new_mean(m, g),
                new_square(s, g),
            ),
            "You step with the averages from before this gradient. Update them first.",
        ),
        (
            lambda w, g, m, s, t, lr: (
                w - lr * g / (np.sqrt(new_square(s, g) / (1 - 0.999**t)) + 1e-8),
                new_mean(m, g),
                new_square(s, g),
            ),
            "You step along the gradient itself. Adam steps along its corrected mean.",
        ),
        (
            adam_by(new_mean, new_square, divided, betas=(0, 0)),
            "You leave out the bias correction. Both averages began at 0: divide them by "
            "`1 - 0.9**t` and `1 - 0.999**t` before you use them.",
        ),
        (
            lambda w, g, m, s, t, lr: (
                adam_step.answer(w, g, m, s, t, lr)[0],
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
            adam_by(new_mean, lambda s, g: 0.999 * s + 0.001 * abs(g), divided),
            "You average the size of the gradient where its square belongs: `square` takes in `grad**2`.",
        ),
        (
            adam_by(new_mean, new_square, lambda m, s: m / (s + 1e-8)),
            "You divide by the mean square. Take its root first: else the size of the gradient does not cancel.",
        ),
        (
            adam_by(new_mean, new_square, lambda m, s: m / np.sqrt(s + 1e-8)),
            "Your eps stands inside the root. That shows where the gradient is tiny: add it after the root.",
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
        "The corrected mean is `mean / (1 - 0.9**t)`; the square is corrected likewise, by 0.999. Return the plain "
        "ones.",
    ),
    why="At t = 1 the corrections undo the factors 0.1 and 0.001, so the first step has the length of the rate.",
)
def adam_step(weight, grad, mean, square, t, lr):
    mean = 0.9 * mean + 0.1 * grad
    square = 0.999 * square + 0.001 * grad**2
    direction = mean / (1 - 0.9**t) / (np.sqrt(square / (1 - 0.999**t)) + 1e-8)
    return weight - lr * direction, mean, square


def watched(curvature, lr):
    settings = {"steps": 1000, "seeds": 1, "record": ["effective_lr"]}
    return train(Quadratic(curvature, start=2), RMSProp(), Constant(lr), **settings)


def effective(curvature, lr):
    return watched(curvature, lr).effective_lr[0]


@function(
    title="Watch the gain go up",
    section="The puzzle solved",
    cases=[(1, 0.03), (7.3, 0.053), (0.43, 0.11)],
    seconds=10,
    mistakes=[
        (
            lambda curvature, lr: effective(curvature, lr).argmax(),
            "That is where the effective rate is highest. It crosses the threshold long before.",
        ),
        (
            lambda curvature, lr: np.flatnonzero(effective(curvature, lr) > 1 / curvature)[0],
            "You compare with one divided by the curvature. The threshold is 2 divided by it.",
        ),
        (
            lambda curvature, lr: np.flatnonzero(effective(curvature, lr) > 2)[0],
            "You compare with 2. The threshold is 2 divided by the curvature.",
        ),
        (
            lambda curvature, lr: np.flatnonzero(effective(curvature, lr) > lr)[0],
            "You compare with the rate. The threshold is 2 divided by the curvature.",
        ),
        (
            lambda curvature, lr: first_above.answer(curvature, lr) + 1,
            "One too many: updates are counted from 0, as the places of an array are.",
        ),
        (
            lambda curvature, lr: np.flatnonzero(effective(curvature, lr) < 2 / curvature)[0],
            "That is the first update *below* the threshold. Look for the first above it.",
        ),
        (
            lambda curvature, lr: np.sum(effective(curvature, lr) > 2 / curvature),
            "You count the updates above the threshold. Asked is the first of them.",
        ),
        (
            lambda curvature, lr: effective(curvature, lr)[first_above.answer(curvature, lr)],
            "That is the effective rate there. Asked is the update.",
        ),
        (
            lambda curvature, lr: watched(curvature, lr).loss[0].argmin(),
            "You took the update with the lowest loss. Read the effective rates.",
        ),
    ],
    hints=(
        "What is the threshold for this curvature, and where does `run` hold the rates that were really used?",
        '`train(..., record=["effective_lr"])` keeps them: `run.effective_lr[0]` is an array with one for each update.',
        "Compare that array with the threshold; `np.flatnonzero` gives the places where the comparison is true.",
    ),
    why="Far from the minimum the effective rate is small. The gradients fade, the divisor with them, and the rate "
    "rises through the threshold: from here on the run cannot stay at the minimum, however exactly it has found it.",
)
def first_above(curvature, lr):
    settings = {"steps": 1000, "seeds": 1, "record": ["effective_lr"]}
    run = train(Quadratic(curvature, start=2), RMSProp(), Constant(lr), **settings)
    return np.flatnonzero(run.effective_lr[0] > 2 / curvature)[0]


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
        ([1.3, 2.7, -3.1], 0.013),
        ([0.0, 3e-8, 1e-7, -3e-8], 0.17),
        ([-0.57], 1.1),
        ([1.1, 1e-7, -1e-6], 0.13),
        ([0.3, -0.7], 137.1),
        ([], 0.1),
    ],
    curve="update",
    mistakes=[
        (
            rmsprop_by(lambda lr, g, v: lr * g / np.sqrt(v)),
            "You took eps away. It is needed where all gradients so far are 0: add it to the root.",
        ),
        (
            rmsprop_by(lambda lr, g, v: lr * g / v**0.5),
            "You took eps away. It is needed where all gradients so far are 0: add it to the root.",
        ),
        (
            rmsprop_by(lambda lr, g, v: lr * g / np.sqrt(v) if v else 0.0),
            "You took eps away, and treat 0 by itself. Eps is added to the root, always.",
        ),
        (
            rmsprop_by(lambda lr, g, v: lr * g / max(np.sqrt(v), 1e-8)),
            "You take the larger of root and eps. Eps is added to the root.",
        ),
        (
            rmsprop_by(lambda lr, g, v: lr * g / np.sqrt(v) + 1e-8),
            "Eps is now added to the step itself: division comes before addition. Set brackets round the divisor.",
        ),
        (
            rmsprop_by(lambda lr, g, v: lr * g / v**0.5 + 1e-8),
            "Eps is now added to the step itself: division comes before addition. Set brackets round the divisor.",
        ),
        (
            rmsprop_by(lambda lr, g, v: g / (np.sqrt(v) + 1e-8)),
            "The rate is missing now: the step is the rate times the gradient over the divisor.",
        ),
        (
            rmsprop_by(lambda lr, g, v: lr / (np.sqrt(v) + 1e-8)),
            "Those are the effective rates. A step is that times the gradient.",
        ),
        (
            rmsprop_by(lambda lr, g, v: -lr * g / (np.sqrt(v) + 1e-8)),
            "Your steps have the other sign. The steps themselves are asked for, not what they do to the weight.",
        ),
        (
            rmsprop_by(lambda lr, g, v: lr * g / (np.sqrt(v) - 1e-8)),
            "Eps is added to the root, not subtracted.",
        ),
        (
            rmsprop_by(lambda lr, g, v: lr * g / np.sqrt(v + 1e-16)),
            "Eps is squared now and still under the root, but the root of a sum is not the sum of the roots. "
            "Add it outside.",
        ),
        (
            rmsprop_by(lambda lr, g, v: lr * g / (v + 1e-8)),
            "Now the root is gone. The average is of squares: take its root, as before.",
        ),
        (
            rmsprop_by(lambda lr, g, v: lr * g / (np.sqrt(v) + 1e-8), early=False),
            "You divide by the average from before this gradient. Update it first, as the program did.",
        ),
        (
            rmsprop_by(lambda lr, g, v: lr * g / (np.sqrt(v) + np.sqrt(1e-8))),
            "You add 1e-4, the root of eps. Outside the root it is added as it is.",
        ),
    ],
    hints=(
        "Where does the formula of the chapter have its eps?",
        "Take the root of the average alone, then add eps, then divide.",
        "One bracket has to move. What follows the `/` must stay together in a pair of brackets.",
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
    answer="d",
    options={
        "a": "That is what the penalty does in SGD. Adam divides the gradient, the penalty in it included, by the root "
        "of the mean square.",
        "b": "The size of the gradients stands in the divisor: large gradients make the penalty's part of the step "
        "smaller.",
        "c": "The first step is the rate whatever the gradient, but it is a step against gradient plus penalty: the "
        "penalty has its share of it.",
        "d": "The penalty is divided by the size of that weight's gradients, so the loud weight hardly feels it. AdamW "
        "shrinks both by the same share.",
    },
    hints=(
        "With L2, what exactly does Adam divide by the root of the mean square?",
        "The gradient plus weight_decay times the weight. The divisor is about 100 for the one weight, 0.01 for the "
        "other.",
        "weight_decay * 1 / 100 against weight_decay * 1 / 0.01: which is larger?",
    ),
)


def race_by(ratio=lambda race: race.ratio("Adam"), seeds=range(100, 105), race=16, rates=lambda sgd, adam: (sgd, adam)):
    """A race of two methods with parts to exchange: for the mistakes below."""

    def run(problem, sgd_lrs, adam_lrs, steps):
        arms = {}
        for method, lrs in zip((SGD(), Adam()), rates(sgd_lrs, adam_lrs), strict=True):
            tuned = tune(problem, method, Constant, lrs, steps=steps, seeds=seeds)
            arms[type(method).__name__] = (method, tuned.schedule)
        return ratio(compare(problem, arms, steps=steps, seeds=race))

    return run


def ratio_of_means(race):
    sgd, adam = race.scores().values()
    return adam.mean() / sgd.mean(), race.ratio("Adam").half_width


@function(
    title="What bad units cost",
    section="Does it help?",
    cases=[
        (
            Quadratic([0.53, 1.7, 4.9], noise=2.0, start=2.0),
            np.geomspace(0.03, 0.2, 60).tolist(),
            np.geomspace(0.05, 0.4, 60).tolist(),
            37,
        ),
        (Digits(batch_size=16), [2.0, 4.0, 8.0, 16.0], [0.04, 0.08, 0.16, 0.32], 40),
        (Digits(batch_size=16, feature_decades=2), [4.0, 8.0, 16.0, 32.0], [0.1, 0.3, 0.6, 1.2], 40),
    ],
    seconds=20,
    mistakes=[
        (
            race_by(ratio=lambda race: race.ratio("SGD", to="Adam")),
            "Your ratio is upside down: the loss of SGD is what you divide by.",
        ),
        (
            race_by(seeds=16),
            "You tune on the seeds of the race. Tune on the seeds 100 to 104.",
        ),
        (
            race_by(race=range(100, 105)),
            "You race on the seeds that chose the rates. Race on the seeds 0 to 15.",
        ),
        (
            race_by(race=10),
            "You race on 10 seeds. Asked are the 16 seeds from 0 to 15.",
        ),
        (
            race_by(ratio=lambda race: race.difference("Adam")),
            "That is a difference. A ratio is asked for.",
        ),
        (
            race_by(ratio=ratio_of_means),
            "That is a ratio of two means. Divide seed by seed first, and take the mean of the ratios.",
        ),
        (
            race_by(ratio=lambda race: race.mean("Adam")),
            "That is the loss of Adam. Compare it with that of SGD: `ratio`.",
        ),
        (
            race_by(rates=lambda sgd, adam: (sgd, sgd)),
            "You tune Adam on the rates of SGD. It has a list of its own.",
        ),
        (
            race_by(rates=lambda sgd, adam: (adam, adam)),
            "You tune SGD on the rates of Adam. It has a list of its own.",
        ),
    ],
    hints=(
        "What does each of the two need before the race, so that it is fair?",
        "Tune each method on its own list with `Constant` and `seeds=range(100, 105)`, then `compare` the two with "
        "`seeds=16`.",
        'The arms are a dict: `{"SGD": (SGD(), sgd.schedule), ...}`, where `sgd` is what `tune` returned. Ask the '
        "comparison for its `.ratio` of the second arm.",
    ),
    why="On pixels in one unit Adam is only a little ahead. With units that differ by up to a hundred it ends with "
    "far less: each weight gets a rate of its own, and SGD has one for all.",
)
def adam_gain(problem, sgd_lrs, adam_lrs, steps):
    tuning = {"steps": steps, "seeds": range(100, 105)}
    sgd = tune(problem, SGD(), Constant, sgd_lrs, **tuning)
    adam = tune(problem, Adam(), Constant, adam_lrs, **tuning)
    arms = {"SGD": (SGD(), sgd.schedule), "Adam": (Adam(), adam.schedule)}
    return compare(problem, arms, steps=steps, seeds=16).ratio("Adam")


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


def last(rates):
    """The highest loss of the last 50 updates."""
    return losses(tuple(rates.tolist()))[-50:].max()


@open_function(
    title="Stop the bouncing",
    section="The puzzle solved",
    cases=[(step,) for step in range(0, STEPS, STRIDE)],
    beside=("step", "constant rate", CONSTANT),
    report=lambda rates: (
        f"The lowest loss of your run is {losses(tuple(rates.tolist())).min():.2g}; over its last 50 updates it is "
        f"up to "
        f"{last(rates):.2g}. The goal for these is {GOAL:g}."
    ),
    advice=lambda rates: advice(rates, last, calm.allows, STRIDE),
    requirements=[
        Requirement(
            "the rate never rises",
            lambda rates: np.all(np.diff(rates) <= 0),
            lambda t: 0.01 * (1 + t / 1000),
            "Your rate rises. Start high, and only go down from there.",
        ),
        Requirement(
            "the last rate is at most a tenth of the first",
            lambda rates: rates[-1] <= rates[0] / 10,
            lambda t: 0.01,
            "Your last rate is more than a tenth of the first. A constant rate hops for ever: a smaller one only hops "
            "lower, and later.",
        ),
        Requirement(
            "over the last 50 updates the loss stays below 1e-6",
            lambda rates: last(rates) < GOAL,
            lambda t: 0.03 if t < 1460 else 0.002,
            "The loss ends too high.",
        ),
    ],
    hints=(
        "At a constant rate, how high does the run bounce? What does that say about the last rates?",
        "The floor is about 12.6 times the square of the rate. Start near 0.03 and end near 0.",
        "A straight line to zero will do. Where does it have to be 0?",
    ),
    why="An adaptive method takes steps of about the length of the rate, so that the rate is its resolution. "
    "Whatever brings the rate down brings the floor down with it.",
)
def calm(step):
    return 0.03 * (1 - step / 1500)


sheet = Sheet(globals())
progress = sheet.progress
