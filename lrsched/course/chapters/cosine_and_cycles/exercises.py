"""Exercises: cosine and cycles."""

import math

import numpy as np

from lrsched.course.exercises.functions import function
from lrsched.course.exercises.sheet import Sheet
from lrsched.course.exercises.tasks import Choice
from lrsched.digits import Digits
from lrsched.intervals import interval
from lrsched.optimizers import SGD
from lrsched.problems import Quadratic
from lrsched.schedules import Constant, CosineDecay, CosineRestarts, ExponentialDecay, LinearDecay, OneCycle, StepDecay
from lrsched.training import train, tune


@function(
    title="A cosine that ends above zero",
    section="The formula",
    cases=[
        (0.4, 100, 0.1, 0),
        (0.4, 100, 0.1, 25),
        (0.4, 100, 0.1, 50),
        (0.4, 100, 0.1, 97),
        (0.4, 100, 0.1, 100),
        (0.4, 100, 0.1, 130),
        (0.4, 100, 0.1, 1000),
        (1.37, 7, 0.03, 3),
        (1.37, 7, 0.03, 6),
        (0.013, 960, 0.3, 700),
        (0.53, 11, 0.0, 8),
        (0.53, 11, 0.0, 15),
        (137.1, 5, 0.5, 4),
        (0.7, 3, 1.0, 2),
    ],
    curve=("step", range(0, 131, 2)),
    mistakes=[
        (
            lambda P, n, e, t: P * (e + (1 + math.cos(math.pi * min(t / n, 1))) / 2),
            "You lift the whole cosine by the share, so that it starts above the peak. Let it fall only from the peak "
            "to the end: the wave is multiplied by what lies between the two.",
        ),
        (
            lambda P, n, e, t: P * max(e, (1 + math.cos(math.pi * min(t / n, 1))) / 2),
            "You cut a cosine to zero off at the end value. Asked is a wave that arrives there at `steps`, and not "
            "before.",
        ),
        (
            lambda P, n, e, t: P * (e + (1 - e) * (1 + math.cos(math.pi * t / n)) / 2),
            "After `steps` your rate rises again, as the cosine does. It should stay at its end.",
        ),
        (
            lambda P, n, e, t: P * (e + (1 - e) * (1 + math.cos(2 * math.pi * min(t / n, 1))) / 2),
            "Yours is a whole wave, down and up again. The half wave goes from 1 to -1, which takes `pi`.",
        ),
        (
            lambda P, n, e, t: P * (e + (1 - e) * (1 + math.cos(math.pi * (t % n) / n)) / 2),
            "Yours starts a new cycle at `steps`. This one stays at its end.",
        ),
        (
            lambda P, n, e, t: e + (P - e) * (1 + math.cos(math.pi * min(t / n, 1))) / 2,
            "You take `share` for a rate. It is a share of the peak.",
        ),
        (
            lambda P, n, e, t: P * (e + (1 - e) * (1 + math.cos(math.pi * min(t / n, 1)))),
            "Your rate starts too high: the cosine plus 1 goes from 2 to 0, so take half of it.",
        ),
        (
            lambda P, n, e, t: P * (e + (1 - e) * math.cos(math.pi / 2 * min(t / n, 1))),
            "You take a quarter of a wave, which is steepest at its end. The half wave is flat at both ends.",
        ),
        (
            lambda P, n, e, t: P * (e + (1 - e) * (1 - min(t / n, 1))),
            "Yours is a straight line. The cosine is slow at first, fastest half-way, and slow at the end.",
        ),
        (
            lambda P, n, e, t: P * (e + (1 - e) * (1 - math.cos(math.pi * min(t / n, 1))) / 2),
            "Yours rises: with a minus before the cosine the wave starts at its lowest point.",
        ),
        (
            lambda P, n, e, t: P * (1 + math.cos(math.pi * min(t / n, 1))) / 2,
            "Yours ends at zero. `share` is missing.",
        ),
        (
            lambda P, n, e, t: e + (1 - e) * (1 + math.cos(math.pi * min(t / n, 1))) / 2,
            "That is the share of the peak that is left. Multiply it by `peak_lr`.",
        ),
        (
            lambda P, n, e, t: P * (e + (1 - e) * (1 + math.cos(math.pi * t / n)) / 2) if t < n else 0,
            "After the end your rate is 0. It should stay at the share of the peak.",
        ),
        (
            lambda P, n, e, t: P * (e + (1 - e) * (1 + math.cos(math.pi * t / (n - 1))) / 2) if t < n else P * e,
            "Yours arrives one update early: the end belongs to update `steps`, the first after the run.",
        ),
    ],
    hints=(
        "Which rates should it have at update 0, half-way, and at update `steps`? And after that?",
        "`(1 + math.cos(x)) / 2` falls from 1 to 0 while x goes from 0 to `math.pi`. Stretch it to go from the peak to "
        "the end.",
        "Something that falls from 1 to 0 becomes one that falls from a to b as b + (a - b) * it. And the share of the "
        "way stops growing at 1: `min`.",
    ),
    why="This is `CosineDecay(peak_lr, decay_steps=steps, min_lr=share * peak_lr)`. On the digits of the chapter a "
    "share of 0.03 ended a little lower than 0.",
)
def cosine_to(peak_lr, steps, share, step):
    wave = (1 + math.cos(math.pi * min(step / steps, 1))) / 2
    return peak_lr * (share + (1 - share) * wave)


