"""Exercises: warm-up."""

import math

import numpy as np

from lrsched.course.chapters.warm_up.demos import lost
from lrsched.course.exercises.functions import function
from lrsched.course.exercises.sheet import Sheet
from lrsched.course.exercises.tasks import Choice
from lrsched.optimizers import SGD
from lrsched.problems import Digits
from lrsched.schedules import Constant, Warmup
from lrsched.training import History, train

NETWORK = Digits(hidden=(32, 32, 32), activation="tanh", loss="squared", batch_size=64, init_scale=1.5)


def lost_runs(run: History) -> int:
    """How many runs end at a higher loss than they began with."""
    return int(lost(run).sum())


@function(
    title="Clip a gradient",
    section="Three remedies, one disease",
    cases=[
        ([3.0, 4.0], 1.0),
        ([0.3, -0.4], 1.0),
        ([-6.0, 2.0, 3.0], 7.0),
        ([-6.0, 2.0, 3.0], 6.9),
        ([0.5, 0.5, 0.5, 0.5, 0.5], 1.0),
        ([0.0, 0.0, 5e4], 0.37),
        ([-1.7, 0.2, 0.9, -0.4], 0.83),
        ([3e-5, 4e-5], 1e-5),
        ([0.0, 0.0], 2.0),
        ([300.0, 400.0], 137.1),
        ([137.1, 13.0], 555.0),
    ],
    mistakes=[
        (
            lambda g, c: np.clip(g, -c, c),
            "You cut each entry by itself, so the gradient turns aside. Shorten all of it by one factor.",
        ),
        (
            lambda g, c: np.minimum(g, c),
            "You cut each entry by itself, and only from above. Shorten all of the gradient by one factor.",
        ),
        (
            lambda g, c: np.array(g) * c / np.linalg.norm(g),
            "You give every gradient the length `max_norm`. One that is shorter stays as it is.",
        ),
        (
            lambda g, c: np.array(g) * c,
            "You multiply by `max_norm`. The factor is `max_norm` over the length of the gradient, and 1 at most.",
        ),
        (
            lambda g, c: np.array(g) * min(1, c / max(np.sum(np.abs(g)), 1e-300)),
            "Your length is the sum of the absolute entries. Take the root of the sum of their squares.",
        ),
        (
            lambda g, c: np.array(g) * min(1, c / max(np.sum(np.square(g)), 1e-300)),
            "Your length is the sum of the squares. Take its root.",
        ),
        (
            lambda g, c: np.array(g) * min(1, c / max(np.max(np.abs(g)), 1e-300)),
            "You measure the gradient by its largest entry. Its length is the root of the sum of the squares.",
        ),
        (
            lambda g, c: np.array(g) * min(1, c / max(np.sqrt(np.mean(np.square(g))), 1e-300)),
            "You take the mean of the squares under the root. The length takes their sum.",
        ),
        (
            lambda g, c: np.array(g) * max(1, c / max(np.linalg.norm(g), 1e-300)),
            "You lengthen short gradients and leave long ones. The factor is 1 at most.",
        ),
        (
            lambda g, c: np.array(g) if np.linalg.norm(g) <= c else np.zeros(len(g)),
            "You throw a long gradient away. Keep its direction, and shorten it.",
        ),
        (
            lambda g, c: min(np.linalg.norm(g), c),
            "That is the length that the gradient should have. Return the gradient itself.",
        ),
    ],
    hints=(
        "How long is the gradient (3, 4), and by which factor is it too long?",
        "The length is the root of the sum of the squares; one factor for all entries keeps the direction.",
        "The factor is `max_norm` over the length, but never more than 1. Mind a gradient of zeros.",
    ),
    why="All entries shrink by one factor, so the direction stays. This is what `Clipped` and "
    "`torch.nn.utils.clip_grad_norm_` do, apart from a millionth that keeps them from dividing by 0.",
)
def clip(grad, max_norm):
    grad = np.array(grad)
    norm = np.sqrt(np.sum(grad**2))
    return grad if norm <= max_norm else grad * (max_norm / norm)


