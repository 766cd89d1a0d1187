"""Exercises: step decay."""

from math import ceil, log2

import numpy as np

from lrsched.course.exercises.functions import Requirement, function, open_function
from lrsched.course.exercises.noisy import NoisyRun, advice
from lrsched.course.exercises.sheet import Sheet
from lrsched.course.exercises.tasks import Number
from lrsched.intervals import interval
from lrsched.optimizers import SGD
from lrsched.problems import Quadratic
from lrsched.schedules import Constant, ExponentialDecay, LinearDecay, PiecewiseConstant, StepDecay
from lrsched.training import compare, tune


@function(
    title="Write step decay",
    section="The formula",
    cases=[
        (0.1, 0.5, 10, 0),
        (0.1, 0.5, 10, 9),
        (0.1, 0.5, 10, 10),
        (0.1, 0.5, 10, 27),
        (0.37, 0.13, 3, 7),
        (1.3, 0.83, 7, 200),
        (3.7, 1.0, 5, 23),
        (0.1, 0.5, 1, 6),
        (0.23, 0.31, 100, 99),
        (0.64, 0.2, 17, 850),
        (0.1, 0.5, 1, 0),
        (137.1, 0.9, 150, 449),
    ],
    curve=("step", range(41)),
    mistakes=[
        (
            lambda P, g, s, t: P * g ** (t / s),
            "Your rate falls a little at every step: that is exponential decay. "
            "Only whole periods count, so round the number of periods down.",
        ),
        (
            lambda P, g, s, t: P * g ** ((t + 1) // s),
            "Your drop comes one update early. Updates are counted from 0: "
            "with `step_size=10`, updates 0 to 9 are the first ten.",
        ),
        (
            lambda P, g, s, t: P * g ** (max(t - 1, 0) // s),
            "Your drop comes one update late. The update at `step == step_size` takes the new rate already.",
        ),
        (
            lambda P, g, s, t: P * g ** ((t - 1) // s),
            "Your rate starts above `peak_lr`: at step 0 you count minus one period. Leave `step` as it is.",
        ),
        (
            lambda P, g, s, t: P * g ** round(t / s),
            "Your drop comes half a period early: you round to the nearest period. Round down.",
        ),
        (
            lambda P, g, s, t: P * g ** ceil(t / s),
            "Your first drop comes at update 1: you count a period as soon as it begins (rounding up does so). Count "
            "the periods that are over: round down.",
        ),
        (
            lambda P, g, s, t: P * g ** (t // s + 1),
            "You count one drop too many: before the first period is over there has been none.",
        ),
        (
            lambda P, g, s, t: P * g ** (t % s),
            "`%` is the remainder, the place within a period. You need the quotient: how many periods are over.",
        ),
        (
            lambda P, g, s, t: P * g**t // s,
            "Brackets are missing: `**` and `*` come before your division. The number of periods is the exponent.",
        ),
        (
            lambda P, g, s, t: P * g ** (t * s),
            "You multiply `step` by `step_size`. The number of periods is a quotient.",
        ),
        (
            lambda P, g, s, t: P * (1 - g * (t // s)),
            "You take off the same share of the peak at each drop. A step decay multiplies what is left.",
        ),
        (
            lambda P, g, s, t: (P * g) ** (t // s),
            "Brackets too many: only `decay_rate` is raised to the power.",
        ),
        (
            lambda P, g, s, t: g ** (t // s),
            "That is the share that is left. Multiply it by `peak_lr`.",
        ),
        (
            lambda P, g, s, t: P if t < s else P * g if t < 2 * s else P * g**2,
            "Your rate stops dropping after the second drop. Each further period brings one more.",
        ),
        (
            lambda P, g, s, t: P * (1 - g) ** (t // s),
            "You multiply by `1 - decay_rate`. The decay rate is the part that is kept, not the part that is lost.",
        ),
        (
            lambda P, g, s, t: P - g * (t // s),
            "You subtract the decay rate at each drop. A step decay multiplies by it.",
        ),
        (
            lambda P, g, s, t: P * g * (t // s),
            "You multiply by the number of drops. Each drop multiplies once more: make that number a power.",
        ),
        (
            lambda P, g, s, t: P / g ** (t // s),
            "Your rate grows at each drop: you divide by a number below 1. Multiply by it.",
        ),
        (
            lambda P, g, s, t: P * g**t,
            "Your rate drops at every single step. Use `step_size` to find how many periods are over.",
        ),
        (
            lambda P, g, s, t: P * g if t >= s else P,
            "Your rate drops once and never again. Each further period brings one more drop.",
        ),
    ],
    hints=(
        "With `step_size=10`, how many drops lie behind update 9? Behind update 10? Behind update 27?",
        "Each drop multiplies the rate by `decay_rate`: after k drops, by its k-th power.",
        "k is the number of whole periods in `step`. In Python `//` divides and rounds down, `**` is the power.",
    ),
    why="Dividing and rounding down counts the whole periods, and each of them multiplied the rate once.",
)
def step_decay(peak_lr, decay_rate, step_size, step):
    return peak_lr * decay_rate ** (step // step_size)


predicted = StepDecay(0.4, decay_rate=0.5, step_size=30)

first_below = Number(
    title="Predict a step",
    section="The formula",
    answer=next(step for step in range(1000) if predicted(step) < 0.01),
    mistakes=[
        (6, "That is how many drops it takes. Each of them comes after 30 updates: which update is that?"),
        (150, "After that drop the rate is 0.0125: near, but not yet below 0.01."),
        (
            30 * log2(40),
            "A smooth exponential decay would cross 0.01 there. A step decay moves only at its drops.",
        ),
        (5, "That is how many halvings are not yet enough. And a halving comes after 30 updates: which update is it?"),
        (log2(40), "That is how many halvings it would take if they could be cut in pieces. Take whole ones."),
        (179, "That update is the last of a level: the rate drops at the next one."),
        (181, "One update late: the drop comes at the multiple of 30 itself."),
        (
            210,
            "The rate is below 0.01 one drop earlier. Did you count a drop at update 0? The first is at 30.",
        ),
    ],
    hints=(
        "Which rates does this schedule take, one after the other? Write down the first few.",
        "Find how many halvings bring 0.4 below 0.01, then the update at which the last of them comes.",
        "k halvings leave 0.4 / 2**k, and the k-th comes at update 30 * k: try k = 1, 2, 3 and so on.",
    ),
    why="Five halvings leave 0.0125, six leave 0.00625, and the sixth drop comes at update 6 * 30.",
)


def unfair_race(problem, peak_lrs, steps):
    constant = tune(problem, SGD(), Constant, peak_lrs, steps=steps, seeds=16)
    decay = StepDecay(constant.best, decay_rate=0.5, step_size=steps // 4)
    arms = {"constant": (SGD(), constant.schedule), "decay": (SGD(), decay)}
    return compare(problem, arms, steps=steps, seeds=16).ratio("decay")


def race_by(seeds=range(100, 105), own=True, outcome=lambda comparison: comparison.ratio("decay"), race=16):
    """A race with parts to exchange: for the mistakes below."""

    def run(problem, peak_lrs, steps):
        def halved(lr):
            return StepDecay(lr, decay_rate=0.5, step_size=steps // 4)

        tuned = [tune(problem, SGD(), f, peak_lrs, steps=steps, seeds=seeds) for f in (Constant, halved)]
        constant, decay = [each.schedule for each in tuned]
        if not own:
            decay = halved(tuned[0].best)
        arms = {"constant": (SGD(), constant), "decay": (SGD(), decay)}
        return outcome(compare(problem, arms, steps=steps, seeds=race))

    return run


def ratio_of_means(comparison):
    constant, decay = comparison.scores().values()
    return decay.mean() / constant.mean(), comparison.ratio("decay").half_width


def unpaired(comparison):
    constant, decay = comparison.scores().values()
    return interval(decay / constant.mean())


VALLEY = Quadratic([0.53] * 10 + [4.7] * 10, noise=1.0, start=2.0)


@function(
    title="Mend a race",
    section="Does it help?",
    given=unfair_race,
    cases=[
        (VALLEY, [0.02, 0.04, 0.08, 0.16, 0.32], 100),
        (VALLEY, [0.03, 0.05, 0.07, 0.11, 0.15, 0.23, 0.33], 37),
        (Quadratic([0.53, 1.7, 4.9], noise=2.0, start=2.0), np.geomspace(0.03, 0.4, 80).tolist(), 37),
    ],
    seconds=10,
    mistakes=[
        (
            race_by(own=False),
            "The seeds are right now, but the decay still runs at the constant's rate: tune it by itself.",
        ),
        (
            race_by(seeds=16),
            "Each has its own rate now, but both were tuned on the seeds of the race: tune on the seeds 100 to 104.",
        ),
        (
            race_by(outcome=lambda comparison: comparison.ratio("constant", to="decay")),
            "Your ratio is upside down: the constant's loss is what you divide by.",
        ),
        (
            race_by(outcome=lambda comparison: comparison.difference("decay")),
            "That is a difference. A ratio is asked for.",
        ),
        (
            race_by(outcome=ratio_of_means),
            "That is a ratio of two means. Divide seed by seed first, and take the mean of the ratios.",
        ),
        (
            race_by(outcome=unpaired),
            "You divide by one mean for all. Seed by seed, the luck of a seed cancels.",
        ),
        (
            race_by(race=range(100, 116)),
            "You race on the seeds that chose the rates. The seeds of the race are 0 to 15.",
        ),
        (
            race_by(race=10),
            "You race on 10 seeds. Asked are the 16 seeds from 0 to 15.",
        ),
        (
            race_by(race=range(100, 105)),
            "You race on the five seeds that chose the rates. The seeds of the race are 0 to 15.",
        ),
        (
            race_by(outcome=lambda comparison: comparison.mean("decay")),
            "That is the loss of the decay. Compare it with that of the constant: `ratio`.",
        ),
    ],
    hints=(
        "Whose best rate does each of the two use? And which seeds chose it?",
        "`tune` also takes a function that makes a schedule out of a peak rate, as in the chapter.",
        "Tune twice, once with `Constant` and once with such a function for `StepDecay`, each with "
        "`seeds=range(100, 105)`; each `.schedule` then goes into the race.",
    ),
    why="The two numbers are the mean of the ratios, seed by seed, and how far it may be off. An interval that holds 1 "
    "would say that no difference was seen. The unfair race was wrong twice: one rate for both, and a constant that "
    "had "
    "seen the seeds of the race.",
)
def paired_ratio(problem, peak_lrs, steps):
    def halved(lr):
        return StepDecay(lr, decay_rate=0.5, step_size=steps // 4)

    tuning = {"steps": steps, "seeds": range(100, 105)}
    constant = tune(problem, SGD(), Constant, peak_lrs, **tuning)
    decay = tune(problem, SGD(), halved, peak_lrs, **tuning)
    arms = {"constant": (SGD(), constant.schedule), "decay": (SGD(), decay.schedule)}
    return compare(problem, arms, steps=steps, seeds=16).ratio("decay")


in_epochs = StepDecay(0.4, decay_rate=0.5, step_size=2)


@function(
    title="From epochs to updates",
    section="Epochs, updates, and who counts",
    cases=[
        (in_epochs, 5, 0),
        (in_epochs, 5, 7),
        (in_epochs, 5, 9),
        (in_epochs, 5, 10),
        (in_epochs, 5, 31),
        (StepDecay(1.0, decay_rate=0.1, step_size=3), 100, 650),
        (ExponentialDecay(0.37, decay_rate=0.71, step_size=3), 7, 34),
        (LinearDecay(0.53, decay_steps=9), 6, 23),
        (LinearDecay(0.53, decay_steps=9), 1, 4),
        (StepDecay(137.1, decay_rate=0.1, step_size=1), 1, 0),
        (StepDecay(1.0, decay_rate=0.1, step_size=1), 391, 11_000),
    ],
    curve=("step", range(41)),
    mistakes=[
        (
            lambda schedule, n, t: schedule(t),
            "You hand the number of updates to a schedule that counts epochs: it drops after 2 updates "
            "where it should after 2 epochs. Convert `step` first.",
        ),
        (
            lambda schedule, n, t: schedule(t * n),
            "You multiply by `updates_per_epoch`, which leads further away: an epoch has many updates, "
            "so the number of epochs is the smaller one.",
        ),
        (
            lambda schedule, n, t: schedule(t // n + 1),
            "You count epochs from 1. The schedule counts from 0: the first updates belong to epoch 0.",
        ),
        (
            lambda schedule, n, t: schedule(t / n),
            "You hand over parts of an epoch, so that a smooth schedule moves within it. Round down to whole epochs.",
        ),
        (
            lambda schedule, n, t: schedule(ceil(t / n)),
            "You round up: all but the first update of an epoch get the rate of the next one. Round down.",
        ),
        (
            lambda schedule, n, t: schedule((t + 1) // n),
            "The last update of each epoch gets the rate of the next one: you add 1 to `step`, which counts from 0 "
            "already.",
        ),
        (
            lambda schedule, n, t: schedule(t // n - 1),
            "You are one epoch late: the first updates belong to epoch 0.",
        ),
        (
            lambda schedule, n, t: schedule((t - 1) // n),
            "The first update of each epoch gets the rate of the epoch before: take `step` as it is.",
        ),
        (
            lambda schedule, n, t: schedule(t) // n,
            "Brackets: divide the update, not the rate.",
        ),
        (
            lambda schedule, n, t: t // n,
            "That is the epoch. Ask `schedule` which rate it uses.",
        ),
        (
            lambda schedule, n, t: schedule(round(t / n)),
            "You round to the nearest epoch, so its second half already counts as the next. "
            "An epoch lasts until its last update.",
        ),
        (
            lambda schedule, n, t: schedule(t % n),
            "The remainder is the place of the update within its epoch. You need the epoch: the quotient.",
        ),
    ],
    hints=(
        "With 5 updates in an epoch, which epoch does update 9 belong to? And update 10?",
        "The schedule wants a number of epochs. Make one out of `step` and `updates_per_epoch`.",
        "Update 12 is in epoch 2 because 12 / 5 is 2.4: divide, round down, and ask `schedule` for that epoch.",
    ),
    why="The division turns updates into epochs, the unit in which this schedule counts. "
    "Whenever a rate drops far too early or too late, look at the units first.",
)
def rate_at_update(schedule, updates_per_epoch, step):
    return schedule(step // updates_per_epoch)


def train_late(schedule, epochs):
    weight, lr = 1.0, schedule(0)
    weights, plotted = [], []
    for epoch in range(epochs):
        plotted.append(schedule(epoch))
        weight = weight - lr * weight
        weights.append(weight)
        lr = schedule(epoch)
    return weights, plotted


def descend(used, plotted):
    """The weights after updates with the rates `used`, beside what is plotted."""
    return list(np.cumprod([1 - lr for lr in used])), list(plotted)


@function(
    title="Find the bug",
    section="Epochs, updates, and who counts",
    given=train_late,
    cases=[
        (StepDecay(0.4, decay_rate=0.5, step_size=2), 6),
        (StepDecay(0.93, decay_rate=0.13, step_size=1), 4),
        (PiecewiseConstant([0.13, 0.57, 0.91], boundaries=[1, 4]), 7),
        (LinearDecay(1.7, decay_steps=5), 5),
        (StepDecay(15.1, decay_rate=0.13, step_size=3), 12),
        (StepDecay(0.37, decay_rate=0.5, step_size=2), 1),
        (StepDecay(0.37, decay_rate=0.5, step_size=2), 0),
    ],
    curve="epoch",
    mistakes=[
        (
            lambda s, n: descend([s(max(e - 1, 0)) for e in range(n)], [s(max(e - 1, 0)) for e in range(n)]),
            "Now the plot is honest, but the training still runs one epoch late. "
            "Leave the plot, and set `lr` before the update that is to use it.",
        ),
        (
            lambda s, n: descend([s(e) for e in range(n)], [s(e + 1) for e in range(n)]),
            "The training is right now, but the plot has moved by one epoch. Let both count from 0.",
        ),
        (
            lambda s, n: descend([s(e + 1) for e in range(n)], map(s, range(n))),
            "Now the training runs one epoch early: the first epoch has to use `schedule(0)`.",
        ),
        (
            lambda s, n: descend([s(0)] * n, map(s, range(n))),
            "Now the training uses `schedule(0)` for ever. `lr` must be set in every epoch.",
        ),
        (
            lambda s, n: descend([s(max(e - 2, 0)) for e in range(n)], map(s, range(n))),
            "That leads the wrong way: the training now runs two epochs late. Where in the loop is `lr` set?",
        ),
        (
            lambda s, n: descend(map(s, range(n)), [])[0],
            "The plot is gone: return the weights *and* the rates.",
        ),
        (
            lambda s, n: descend(map(s, range(n)), map(s, range(n)))[::-1],
            "You return the two in the wrong order: first the weights, then the rates.",
        ),
        (
            lambda s, n: ([1.0, *descend(map(s, range(n)), [])[0]], list(map(s, range(n)))),
            "Your weights have one too many: they begin after the first update, not with the start.",
        ),
        (
            lambda s, n: ([1.0, *descend(map(s, range(n)), [])[0]][:n], list(map(s, range(n)))),
            "You record each weight before its update, so the list starts with 1. Record it afterwards.",
        ),
    ],
    hints=(
        "Go through the first three epochs by hand: which rate is plotted, and which one is used?",
        "`lr` is set at the end of an epoch, so what is set there is used by the next one.",
        "One line has to move: the one that sets `lr`.",
    ),
    why="The rate is set before the update that uses it. Best of all is to plot what the update received: "
    "then no such mistake can hide.",
)
def train(schedule, epochs):
    weight = 1.0
    weights, plotted = [], []
    for epoch in range(epochs):
        lr = schedule(epoch)
        plotted.append(lr)
        weight = weight - lr * weight
        weights.append(weight)
    return weights, plotted


RUN = NoisyRun(Quadratic((1.0, 0.05), noise=0.5, start=5.0), steps=200, constant=0.22)
PROBLEM, STEPS = RUN.problem, RUN.steps  # for the notebook


def levels(rates):
    """How many updates each level lasts; the end of the run cuts off the last one."""
    drops = np.flatnonzero(np.diff(rates)) + 1
    return np.diff([0, *drops])


@open_function(
    title="Beat the best constant rate",
    section="The idea",
    cases=[(step,) for step in range(RUN.steps)],
    beside=("step", "best constant rate", RUN.constant),
    report=RUN.report,
    advice=lambda rates: advice(rates, RUN.final_loss, my_schedule.allows),
    requirements=[
        Requirement(
            "the rate falls at least once, and never rises",
            lambda rates: rates[-1] < rates[0] and np.all(np.diff(rates) <= 0),
            lambda t: 0.05 * 2 ** (t // 50),
            "Your rate does not only fall. Let each drop multiply it by a number below 1.",
        ),
        Requirement(
            "each level lasts 10 updates or more",
            lambda rates: np.all(levels(rates) >= 10),
            lambda t: 0.9 ** (t // 5),
            "Your rate changes too often: hold each level for 10 updates or more.",
        ),
        Requirement(
            "the expected loss ends at no more than 60 % of that of the best constant rate",
            lambda rates: RUN.final_loss(rates) <= RUN.goal,
            lambda t: 1.0 * 0.9 ** (t // 40),
            "The loss ends too high.",
        ),
    ],
    hints=(
        "What does a large rate do well at the beginning, and what does it spoil at the end?",
        "Begin well above the best constant rate, end well below it, with several drops in between.",
        "A peak near 1 and a drop every 20 updates will do: try which decay rate brings the end to about 0.05.",
    ),
    why="Large rates forget the start quickly, small rates average out the noise. "
    "A constant rate has to settle for one of the two.",
)
def my_schedule(step):
    return 1.0 * 0.7 ** (step // 20)


sheet = Sheet(globals())
progress = sheet.progress
