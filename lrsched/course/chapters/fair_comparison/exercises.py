"""Exercises: putting it together."""

import numpy as np

from lrsched.course.exercises.functions import function, open_function
from lrsched.course.exercises.noisy import NoisyRun
from lrsched.course.exercises.sheet import Sheet
from lrsched.course.exercises.tasks import Choice, Number
from lrsched.problems import Quadratic
from lrsched.schedules import CosineDecay, LinearDecay, StepDecay

fair_race = Choice(
    title="A fair race",
    section="The race, twice",
    answer="c",
    options={
        "a": "One rate for all favours the schedule that it suits best, here the constant one.",
        "b": "This rate suits the mean of the schedules and none of them. Ask what each would use in earnest.",
        "c": "Nobody uses a schedule at a rate that is bad for it. The same grid and the same seeds keep it fair.",
        "d": "The seeds of the race are then also those that chose the rates, so rates that were lucky look better.",
    },
    hints=(
        "When you use a schedule in earnest, which peak rate do you give it?",
        "Each schedule needs its own best rate, and none may profit from the luck of the seeds.",
        "Tune each on the same grid, on seeds that the race does not use.",
    ),
)


range_test_pick = Choice(
    title="Pick from a range test",
    section="The range test, and what it cannot see",
    answer="b",
    options={
        "a": "A tenth of the minimum is a rule for constant rates. Linear decay to zero is small by itself later on.",
        "b": "A decay to zero leaves the noise of the high rates behind, so it can start where the loss is lowest.",
        "c": "Here the loss is rising again: the test is a short run, and in a long one this rate would break it.",
        "d": "Halfway between working and exploding is already too high: only the lowest point is known to work.",
    },
    hints=(
        "Does it matter for the choice that the rate goes down to zero afterwards?",
        "A schedule with decay may start as high as training bears. Which of the rates still lowers the loss?",
        "Take the rate at the minimum of the curve.",
    ),
)


@function(
    title="Warm-up without an idle update",
    section="The formula",
    cases=[(0.4, 4, 0), (0.4, 4, 1), (0.4, 4, 3), (0.4, 4, 4), (0.4, 4, 9), (1.0, 10, 5)],
    curve=("step", range(9)),
    mistakes=[
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
            lambda P, W, t: P / W if t < W else P,
            "You wait at the first rate and then jump. Draw a line from one to the other.",
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
        "`first + (peak_lr - first) * min(step / warmup_steps, 1)` with `first = peak_lr / warmup_steps`.",
    ),
    why="This is `Warmup(schedule, warmup_steps=..., init_lr=peak_lr / warmup_steps)`. With `init_lr=0` a whole "
    "batch is computed for an update that changes nothing.",
)
def warmup_rate(peak_lr, warmup_steps, step):
    first = peak_lr / warmup_steps
    return first + (peak_lr - first) * min(step / warmup_steps, 1)


multiplied = Number(
    title="The trap of the multiplier",
    section="In practice",
    answer=0.2 * CosineDecay(0.2, decay_steps=100)(50),
    mistakes=[
        (0.1, "That is what the schedule returns at update 50. `LambdaLR` multiplies the optimiser's rate by it."),
        (0.04, "That is the rate of update 0. At update 50 the cosine is halfway down."),
        (0.2, "That is the optimiser's own rate. `LambdaLR` multiplies it by what the schedule returns."),
        (0.3, "You add the two. `LambdaLR` multiplies them."),
        (0.5, "That would be the factor if the peak of the schedule were 1. Its peak is 0.2."),
    ],
    hints=(
        "What does the schedule return at update 50?",
        "`LambdaLR` multiplies the rate that the optimiser was made with by this number.",
        "0.2 times half of 0.2.",
    ),
    why="0.2 * 0.1: a fifth of what was meant, and no error message. Make the optimiser with lr=1.",
)


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
        (LinearDecay(0.5, decay_steps=5), 1, 5),
        (CosineDecay(1.0, decay_steps=6), 4, 6),
    ],
    curve="update after the resume",
    mistakes=[
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
        "`range(done, steps)` counts the updates that are left.",
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
    rules=[
        (
            lambda rates: np.all(rates > 0),
            lambda t: 0.5 - 0.01 * t,
            "Your rate reaches 0 or less while updates are left. Let it arrive there when the budget is spent.",
        ),
        (
            lambda rates: rates.max() < 2,
            lambda t: 2.5 * (1 - t / 60),
            "Your loss explodes: where the curvature is 1, no rate above 2 is bearable. Lower the peak.",
        ),
        (
            lambda rates: rates[-1] < rates.max() / 5,
            lambda t: 0.55 * (1 - t / 120),
            "The budget is spent before your rate has come down. Spread the decay over these 60 updates.",
        ),
        (
            lambda rates: RUN.final_loss(rates) < RUN.goal or RUN.left_of_start(rates) < RUN.from_noise(rates),
            lambda t: 0.2 * (1 - t / 60),
            "Most of your loss is left of the start. Raise the peak: a decay to zero forgives it.",
        ),
        (
            lambda rates: RUN.final_loss(rates) < RUN.goal,
            lambda t: 1.0 * min(1, (60 - t) / 12),
            "Most of your loss comes from the noise. Begin to decay earlier, or lower the peak.",
        ),
    ],
    hints=(
        "Where should the rate be when the last update comes?",
        "Go down to zero over the whole budget, from a peak well above the best constant rate.",
        "A line, `peak_lr * (60 - step) / 60`, with a peak near 1.",
    ),
    why="Linear decay to zero uses every update: the first ones for the way, the last ones against the noise. With "
    "twice the budget it would have to be stretched.",
)
def my_schedule(step):
    return 1.0 * (60 - step) / 60


sheet = Sheet(globals())
progress = sheet.progress
