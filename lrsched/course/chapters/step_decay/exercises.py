"""Exercises: step decay."""

import numpy as np

from lrsched.course.exercises.functions import function, open_function
from lrsched.course.exercises.noisy import NoisyRun
from lrsched.course.exercises.sheet import Sheet
from lrsched.course.exercises.tasks import Choice, Number
from lrsched.problems import Quadratic
from lrsched.schedules import PiecewiseConstant, StepDecay


@function(
    title="Write step decay",
    section="The formula",
    cases=[
        (0.1, 0.5, 10, 0),
        (0.1, 0.5, 10, 9),
        (0.1, 0.5, 10, 10),
        (0.1, 0.5, 10, 27),
        (1.0, 0.1, 3, 7),
        (0.2, 0.9, 4, 12),
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
            160,
            "A smooth exponential decay would cross 0.01 there. A step decay moves only at its drops.",
        ),
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
        "k halvings leave 0.4 / 2**k, and the k-th comes at update 30 * k.",
    ),
    why="Five halvings leave 0.0125, six leave 0.00625, and the sixth drop comes at update 6 * 30.",
)


boundary = Choice(
    title="At the boundary",
    section="The formula",
    answer="b",
    options={
        "a": "Ten updates have to pass before the drop, and they have: 0 to 9 are ten. Count them once more.",
        "b": "`10 // 10` is 1, so update 10 is the first with the new rate. Not every library agrees: "
        "at a boundary, `PiecewiseConstantDecay` of Keras still takes the old one.",
        "c": "A step decay has nothing between two levels. Put 10 into the formula: what does rounding leave?",
        "d": "Nothing is rounded off here: 10 and 10 are whole numbers, and their quotient is exact.",
    },
    hints=(
        "How many updates are there from 0 to 9?",
        "The exponent is the number of whole periods that are over when update 10 comes.",
        "Work out `10 // 10`, then 0.1 times 0.5 to that power.",
    ),
)


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
        "Update `step` belongs to epoch `step // updates_per_epoch`: hand that to `schedule`.",
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
        (StepDecay(0.9, decay_rate=0.1, step_size=1), 4),
        (PiecewiseConstant([0.1, 0.5], boundaries=[1]), 3),
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
            lambda s, n: ([1.0, *descend(map(s, range(n)), [])[0]][:n], list(map(s, range(n)))),
            "You record each weight before its update, so the list starts with 1. Record it afterwards.",
        ),
    ],
    hints=(
        "Go through the first three epochs by hand: which rate is plotted, and which one is used?",
        "`lr` is set at the end of an epoch, so what is set there is used by the next one.",
        "Move the line `lr = schedule(epoch)` up, to before the update.",
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


@open_function(
    title="Beat the best constant rate",
    section="The idea",
    cases=[(step,) for step in range(RUN.steps)],
    beside=("step", "best constant rate", RUN.constant),
    report=RUN.report,
    rules=[
        (
            lambda rates: np.all(rates > 0),
            lambda t: 0.3 - 0.1 * (t // 40),
            "Your rate reaches 0 or less. Let each drop multiply the rate, so that it stays above 0.",
        ),
        (
            lambda rates: np.all(np.diff(rates) <= 0),
            lambda t: 0.05 * 2 ** (t // 50),
            "Your rate rises. Take a decay rate below 1.",
        ),
        (
            lambda rates: rates[0] > rates[-1],
            lambda t: 0.2,
            "Your rate never drops within these 200 updates. Take a shorter `step_size`.",
        ),
        (
            lambda rates: len(np.unique(rates)) <= 20,
            lambda t: 0.99**t,
            "Your rate changes at almost every update: that is a smooth decay. Hold each level for 10 updates or more.",
        ),
        (
            lambda rates: rates[0] < 2,
            lambda t: 3.0 * 0.9 ** (t // 20),
            "Your loss explodes: where the curvature is 1, a rate above 2 overshoots further at each update. "
            "Start lower.",
        ),
        (
            lambda rates: RUN.final_loss(rates) < RUN.goal or RUN.left_of_start(rates) < RUN.from_noise(rates),
            lambda t: 0.5 * 0.1 ** (t // 20),
            "Most of your loss is left of the start: your rates are too small for too long. "
            "Start higher, or let the drops come later.",
        ),
        (
            lambda rates: RUN.final_loss(rates) < RUN.goal,
            lambda t: 1.0 * 0.9 ** (t // 40),
            "Most of your loss comes from the noise: your last rates are too large. "
            "Let the rate drop more often, or by more.",
        ),
    ],
    hints=(
        "What does a large rate do well at the beginning, and what does it spoil at the end?",
        "Begin well above the best constant rate, end well below it, with several drops in between.",
        "`peak_lr * decay_rate ** (step // step_size)` with a peak near 1 and a drop every 20 updates: "
        "try which decay rate brings the end to about 0.05.",
    ),
    why="Large rates forget the start quickly, small rates average out the noise. "
    "A constant rate has to settle for one of the two.",
)
def my_schedule(step):
    return 1.0 * 0.7 ** (step // 20)


sheet = Sheet(globals())
progress = sheet.progress
