"""Exercises: why one rate is not enough."""

import numpy as np

from lrsched.course.exercises.functions import function, open_function
from lrsched.course.exercises.sheet import Sheet
from lrsched.course.exercises.tasks import Choice, Number
from lrsched.problems import Quadratic
from lrsched.schedules import Constant


@function(
    title="Compute a noise floor",
    section="The formula",
    cases=[
        (0.1, 1.0, 0.5, 1),
        (0.1, 1.0, 0.5, 4),
        (1.0, 0.5, 2.0, 1),
        (0.01, 20.0, 1.0, 8),
        (1.5, 1.0, 0.5, 32),
    ],
    curve=("lr", [step / 20 for step in range(1, 31)]),
    mistakes=[
        (
            lambda lr, c, s, b: lr * s**2 / (2 * (2 - lr * c)),
            "You leave out `batch_size`. The mean of a batch has a smaller error: it divides the variance `noise**2`.",
        ),
        (
            lambda lr, c, s, b: lr * s**2 / b**2 / (2 * (2 - lr * c)),
            "You divide the variance by `batch_size` squared. The *standard deviation* falls with the root of the "
            "batch size, so the variance falls with the batch size itself.",
        ),
        (
            lambda lr, c, s, b: lr * s / b / (2 * (2 - lr * c)),
            "You use `noise` where its square belongs: what counts is the mean square of the error.",
        ),
        (
            lambda lr, c, s, b: lr * s**2 / b / (c * (2 - lr * c)),
            "That is the mean square of the weight. Its loss is `curvature / 2` times as much.",
        ),
        (
            lambda lr, c, s, b: lr * s**2 / b / (2 - lr * c),
            "You are off by a factor of 2: the loss is half of curvature times the mean square.",
        ),
        (
            lambda lr, c, s, b: lr * s**2 / b / 4,
            "That is the floor for very small rates. Here the `lr * curvature` in the denominator counts.",
        ),
        (
            lambda lr, c, s, b: lr**2 * s**2 / b / (2 * (2 - lr * c)),
            "You square the rate. One update adds `lr**2`, but the pull to the bottom is proportional to `lr`, "
            "and one of the two factors cancels.",
        ),
        (
            lambda lr, c, s, b: lr * s**2 / b / 2 * (2 - lr * c),
            "You multiply by the last bracket: Python works from left to right. Put the whole denominator in brackets.",
        ),
    ],
    hints=(
        "What does a batch of 4 do to the variance of the gradient's error?",
        "At rest an update leaves the mean square m as it is: m = (1 - lr c)^2 m + lr^2 noise^2 / batch_size.",
        "The floor is `lr * noise**2 / batch_size` divided by `2 * (2 - lr * curvature)`.",
    ),
    why="The kicks add lr squared, the slope takes away in proportion to lr: what is left is proportional to lr.",
)
def noise_floor(lr, curvature, noise, batch_size):
    return lr * noise**2 / batch_size / (2 * (2 - lr * curvature))


def floor(lr, batch_size=1):
    """The floor in the second task: 0.09 at rate 0.4."""
    return noise_floor.answer(lr, 1.0, np.sqrt(0.72), batch_size)


floor_after = Number(
    title="Predict a floor",
    section="The formula",
    answer=floor(0.2, batch_size=2),
    mistakes=[
        (
            floor(0.4) / 4,
            "Half the rate and twice the batch make a quarter only for very small rates. "
            "Here `2 - lr * curvature` changes too: from 1.6 to 1.8.",
        ),
        (floor(0.2), "That is the floor after the change of the rate. The batch has doubled as well."),
        (floor(0.4) / 2, "You count only one of the two changes: the rate is halved, and the batch is doubled."),
        (floor(0.4), "The two changes do not cancel: a smaller rate and a larger batch both lower the floor."),
        (
            floor(0.2, batch_size=4),
            "The variance of the error is divided by the factor of the batch, 2, not by its square.",
        ),
        (floor(0.2, batch_size=0.5), "A larger batch lowers the floor: divide by 2 instead of multiplying."),
    ],
    hints=(
        "Which parts of the formula change, and which stay the same?",
        "Divide the new floor by the old one: the noise cancels.",
        "The factor is (0.2 / 1.8) / (0.4 / 1.6), and then half of that for the batch.",
    ),
    why="The rate alone takes it from 0.09 to 0.04, a little less than half: the bracket grows from 1.6 to 1.8. "
    "The batch halves the rest exactly.",
)