@function(
    title="How far beyond the room",
    section="Who makes the room",
    cases=[
        ([0.05, 0.2, 0.3], [0.1, 0.16, 0.4]),
        ([0.05, 0.05, 0.4], [0.07, 0.1, 0.11]),
        ([0.4, 0.4, 0.4, 0.4], [0.068, 0.21, 0.31, 0.46]),
        ([0.004, 0.162, 0.242, 0.4], [0.068, 0.15, 0.225, 0.367]),
        ([0.02, 0.013], [0.5, 0.37]),
        ([137.1, 13.0, 2.0], [150.0, 12.0, 5.0]),
        ([0.37], [0.29]),
        ([0.4, 0.41], [0.02, 0.013]),
    ],
    mistakes=[
        (
            lambda r, s: max(r) / min(s),
            "You compare the highest rate with the lowest threshold, which belong to different updates. Divide first.",
        ),
        (
            lambda r, s: max(r) / max(s),
            "You compare the highest rate with the highest threshold, which may belong to different updates. "
            "Divide first.",
        ),
        (
            lambda r, s: r[-1] / s[-1],
            "That is the last update alone. It may have been worse on the way.",
        ),
        (
            lambda r, s: r[0] / s[0],
            "That is the first update alone. It may become worse on the way.",
        ),
        (
            lambda r, s: np.mean(np.array(r) / np.array(s)),
            "That is the mean over the updates. One of them is enough to lose the run: take the largest.",
        ),
        (
            lambda r, s: max(np.array(s) / np.array(r)),
            "You divide the threshold by the rate. Asked is how many times the threshold the rate is.",
        ),
        (
            lambda r, s: max(np.array(r) - np.array(s)),
            "That is a difference. Divide each rate by its threshold.",
        ),
        (
            lambda r, s: np.argmax(np.array(r) / np.array(s)),
            "That is the update at which it was worst. Asked is how many times the threshold the rate was there.",
        ),
        (
            lambda r, s: np.array(r) / np.array(s),
            "Those are the factors of all updates. Return the largest of them.",
        ),
    ],
    hints=(
        "At which update is the rate furthest beyond its own threshold?",
        "Each rate has a threshold of its own: that of the same update. Divide them in pairs.",
        "`zip(rates, thresholds)` gives the pairs; of their ratios the largest is asked for.",
    ),
    why="In the chapter the line never went beyond 1.4 and lost no run; the wait jumped to more than 3. What counts is "
    "the rate against the threshold of the moment, not how high it is.",
)
def worst_factor(rates, thresholds):
    return max(rate / threshold for rate, threshold in zip(rates, thresholds, strict=True))


