"""Exercises: exponential decay and its relatives."""

import math

import numpy as np

from lrsched.course.exercises.functions import function
from lrsched.course.exercises.sheet import Sheet
from lrsched.course.exercises.tasks import Number
from lrsched.optimizers import SGD
from lrsched.problems import Quadratic
from lrsched.schedules import ExponentialDecay
from lrsched.training import tune


def tuning(problem, half_life, peak_lrs, steps, seeds=range(100, 110), decay_rate=0.5):
    """The peak rates of a half-life, tried."""

    def decay(lr):
        return ExponentialDecay(lr, decay_rate=decay_rate, step_size=half_life)

    return tune(problem, SGD(), decay, peak_lrs, steps=steps, seeds=seeds)


def lowest(found):
    """The mean score of the best peak rate."""
    return found.scores.mean(axis=1).min()


def chosen(key, pick=min, **options):
    """The half-life with the lowest `key` of what `tuning` returns: for the mistakes below."""
    return lambda problem, half_lives, peak_lrs, steps: pick(
        half_lives, key=lambda h: key(tuning(problem, h, peak_lrs, steps, **options))
    )


BOWL = Quadratic([0.53, 1.7, 4.9], noise=0.7, start=2.0)
NOISY = Quadratic([0.53, 1.7, 4.9], noise=2.0, start=2.0)
PEAKS = [0.06, 0.1, 0.15, 0.2, 0.27]


@function(
    title="How slow a decay?",
    section="Why patience does not help",
    cases=[
        (BOWL, [3, 30, 300], PEAKS, 60),
        (BOWL, [30, 3], PEAKS, 12),
        (BOWL, [5, 11, 19, 31, 53, 97], [0.19, 0.24, 0.31], 150),
        (Quadratic([0.13, 2.3], noise=1.1), [97, 53, 31, 19], [0.1, 0.2, 0.4, 0.6], 80),
        (NOISY, list(range(8, 28)), np.geomspace(0.11, 0.25, 12).tolist(), 45),
        (NOISY, list(range(8, 28)), np.geomspace(0.11, 0.25, 12).tolist(), 46),
    ],
    seconds=10,
    mistakes=[
        (
            chosen(lowest, pick=max),
            "That is the half-life that ends highest. The score is a loss: take the lowest.",
        ),
        (
            chosen(lowest, seeds=10),
            "You tune on the seeds 0 to 9. The seeds 100 to 109 are asked for.",
        ),
        (
            chosen(lowest, decay_rate=0.1),
            "After its half-life half of the rate is left, so the decay rate is 0.5.",
        ),
        (
            chosen(lambda found: found.scores[0].mean()),
            "You give each half-life the first peak rate. Each has its own best one: tune it.",
        ),
        (
            chosen(lambda found: found.scores.mean()),
            "You take the mean over all peak rates. What counts is how low each half-life ends at its own best one.",
        ),
        (
            chosen(lambda found: found.scores.min()),
            "You take the luckiest seed. Take the mean over the seeds, then the best peak rate.",
        ),
        (
            lambda problem, half_lives, peak_lrs, steps: max(half_lives),
            "That is the longest half-life. In a short run its rate hardly falls.",
        ),
        (
            lambda problem, half_lives, peak_lrs, steps: min(half_lives),
            "That is the shortest half-life. All its updates together are worth few.",
        ),
        (
            lambda problem, half_lives, peak_lrs, steps: min(
                lowest(tuning(problem, h, peak_lrs, steps)) for h in half_lives
            ),
            "That is the loss. Return the half-life that led to it.",
        ),
        (
            lambda problem, half_lives, peak_lrs, steps: (
                tuning(problem, best_half_life.answer(problem, half_lives, peak_lrs, steps), peak_lrs, steps).best
            ),
            "That is the best peak rate. Return the half-life it belongs to.",
        ),
        (
            lambda problem, half_lives, peak_lrs, steps: min(half_lives, key=lambda h: abs(h - steps / 6.5)),
            "The rule of thumb leads near. Here each half-life has to be tried.",
        ),
    ],
    hints=(
        "Which peak rate should each half-life use when you compare them?",
        "For each half-life: tune the peak rate, and keep the lowest of `tuned.scores.mean(axis=1)`.",
        "In a loop over the half-lives, do what the example does for the half-life 30, and remember the one with the "
        "lowest score.",
    ),
    why="Too short a half-life stops before it arrives, too long a one never leaves the noise floor, and the best one "
    "grows with the run. Whoever trains longer has to choose it anew.",
)
def best_half_life(problem, half_lives, peak_lrs, steps):
    scores = []
    for half_life in half_lives:

        def decay(peak_lr, half_life=half_life):
            return ExponentialDecay(peak_lr, decay_rate=0.5, step_size=half_life)

        tuned = tune(problem, SGD(), decay, peak_lrs, steps=steps, seeds=range(100, 110))
        scores.append(tuned.scores.mean(axis=1).min())
    return half_lives[np.argmin(scores)]