def cycle_by(step, first, mult, late=0, grow=lambda first, mult, k: first * mult**k, count=0, whole=False):
    """The cycle of an update with parts to exchange: for the mistakes below."""
    cycle, start = 0, 0
    while step >= start + grow(first, mult, cycle) + late:
        start += grow(first, mult, cycle)
        cycle += 1
    return cycle + count, step if whole else step - start


@function(
    title="Which cycle is it?",
    section="The formula",
    cases=[
        (0, 10, 2),
        (9, 10, 2),
        (10, 10, 2),
        (29, 10, 2),
        (30, 10, 2),
        (65, 10, 2),
        (70, 10, 2),
        (7, 7, 1),
        (20, 7, 1),
        (21, 7, 1),
        (100, 3, 3),
        (38, 3, 3),
        (39, 3, 3),
        (5000, 64, 2),
        (12, 1, 1),
        (100_001, 7000, 1),
    ],
    mistakes=[
        (
            lambda t, first, mult: cycle_by(t, first, mult, late=1),
            "At a boundary you are still in the old cycle. The update that ends a cycle is the first of the next.",
        ),
        (
            lambda t, first, mult: cycle_by(t, first, 1),
            "Your cycles all have the same length. Each is `mult` times as long as the last.",
        ),
        (
            lambda t, first, mult: cycle_by(t, first, mult, grow=lambda first, mult, k: first * (1 + k * (mult - 1))),
            "You add the same number to each cycle. Its length is *multiplied* by `mult`.",
        ),
        (
            lambda t, first, mult: cycle_by(t, first, mult, grow=lambda first, mult, k: first * (mult if k else 1)),
            "You multiply once only. Each further cycle is `mult` times as long as the one before it.",
        ),
        (
            lambda t, first, mult: cycle_by(t, first, mult, count=1),
            "You count the cycles from 1. The first one is cycle 0.",
        ),
        (
            lambda t, first, mult: cycle_by(t, first, mult, whole=True),
            "Your second number counts from the start of the run. Count from the start of the cycle.",
        ),
        (
            lambda t, first, mult: cycle_by(t, first, mult)[::-1],
            "The two numbers are in the wrong order: first the cycle, then the updates since its start.",
        ),
        (
            lambda t, first, mult: cycle_by(t, first, mult)[0],
            "The second number is missing: how many updates since the cycle began?",
        ),
        (
            lambda t, first, mult: cycle_by(t, first, mult)[1],
            "The first number is missing: which cycle is it?",
        ),
        (
            lambda t, first, mult: (cycle_by(t, first, mult)[0], cycle_by(t, first, mult)[1] + 1),
            "You count the updates of a cycle from 1. Its first update is number 0.",
        ),
    ],
    hints=(
        "With a first cycle of 10 updates and `mult=2`, at which updates do the cycles begin?",
        "Take the length of a cycle off `step`, as long as it fits, and make the length longer each time.",
        "Begin with `length = first`. While the rest of `step` is not below it: subtract `length`, make it `mult` "
        "times as long, and count one more cycle.",
    ),
    why="What is left of `step` goes into the cosine, divided by the length that the loop ended with.",
)
def cycle_of(step, first, mult):
    cycle, length = 0, first
    while step >= length:
        step, length, cycle = step - length, length * mult, cycle + 1
    return cycle, step


