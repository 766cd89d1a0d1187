"""Exercises: exponential decay and its relatives."""

import math

from lrsched.course.exercises.functions import function
from lrsched.course.exercises.sheet import Sheet
from lrsched.course.exercises.tasks import Choice, Number

slip = Choice(
    title="Take the lesson at its word",
    section='"Decrease by 0.1" is not a factor',
    answer="c",
    options={
        "a": "That is 0.1 multiplied by 0.1 twice. The sentence says *decrease by*: do what it says.",
        "b": "That is 0.1 multiplied by 0.9 twice, a tenth of the rate each time. The sentence names 0.1, not a tenth.",
        "c": "0.1 - 0.1 is 0 at epoch 5, and at epoch 10 the rate is -0.1: the weights follow the gradient uphill. "
        "Say what a rate is multiplied by, and no program can read it so.",
        "d": "That is the rate of epoch 5, where training stands still. Five epochs later it is decreased again.",
    },
    hints=(
        "Which rate does epoch 5 use if the sentence is taken literally?",
        "To decrease by an amount is to subtract it.",
        "By epoch 10 the amount has been subtracted twice: 0.1 - 2 * 0.1.",
    ),
)


@function(
    title="Write exponential decay",
    section="The formula",
    cases=[
        (0.1, 0.5, 10, 0),
        (0.1, 0.5, 10, 1),
        (0.1, 0.5, 10, 10),
        (0.1, 0.5, 10, 25),
        (1.0, 0.1, 5, 7),
        (0.2, 0.9, 1, 3),
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
        "The number of periods is `step / step_size`, and `**` is the power.",
    ),
    why="It is step decay without the rounding: each update multiplies by the root of `decay_rate`.",
)
def exponential_decay(peak_lr, decay_rate, step_size, step):
    return peak_lr * decay_rate ** (step / step_size)


@function(
    title="From a factor per epoch to one per update",
    section="The formula",
    cases=[(0.5, 100), (0.9, 10), (0.1, 391), (0.97, 1), (0.25, 2)],
    mistakes=[
        (
            lambda g, n: g / n,
            "You divide the factor. After an epoch almost nothing would be left: multiply your result by itself "
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
        "An epoch of 2 updates is to keep a quarter of the rate. Which factor for each update does that?",
        "Multiplied by itself `updates_per_epoch` times, your result must give the factor per epoch.",
        "The n-th root of g is `g ** (1 / n)`.",
    ),
    why="Factors multiply, so a factor is shared out by a root. Any period and any unit are converted like this.",
)
def factor_per_update(factor_per_epoch, updates_per_epoch):
    return factor_per_epoch ** (1 / updates_per_epoch)


half_life = Number(
    title="Find the half-life",
    section="The formula",
    answer=math.log(2) / math.log(1 / 0.95),
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
    ],
    hints=(
        "How much is left after 1 epoch, after 2, after 10? Between which epochs does it fall below a half?",
        "You look for the exponent h with 0.95**h = 0.5. Logarithms turn an exponent into a factor.",
        "h = log(2) / log(1 / 0.95), for instance with `np.log`.",
    ),
    why="A factor of 0.95 looks close to 1, and yet half of the rate is gone in under 14 epochs.",
)


worth = Number(
    title="What eternity is worth",
    section="Why patience does not help",
    answer=100,
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
        (1 / 0.99, "You divided by the factor. The sum of 1 + g + g**2 + ... is 1 / (1 - g)."),
        (0.01, "That is the part that each update takes off. Its inverse is nearer to the question."),
        (math.inf, "The updates never end, but their rates get so small that their sum has a limit."),
        (50, "A straight line to zero would give half of its length. This curve has a longer tail."),
    ],
    hints=(
        "Call the first rate 1. Which rates do the next updates use, and what do you get when you add them all up?",
        "1 + g + g**2 + ... without end is called a geometric series, and for g below 1 it has a finite sum.",
        "The sum is 1 / (1 - g).",
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
        (2.0, 8, 3),
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
            lambda P, n, t: P * (1 - min(t, n) / n),
            "That is the straight line of linear decay. It meets the cosine at the start, halfway and at the end.",
        ),
    ],
    hints=(
        "Which values does the cosine take at angle 0, at half of pi, and at pi?",
        "Let the angle go from 0 to pi, lift the wave by 1, halve it, and hold the last value.",
        "`peak_lr * (1 + math.cos(math.pi * t / decay_steps)) / 2`, with `t = min(step, decay_steps)`.",
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


LINEAR, POLYNOMIAL, CHAINED = [0.003687, 0.004875, 0.006062], [0.0490, 0.0481, 0.0472], [0.05, 0.0450, 0.0405]


@function(
    title="Correct the manual",
    section="The formula",
    given=printed,
    cases=[
        ("LinearLR, epochs 0 to 2",),
        ("PolynomialLR, epochs 0 to 2",),
        ("ChainedScheduler, epochs 0 to 2",),
        ("SequentialLR, epochs 20 to 22",),
    ],
    mistakes=[
        (
            page([0.0025, 0.003687, 0.004875], [0.05, 0.0490, 0.0481], [0.005, 0.0045, 0.00405]),
            "You see what is wrong: two examples begin one epoch late. But you copied their digits, "
            "which are cut off after a few places. Let Python compute each rate from its formula.",
        ),
        (
            page(chained=CHAINED),
            "One example is still as it was printed. A `ChainedScheduler` multiplies the factors of its members, "
            "and during the first 20 epochs one of them is 0.1.",
        ),
        (
            page(linear=LINEAR, polynomial=POLYNOMIAL),
            "Two examples are still as they were printed. Put epoch 0 into their formulas: which rate comes first?",
        ),
        (
            page(linear=LINEAR),
            "One example is still as it was printed. At epoch 0 `LinearLR` multiplies by its start factor.",
        ),
        (
            page(polynomial=POLYNOMIAL),
            "One example is still as it was printed. At epoch 0 nothing has been taken off by `PolynomialLR`.",
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
            page(linear=[0.05 * (0.05 + epoch / 40) for epoch in range(3)]),
            "Your `LinearLR` ends above 1: from 0.05 the factor has only 0.95 to rise in 40 epochs.",
        ),
        (
            page(linear=[0.05 + (1 - 0.05) * epoch / 40 for epoch in range(3)]),
            "For `LinearLR` you give the factor. The rate is 0.05 times that.",
        ),
    ],
    hints=(
        "Take each formula at epoch 0. Does the manual agree?",
        "Three examples are wrong: two are one epoch late, and one leaves out a factor.",
        "For instance `[0.05 * (0.05 + 0.95 * epoch / 40) for epoch in range(3)]` for `LinearLR`.",
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
