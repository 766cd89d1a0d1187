"""Slightly wrong answers, made from the right ones by rule: `mutants(task)` yields (what was changed, answer).

Two kinds: the source of the answer with one node exchanged, and the answer itself with something done to what goes in
or what comes out.
"""

import ast
import copy
import inspect
import textwrap
from collections.abc import Callable, Iterator

import numpy as np

from lrsched.course.exercises.functions import Function, FunctionTask, source
from lrsched.course.exercises.tasks import Choice, Number, Task

OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Pow, ast.Mod)
COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)


def mutants(task: Task) -> Iterator[tuple[str, object]]:
    """All mutants of the right answer to a task."""
    if isinstance(task, Number):
        yield from numbers(task.answer)
    elif isinstance(task, Choice):
        yield from ((letter, letter) for letter in task.options if letter != task.answer)
    elif isinstance(task, Function):
        yield from exchanged(task)
        yield from wrapped(task)


def numbers(answer: float) -> Iterator[tuple[str, float]]:
    for factor in (0.5, 2, 10, 0.1, -1, 0.99, 1.01, 0.995, 1.005):
        yield f"times {factor}", answer * factor
    for more in (1, -1, 0.1, -0.1):
        yield f"plus {more}", answer + more
    yield "one over", 1 / answer
    yield "the square", answer**2
    yield "the root", answer**0.5


# The source with one node exchanged


def exchanged(task: FunctionTask) -> Iterator[tuple[str, Callable]]:
    text = textwrap.dedent(source(task.answer))
    tree = ast.parse(text)
    names = [argument.arg for argument in tree.body[0].args.args]
    seen = {ast.unparse(tree)}
    for at, node in enumerate(ast.walk(tree)):
        for change in changes(node, names):
            twin = copy.deepcopy(tree)
            change(list(ast.walk(twin))[at])
            ast.fix_missing_locations(twin)
            try:
                new = ast.unparse(twin)
                if new in seen:
                    continue
                seen.add(new)
                namespace = dict(inspect.getmodule(task.answer).__dict__)
                exec(compile(new, "<mutant>", "exec"), namespace)
            except (SyntaxError, ValueError):
                continue
            yield first_difference(ast.unparse(tree), new), namespace[task.answer.__name__]


def first_difference(old: str, new: str) -> str:
    pairs = zip(old.splitlines(), new.splitlines(), strict=False)
    return next((after.strip() for before, after in pairs if before != after), "a line is gone")


def changes(node: ast.AST, names: list[str]) -> Iterator[Callable[[ast.AST], None]]:
    """What may be done to a node: functions that change its twin in place."""

    def put(field: str, value) -> Callable[[ast.AST], None]:
        return lambda twin: setattr(twin, field, value)

    if isinstance(node, ast.BinOp | ast.AugAssign):
        yield from (put("op", kind()) for kind in OPERATORS if not isinstance(node.op, kind))
    if isinstance(node, ast.BinOp):
        if not isinstance(node.op, ast.Add | ast.Mult):
            yield lambda twin: twin.__dict__.update(left=twin.right, right=twin.left)
        if isinstance(node.op, ast.Mult | ast.Div | ast.Add | ast.Sub):  # one of the two is forgotten
            yield lambda twin: twin.__dict__.update(right=ast.Constant(int(isinstance(twin.op, ast.Mult | ast.Div))))
            yield lambda twin: twin.__dict__.update(left=ast.Constant(int(isinstance(twin.op, ast.Mult | ast.Div))))
    if isinstance(node, ast.Compare):
        yield from (put("ops", [kind()]) for kind in COMPARISONS if not isinstance(node.ops[0], kind))
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        value = node.value
        others = {value + 1, value - 1, 0, 1, 2, -value, value / 2, value * 2, value * 1.01, value * 10}
        yield from (put("value", other) for other in sorted(others) if other != value)
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in names:
        yield from (put("id", other) for other in names if other != node.id)
    if isinstance(node, ast.FunctionDef | ast.For | ast.If):
        for i in range(len(node.body)):
            if not isinstance(node.body[i], ast.Return):
                yield lambda twin, i=i: twin.body.__setitem__(i, ast.Pass())
            if i:
                yield lambda twin, i=i: twin.body.insert(i - 1, twin.body.pop(i))
    if isinstance(node, ast.For):
        yield lambda twin: twin.body.append(ast.Break())
        yield lambda twin: twin.body.insert(0, ast.Continue())
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        if name == "range":
            for i in range(len(node.args)):
                for step in (1, -1):
                    shift = lambda twin, i=i, step=step: twin.args.__setitem__(  # noqa: E731
                        i, ast.BinOp(twin.args[i], ast.Add(), ast.Constant(step))
                    )
                    yield shift
        swaps = {
            "min": "max",
            "max": "min",
            "math.cos": "math.sin",
            "np.sqrt": "abs",
            "sum": "max",
            "np.argmin": "np.argmax",
        }
        if name in swaps:
            yield put("func", ast.parse(swaps[name], mode="eval").body)
        if len(node.args) > 1:
            yield lambda twin: twin.args.reverse()
        for i in range(len(node.keywords)):
            yield lambda twin, i=i: twin.keywords.pop(i)
    if isinstance(node, ast.Slice):
        for field in ("lower", "upper"):
            if getattr(node, field) is not None:
                for step in (1, -1):
                    yield lambda twin, field=field, step=step: setattr(
                        twin, field, ast.BinOp(getattr(twin, field), ast.Add(), ast.Constant(step))
                    )
                yield put(field, None)
    if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
        for step in (1, -1):
            yield lambda twin, step=step: setattr(twin, "slice", ast.BinOp(twin.slice, ast.Add(), ast.Constant(step)))