def plan_from(rates, way=lambda share: math.acos(2 * share - 1) / math.pi, late=0):
    """The length of a plan from the share of the peak that is left, with parts to exchange."""
    return (len(rates) - 1 + late) / way(rates[-1] / rates[0])


def cut(peak_lr, plan, done):
    return [float(CosineDecay(peak_lr, decay_steps=plan)(t)) for t in range(done)]


@function(
    title="Unmask a plan",
    section="Where should it end?",
    cases=[
        (cut(0.4, 100, 51),),
        (cut(1.37, 960, 481),),
        (cut(0.013, 37, 30),),
        (cut(0.7, 10, 2),),
        (cut(137.1, 7, 7),),
        (cut(0.53, 1234, 1000),),
    ],
    mistakes=[
        (
            lambda rates: plan_from(rates, late=1),
            "A little too long: the last rate belongs to update `len(rates) - 1`, since the first is update 0.",
        ),
        (
            lambda rates: plan_from(rates, way=lambda share: 1 - share),
            "You read the curve as a straight line. A cosine loses half of its height half-way too, but nowhere else "
            "does the line fit.",
        ),
        (
            lambda rates: plan_from(rates, way=lambda share: math.acos(share) / math.pi),
            "You forget that the wave is lifted: it is (1 + cos) / 2 that falls from 1 to 0. Undo the halving and the "
            "1 first.",
        ),
        (
            lambda rates: plan_from(rates, way=lambda share: math.acos(2 * share - 1) / (2 * math.pi)),
            "You take the cosine for a whole wave. The plan covers half of one: `pi`.",
        ),
        (
            lambda rates: plan_from(rates, way=lambda share: np.degrees(math.acos(2 * share - 1)) / math.pi),
            "Your angle is in degrees. Half a wave is 180 of these, or `pi` in radians.",
        ),
        (
            lambda rates: len(rates) / (1 - rates[-1] / rates[0]),
            "You read the curve as a straight line, and count one update too many. Solve the formula of the cosine for "
            "its length.",
        ),
        (
            lambda rates: len(rates),
            "That is how long the run was. Asked is how long it should have been.",
        ),
        (
            lambda rates: (len(rates) - 1) * (1 - math.acos(2 * rates[-1] / rates[0] - 1) / math.pi),
            "You multiply by the share that is left. Divide by the share of the way that is done.",
        ),
        (
            lambda rates: math.acos(2 * rates[-1] / rates[0] - 1) / math.pi,
            "That is the share of the plan that was done. How long is the whole?",
        ),
    ],
    hints=(
        "What share of the peak is the last rate? At which share of the plan does a cosine stand there?",
        "`math.acos` undoes `math.cos`. First undo the division by 2 and the 1 that was added.",
        "With the share s of the peak, pi * t / n is acos(2 * s - 1). The last rate belongs to t = `len(rates) - 1`.",
    ),
    why="The last rate tells how far the plan had come. A log of rates that ends far above zero belongs to a run that "
    "was cut, and its loss to a race that it was not planned for.",
)
def planned_for(rates):
    share = rates[-1] / rates[0]
    return math.pi * (len(rates) - 1) / math.acos(2 * share - 1)