@function(
    title="Write exponential decay",
    section="The formula",
    cases=[
        (0.1, 0.5, 10, 0),
        (0.1, 0.5, 10, 1),
        (0.1, 0.5, 10, 10),
        (0.1, 0.5, 10, 25),
        (0.37, 0.13, 5, 7),
        (0.23, 0.91, 1, 3),
        (3.1, 0.77, 9, 250),
        (1.7, 1.0, 6, 20),
        (0.64, 0.2, 17, 850),
        (137.1, 0.93, 150, 231),
    ],
    curve=("step", range(41)),
    mistakes=[
        (
            lambda P, g, s, t: P * g ** (t // s),
            "Your rate falls in steps: that is step decay. Here parts of a period count too, so do not round.",
        ),
        (
            lambda P, g, s, t: P * g**t,
            "You multiply by `decay_rate` at every update. It is the factor for `step_size` updates together.",
        ),
        (
            lambda P, g, s, t: P * g ** (t * s),
            "You multiply by `step_size` in the exponent. The exponent counts periods: divide by their length.",
        ),
        (
            lambda P, g, s, t: P * (1 - (1 - g) / s) ** t,
            "You share out what is lost in a period by a division, so that too much is left at its end. "
            "The factor for one update is a root.",
        ),
        (
            lambda P, g, s, t: P * g**t / s,
            "Brackets are missing: `**` comes before `/`, so you divide the rate. Divide in the exponent.",
        ),
        (
            lambda P, g, s, t: (P * g) ** (t / s),
            "Brackets too many: only `decay_rate` is raised to the power.",
        ),
        (
            lambda P, g, s, t: g ** (t / s),
            "That is the share that is left. Multiply it by `peak_lr`.",
        ),
        (
            lambda P, g, s, t: P * g * t / s,
            "You multiply by the number of periods. It is an exponent: `**`.",
        ),
        (
            lambda P, g, s, t: P / g ** (t / s),
            "Your rate grows: you divide by a number below 1. Multiply by it.",
        ),
        (
            lambda P, g, s, t: P * g ** (s / t),
            "Your exponent is upside down: the number of periods is `step` divided by their length.",
        ),
        (
            lambda P, g, s, t: P * math.exp(-t / s),
            "Your factor for a period is 1/e. It should be `decay_rate`.",
        ),
        (
            lambda P, g, s, t: P * (g / s) ** t,
            "You divide the factor by `step_size`. Multiplied by itself `step_size` times, that is far too small: "
            "take a root.",
        ),
        (
            lambda P, g, s, t: P * (1 - g) ** (t / s),
            "You multiply by `1 - decay_rate`. The decay rate is the part that is kept, not the part that is lost.",
        ),
        (
            lambda P, g, s, t: P - (1 - g) * P * t / s,
            "Your rate falls along a straight line and ends below 0. Take off the same share each time, not the "
            "same amount.",
        ),
        (
            lambda P, g, s, t: P - g * t / s,
            "You subtract the decay rate. An exponential decay multiplies by it.",
        ),
        (
            lambda P, g, s, t: P * math.exp(-g * t / s),
            "Your factor for a period is `exp(-decay_rate)`. It should be `decay_rate` itself.",
        ),
        (
            lambda P, g, s, t: P * g ** ((t + 1) / s),
            "Your curve is one update ahead: update 0 should use `peak_lr`.",
        ),
    ],
    hints=(
        "After 10 updates the rate is to be multiplied by 0.5. By how much after 5 updates, if all updates are alike?",
        "Count the periods that have passed, parts of a period included: that number is the exponent.",
        "After 5 of 10 updates half a period has passed. In Python `**` is the power, and an exponent may be 0.5.",
    ),
    why="It is step decay without the rounding: each update multiplies by the root of `decay_rate`.",
)
def exponential_decay(peak_lr, decay_rate, step_size, step):
    return peak_lr * decay_rate ** (step / step_size)


@function(
    title="From a factor per epoch to one per update",
    section="The formula",
    cases=[(0.125, 3), (0.5, 100), (0.93, 17), (0.13, 391), (0.97, 1), (0.37, 2)],
    mistakes=[
        (
            lambda g, n: g * n,
            "You multiply. A factor for an update is nearer to 1 than that for an epoch: take a root.",
        ),
        (
            lambda g, n: g ** (1 // n),
            "`1 // n` is 0 for every n above 1. Divide with `/`.",
        ),
        (
            lambda g, n: g**0.5,
            "That is the square root, for 2 updates in an epoch. With n of them it is the n-th root.",
        ),
        (
            lambda g, n: g ** (-n),
            "A negative power is one over the power. The root is the power 1 / n.",
        ),
        (
            lambda g, n: math.exp(-g / n),
            "You take the factor for an exponent. What is shared out is its logarithm.",
        ),
        (
            lambda g, n: g / n,
            "Your result is the factor divided by n (so is `g ** 1 / n`, where `**` comes before `/`). After an epoch "
            "almost nothing would be left: multiply your result by itself "
            "`updates_per_epoch` times and compare.",
        ),
        (
            lambda g, n: 1 - (1 - g) / n,
            "You share out the *loss* by a division. Each update loses a part of what is left, so too much "
            "remains after an epoch. Share out the factor, by a root.",
        ),
        (
            lambda g, n: g**n,
            "That leads the other way: from a factor per update to one per epoch. You need the root.",
        ),
        (
            lambda g, n: g,
            "That factor would be applied `updates_per_epoch` times in each epoch, and the rate would be gone "
            "before the first one ends.",
        ),
        (
            lambda g, n: (1 - g) ** (1 / n),
            "You take the root of the part that is lost. The factor is the part that is kept.",
        ),
        (
            lambda g, n: g ** (1 / (n + 1)),
            "You count one update too many in an epoch.",
        ),
        (
            lambda g, n: math.log(g) / n,
            "That is the slope of the straight line on a logarithmic axis. Take `exp` of it.",
        ),
    ],
    hints=(
        "An epoch of 3 updates is to keep an eighth of the rate. Which factor for each update does that?",
        "Multiplied by itself `updates_per_epoch` times, your result must give the factor per epoch.",
        "That is the `updates_per_epoch`-th root. A root is a power, too: which one is the square root?",
    ),
    why="Factors multiply, so a factor is shared out by a root. Any period and any unit are converted like this.",
)
def factor_per_update(factor_per_epoch, updates_per_epoch):
    return factor_per_epoch ** (1 / updates_per_epoch)


half_life = Number(
    title="Find the half-life",
    section="The formula",
    answer=math.log(2) / math.log(1 / 0.95),
    digits=4,
    mistakes=[
        (10, "That would be right if each epoch took 0.05 of the *first* rate. It takes 0.05 of what is left."),
        (14, "That is the first whole epoch with less than half. The half-life lies before it: do not round."),
        (13, "After 13 epochs a little more than half is left. Do not round."),
        (
            1 / math.log(1 / 0.95),
            "After that time 1/e of the rate is left, about 0.37. For a half, multiply by the logarithm of 2.",
        ),
        (
            20,
            "After 20 epochs nothing would be left if each took 0.05 of the *first* rate. It takes that of the rest.",
        ),
        (
            math.log(2) / 0.05,
            "Near: 0.05 is only about the logarithm of 1 / 0.95. Take the logarithm itself.",
        ),
        (0.95**0.5, "That is what half an epoch leaves. The question is how many epochs leave a half."),
        (0.5**0.95, "Base and exponent are exchanged: 0.95 is what is multiplied, again and again."),
        (0.5 ** (1 / 0.95), "Base and exponent are exchanged: 0.95 is what is multiplied, again and again."),
        (0.5 / 0.95, "That is a quotient. Each epoch multiplies: you look for an exponent."),
        (
            -math.log(2) / math.log(1 / 0.95),
            "The size is right. Both logarithms are negative, so their quotient is not.",
        ),
    ],
    hints=(
        "How much is left after 1 epoch, after 2, after 10? Between which epochs does it fall below a half?",
        "You look for the exponent h with 0.95**h = 0.5. Logarithms turn an exponent into a factor.",
        "Take the logarithm of both sides: h times log(0.95) is log(0.5), whatever the base.",
    ),
    why="A factor of 0.95 looks close to 1, and yet half of the rate is gone in under 14 epochs.",
)


worth = Number(
    title="What eternity is worth",
    section="Why patience does not help",
    answer=100,
    rtol=3e-4,
    mistakes=[
        (99, "You left out update 0, which uses the peak rate itself."),
        (
            math.log(2) / math.log(1 / 0.99),
            "That is the half-life. The updates after it have something to add too.",
        ),
        (
            1 / math.log(1 / 0.99),
            "That is the area under the smooth curve. The updates are a sum, which is a little more: "
            "each rate counts for a whole update.",
        ),
        (
            1.44 * math.log(2) / math.log(1 / 0.99),
            "1.44 half-lives are the area under the smooth curve, nearly. The updates are a sum, which is a little "
            "more.",
        ),
        (1 / math.log(2), "So many half-lives, nearly. The question is how many updates."),
        (1.44, "So many half-lives, nearly. The question is how many updates."),
        (1 / 0.99, "You divided by the factor. Add up all the rates: each is 0.99 times the one before."),
        (0.99, "That is the second rate of many. Add them all up."),
        (1 / (1 - 0.99) ** 2, "You square once too often: each rate counts once."),
        (0.01, "That is the part that each update takes off. Its inverse is nearer to the question."),
        (math.inf, "The updates never end, but their rates get so small that their sum has a limit."),
        (50, "A straight line to zero would give half of its length. This curve has a longer tail."),
    ],
    hints=(
        "Call the first rate 1. Which rates do the next updates use, and what do you get when you add them all up?",
        "1 + g + g**2 + ... without end is called a geometric series, and for g below 1 it has a finite sum.",
        "Call the sum S. All rates but the first are g times the whole sum: S = 1 + g S.",
    ),
    why="However long the training runs, it covers no more ground than 100 updates at the peak rate would. "
    "If that is too little, the decay is too fast.",
)


@function(
    title="Cosine decay from its definition",
    section="The relatives",
    cases=[
        (0.1, 100, 0),
        (0.1, 100, 25),
        (0.1, 100, 50),
        (0.1, 100, 90),
        (0.1, 100, 100),
        (0.1, 100, 130),
        (2.3, 8, 3),
        (0.137, 97, 31),
        (0.37, 7, 700),
        (137.1, 150, 31),
    ],
    curve=("step", range(0, 161, 4)),
    mistakes=[
        (
            lambda P, n, t: P * (1 + math.cos(math.pi * t / n)) / 2,
            "Your formula is right up to the end, and then the wave comes back up: in a run that lasts too long "
            "the rate would rise again. Hold it at 0 from `decay_steps` on.",
        ),
        (
            lambda P, n, t: P * math.cos(math.pi * min(t, n) / n),
            "Your rate turns negative halfway: the cosine goes from 1 to -1. Lift it by 1 and halve it.",
        ),
        (
            lambda P, n, t: P * (1 + math.cos(math.pi * min(t, n) / n)),
            "Your rate starts at twice the peak: 1 + cos goes from 2 to 0. Halve it.",
        ),
        (
            lambda P, n, t: P * math.cos(math.pi * min(t, n) / (2 * n)),
            "You take a quarter of the wave: it is steepest at the end. Take half a wave, lifted and halved.",
        ),
        (
            lambda P, n, t: P * (1 + math.cos(2 * math.pi * min(t, n) / n)) / 2,
            "You take a whole wave: your rate is 0 halfway and back at the peak at the end. Take half a wave.",
        ),
        (
            lambda P, n, t: P * (1 - math.cos(math.pi * min(t, n) / n)) / 2,
            "Your curve rises from 0 to the peak. The cosine must come with a plus.",
        ),
        (
            lambda P, n, t: P * (1 + math.cos(180 * min(t, n) / n)) / 2,
            "`cos` takes its angle in radians: half a turn is pi, not 180.",
        ),
        (
            lambda P, n, t: P * (1 + math.cos(min(t, n) / n)) / 2,
            "The angle has to go from 0 to pi. Yours goes from 0 to 1.",
        ),
        (
            lambda P, n, t: P * (1 + math.cos(math.radians(min(t, n) / n))) / 2,
            "`cos` takes its angle in radians: half a turn is pi, and nothing has to be converted.",
        ),
        (
            lambda P, n, t: P * 1 + math.cos(math.pi * min(t, n) / n) / 2,
            "Brackets are missing: lift the cosine by 1, then multiply all of it by half the peak.",
        ),
        (
            lambda P, n, t: P + P * math.cos(math.pi * min(t, n) / n) / 2,
            "Only the cosine is halved: halve the 1 as well, so that the curve starts at the peak.",
        ),
        (
            lambda P, n, t: (1 + math.cos(math.pi * min(t, n) / n)) / 2,
            "That is the share of the peak. Multiply it by `peak_lr`.",
        ),
        (
            lambda P, n, t: P * (1 + math.cos(math.pi * t / n)) / 2 if t < n else P,
            "From `decay_steps` on the rate stays at 0, not at the peak.",
        ),
        (
            lambda P, n, t: P * (1 + math.sin(math.pi * min(t, n) / n)) / 2,
            "The sine is 0 at both ends. The cosine goes from 1 to -1.",
        ),
        (
            lambda P, n, t: P * (1 - min(t, n) / n),
            "That is the straight line of linear decay. It meets the cosine at the start, halfway and at the end.",
        ),
    ],
    hints=(
        "Which values does the cosine take at angle 0, at half of pi, and at pi?",
        "Let the angle go from 0 to pi, lift the wave by 1, halve it, and hold the last value.",
        "The angle is pi times the share of the run that is over, and that share is never more than 1.",
    ),
    why="Near its end 1 + cos subtracts two numbers that are almost equal, and loses digits. `lrsched` computes the "
    "same curve as the square of a sine, which does not. And it holds the end, where torch lets the wave rise again.",
)
def cosine_decay(peak_lr, decay_steps, step):
    t = min(step, decay_steps)
    return peak_lr * (1 + math.cos(math.pi * t / decay_steps)) / 2


def printed(example):
    if example == "LinearLR, epochs 0 to 2":
        return [0.003687, 0.004875, 0.006062]
    if example == "PolynomialLR, epochs 0 to 2":
        return [0.0490, 0.0481, 0.0472]
    if example == "ChainedScheduler, epochs 0 to 2":
        return [0.05, 0.0450, 0.0405]
    if example == "SequentialLR, epochs 20 to 22":
        return [0.05, 0.045, 0.0405]


def page(linear=None, polynomial=None, chained=None, sequential=None):
    """The four examples with what a learner may put in; what is left out is right."""

    def program(example):
        own = {"L": linear, "P": polynomial, "C": chained, "S": sequential}[example[0]]
        return manual.answer(example) if own is None else own

    return program


@function(
    title="Correct the manual",
    section="The formula",
    given=printed,
    separate=True,
    cases=[
        ("LinearLR, epochs 0 to 2",),
        ("PolynomialLR, epochs 0 to 2",),
        ("ChainedScheduler, epochs 0 to 2",),
        ("SequentialLR, epochs 20 to 22",),
    ],
    mistakes=[
        (
            page(linear=[0.003687, 0.004875, 0.006062]),
            "`LinearLR` is still as it was printed. Put epoch 0 into its formula: which rate comes first?",
        ),
        (
            page(polynomial=[0.0490, 0.0481, 0.0472]),
            "`PolynomialLR` is still as it was printed. At epoch 0 nothing has been taken off.",
        ),
        (
            page(chained=[0.05, 0.0450, 0.0405]),
            "`ChainedScheduler` is still as it was printed. It multiplies the factors of its members, and during the "
            "first 20 epochs one of them is 0.1.",
        ),
        (
            page(linear=[0.0025, 0.003687, 0.004875]),
            "`LinearLR` begins at the right epoch now, but with the digits that were cut off. Let Python compute them.",
        ),
        (
            page(polynomial=[0.05, 0.0490, 0.0481]),
            "`PolynomialLR` begins at the right epoch now, but with the digits that were cut off. Let Python compute "
            "them.",
        ),
        (
            page(sequential=[0.05 * 0.9**epoch for epoch in (20, 21, 22)]),
            "The last example was right. `SequentialLR` starts its second scheduler at epoch 20, and there it "
            "counts from 0.",
        ),
        (
            page(sequential=[0.05 * 0.1 * 0.9 ** (epoch - 20) for epoch in (20, 21, 22)]),
            "The last example was right. From epoch 20 on only the second scheduler acts, and the factor 0.1 is over.",
        ),
        (
            page(polynomial=[0.05 * (1 - epoch / 50) for epoch in range(3)]),
            "In `PolynomialLR` the power is missing: the part that is left is raised to 0.9.",
        ),
        (
            page(polynomial=[0.05 * (1 - epoch / 50) ** 0.9 for epoch in (1, 2, 3)]),
            "`PolynomialLR` still begins with epoch 1, only with more digits. Begin with epoch 0.",
        ),
        (
            page(polynomial=[(1 - epoch / 50) ** 0.9 for epoch in range(3)]),
            "For `PolynomialLR` you give the factor. The rate is 0.05 times that.",
        ),
        (
            page(linear=[0.05 * (0.05 + epoch / 40) for epoch in range(3)]),
            "Your `LinearLR` ends above 1: from 0.05 the factor has only 0.95 to rise in 40 epochs.",
        ),
        (
            page(linear=[0.05 * (0.05 + 0.95 * epoch / 40) for epoch in (1, 2, 3)]),
            "`LinearLR` still begins with epoch 1, only with more digits. Begin with epoch 0.",
        ),
        (
            page(linear=[0.05 + 0.95 * epoch / 40 for epoch in range(3)]),
            "For `LinearLR` you give the factor. The rate is 0.05 times that.",
        ),
        (
            page(chained=[0.05 * 0.9**epoch for epoch in (1, 2, 3)]),
            "`ChainedScheduler` begins with epoch 0, and one of its factors is 0.1.",
        ),
        (
            page(chained=[0.05 * (0.1 + 0.9**epoch) for epoch in range(3)]),
            "`ChainedScheduler` multiplies the two factors. You add them.",
        ),
        (
            page(chained=[0.1 * 0.9**epoch for epoch in range(3)]),
            "For `ChainedScheduler` you left out the rate of the optimiser, 0.05.",
        ),
        (
            page(chained=[0.05 * 0.1] * 3),
            "In `ChainedScheduler` both members act at once: the 0.9 for each epoch is missing.",
        ),
    ],
    hints=(
        "Take each formula at epoch 0. Does the manual agree?",
        "Three examples are wrong: two are one epoch late, and one leaves out a factor.",
        "`[... for epoch in range(3)]` with a formula of the table in the place of the dots gives its three rates.",
    ),
    why="A printed example is a claim, and a claim about a formula can be checked in one line. "
    "The `SequentialLR` example had been right all along.",
)
def manual(example):
    if example == "LinearLR, epochs 0 to 2":
        return [0.05 * (0.05 + 0.95 * epoch / 40) for epoch in range(3)]
    if example == "PolynomialLR, epochs 0 to 2":
        return [0.05 * (1 - epoch / 50) ** 0.9 for epoch in range(3)]
    if example == "ChainedScheduler, epochs 0 to 2":
        return [0.05 * 0.1 * 0.9**epoch for epoch in range(3)]
    if example == "SequentialLR, epochs 20 to 22":
        return [0.05 * 0.9 ** (epoch - 20) for epoch in (20, 21, 22)]


sheet = Sheet(globals())
progress = sheet.progress
