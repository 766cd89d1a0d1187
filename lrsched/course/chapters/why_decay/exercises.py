"""Exercises: why one rate is not enough."""

import numpy as np

from lrsched.course.exercises.functions import Requirement, function, open_function
from lrsched.course.exercises.sheet import Sheet
from lrsched.course.exercises.tasks import Choice, Number
from lrsched.optimizers import SGD
from lrsched.problems import Quadratic
from lrsched.schedules import Constant
from lrsched.training import tune


@function(
    title="Compute a noise floor",
    section="The formula",
    cases=[
        (1.0, 1.0, 2.0, 4),
        (0.1, 1.0, 0.5, 1),
        (0.13, 2.7, 0.53, 3),
        (0.37, 0.45, 1.9, 7),
        (0.011, 23.0, 1.3, 32),
        (1.51, 1.1, 0.7, 5),
        (0.2, 1.3, 0.0, 4),
        (137.1, 0.0031, 13.1, 2),
        (0.0031, 151.3, 131.7, 512),
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
            lambda lr, c, s, b: lr * s**2 / b**0.5 / (2 * (2 - lr * c)),
            "You divide by the root of `batch_size`. That belongs to the standard deviation: the variance falls with "
            "the "
            "batch size itself.",
        ),
        (
            lambda lr, c, s, b: lr * s**2 * b / (2 * (2 - lr * c)),
            "You multiply by `batch_size`. A larger batch has a smaller error: divide.",
        ),
        (
            lambda lr, c, s, b: lr * s**2 / b / (2 * (2 - lr)),
            "You leave out `curvature`: it stands beside the rate in the denominator.",
        ),
        (
            lambda lr, c, s, b: lr * s**2 / b / (4 - lr * c),
            "The 2 in front multiplies the whole bracket, `lr * curvature` included.",
        ),
        (
            lambda lr, c, s, b: lr * s**2 / b / (2 * (1 - lr * c)),
            "The bracket is 2 less `lr * curvature`, not 1 less: it becomes 0 at the rate where training diverges.",
        ),
        (
            lambda lr, c, s, b: lr * s**2 / b / (2 * (2 + lr * c)),
            "The sign in the bracket: towards the limit of the rate the floor rises without bound.",
        ),
        (
            lambda lr, c, s, b: c * lr * s**2 / b / (2 * (2 - lr * c)),
            "You multiply by `curvature` once too often: in the mean square it stands in the denominator, and the two "
            "cancel.",
        ),
        (
            lambda lr, c, s, b: s**2 / b / (2 * (2 - lr * c)),
            "The rate itself is missing: a smaller rate passes on less of the noise.",
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
        "Solve for m: one `lr` cancels. The loss is then `curvature * m / 2`.",
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
        (
            floor(0.4) * (0.2 * 1.8) / (0.4 * 1.6) / 2,
            "You multiply by the bracket: it stands in the denominator, so a larger one makes the floor lower.",
        ),
    ],
    hints=(
        "Which parts of the formula change, and which stay the same?",
        "Divide the new floor by the old one: the noise cancels.",
        "`lr / (2 - lr * curvature)` is 0.2 / 1.8 now, and was 0.4 / 1.6. The batch comes on top.",
    ),
    why="The rate alone takes it from 0.09 to 0.04, a little less than half: the bracket grows from 1.6 to 1.8. "
    "The batch halves the rest exactly.",
)