@function(
    title="The last tenth",
    section="Where should it end?",
    cases=[
        (LinearDecay(0.4, decay_steps=100), 100),
        (CosineDecay(0.4, decay_steps=100), 100),
        (CosineDecay(1.37, decay_steps=960, min_lr=0.1), 960),
        (Constant(0.2), 50),
        (OneCycle(0.7, total_steps=400), 400),
        (CosineRestarts(0.3, first_cycle_steps=20), 70),
        (StepDecay(137.1, decay_rate=0.1, step_size=27), 37),
        (ExponentialDecay(0.013, decay_rate=0.5, step_size=9), 10),
    ],
    mistakes=[
        (
            lambda schedule, n: sum(schedule(t) for t in range(n // 10)) / sum(schedule(t) for t in range(n)),
            "That is the first tenth.",
        ),
        (
            lambda schedule, n: sum(schedule(t) for t in range(n - n // 10, n)) / (n // 10),
            "That is the mean rate of the last tenth. Asked is its share of the sum of all rates.",
        ),
        (
            lambda schedule, n: sum(schedule(t) for t in range(n - n // 10, n)),
            "That is the sum over the last tenth. Divide it by the sum over all updates.",
        ),
        (
            lambda schedule, n: (
                sum(schedule(t) for t in range(n - n // 10, n)) / sum(schedule(t) for t in range(n - n // 10))
            ),
            "You divide by what comes before the last tenth. Divide by the sum over all updates.",
        ),
        (
            lambda schedule, n: (
                sum(schedule(t) for t in range(n - n // 10, n + 1)) / sum(schedule(t) for t in range(n + 1))
            ),
            "You ask for the rate of one update too many: the last one of the run is `steps - 1`.",
        ),
        (
            lambda schedule, n: (
                sum(schedule(t) for t in range(n - n // 10 + 1, n)) / sum(schedule(t) for t in range(n))
            ),
            "You leave out the first update of the last tenth: it begins at 9/10 of `steps`.",
        ),
        (
            lambda schedule, n: (
                sum(schedule(t) for t in range(n - n // 10, n)) / sum(schedule(t) for t in range(n)) * 100
            ),
            "That is in per cent. Give the share itself.",
        ),
        (
            lambda schedule, n: schedule(n - n // 10) / schedule(0),
            "That is how much of the peak is left when the last tenth begins. Asked is a share of a sum.",
        ),
    ],
    hints=(
        "Which updates are the last tenth of a run of 100? Of one of 960?",
        "Add up the rates that these updates use, and divide by the sum over the whole run.",
        "The run is `range(steps)`. The last tenth ends with it, and begins `steps // 10` updates earlier.",
    ),
    why="For a line it is about 1 %, for a cosine a sixth of that: whoever plans a cosine has nearly finished at 90 %. "
    "That is why a floor, or a plan that is a little too long, may even help.",
)
def last_tenth(schedule, steps):
    tenth = range(steps - steps // 10, steps)
    return sum(schedule(t) for t in tenth) / sum(schedule(t) for t in range(steps))


def leads(
    problem,
    peak_lrs,
    steps,
    seeds=range(100, 105),
    own=True,
    upside_down=False,
    paired=True,
    half=None,
    cycles=4,
    at=None,
    race=16,
    one=CosineDecay,
):
    """The two ratios of the task below, with parts to exchange: for its mistakes."""

    def cosine(lr):
        return one(lr, decay_steps=steps)

    def four(lr):
        return CosineRestarts(lr, first_cycle_steps=steps // cycles)

    best = [tune(problem, SGD(), make, peak_lrs, steps=steps, seeds=seeds).schedule for make in (cosine, four)]
    if not own:
        best[1] = four(best[0].peak_lr)
    runs = [train(problem, SGD(), schedule, steps=steps, seeds=race, keep=[steps // 2]) for schedule in best]
    ratios = []
    for t in (steps // 2, steps) if at is None else at:
        first, second = (run.evaluate(params=run.at(t))[problem.metric] for run in runs)
        if half and t < steps:
            run = train(problem, SGD(), half(best[0].peak_lr, steps), steps=t, seeds=race)
            first = run.evaluate()[problem.metric]
        if upside_down:
            first, second = second, first
        ratios.append(interval(second / first).mean if paired else second.mean() / first.mean())
    return tuple(ratios)


VALLEY = Quadratic(np.geomspace(0.5, 5, 8), noise=0.5)


@function(
    title="Who leads, and when?",
    section="The idea",
    cases=[
        (VALLEY, [0.02, 0.04, 0.08, 0.16, 0.32], 200),
        (Quadratic([0.05, 0.8], noise=1.0, start=3.0), [0.2, 0.4, 0.8, 1.6], 100),
        (Digits(hidden=(32,), batch_size=16, label_noise=0.3), [0.8, 1.13, 1.6], 320),
    ],
    seconds=10,
    mistakes=[
        (
            lambda problem, peak_lrs, steps: leads(problem, peak_lrs, steps, own=False),
            "The four cycles run at the best rate of the one cosine. Tune them by themselves.",
        ),
        (
            lambda problem, peak_lrs, steps: leads(problem, peak_lrs, steps, seeds=16),
            "You tune on the seeds of the race, which flatters both. Tune on the seeds 100 to 104.",
        ),
        (
            lambda problem, peak_lrs, steps: leads(problem, peak_lrs, steps, upside_down=True),
            "Your ratios are upside down: divide by the loss of the one cosine.",
        ),
        (
            lambda problem, peak_lrs, steps: leads(problem, peak_lrs, steps, paired=False),
            "Those are ratios of two means. Divide seed by seed first, and take the mean of the ratios.",
        ),
        (
            lambda problem, peak_lrs, steps: leads(
                problem, peak_lrs, steps, half=lambda lr, n: CosineDecay(lr, decay_steps=n // 2)
            ),
            "At half-time you look at a cosine that was planned for half of the updates. Look at the long run on its "
            "way: `keep` and `at`.",
        ),
        (
            lambda problem, peak_lrs, steps: leads(problem, peak_lrs, steps, cycles=3),
            "You run three cycles. Four are asked for, which have three restarts.",
        ),
        (
            lambda problem, peak_lrs, steps: leads(problem, peak_lrs, steps, at=(steps, steps // 2)),
            "The two numbers are in the wrong order: first half-time, then the end.",
        ),
        (
            lambda problem, peak_lrs, steps: leads(problem, peak_lrs, steps, at=(steps,))[0],
            "That is the end alone. Give the ratio at half-time too, before it.",
        ),
        (
            lambda problem, peak_lrs, steps: leads(problem, peak_lrs, steps, race=10),
            "You race on 10 seeds. Asked are the 16 seeds from 0 to 15.",
        ),
        (
            lambda problem, peak_lrs, steps: leads(problem, peak_lrs, steps, race=range(100, 105)),
            "You race on the seeds that chose the rates. The seeds of the race are 0 to 15.",
        ),
        (
            lambda problem, peak_lrs, steps: leads(problem, peak_lrs, steps, one=LinearDecay),
            "Your single descent is a straight line. Asked is a cosine.",
        ),
    ],
    hints=(
        "Which two schedules run here, and whose peak rate does each get?",
        "`tune` takes a function that makes a schedule out of a peak rate; its `.schedule` is the best one. And "
        "`train(..., keep=[...])` looks at a run on its way.",
        "`run.evaluate(params=run.at(t))` gives the scores after t updates; take `steps // 2` and `steps`, divide the "
        "losses of the four cycles by those of the cosine, and take the mean over the seeds.",
    ),
    why="On the digits the ratio is below 1 at half-time and above 1 at the end: whoever picks the moment of the look "
    "picks the winner. On the quadratics, each at its own best rate, the one cosine leads both times.",
)
def lead(problem, peak_lrs, steps):
    def cosine(lr):
        return CosineDecay(lr, decay_steps=steps)

    def four(lr):
        return CosineRestarts(lr, first_cycle_steps=steps // 4)

    runs = []
    for make in (cosine, four):
        best = tune(problem, SGD(), make, peak_lrs, steps=steps, seeds=range(100, 105)).schedule
        runs.append(train(problem, SGD(), best, steps=steps, seeds=16, keep=[steps // 2]))
    ratios = []
    for t in (steps // 2, steps):
        one, cycles = (run.evaluate(params=run.at(t))[problem.metric] for run in runs)
        ratios.append((cycles / one).mean())
    return tuple(ratios)


missing_control = Choice(
    title="Find the missing control",
    section="Four networks for the price of one?",
    answer="a",
    options={
        "a": "They vote and they cost as much as the snapshots: only the restarts differ. If they do as well, the gain "
        "came from the vote.",
        "b": "This costs six times as much. If it wins, you do not know what the price of one run can buy.",
        "c": "It says what restarts do to a single network, and nothing about the vote.",
        "d": "These vote as well, but they are looks at one descent, most of them at a high rate: if they do worse, "
        "was it the vote or the noise? And they are children of one run, as the snapshots are.",
    },
    hints=(
        "How much does each of the four cost, and which of them vote?",
        "A control differs from the method in one thing only. Which thing is the claim about?",
        "The claim is about restarts, so the control has everything else: a vote of six, for the price of one run.",
    ),
)


sheet = Sheet(globals())
progress = sheet.progress