@function(
    title="Count a warm-up in updates",
    section="In practice",
    cases=[
        (1_048_576, 8, 1024, 4),
        (1_000_000, 32, 512, 1),
        (1_000_000, 32, 512, 7),
        (375_000_000, 16, 2048, 12),
        (100_000, 8, 1024, 16),
        (8_193, 8, 1024, 1),
        (8_192, 8, 1024, 1),
        (5, 3, 1, 2),
        (1_234_567_890, 12, 640, 3),
        (987_654_321, 2_500, 77, 128),
    ],
    mistakes=[
        (
            lambda tokens, b, c, a: math.ceil(tokens / (b * c)),
            "You count batches. With accumulation one update takes several of them.",
        ),
        (
            lambda tokens, b, c, a: math.ceil(a * tokens / (b * c)),
            "You multiply by the accumulation. An update that takes several batches takes more tokens, so there are "
            "fewer updates.",
        ),
        (
            lambda tokens, b, c, a: tokens // (b * c * a),
            "You cut the last, unfinished update off. Round up.",
        ),
        (
            lambda tokens, b, c, a: tokens // (b * c * a) + 1,
            "You add one update even where the tokens fill the updates exactly. Round up instead.",
        ),
        (
            lambda tokens, b, c, a: round(tokens / (b * c * a)),
            "You round to the nearest number. Round up, so that the warm-up is not too short.",
        ),
        (
            lambda tokens, b, c, a: tokens / (b * c * a),
            "Updates are whole: round up.",
        ),
        (
            lambda tokens, b, c, a: math.ceil(tokens / (b * a)),
            "You count sequences as if each were one token. A sequence holds `context` tokens.",
        ),
        (
            lambda tokens, b, c, a: math.ceil(tokens / (c * a)),
            "You count one sequence a batch. A batch holds `batch` of them.",
        ),
        (
            lambda tokens, b, c, a: b * c * a,
            "Those are the tokens of one update. How many updates do the tokens of the warm-up make?",
        ),
    ],
    hints=(
        "How many tokens does one update see?",
        "An update sees `accumulation` batches, each of `batch` sequences of `context` tokens.",
        "Divide the tokens of the warm-up by those of one update, and round up: `math.ceil`.",
    ),
    why="A schedule counts updates. Who counts batches with an accumulation of 4 warms up four times as long as "
    "planned, counted in tokens.",
)
def warmup_updates(tokens, batch, context, accumulation):
    return math.ceil(tokens / (batch * context * accumulation))


@function(
    title="A length without tuning",
    section="In practice",
    cases=[
        (0.999, 100_000),
        (0.999, 5_000),
        (0.999, 1_194),
        (0.995, 1_206),
        (0.9993, 99_999),
        (0.95, 300),
        (0.95, 400),
        (0.98, 3_000),
        (0.9, 1_000),
        (0.99, 777),
        (0.995, 12_345),
        (0.5, 33),
    ],
    mistakes=[
        (
            lambda b, n: round(1 / (1 - b)) if 1 / (1 - b) < n / 10 else round(n / 10),
            "You forget the 2: the rule takes twice as many updates as the average looks back.",
        ),
        (
            lambda b, n: round(2 / (1 - b)),
            "The tenth is missing: on a short run your warm-up is too large a share, or longer than the run.",
        ),
        (
            lambda b, n: round(1 / (1 - b)),
            "Two things are missing: the 2 above the line, and the tenth of the run.",
        ),
        (
            lambda b, n: round(n / 10),
            "You always take a tenth of the run. It is only the most that the rule may take.",
        ),
        (
            lambda b, n: round(max(2 / (1 - b), n / 10)),
            "You take the longer of the two. A tenth of the run is the most.",
        ),
        (
            lambda b, n: min(2 / (1 - b), n / 10),
            "Updates are whole: round to the nearest number.",
        ),
        (
            lambda b, n: int(min(2 / (1 - b), n / 10)),
            "You cut off: round to the nearest whole number. (In the computer 1 - 0.9 is a little less or more.)",
        ),
        (
            lambda b, n: round(min(2 / b, n / 10)),
            "You divide by `beta2`. Divide by what it lacks to 1.",
        ),
        (
            lambda b, n: round(min(2 / (1 - b), n)),
            "You allow the warm-up to take the whole run. It may take a tenth of it.",
        ),
    ],
    hints=(
        "How far does an average with this `beta2` look back?",
        "The rule is 2/(1 - beta2); the shorter of that and a tenth of the run is taken.",
        "`round(min(..., ...))` with these two.",
    ),
    why="For the default of 0.999 that is 2,000 updates, too long for small runs. It is a rule of thumb: in the "
    "chapter's runs of 200 updates, 60 helped.",
)
def untuned_length(beta2, total_steps):
    return round(min(2 / (1 - beta2), total_steps / 10))


