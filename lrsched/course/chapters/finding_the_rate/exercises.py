"""Exercises: finding the rate."""

import numpy as np

from lrsched.course.exercises.functions import function
from lrsched.course.exercises.sheet import Sheet
from lrsched.course.exercises.tasks import Choice
from lrsched.lr_range import range_test
from lrsched.optimizers import SGD
from lrsched.problems import Digits, Quadratic
from lrsched.schedules import Constant, LinearDecay
from lrsched.training import tune


@function(
    title="Build a ramp",
    section="The formula",
    cases=[
        (0.01, 1.0, 5, 2),
        (0.01, 1.0, 5, 0),
        (0.01, 1.0, 5, 4),
        (0.0003, 7.1, 100, 0),
        (0.0003, 7.1, 100, 37),
        (0.0003, 7.1, 100, 99),
        (0.13, 0.17, 11, 7),
        (1e-7, 10.0, 1600, 1234),
        (2.3, 137.1, 2, 1),
        (2.3, 137.1, 5, 1),
        (1e-12, 0.3, 7, 1),
    ],
    curve=("step", range(5)),
    mistakes=[
        (
            lambda low, high, n, t: low * (high / low) ** (t / n),
            "Your ramp ends below `high`: the last of `steps` updates is `steps - 1`, and that one has `high`.",
        ),
        (
            lambda low, high, n, t: low * (high / low) ** ((t + 1) / n),
            "Your ramp begins above `low`: update 0 has the rate `low` itself.",
        ),
        (
            lambda low, high, n, t: low + (high - low) * t / (n - 1),
            "You climb by equal amounts. Equal factors are asked for: then each size of rate gets as many updates.",
        ),
        (
            lambda low, high, n, t: low + (high - low) * t / n,
            "You climb by equal amounts, and do not reach `high`. Climb by equal factors, in `steps - 1` of them.",
        ),
        (
            lambda low, high, n, t: high * (low / high) ** (t / (n - 1)),
            "Your rate falls: the two ends are exchanged.",
        ),
        (
            lambda low, high, n, t: low * (high / low) ** (t // (n - 1)),
            "Your rate stands still and then jumps: `//` cuts off the share of the way. Divide with `/`.",
        ),
        (
            lambda low, high, n, t: low * (high / low) ** t / (n - 1),
            "Only `step` stands in your exponent: a pair of brackets is missing around the share of the way.",
        ),
        (
            lambda low, high, n, t: low * high ** (t / (n - 1)),
            "Your ramp ends at `low * high`. The whole way is the factor `high / low`.",
        ),
        (
            lambda low, high, n, t: (high / low) ** (t / (n - 1)),
            "Your ramp begins at 1. It has to begin at `low`.",
        ),
        (
            lambda low, high, n, t: low * (high - low) ** (t / (n - 1)),
            "You raise the difference to a power. The whole way is the factor `high / low`.",
        ),
    ],
    hints=(
        "By which factor does the rate grow on the whole way, and in how many steps?",
        "Equal factors: after the share s of the way, the rate has grown by the whole factor to the power s.",
        "The whole factor is `high / low`, and the share of the way is 1 at the last update, `steps - 1`.",
    ),
    why="With equal factors the ramp grants as many updates to the rates from 0.001 to 0.01 as to those from 1 to 10. "
    "Along a line nine tenths of the updates would go to the highest tenth of the range.",
)
def ramp_rate(low, high, steps, step):
    return low * (high / low) ** (step / (steps - 1))


@function(
    title="How long a ramp",
    section="A ramp is a short run",
    cases=[
        (0.01, 1.0, 10),
        (0.0001, 10.0, 800),
        (1e-7, 10.0, 8.6),
        (0.3, 0.7, 137),
        (0.013, 137.1, 0.041),
        (2.3, 137.1, 4.2),
        (1e-12, 0.3, 5.7),
    ],
    mistakes=[
        (
            lambda low, high, m: m * np.log(high / low),
            "That is the number of steps between the updates. A ramp of n updates has n - 1 of them.",
        ),
        (
            lambda low, high, m: m * np.log10(high / low) + 1,
            "You count factors of 10. Each rate is granted the updates in which the rate grows by the factor e: take "
            "`np.log`.",
        ),
        (
            lambda low, high, m: m * np.log10(high / low),
            "You count factors of 10, and forget the last update. Take `np.log`, and n - 1 steps for n updates.",
        ),
        (
            lambda low, high, m: m * np.log2(high / low) + 1,
            "You count doublings. Each rate is granted the updates in which the rate grows by the factor e: take "
            "`np.log`.",
        ),
        (
            lambda low, high, m: m / np.log(high / low) + 1,
            "You divide by the number of factors. More of them need more updates: multiply.",
        ),
        (
            lambda low, high, m: (m - 1) / np.log(high / low),
            "That is how many updates a ramp of that length grants each rate. Asked is the other way round.",
        ),
        (
            lambda low, high, m: m * np.log(low / high) + 1,
            "Your length is negative: the two ends are exchanged.",
        ),
        (
            lambda low, high, m: m * (high / low) + 1,
            "You grant the updates to each multiple of `low`. The ramp climbs by factors: take the logarithm.",
        ),
        (
            lambda low, high, m: m * (high - low) + 1,
            "You take the difference of the ends. The ramp climbs by factors: take the logarithm of their ratio.",
        ),
        (
            lambda low, high, m: m * np.log(high / low) - 1,
            "You subtract the 1. If n - 1 steps are needed, how large is n?",
        ),
        (
            lambda low, high, m: m * (np.log(high / low) + 1),
            "You add a whole factor e to the way, or lost a pair of brackets. Only one update comes on top.",
        ),
    ],
    hints=(
        "By how many factors of e does the rate grow from `low` to `high`?",
        "The chapter says how many updates a ramp of n grants each rate. Solve that for n.",
        "If m = (n - 1) / ln(high / low), what is n?",
    ),
    why="From 0.0001 to 10 there are 11.5 factors of e. So a ramp that grants each rate the 800 updates of your run "
    "is more than eleven runs long: cheaper to make the runs.",
)
def ramp_length(low, high, updates):
    return updates * np.log(high / low) + 1


rule_for = Choice(
    title="A rule for your schedule",
    section="Which rule for which schedule?",
    answer="a",
    options={
        "a": "A constant rate keeps all the noise that it makes, so it has to stay low: a tenth. The decay loses its "
        "noise as it falls, and may start at half. Both were found with ramps of 100 and runs of 800 updates.",
        "b": "You exchanged the two. Which of the schedules leaves the noise of its first updates behind?",
        "c": "Both stand at the minimum. There a constant rate ended about three times as high as it could.",
        "d": "0.6 is a fifth: a compromise that leaves the decay too low. One rate for both is not needed.",
    },
    hints=(
        "Which of the two schedules ends at a low rate anyway?",
        "The chapter found two shares of the minimum that suited four noisy set-ups, one for each schedule.",
        "Look at the picture with the filled and the open dots: which dots are lowest at which share?",
    ),
)


def best_row(losses, judge):
    return int(np.argmin(judge(np.asarray(losses, dtype=float))))


TABLES = [
    ([0.1, 0.2, 0.4], [[0.5, 0.6], [0.3, 0.5], [0.2, 0.9]]),
    ([0.03, 0.1, 0.3], [[0.5, 0.6, 0.7], [0.9, 0.4, 0.2], [0.1, 0.1, float("nan")]]),
    ([0.13, 0.37, 1.1, 3.1], [[2.0, 2.1], [1.1, 1.3], [1.0, 1.9], [0.3, float("nan")]]),
    ([0.5, 1.0], [[0.31, 0.29, 0.30], [0.25, 0.26, 0.27]]),
    ([0.02, 0.04, 0.08], [[1.0, 3.0, 2.0], [1.2, 1.9, 4.5], [0.9, 5.0, 5.1]]),
    (
        [0.11, 0.23, 0.47, 0.83],
        [[0.3, 0.9, 0.6], [0.5, 0.1, 1.0], [0.45, 0.5, 0.4], [0.8, 0.35, 0.36]],
    ),
    ([0.2, 0.9], [[0.4, 0.5], [0.6, float("nan")]]),
    ([0.0312547, 0.1234567, 0.3777777], [[0.5, 0.7], [0.4, 0.6], [0.7, 0.5]]),
    ([12.345678, 137.123456], [[3.1e-12, 0.7e-12], [1.1e-12, 1.9e-12]]),
    ([0.4, 0.1, 0.2], [[0.5, 0.6], [0.3, 0.2], [0.7, 0.5]]),
    ([1.37e-12, 3.91e-12], [[0.31, 0.29], [0.27, 0.28]]),
    ([0.7], [[0.4, 0.5]]),
]


@function(
    title="Choose from a table",
    section="A search with few runs",
    cases=TABLES,
    mistakes=[
        (
            lambda rates, losses: rates[best_row(losses, lambda x: np.nanmean(x, axis=1))],
            "You leave the lost run out of its mean. A rate at which a run is lost is no choice at all.",
        ),
        (
            lambda rates, losses: rates[best_row(losses, lambda x: np.nanmin(x, axis=1))],
            "You take the rate of the luckiest run. Compare the means over all seeds, and leave out rates that lose a "
            "run.",
        ),
        (
            lambda rates, losses: rates[best_row(losses, lambda x: np.nanmedian(x, axis=1))],
            "You compare medians of the runs that are left. Compare means, and leave out rates that lose a run.",
        ),
        (
            lambda rates, losses: rates[best_row(losses, lambda x: x.mean(axis=1))],
            "NaN is neither low nor high: `argmin` takes it for the lowest. Leave out rates that lose a run.",
        ),
        (
            lambda rates, losses: rates[int(np.nanargmax(np.asarray(losses).mean(axis=1)))],
            "That is the worst rate: a low loss is the better one.",
        ),
        (
            lambda rates, losses: rates[best_row(losses, lambda x: np.where(np.isnan(x), np.inf, x)[:, 0])],
            "You look at the first seed alone. Compare the means over all seeds.",
        ),
        (
            lambda rates, losses: rates[int(np.nanargmin(np.mean(losses, axis=0)))],
            "You take means over the rates, one for each seed. A row is a rate, and its mean is that along axis 1.",
        ),
        (
            lambda rates, losses: int(np.nanargmin(np.asarray(losses).mean(axis=1))),
            "That is the place in the list. Return the rate that stands there.",
        ),
        (
            lambda rates, losses: float(np.nanmin(np.asarray(losses).mean(axis=1))),
            "That is the lowest mean loss. Return the rate that reached it.",
        ),
    ],
    hints=(
        "What should one number a rate be, and what should it be where a run was lost?",
        "The mean over a row says how good its rate is; with a NaN in the row it is NaN.",
        "`np.mean(losses, axis=1)` gives the means, and `np.nanargmin` finds the lowest that is not NaN.",
    ),
    why="One seed is luck, and so is the mean over the runs that survived. A rate that loses one run of three would "
    "lose one night of three.",
)
def rate_from_table(rates, losses):
    return rates[int(np.nanargmin(np.mean(losses, axis=1)))]


SHARES = (0.1, 0.2, 0.5, 1)


def four(problem, steps, *, make=None, shares=SHARES, test_seeds=24, seeds=range(100, 104), rule="minimum"):
    """The best of few runs, with some of what is asked for exchanged: for the mistakes below."""
    low = range_test(problem, SGD(), seeds=test_seeds).suggest(rule)
    make = make or (lambda peak_lr: LinearDecay(peak_lr, decay_steps=steps))
    return tune(problem, SGD(), make, [share * low for share in shares], steps=steps, seeds=seeds)


@function(
    title="Tune with four runs",
    section="A search with few runs",
    cases=[
        (Quadratic([0.3, 2.1], noise=0.4, start=3.0), 60),
        (Quadratic([0.3, 2.1], noise=0.4, start=3.0), 150),
        (Quadratic([0.3, 2.1], noise=0.4, start=3.0), 600),
        (Quadratic([0.02, 0.9], noise=0.05, start=(30.0, 1.0)), 150),
        (Quadratic([0.3, 2.1], noise=1.4, start=3.0), 60),
        (Digits(hidden=(8,), batch_size=16, label_noise=0.3), 60),
    ],
    seconds=15,
    mistakes=[
        (
            lambda problem, steps: four(problem, steps, make=Constant).best,
            "You tuned a constant rate. Asked is linear decay to zero.",
        ),
        (
            lambda problem, steps: range_test(problem, SGD(), seeds=24).suggest("minimum"),
            "That is the minimum of the range test. Try the three rates below it too, and keep the best.",
        ),
        (
            lambda problem, steps: range_test(problem, SGD(), seeds=24).suggest("minimum") / 2,
            "That is half of the minimum, whatever the task. Try all four rates, and keep the best.",
        ),
        (
            lambda problem, steps: range_test(problem, SGD(), seeds=24).suggest("minimum") / 10,
            "That is a tenth of the minimum, whatever the task. Try all four rates, and keep the best.",
        ),
        (
            lambda problem, steps: four(problem, steps, test_seeds=10).best,
            "Your range test has 10 seeds. Asked are 24.",
        ),
        (
            lambda problem, steps: four(problem, steps, test_seeds=1).best,
            "Your range test has one seed, which may suggest nonsense. Asked are 24.",
        ),
        (
            lambda problem, steps: four(problem, steps, rule="steepest").best,
            "You begin at the steepest place. Asked is the minimum, the rate at which the loss is lowest.",
        ),
        (
            lambda problem, steps: four(problem, 100).best,
            "Your runs have 100 updates. Give them `steps`, and let the decay end there.",
        ),
        (
            lambda problem, steps: four(problem, steps, make=lambda lr: LinearDecay(lr, decay_steps=100)).best,
            "Your decay takes 100 updates. It has to reach zero when the run ends: `decay_steps=steps`.",
        ),
        (
            lambda problem, steps: four(problem, steps, shares=(0.1, 1)).best,
            "You tried the two ends alone. A half and a fifth of the minimum belong to the four.",
        ),
        (
            lambda problem, steps: four(problem, steps).scores.mean(axis=1).min(),
            "That is the lowest loss. Return the rate that reached it.",
        ),
        (
            lambda problem, steps: four(problem, steps).peak_lrs,
            "Those are the four rates. Return the one that ended lowest.",
        ),
    ],
    hints=(
        "What are the three steps: where to look, what to try, which to keep?",
        "`range_test(...)` has `.suggest(...)` for the minimum, and `tune(...)` tries a list of rates that rises.",
        "`tune` takes a function that makes the schedule of a peak rate: `lambda peak_lr: LinearDecay(peak_lr, ...)`. "
        "What it returns has `.best`.",
    ),
    why="The test says how high to begin, and four runs say how far to go down. On the valley of the example the best "
    "of the four is half of the minimum for 60 updates and a tenth for 600: the length of your run is what no ramp "
    "can see.",
)
def best_of_four(problem, steps):
    minimum = range_test(problem, SGD(), seeds=24).suggest("minimum")
    return tune(
        problem,
        SGD(),
        lambda peak_lr: LinearDecay(peak_lr, decay_steps=steps),
        [share * minimum for share in (0.1, 0.2, 0.5, 1)],
        steps=steps,
        seeds=range(100, 104),
    ).best


sheet = Sheet(globals())
progress = sheet.progress