which_run = Choice(
    title="Match runs and rates",
    section="Try it",
    answer="c",
    options={
        "a": "You ordered the runs by their loss at the end. A small rate has a low floor, but it has to arrive "
        "there first: which run is still falling?",
        "b": "You took the flat run for the slow one. It is flat because it has arrived: it came down first.",
        "c": "The largest rate comes down first and stops highest, and the smallest is still on its way to a floor "
        "that lies below the other two.",
        "d": "A comes down furthest, but not fastest. Look at the first 20 updates, and at where each run lies flat.",
    },
    hints=(
        "Which of the three curves is still falling at the end?",
        "A larger rate falls faster and settles higher.",
        "Order the runs by how early they become flat: the earliest has the largest rate.",
    ),
)


@function(
    title="Average the weights",
    section="Three ways below the floor",
    cases=[
        ([4.0, 2.0, 3.0, -1.0, 0.0, 1.0], 0),
        ([4.0, 2.0, 3.0, -1.0, 0.0, 1.0], 2),
        ([8.0, 4.0, 2.0, 1.0, -0.5, 0.5, -1.0, 1.5], 4),
        ([5.0, 7.0], 1),
    ],
    curve="update",
    mistakes=[
        (
            lambda w, start: np.cumsum(w) / np.arange(1, len(w) + 1),
            "You average from the very first weight on, so the way in stays in your mean for ever. "
            "Begin with `weights[start]`.",
        ),
        (
            lambda w, start: [*w[:start], *np.cumsum(w[start:])],
            "You add up, but never divide. Divide each sum by the number of weights in it.",
        ),
        (
            lambda w, start: [*w[:start], *(np.cumsum(w[start:]) / np.arange(start + 1, len(w) + 1))],
            "You divide by the number of all updates so far, but only the weights since `start` are in the sum.",
        ),
        (
            lambda w, start: [*w[:start], *([np.mean(w[start:])] * (len(w) - start))],
            "Each of your means already knows the weights that come later. The mean at update t holds those up to t.",
        ),
        (
            lambda w, start: np.cumsum(w[start:]) / np.arange(1, len(w) - start + 1),
            "The list has become shorter. Before `start` there is no mean yet: return the weights themselves.",
        ),
        (
            lambda w, start: [*w[: start + 1], *(np.cumsum(w[start + 1 :]) / np.arange(1, len(w) - start))],
            "Your mean begins one update late: it should hold `weights[start]` itself.",
        ),
        (
            lambda w, start: [
                *w[:start],
                *[sum(w[max(t - 1, start) : t + 1]) / min(2, t - start + 1) for t in range(start, len(w))],
            ],
            "You average only two weights at a time. The mean at update t holds all weights from `start` to t.",
        ),
    ],
    hints=(
        "With `start=2`, which weights are in the mean at update 2? And at update 4?",
        "Before `start`, give the weights as they are. From then on, give the mean of `weights[start : t + 1]`.",
        "Go through `t` with `range(len(weights))`, and append `sum(part) / len(part)` for that slice.",
    ),
    why="From `start` on, each mean holds one more weight. In practice one keeps only the last mean and moves it "
    "by (weight - mean) / count, which needs no list.",
)
def tail_mean(weights, start):
    means = list(weights[:start])
    for t in range(start, len(weights)):
        means.append(sum(weights[start : t + 1]) / (t + 1 - start))
    return means


@function(
    title="Change the batch",
    section="Rate and batch belong together",
    cases=[
        (0.1, 32, 128, False),
        (0.1, 32, 128, True),
        (0.4, 256, 64, False),
        (0.001, 256, 64, True),
        (0.3, 48, 48, False),
    ],
    mistakes=[
        (
            lambda lr, old, new, adam: lr * new / old,
            "You use the linear rule for both. With `adam=True` the rate grows with the square root of the batch.",
        ),
        (
            lambda lr, old, new, adam: lr * np.sqrt(new / old),
            "You use the square root for both. With `adam=False` the rate grows in proportion to the batch.",
        ),
        (
            lambda lr, old, new, adam: lr * (new / old if adam else np.sqrt(new / old)),
            "You have swapped the two: the square root belongs to Adam, the linear rule to SGD.",
        ),
        (
            lambda lr, old, new, adam: lr * (np.sqrt(old / new) if adam else old / new),
            "Your rate goes the wrong way. A larger batch has less noise, so the rate may rise: new divided by old.",
        ),
        (
            lambda lr, old, new, adam: lr * (new / old / 2 if adam else new / old),
            "A square root is not a half: for four times the batch it is 2, and for sixteen times it is 4.",
        ),
        (
            lambda lr, old, new, adam: lr,
            "Your rate stays as it was. With a larger batch there are fewer updates in an epoch: each must go further.",
        ),
    ],
    hints=(
        "How many times as large is the new batch? By which factor does the rate change, for SGD and for Adam?",
        "For SGD take that factor itself, for Adam its square root.",
        "`lr * (new_batch / old_batch) ** power`, where `power` is 0.5 if `adam` is true and 1 otherwise.",
    ),
    why="For SGD the floor depends on rate divided by batch. Adam's steps grow by themselves when the noise falls, "
    "so that only the root is left to do.",
)
def new_rate(lr, old_batch, new_batch, adam):
    power = 0.5 if adam else 1
    return lr * (new_batch / old_batch) ** power