which_start = Choice(
    title="Which start survives?",
    section="How long, and which shape",
    answer="c",
    options={
        "a": "It rises by equal factors, so it is still at 0.05 at update 30 and doubles three times after that. The "
        "room cannot follow.",
        "b": "While it waits at 0.1 nothing is pressed for, and the last step is four times what it waited at.",
        "c": "It rises by equal amounts, and is never far beyond the room of the moment. The others make their whole "
        "way, or most of it, at the end, when the room cannot follow.",
        "d": "Two steps are not enough: the second is twice the first, and comes at once. Try more and lower stairs.",
    },
    hints=(
        "Which of the curves makes the smallest jumps, measured in what the rate is at that moment?",
        "The room grows where the rate is a little beyond it, and needs some updates for that.",
        "Run `lost_runs(train(tasks.NETWORK, SGD(), schedule, steps=250, seeds=16))` for each of the four.",
    ),
)


def safe_lengths(problem, target, lengths, allowed=0, first=1.0):
    """The lengths at which no run, or at most so many, is lost, in the order that is given: for the mistakes below."""
    safe = []
    for length in lengths:
        line = Warmup(Constant(target), warmup_steps=length, init_lr=first * target / length)
        if lost_runs(train(problem, SGD(), line, steps=120, seeds=8)) <= allowed:
            safe.append(length)
    return safe


SMALL = {"activation": "tanh", "loss": "squared", "batch_size": 32, "pool_size": 300}


@function(
    title="The shortest ramp",
    section="How long, and which shape",
    cases=[
        (Digits(**SMALL, hidden=(24, 24, 24), init_scale=1.5), 0.3, [80, 10, 20, 40]),
        (Digits(**SMALL, hidden=(16,), init_scale=2.5), 0.5, [20, 3, 40, 8, 5]),
        (Digits(**SMALL, hidden=(16, 16), init_scale=1.3), 0.2, [5, 60]),
    ],
    seconds=10,
    mistakes=[
        (
            lambda p, target, lengths: safe_lengths(p, target, lengths)[0],
            "You return the first safe length of the list. The list is in no order: take the shortest.",
        ),
        (
            lambda p, target, lengths: max(safe_lengths(p, target, lengths)),
            "You return the longest. Of those that lose no run, take the shortest.",
        ),
        (
            lambda p, target, lengths: min(lengths),
            "You return the shortest of all. That is also what `diverged` leads to, for a lost run may still be finite "
            "at update 120, and a single run, which may be lucky: ask `lost_runs` for 8.",
        ),
        (
            lambda p, target, lengths: min(safe_lengths(p, target, lengths, allowed=1)),
            "You let one run be lost. Asked is a length at which none is.",
        ),
        (
            lambda p, target, lengths: min(safe_lengths(p, target, lengths, first=0.0)),
            "Your update 0 has the rate 0. Start the line at `target / length`.",
        ),
        (
            lambda p, target, lengths: safe_lengths(p, target, lengths),
            "Those are all lengths that lose no run. Return the shortest.",
        ),
        (
            lambda p, target, lengths: len(safe_lengths(p, target, lengths)),
            "That is how many lengths lose no run. Return the shortest of them.",
        ),
    ],
    hints=(
        "What do you need to know about each length of the list?",
        "Train 8 runs for each length, ask `lost_runs` how many are lost, and keep the length if there are none.",
        "The line is `Warmup(Constant(target), ...)` with `init_lr`; `train` takes it after `SGD()`. Then `min`.",
    ),
    why="With 8 runs a length that loses one in twenty may pass: where a lost run is dear, stay one notch longer. Too "
    "long costs little, too short costs the run.",
)
def shortest_ramp(problem, target, lengths):
    safe = []
    for length in lengths:
        line = Warmup(Constant(target), warmup_steps=length, init_lr=target / length)
        run = train(problem, SGD(), line, steps=120, seeds=8)
        if lost_runs(run) == 0:
            safe.append(length)
    return min(safe)


sheet = Sheet(globals())
progress = sheet.progress
