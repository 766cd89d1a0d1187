"""What an editor and a type checker see of the package. That mypy finds no fault in it is a step of `make test`."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import jedi
import pytest

import lrsched
from lrsched import plotting

ROOT = Path(__file__).resolve().parents[1]

RIGHT = """
from concurrent.futures import ProcessPoolExecutor
import matplotlib.axes
import numpy as np
import lrsched
from lrsched import SGD, Adam, Clipped, Constant, CosineDecay, Digits, Join, PiecewiseConstant, Quadratic
from lrsched import ReduceOnPlateau, compare, convex_bound, follow, interval, plotting, range_test, train, tune

lr: float = CosineDecay(0.1, decay_steps=10)(5)
lrs: np.ndarray = CosineDecay(0.1, decay_steps=10)(np.arange(10))
PiecewiseConstant([0.1, 0.01], boundaries=[5])
Join([Constant(0.1), Constant(0.01)], boundaries=[5])
Quadratic(1.0), Quadratic([1, 25], start=[-4, 1]), Quadratic(np.geomspace(0.1, 1, 5)), Digits(hidden=[32])
train(Digits(), SGD(), lambda t: 0.1, steps=3, seeds=range(3), record=["path"])
train(Digits(), Adam(), ReduceOnPlateau(0.1), steps=3, seeds=np.arange(3))
arms = {"constant": (SGD(), Constant(0.1)), "cosine": (SGD(), CosineDecay(0.1, decay_steps=9))}
history = train(Digits(), Clipped(SGD(), max_norm=1), Constant(0.1), steps=3, keep=[1, 2])
params: np.ndarray = train(Digits(), Clipped(SGD(), max_norm=1), Constant(0.1), steps=3, after=history).at(6)
comparison = compare(Quadratic(1.0), arms, steps=9, executor=ProcessPoolExecutor())
mean: float = comparison.ratio("cosine").mean
tune(Quadratic(1.0), SGD(), Constant, np.geomspace(0.1, 1, 5), steps=9, seeds=3)
tune(Quadratic(1.0), SGD(), lambda lr: CosineDecay(lr, decay_steps=9), [0.1, 1], steps=9, seeds=3)
bound: float = convex_bound([0.1, 0.2])
bounds: np.ndarray = convex_bound(np.ones(9), every=3)
sharpness: np.ndarray = follow(Digits(), Adam(), Constant(0.1), steps=9, every=3, preconditioned=True).sharpness
rate: float = range_test(Quadratic(1.0), SGD()).suggest()
print(interval([1.0, 2.0]), lrsched.schedules.Constant, lrsched.__version__)
fig, ax = plotting.figure()
axes: matplotlib.axes.Axes = lrsched.plotting.plot_schedule(ax, Constant(0.1), 9, color="black")
fig, (top, bottom) = plotting.figure(panels=2)


class Parabola:
    metric = "loss"

    def init(self, seeds):
        return np.ones((len(seeds), 1))

    def batches(self, seeds, steps):
        return range(steps)

    def loss_and_grads(self, params: np.ndarray, batch: int) -> tuple[np.ndarray, np.ndarray]:
        return params[:, 0] ** 2, 2 * params

    def evaluate(self, params: np.ndarray, seeds: object, split: str) -> dict[str, np.ndarray]:
        return {"loss": params[:, 0] ** 2}


train(Parabola(), SGD(), Constant(0.1), steps=3)
""" + "".join(f"lrsched.{name}\n" for name in lrsched.__all__)

WRONG = {
    "lrsched.nonsense": "attr-defined",
    "lrsched.plotting.nonsense": "attr-defined",
    "from lrsched import nonsense": "attr-defined",
    "lrsched.CosineDecay('fast', decay_steps=10)": "arg-type",
    "lrsched.CosineDecay(0.1, T_max=10)": "call-arg",
    "lrsched.train('digits', lrsched.SGD(), lrsched.Constant(0.1))": "arg-type",
    "lrsched.train(lrsched.Digits(), 'sgd', lrsched.Constant(0.1))": "arg-type",
    "lrsched.train(lrsched.Digits(), lrsched.SGD(), 0.1)": "arg-type",
    "lrsched.train(lrsched.Digits(), lrsched.Digits(), lrsched.Constant(0.1))": "arg-type",
    "lrsched.Digits(hidden=32)": "arg-type",
}


@pytest.fixture(scope="module")
def faults(tmp_path_factory):
    """The faults that mypy finds in the lines above, by line; the package itself is not reported on."""
    file = tmp_path_factory.mktemp("types") / "user.py"
    file.write_text(RIGHT + "\n".join(WRONG))
    options = [
        "--config-file=",
        "--cache-dir=.mypy_cache/user",
        "--check-untyped-defs",
        "--follow-imports=silent",
        "--hide-error-context",
    ]
    process = subprocess.run([sys.executable, "-m", "mypy", *options, file], cwd=ROOT, capture_output=True, text=True)
    lines = {int(line): text for line, text in re.findall(r"user\.py:(\d+): error: (.*)", process.stdout)}
    assert lines, process.stdout + process.stderr
    return lines


def test_a_type_checker_accepts_every_name_and_right_use(faults):
    assert {line: text for line, text in faults.items() if line <= RIGHT.count("\n")} == {}


@pytest.mark.parametrize("use", WRONG)
def test_a_type_checker_refuses_a_wrong_name_or_use(use, faults):
    assert faults[RIGHT.count("\n") + 1 + [*WRONG].index(use)].endswith(f"[{WRONG[use]}]")


@pytest.mark.parametrize("module", [lrsched, plotting], ids=lambda module: module.__name__)
def test_an_editor_completes_every_name_and_shows_its_documentation(module):
    text = f"import {module.__name__}\n{module.__name__}."
    completions = {completion.name: completion for completion in jedi.Script(text).complete(2)}
    assert {*module.__all__} <= {*completions}
    for name in module.__all__:
        value = getattr(module, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert inspect.getdoc(value).splitlines()[0] in completions[name].docstring(), name


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        ("lrsched.CosineDecay(", ["peak_lr", "decay_steps", "min_lr"]),
        ("lrsched.range_test(", ["problem", "optimizer", "min_lr", "max_lr", "steps", "seeds", "smoothing"]),
        ("lrsched.train(", ["problem", "optimizer", "schedule", "steps", "seeds", "record", "keep", "after"]),
    ],
)
def test_an_editor_shows_the_arguments(call, arguments):
    [signature] = jedi.Script(f"import lrsched\n{call}").get_signatures(2)
    assert [parameter.name for parameter in signature.params if parameter.name not in ("_", "*")] == arguments