# The answer with something done to what goes in or comes out


def on_numbers(change: Callable[[np.ndarray], object]) -> Callable[[object], object]:
    """`change` for every part of a result."""

    def deep(value):
        if isinstance(value, tuple) and not hasattr(value, "_fields"):
            return tuple(map(deep, value))
        return change(np.asarray(value, float))

    return deep


AFTER = {
    **{f"rounded to {n} places": on_numbers(lambda v, n=n: np.round(v, n)) for n in range(6)},
    "cut to a whole number": on_numbers(np.trunc),
    "rounded up": on_numbers(np.ceil),
    "to three digits": on_numbers(np.vectorize(lambda v: float(f"{v:.3g}"), otypes=[float])),
    "not below 0": on_numbers(lambda v: np.maximum(v, 0)),
    "not above 1": on_numbers(lambda v: np.minimum(v, 1)),
    "not below 1e-6": on_numbers(lambda v: np.maximum(v, 1e-6)),
    "not below 1e-10": on_numbers(lambda v: np.maximum(v, 1e-10)),
    "not above 10": on_numbers(lambda v: np.minimum(v, 10)),
    "its size": on_numbers(np.abs),
    "its negative": on_numbers(lambda v: -v),
    "plus 1e-4": on_numbers(lambda v: v + 1e-4),
    "plus one in a thousand": on_numbers(lambda v: v * 1.001),
    "minus one in a hundred thousand": on_numbers(lambda v: v * (1 - 1e-5)),
    "one over": on_numbers(lambda v: 1 / v),
    "its square": on_numbers(np.square),
    "its root": on_numbers(lambda v: np.sqrt(np.abs(v))),
    "in a list": lambda v: [v],
    "twice": lambda v: (v, v),
    "as text": str,
    "None": lambda v: None,
    "printed": print,
    "NaN": on_numbers(lambda v: v * np.nan),
    "infinity": on_numbers(lambda v: v + np.inf),
    "a constant": on_numbers(lambda v: np.full(v.shape, 0.1)),
    "zero": on_numbers(np.zeros_like),
    "without its first": lambda v: v[1:],
    "without its last": lambda v: v[:-1],
    "its first twice": lambda v: [v[0], *v],
    "its last twice": lambda v: [*v, v[-1]],
    "backwards": lambda v: v[::-1],
    "its last alone": lambda v: v[-1],
    "its first alone": lambda v: v[0],
    "sorted": lambda v: sorted(v),
    "sorted downwards": lambda v: sorted(v, reverse=True),
    "moved by one": lambda v: np.roll(listed(v), 1),
    "in a column": lambda v: np.asarray(v)[:, None],
    "summed up": np.cumsum,
    "its first as zero": lambda v: [0, *v[1:]],
    "its last as zero": lambda v: [*v[:-1], 0],
    "its mean": lambda v: np.mean(listed(v)),
}


def listed(value: object) -> object:
    """The value, if it is several: a single number cannot be moved, and is its own mean."""
    return value if np.ndim(value) else None


def wrapped(task: Function) -> Iterator[tuple[str, Callable]]:
    answer = task.answer
    for what, change in AFTER.items():
        if task.steps:
            yield what, lambda *a, change=change: (lambda schedule: lambda t: change(schedule(t)))(answer(*a))
        else:
            yield what, lambda *a, change=change: change(answer(*a))
    for at, name in enumerate(task.names):
        kinds = {type(case[at]) for case in task.cases}
        if kinds <= {int, float}:
            by = {"plus 1": lambda v: v + 1, "less 1": lambda v: v - 1, "doubled": lambda v: 2 * v}
            by |= {} if kinds == {int} else {"rounded": round}
            by |= {"not below 0": lambda v: max(v, 0), "not below 1": lambda v: max(v, 1), "its size": abs}
            by |= {
                "not above 100": lambda v: min(v, 100),
                "not above 10": lambda v: min(v, 10),
                "set to 1": lambda v: 1,
            }
            by |= {"not above 1": lambda v: min(v, 1), "its tens": lambda v: v // 10 * 10}
            for how, change in by.items():
                yield f"{name} {how}", lambda *a, at=at, change=change: answer(*a[:at], change(a[at]), *a[at + 1 :])
            for edge in sorted({case[at] for case in task.cases}):
                yield f"fails at {name} = {edge}", lambda *a, at=at, edge=edge: None if a[at] == edge else answer(*a)
        if kinds <= {list}:
            shapes = {"sorted": sorted, "backwards": lambda v: v[::-1], "without its first": lambda v: v[1:]}
            shapes |= {"without its last": lambda v: v[:-1], "whole": lambda v: list(map(round, v))}
            for how, change in shapes.items():
                yield f"{name} {how}", lambda *a, at=at, change=change: answer(*a[:at], change(a[at]), *a[at + 1 :])

            def emptied(*a, at=at):
                value = answer(*a)
                a[at].clear()
                return value

            yield f"{name} emptied", emptied
    for i in range(len(task.names)):
        for j in range(i):
            order = list(range(len(task.names)))
            order[i], order[j] = j, i
            yield (
                f"{task.names[j]} and {task.names[i]} exchanged",
                lambda *a, order=order: answer(*(a[k] for k in order)),
            )