UPDATES, BUDGET, RATE = 200, 1000, 0.2
PROBLEM = Quadratic(np.geomspace(0.5, 5, 8), noise=0.5)
EVEN = BUDGET // UPDATES


def final_loss(batch_sizes):
    """The exact expected loss at rate `RATE`, with a batch size for each update."""
    curvatures, squares = np.array(PROBLEM.curvatures), np.square(PROBLEM.start)
    for batch_size in batch_sizes:
        squares = (1 - RATE * curvatures) ** 2 * squares + (RATE * PROBLEM.noise) ** 2 / batch_size
    return squares @ curvatures / 2


EVEN_LOSS = final_loss([EVEN] * UPDATES)
GOAL = EVEN_LOSS / 4


@open_function(
    title="Spend a budget of gradients",
    section="Three ways below the floor",
    cases=[(step,) for step in range(UPDATES)],
    beside=("step", f"the same batch of {EVEN} throughout", EVEN),
    report=lambda sizes: (
        f"You use {sizes.sum():.6g} of {BUDGET} gradients"
        + (f" and end at an expected loss of {final_loss(sizes):.3g}" if np.all(sizes > 0) else "")
        + f". The goal is {GOAL:.3g}."
    ),
    rules=[
        (
            lambda sizes: np.all(sizes >= 1),
            lambda step: step // 20,
            "Some of your batches are empty. Every update needs at least one example.",
        ),
        (
            lambda sizes: np.all(sizes == np.round(sizes)),
            lambda step: 1 + step / 50,
            "An example cannot be cut in pieces: give whole numbers, for instance with `//` or `round`.",
        ),
        (
            lambda sizes: sizes.sum() <= BUDGET,
            lambda step: 20,
            "You spend more gradients than you have. Save where the noise does no harm.",
        ),
        (
            lambda sizes: np.ptp(sizes) > 0,
            lambda step: EVEN,
            "The same batch throughout spends as much on the way as at the end. Where does the noise matter?",
        ),
        (
            lambda sizes: sizes[UPDATES // 2 :].sum() > sizes[: UPDATES // 2].sum(),
            lambda step: 9 if step < 100 else 1,
            "You spend most in the first half. What the noise did there is forgotten long before the end.",
        ),
        (
            lambda sizes: final_loss(sizes) <= max(GOAL, 2 * EVEN_LOSS * EVEN / sizes[-1]),
            lambda step: 1 if step < 195 else 161,
            "You wait too long: in the few updates that are left, the run cannot forget its earlier kicks.",
        ),
        (
            lambda sizes: final_loss(sizes) <= GOAL,
            lambda step: 2 if step < 100 else 8,
            "The right idea, but not far enough: the last updates alone decide. Start to spend later, and then more.",
        ),
    ],
    hints=(
        "At rate 0.2, how long does the run remember a kick: for the whole 200 updates, or for a few?",
        "Use one example for most of the run, and save the rest for the end.",
        "`1 if step < late else large`: choose `late` near 180, and `large` so that the sum stays within 1000.",
    ),
    why="The way in needs many updates and not exact ones. Only the last few updates decide how high the run ends: "
    "that is why a batch should grow late, and why a rate should fall late.",
)
def my_batches(step):
    return 1 if step < 180 else 41


# The runs of the third task.
RUNS = {name: PROBLEM.expected_loss(Constant(lr), 150) for name, lr in {"A": 0.05, "B": 0.2, "C": 0.0125}.items()}

sheet = Sheet(globals())
progress = sheet.progress
