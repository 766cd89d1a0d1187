"""Look at a schedule from the command line.

python -m lrsched plot "Warmup(CosineDecay(3e-4, decay_steps=900), warmup_steps=100)"
python -m lrsched table "equivalent('torch.OneCycleLR', max_lr=0.1, total_steps=100)"
"""

import argparse
import sys

import numpy as np

import lrsched
from lrsched import schedules
from lrsched.schedules import Schedule

WIDTH, HEIGHT, ROWS = 64, 12, 11
NAMES = {name: getattr(lrsched, name) for name in (*schedules.__all__, "equivalent")}


def main(arguments: list[str] | None = None) -> str | None:
    """Print what is asked for; return a sentence if it cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m lrsched", description="Look at a schedule.")
    parser.add_argument("view", choices=["plot", "table"])
    parser.add_argument("schedule", help='its constructor call, such as "CosineDecay(0.1, decay_steps=90)"')
    parser.add_argument("--steps", type=int, help="how many updates; its own length if it has one")
    options = parser.parse_args(arguments)
    try:
        schedule = eval(options.schedule, {"__builtins__": {}} | NAMES)
    except Exception as error:
        return f"schedule must be a constructor call, got {options.schedule!r}: {error}"
    if not isinstance(schedule, Schedule):
        return f"schedule must be a constructor call, got {options.schedule!r}, a {type(schedule).__name__}"
    steps = options.steps if options.steps is not None else schedule.total_steps
    if steps is None:
        return "the schedule has no end: say with --steps how many updates to show"
    if steps < 1:
        return f"--steps must be a whole number of 1 or more, got {steps}"
    print("\n".join({"plot": plot, "table": table}[options.view](schedule, int(steps))))
    return None


def table(schedule: Schedule, steps: int) -> list[str]:
    """The rates of some of the updates, the last one included."""
    updates = np.unique(np.linspace(0, steps - 1, ROWS).round().astype(int)).tolist()
    width = max(len("update"), len(str(updates[-1])))
    lines = [f"{'update':>{width}}  rate"] + [f"{t:{width}}  {schedule(t):.6g}" for t in updates]
    return lines + end(schedule, steps)


def plot(schedule: Schedule, steps: int) -> list[str]:
    """The rates of all updates as a drawing in characters."""
    t = np.unique(np.linspace(0, steps - 1, WIDTH).round().astype(int))
    rates = schedule(t)
    top = rates.max() or 1.0
    heights = np.ceil(rates / top * HEIGHT).astype(int)  # a rate above 0 has at least one mark
    edge = {HEIGHT: f"{top:.3g}", 1: "0"}
    lines = [
        f"{edge.get(row, ''):>9} |" + "".join("#" if height >= row else " " for height in heights).rstrip()
        for row in range(HEIGHT, 0, -1)
    ]
    return [
        *lines,
        " " * 10 + "+" + "-" * len(t),
        f"{'update':>9}  0{steps - 1:>{max(len(t) - 1, 1)}}",
        *end(schedule, steps),
    ]


def end(schedule: Schedule, steps: int) -> list[str]:
    """What comes after the length of the schedule, if that is shown."""
    held = schedule.total_steps
    return [f"From update {held:g} on the rate is held at {schedule(held):.6g}."] if held and steps > held else []


if __name__ == "__main__":
    sys.exit(main())