which_run = Choice(
    title="Match runs and rates",
    section="Try it",
    answer="b",
    options={
        "a": "You ordered the runs by their loss at the end. A small rate has a low floor, but it has to arrive "
        "there first: which run is still falling?",
        "b": "The largest rate comes down first and stops highest, and the smallest is still on its way to a floor "
        "that lies below the other two.",
        "c": "You took the flat run for the slow one. It is flat because it has arrived: it came down first.",
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
        ([4.0, 2.0, 3.0, -1.0, 0.0, 1.0], 2),
        ([4.1, 2.3, 3.7, -1.2, 0.43, 1.9], 0),
        ([8.3, 4.1, 2.7, 1.1, -0.57, 0.5, -1.3, 1.51], 4),
        ([5.1, 7.7], 1),
        ([3.3, 1.7, 2.9], 3),
        ([0.87], 0),
        ([*np.round(12.7 / np.arange(1, 14), 2).tolist()], 11),
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
            lambda w, start: [*w[:start], *(sum(w[start:t]) / (t - start) for t in range(start, len(w)))],
            "At `t == start` you divide by 0. There one weight is in the mean already: `weights[start]` itself.",
        ),
        (
            lambda w, start: [sum(w[start : t + 1]) / len(w[start : t + 1]) for t in range(len(w))],
            "Before `start` your slice is empty, and you divide by 0. There, give the weights themselves.",
        ),
        (
            lambda w, start: [*w[:start], *(sum(w[start:t]) / (t - start + 1) for t in range(start, len(w)))],
            "Your sum leaves out the weight at t itself: a slice ends before its second number.",
        ),
        (
            lambda w, start: [*w[:start], *(sum(w[start : t + 1]) // (t - start + 1) for t in range(start, len(w)))],
            "`//` cuts off what follows the point. Divide with `/`.",
        ),
        (
            lambda w, start: [*w[:start], *(np.mean(w[: t + 1]) for t in range(start, len(w)))],
            "Before `start` all is right; then your mean goes back to the very first weight. Begin with "
            "`weights[start]`.",
        ),
        (
            lambda w, start: [*w[:start], *(np.median(w[start : t + 1]) for t in range(start, len(w)))],
            "You take the median. The mean is asked for.",
        ),
        (
            lambda w, start: [*np.cumsum(w[:start]) / np.arange(1, start + 1), *w[start:]],
            "It is the other way round: the weights themselves come first, and the means from `start` on.",
        ),
        (
            lambda w, start: [*([0.0] * start), *(np.mean(w[start : t + 1]) for t in range(start, len(w)))],
            "Before `start` you give zeros: give the weights as they are.",
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
        "Go through `t` in a loop. A mean is the sum of a slice divided by its length.",
    ),
    why="From `start` on, each mean holds one more weight. In practice one keeps only the last mean and moves it "
    "by (weight - mean) / count, which needs no list.",
)
def tail_mean(weights, start):
    means = list(weights[:start])
    for t in range(start, len(weights)):
        means.append(sum(weights[start : t + 1]) / (t + 1 - start))
    return means


def scores(problem, rates, steps, seeds=range(100, 110)):
    return tune(problem, SGD(), Constant, rates, steps=steps, seeds=seeds).scores


@function(
    title="The best rate for a run",
    section="One drop, or one mean, on a real network",
    cases=[
        (Quadratic([0.5, 5.0], noise=0.5), [0.003, 0.03, 0.1, 0.3], 20),
        (Quadratic([0.5, 5.0], noise=0.5), [0.003, 0.03, 0.1, 0.3], 200),
        (Quadratic([0.53, 1.7, 4.9], noise=0.5, start=3.0), [0.11, 0.13, 0.15, 0.17, 0.19, 0.21, 0.23], 10),
        (Quadratic([0.53, 1.7, 4.9], noise=0.5, start=3.0), [0.05, 0.06, 0.07, 0.08, 0.09, 0.1, 0.11], 60),
        (Quadratic([0.53, 1.7, 4.9], noise=2.0, start=2.0), [0.054, 0.068, 0.088, 0.112, 0.143, 0.183], 30),
        (Quadratic([0.53, 1.7, 4.9], noise=2.0, start=2.0), np.geomspace(0.03, 0.2, 60).tolist(), 37),
        (Quadratic([1.0, 3.0], noise=0.9), [0.8, 0.9], 130),
    ],
    seconds=10,
    mistakes=[
        (
            lambda problem, rates, steps: rates[scores(problem, rates, steps, 10).mean(axis=1).argmin()],
            "You tune on the seeds 0 to 9. The seeds 100 to 109 are asked for: those of a race are kept for the race.",
        ),
        (
            lambda problem, rates, steps: rates[scores(problem, rates, steps, 1).mean(axis=1).argmin()],
            "You tune on a single seed, and luck chooses the rate. Take the seeds 100 to 109.",
        ),
        (
            lambda problem, rates, steps: rates[scores(problem, rates, steps).mean(axis=1).argmax()],
            "That is the worst of the rates: the score is a loss.",
        ),
        (
            lambda problem, rates, steps: scores(problem, rates, steps).mean(axis=1).argmin(),
            "That is the place of the best rate in the list. Return the rate itself.",
        ),
        (
            lambda problem, rates, steps: scores(problem, rates, steps).mean(axis=1).min(),
            "That is the loss of the best rate. Return the rate itself.",
        ),
        (
            lambda problem, rates, steps: rates[scores(problem, rates, steps).min(axis=1).argmin()],
            "You look at the luckiest seed of each rate. Take the mean over the seeds.",
        ),
        (
            lambda problem, rates, steps: rates[np.median(scores(problem, rates, steps), axis=1).argmin()],
            "You take the median over the seeds. A rate is judged by its mean.",
        ),
        (
            lambda problem, rates, steps: rates[scores(problem, rates, 200).mean(axis=1).argmin()],
            "You tune for 200 updates, whatever `steps` is. The best rate depends on the length of the run.",
        ),
        (
            lambda problem, rates, steps: max(rates),
            "That is the largest rate. It arrives first, but its floor is the highest.",
        ),
        (
            lambda problem, rates, steps: min(rates),
            "That is the smallest rate. Its floor is the lowest, but a short run does not get there.",
        ),
        (
            lambda problem, rates, steps: rates[
                np.argmin([problem.expected_loss(Constant(rate), steps)[-1] for rate in rates])
            ],
            "You took the rate that is best in expectation. Asked is the best on the seeds 100 to 109.",
        ),
    ],
    hints=(
        "Which function of the package tries every rate of a list, and what does it need to know?",
        "`tune` takes the problem, the method, the schedule, the rates, `steps` and `seeds`, in this order.",
        "What `tune` returns knows the best rate: ask for `.best`.",
    ),
    why="The longer the run, the lower its best rate: a short run must hurry, a long one has arrived and lies on "
    "its floor. No constant rate is best for both, and that is why rates decay.",
)
def best_constant(problem, rates, steps):
    return tune(problem, SGD(), Constant, rates, steps=steps, seeds=range(100, 110)).best


UPDATES, BUDGET, RATE = 200, 1000, 0.2
PROBLEM = Quadratic(np.geomspace(0.5, 5, 8), noise=0.5)
EVEN = BUDGET // UPDATES


def final_loss(batch_sizes):
    """The exact expected loss at rate `RATE`, with a batch size for each update."""
    curvatures, squares = np.array(PROBLEM.curvatures), np.square(PROBLEM.start)
    for batch_size in batch_sizes:
        squares = (1 - RATE * curvatures) ** 2 * squares + (RATE * PROBLEM.noise) ** 2 / batch_size
    return squares @ curvatures / 2


GOAL = final_loss([EVEN] * UPDATES) / 4


def later(sizes):
    """The advice to spend later: of some ways to save early and spend late, the one that ends lowest."""
    tried = []
    for late in (100, 50, 30, 20, 10):
        changed = np.maximum(sizes // 2, 1)
        changed[-late:] = (BUDGET - changed[:-late].sum()) // late
        what = f"halve your batches before update {UPDATES - late}, and share what is left among the updates from there"
        tried.append((final_loss(changed), what, changed))
    best, what, changed = min(tried, key=lambda each: each[0])
    if not best < final_loss(sizes):
        return "", sizes
    return f"One change that helps: {what}, and it is {best:.3g}.", changed


@open_function(
    title="Spend a budget of gradients",
    section="Three ways below the floor",
    cases=[(step,) for step in range(UPDATES)],
    beside=("step", f"the same batch of {EVEN} throughout", EVEN),
    report=lambda sizes: (
        f"You use {sizes.sum():.6g} of {BUDGET} examples"
        + (f" and end at an expected loss of {final_loss(sizes):.3g}" if np.all(sizes > 0) else "")
        + f". The goal is {GOAL:.3g}."
    ),
    advice=later,
    requirements=[
        Requirement(
            "every update uses a whole number of examples, 1 or more",
            lambda sizes: np.all(sizes >= 1) and np.all(sizes == np.round(sizes)),
            lambda step: 1 + step / 50,
            "Some of your batches are empty, or hold a part of an example. `//` and `round` make whole numbers.",
        ),
        Requirement(
            f"all updates together use at most {BUDGET:,} examples",
            lambda sizes: sizes.sum() <= BUDGET,
            lambda step: 20,
            "You spend more examples than you have. Save where the noise does no harm.",
        ),
        Requirement(
            "the expected loss ends at no more than a quarter of that of an even split",
            lambda sizes: final_loss(np.maximum(sizes, 1e-9)) <= GOAL,
            lambda step: EVEN,
            "The loss ends too high. What does the noise of the first updates still matter at the end?",
        ),
    ],
    hints=(
        "At rate 0.2, how long does the run remember a kick: for the whole 200 updates, or for a few?",
        "Use one example for most of the run, and save the rest for the end.",
        "One `if` on `step` will do: try where the large batches begin, and work out how large they may be.",
    ),
    why="The way in needs many updates and not exact ones. Only the last few updates decide how high the run ends: "
    "that is why a batch should grow late, and why a rate should fall late.",
)
def my_batches(step):
    return 1 if step < 180 else 41


# What the notebook draws for the third task.
RUNS = {name: PROBLEM.expected_loss(Constant(lr), 150) for name, lr in {"A": 0.05, "B": 0.2, "C": 0.0125}.items()}

sheet = Sheet(globals())
progress = sheet.progress
