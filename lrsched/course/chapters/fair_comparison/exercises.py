"""Exercises: putting it together."""

from lrsched.course.exercises.functions import Requirement, function, open_function
from lrsched.course.exercises.noisy import NoisyRun, advice
from lrsched.course.exercises.sheet import Sheet
from lrsched.course.exercises.tasks import Choice
from lrsched.optimizers import SGD
from lrsched.problems import Digits, Quadratic
from lrsched.schedules import Constant, CosineDecay, Join, LinearDecay, StepDecay, Warmup
from lrsched.training import compare, tune

fair_race = Choice(
    title="A fair race",
    section="The race, twice",
    answer="b",
    options={
        "a": "One rate for all favours the schedule that it suits best, here the constant one.",
        "b": "Nobody uses a schedule at a rate that is bad for it. The same grid and the same seeds keep it fair.",
        "c": "This rate suits the mean of the schedules and none of them. Ask what each would use in earnest.",
        "d": "The seeds of the race are then also those that chose the rates, so rates that were lucky look better.",
    },
    hints=(
        "When you use a schedule in earnest, which peak rate do you give it?",
        "Each schedule needs its own best rate, and none may profit from the luck of the seeds.",
        "Compare what two of the answers say about the seeds.",
    ),
)


@function(
    title="Warm-up without an idle update",
    section="The formula",
    cases=[
        (0.4, 4, 0),
        (0.4, 4, 1),
        (0.4, 4, 3),
        (0.4, 4, 4),
        (0.4, 4, 9),
        (1.37, 7, 5),
        (0.013, 11, 300),
        (0.7, 1, 0),
        (0.7, 1, 5),
        (137.1, 150, 111),
        (0.0137, 7, 5),
    ],
    curve=("step", range(9)),
    mistakes=[
        (
            lambda P, W, t: P * (t + 1) / W,
            "Your rate never stops rising, and reaches the peak one update early. Hold it, and let the line end at "
            "`step == warmup_steps`.",
        ),
        (
            lambda P, W, t: P / W + (P - P / W) * min(t / (W + 1), 1),
            "You reach the peak one update late. The line ends at `step == warmup_steps`.",
        ),
        (
            lambda P, W, t: P / W + (P - P / W) * t / W if t <= W else P / W,
            "After the warm-up you fall back to the first rate. From then on it is the peak.",
        ),
        (
            lambda P, W, t: P / W + (P - P / W) * (t % W) / W,
            "Your warm-up starts again and again. From `warmup_steps` on the rate stays at the peak.",
        ),
        (
            lambda P, W, t: P / W + (P - P / W) * t / W if t < W else 0,
            "After the warm-up you give 0. From then on it is the peak.",
        ),
        (
            lambda P, W, t: P / W + (P - P / W) * min(t // W, 1),
            "Your rate waits at the first value and then jumps (if you wrote `//`, it cuts off the parts of the line). "
            "Draw a straight line.",
        ),
        (
            lambda P, W, t: P / W * (W / 1) ** min(t / W, 1),
            "You rise by equal factors. A straight line rises by equal amounts.",
        ),
        (
            lambda P, W, t: P * min(t / W, 1),
            "Your update 0 has the rate 0 and does nothing. Start the line at `peak_lr / warmup_steps`.",
        ),
        (
            lambda P, W, t: P * min((t + 1) / W, 1),
            "You start right, but reach the peak one update early. The line ends at `step == warmup_steps`.",
        ),
        (
            lambda P, W, t: P / W + (P - P / W) * t / W,
            "Your rate never stops rising. From `warmup_steps` on it stays at the peak.",
        ),
        (
            lambda P, W, t: P / W if t <= W else P,
            "You wait at the first rate for too long, and then jump. Draw a line that arrives at `warmup_steps`.",
        ),
        (
            lambda P, W, t: P / W + P * min(t / W, 1),
            "You end above the peak by what you started with. The line has to climb only from the one to the other.",
        ),
        (
            lambda P, W, t: P * (1 - min(t / W, 1)) + P / W * min(t / W, 1),
            "Your rate falls: the two ends are exchanged.",
        ),
    ],
    hints=(
        "Which rate should update 0 have, and which one the update at `warmup_steps`?",
        "A line from a to b over W updates is a + (b - a) * t / W. After W it stays at b.",
        "Here a is `peak_lr / warmup_steps`, and `min(..., 1)` keeps the share of the way from growing on.",
    ),
    why="This is `Warmup(schedule, warmup_steps=..., init_lr=peak_lr / warmup_steps)`. With `init_lr=0` a whole "
    "batch is computed for an update that changes nothing.",
)
def warmup_rate(peak_lr, warmup_steps, step):
    first = peak_lr / warmup_steps
    return first + (peak_lr - first) * min(step / warmup_steps, 1)


def parts(peak_lr, warmup_steps, hold_until, steps, init=None, boundary=None, length=None, decay=CosineDecay):
    """The three parts with some of their numbers exchanged: for the mistakes below."""
    init = peak_lr / warmup_steps if init is None else init
    warm = Warmup(Constant(peak_lr), warmup_steps=warmup_steps, init_lr=init)
    down = decay(peak_lr, decay_steps=length or steps - hold_until)
    return Join([warm, down], boundaries=[boundary or hold_until])


@function(
    title="Compose a schedule",
    section="The formula",
    cases=[(0.4, 4, 10, 20), (0.37, 5, 17, 29), (1.3, 3, 11, 36), (0.013, 7, 8, 31), (137.1, 11, 13, 27)],
    steps=range(40),
    curve="update",
    mistakes=[
        (
            lambda P, W, h, n: parts(P, W, h, n, init=0.0),
            "Your update 0 has the rate 0 and does nothing. `init_lr` sets where the warm-up starts.",
        ),
        (
            lambda P, W, h, n: parts(P, W, h, n, length=n),
            "Your decay is too long: `decay_steps` is the length of the decay alone, and it begins at `hold_until`.",
        ),
        (
            lambda P, W, h, n: parts(P, W, h, n, length=n - W),
            "Your decay is too long: it begins at `hold_until`, and `decay_steps` is its length alone.",
        ),
        (
            lambda P, W, h, n: parts(P, W, h, n, boundary=h + W),
            "Your decay begins too late, by `warmup_steps`. What stands inside a `Warmup` counts its time from the "
            "end of "
            "the warm-up.",
        ),
        (
            lambda P, W, h, n: Warmup(CosineDecay(P, decay_steps=n - W), warmup_steps=W, init_lr=P / W),
            "You decay as soon as the warm-up is over. In between the rate stays at its peak until `hold_until`.",
        ),
        (
            lambda P, W, h, n: parts(P, W, h, n, boundary=W),
            "Your decay begins as soon as the warm-up is over. In between the rate stays at its peak.",
        ),
        (
            lambda P, W, h, n: parts(P, W, h, n, decay=LinearDecay),
            "Your rate goes down along a straight line. Asked is cosine decay.",
        ),
        (
            lambda P, W, h, n: Join([Constant(P), CosineDecay(P, decay_steps=n - h)], boundaries=[h]),
            "There is no warm-up: your rate is at its peak from the start.",
        ),
        (
            lambda P, W, h, n: Warmup(Constant(P), warmup_steps=W, init_lr=P / W),
            "The decay is missing: `Join` puts one schedule after another.",
        ),
        (
            lambda P, W, h, n: parts(P, W, h, n, init=0.0, length=n),
            "Two numbers are off: the warm-up starts at 0, and the decay is as long as the whole run.",
        ),
    ],
    hints=(
        "Which parts does the curve have, and at which update does each take over?",
        "`Warmup(Constant(peak_lr), ...)` rises and then holds. `Join([first, second], boundaries=[b])` changes over "
        "at b.",
        "The second part counts its own time from the boundary on: how many updates does it have until `steps`?",
    ),
    why="Parts that count their own time can be put together in any order. This one is also "
    '`warmup_stable_decay(..., shape="cosine")`.',
)
def composed(peak_lr, warmup_steps, hold_until, steps):
    first = Warmup(Constant(peak_lr), warmup_steps=warmup_steps, init_lr=peak_lr / warmup_steps)
    return Join([first, CosineDecay(peak_lr, decay_steps=steps - hold_until)], boundaries=[hold_until])


def resume_late(schedule, done, steps):
    used = []
    for step in range(steps - done):
        used.append(schedule(step))
    return used


@function(
    title="Mend a resume",
    section="In practice",
    given=resume_late,
    cases=[
        (StepDecay(0.4, decay_rate=0.5, step_size=2), 3, 8),
        (LinearDecay(0.53, decay_steps=5), 1, 5),
        (CosineDecay(1.37, decay_steps=6), 4, 6),
        (LinearDecay(0.53, decay_steps=7), 0, 7),
        (LinearDecay(0.53, decay_steps=7), 6, 6),
        (Warmup(CosineDecay(0.37, decay_steps=9), warmup_steps=3), 5, 17),
        (LinearDecay(137.1, decay_steps=130), 111, 115),
    ],
    curve="update after the resume",
    mistakes=[
        (
            lambda s, done, n: [s(t) for t in range(done, n + 1)],
            "Your list has one rate too many at its end: the last update of the run is `steps - 1`.",
        ),
        (
            lambda s, done, n: [0] * done + [s(t) for t in range(done, n)],
            "Your list has an entry for each update that is done. Give the rates of those that are left.",
        ),
        (
            lambda s, done, n: [s(t) for t in range(done)],
            "Those are the rates of the updates that are done. Give those of the updates that are left.",
        ),
        (
            lambda s, done, n: list(range(done, n)),
            "Those are the updates that are left. Ask the schedule for the rate of each.",
        ),
        (
            lambda s, done, n: [s(n - 1 - t) for t in range(n - done)],
            "You go backwards, from the last update down.",
        ),
        (
            lambda s, done, n: [s(done)] * (n - done),
            "The rate stands still after the resume. Let the step go on counting.",
        ),
        (
            lambda s, done, n: [s(t) for t in range(done + 1, n)],
            "You leave one update out. Updates 0 to done - 1 are behind you, so the next one is `done`.",
        ),
        (
            lambda s, done, n: [s(t) for t in range(done - 1, n)],
            "You do the last update before the stop a second time. The next one is `done`.",
        ),
        (
            lambda s, done, n: [s(t) for t in range(n)],
            "You repeat the whole run. The first `done` updates are already done.",
        ),
        (
            lambda s, done, n: [s(t + 1) for t in range(done, n)],
            "Every update has the rate of the one after it: the count is ahead by one.",
        ),
    ],
    hints=(
        "If 3 updates are done, which index does the next one have?",
        "The schedule must go on where it stopped: the count starts at `done`, not at 0.",
        "One number in `range(...)` is where to begin, the other where to end. How many updates are left?",
    ),
    why="A schedule has no state, so one integer resumes it. Started at 0 again, the run gets the large rates of "
    "its beginning once more, and ends before they have come down.",
)
def rates_after_resume(schedule, done, steps):
    used = []
    for step in range(done, steps):
        used.append(schedule(step))
    return used


RUN = NoisyRun(Quadratic((1.0, 0.1), noise=0.5, start=5.0), steps=60, constant=0.37)


@open_function(
    title="A schedule for a budget",
    section="Which schedule? A guide",
    cases=[(step,) for step in range(RUN.steps)],
    beside=("step", "best constant rate", RUN.constant),
    report=RUN.report,
    advice=lambda rates: advice(rates, RUN.final_loss, my_schedule.allows),
    requirements=[
        Requirement(
            "the expected loss ends at no more than 0.6 of that of the best constant rate",
            lambda rates: RUN.final_loss(rates) <= RUN.goal,
            lambda t: 0.5 * (1 - t / 120),
            "The loss ends too high.",
        ),
    ],
    hints=(
        "Where should the rate be when the last update comes?",
        "Go down to zero over the whole budget, from a peak well above the best constant rate.",
        "A line that reaches 0 at update 60 will do, with a peak near 1.",
    ),
    why="Linear decay to zero uses every update: the first ones for the way, the last ones against the noise. With "
    "twice the budget it would have to be stretched.",
)
def my_schedule(step):
    return 1.0 * (60 - step) / 60


NETWORK = {"hidden": (32,), "batch_size": 16}
NETWORKS = {
    "noisy": Digits(**NETWORK, label_noise=0.3),
    "clean": Digits(**NETWORK, pool_size=100),
    "wrong": Digits(**NETWORK, pool_size=100, label_noise=0.3, fresh_noise=False),
}

decay_or_not = Choice(
    title="When not to decay",
    section="When not to decay",
    answer="c",
    options={
        "a": "Look at the ratios again: above 1 the decay ends higher than the constant rate.",
        "b": "Its labels are wrong, but they stay the same: can the network learn them by heart?",
        "c": "Both can learn every one of their 100 labels by heart, right or wrong. Then all batches agree, the noise "
        "is gone, and a decay only makes the run slower. Only labels that change at every visit keep a floor.",
        "d": "Where labels are drawn anew at every visit the noise never ends: there the decay ends far lower.",
    },
    hints=(
        "For each of the three: can the network bring its training loss to zero?",
        "Labels that are drawn anew at every visit cannot be learned. What about labels that are wrong and stay?",
        "Run `ratio(...)` for all three, and see which intervals lie above 1.",
    ),
)


VALLEY = Quadratic([0.03, 0.06, 0.1, 0.2, 0.4, 0.6, 0.9, 1.1], noise=1.0, start=5.0)


def at_two_rates(problem, rates, steps, *, tuning=range(100, 104), racing=10, raced=None):
    """The decay at the constant's best rate and at its own, with some of what is asked for exchanged: for mistakes."""

    def linear(peak_lr):
        return LinearDecay(peak_lr, decay_steps=steps)

    own, lent = (tune(problem, SGD(), make, rates, steps=steps, seeds=tuning).best for make in (linear, Constant))
    arms = {"own": (SGD(), linear(own)), "lent": (SGD(), (raced or linear)(lent))}
    return compare(problem, arms, steps=steps, seeds=racing)


@function(
    title="What a borrowed rate costs",
    section="The race, twice",
    cases=[
        (VALLEY, [0.05, 0.07, 0.1, 0.14, 0.2, 0.28, 0.4, 0.56, 0.8], 90),
        (Quadratic(VALLEY.curvatures[2:], noise=0.7, start=2.0), [0.03, 0.05, 0.07, 0.1, 0.14, 0.2, 0.28, 0.4], 110),
        (Digits(hidden=(8,), batch_size=16, label_noise=0.3), [0.125, 0.25, 0.5, 1.0, 2.0], 100),
    ],
    seconds=15,
    mistakes=[
        (
            lambda problem, rates, steps: at_two_rates(problem, rates, steps).ratio("own", to="lent").mean,
            "Your ratio is upside down: divide by the loss at the decay's own rate.",
        ),
        (
            lambda problem, rates, steps: at_two_rates(problem, rates, steps, raced=Constant).ratio("lent").mean,
            "You raced the constant rate against the decay. Both arms are decays: only their peak rates differ.",
        ),
        (
            lambda problem, rates, steps: at_two_rates(problem, rates, steps, tuning=10).ratio("lent").mean,
            "You tuned on the seeds of the race. Tune on `range(100, 104)`.",
        ),
        (
            lambda problem, rates, steps: (
                at_two_rates(problem, rates, steps, racing=range(100, 104)).ratio("lent").mean
            ),
            "You raced on the seeds of the tuning, which flatters both arms. Race on 10 others: `seeds=10`.",
        ),
        (
            lambda problem, rates, steps: at_two_rates(problem, rates, steps).ratio("lent").mean - 1,
            "You give what is added. Return the ratio itself.",
        ),
        (
            lambda problem, rates, steps: at_two_rates(problem, rates, steps).difference("lent").mean,
            "You subtract the losses. Asked is their ratio, seed by seed, and its mean.",
        ),
        (
            lambda problem, rates, steps: at_two_rates(problem, rates, steps).ratio("lent").half_width,
            "That is how uncertain the ratio is. Return its mean.",
        ),
    ],
    hints=(
        "Which two rates do you need, and which schedule is raced at both?",
        "Two calls of `tune`, each with its `.best`; then one `compare` with two arms, both of them linear decays.",
        "Of what `compare` returns, `.ratio(name, to=other)` divides seed by seed, and has a `.mean`.",
    ),
    why="This is Team A's error, measured: the decay is the same in both arms, and what it loses at the constant's "
    "rate is no fault of its own.",
)
def borrowed_rate(problem, rates, steps):
    def linear(peak_lr):
        return LinearDecay(peak_lr, decay_steps=steps)

    constant = tune(problem, SGD(), Constant, rates, steps=steps, seeds=range(100, 104))
    decay = tune(problem, SGD(), linear, rates, steps=steps, seeds=range(100, 104))
    arms = {"own": (SGD(), linear(decay.best)), "borrowed": (SGD(), linear(constant.best))}
    return compare(problem, arms, steps=steps, seeds=10).ratio("borrowed", to="own").mean


sheet = Sheet(globals())
progress = sheet.progress
