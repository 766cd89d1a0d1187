"""Time lrsched against NumPy and torch: what `make bench` prints.

The sides of a comparison take turns, and medians of CPU time are printed, so that a busy machine slows both alike;
one BLAS thread. The ratios mean more than the times.
"""

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

import subprocess
import sys
from pathlib import Path
from statistics import median
from time import process_time
from timeit import Timer

import numpy as np

import lrsched as lr

ROUNDS = 7
NETWORK = lr.Digits(hidden=(32,), batch_size=32)
NOISY = lr.Digits(hidden=(32,), batch_size=16, label_noise=0.3)
N = 800
OPTIMIZERS = {"SGD": lr.SGD(), "momentum": lr.SGD(momentum=0.9), "RMSProp": lr.RMSProp(), "Adam": lr.Adam()}
RACE = {
    "constant": lr.Constant,
    "step": lambda peak: lr.StepDecay(peak, decay_rate=0.3, step_size=N / 4),
    "inverse square root": lambda peak: lr.InverseSqrt(peak, timescale=20),
    "stable, then decay": lambda peak: lr.warmup_stable_decay(
        peak, total_steps=N, warmup_steps=0, decay_steps=N / 5, shape="linear"
    ),
    "cosine": lambda peak: lr.CosineDecay(peak, decay_steps=N),
    "linear": lambda peak: lr.LinearDecay(peak, decay_steps=N),
}


def cpu(*statements: str, number: int = 1, **names) -> list[float]:
    """The median CPU seconds of each statement over rounds of `number` runs; the first round does not count."""
    timers = [Timer(statement, timer=process_time, globals=globals() | names) for statement in statements]
    rounds = [[timer.timeit(number) / number for timer in timers] for _ in range(ROUNDS + 1)]
    return [median(times) for times in zip(*rounds[1:], strict=True)]


def fresh(code: str) -> float:
    """The number that `code` prints in a new interpreter."""
    here = Path(__file__).parent
    return float(subprocess.run([sys.executable, "-c", code], cwd=here, check=True, stdout=subprocess.PIPE).stdout)


def heading(text: str) -> None:
    print(f"\n{text}  [load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores]\n{'-' * len(text)}", flush=True)


def theory() -> None:
    heading("The bound of convex theory: ms")
    names = {"end": lr.rates(lr.LinearDecay(1, decay_steps=100_000), 100_000), "path": np.ones(10_000)}
    end, path = cpu("lr.convex_bound(end)", "lr.convex_bound(path, every=1)", **names)
    print(f"at the end of 100,000 rates: {1e3 * end:.1f} (goal: below 10)")
    print(f"at each stop of 10,000: {1e3 * path:.0f} (goal: below 200)")


def torch_schedulers(torch, peak, n):
    """For each schedule the scheduler of torch that does the same; LambdaLR where it has none."""
    s = torch.optim.lr_scheduler

    def warmup(o):
        return s.SequentialLR(
            o, [s.LinearLR(o, 0.01, 1, n // 10), s.CosineAnnealingLR(o, n - n // 10)], milestones=[n // 10]
        )

    def stable(o):
        parts = [s.LinearLR(o, 0.01, 1, n // 10), s.ConstantLR(o, 1, 0), s.LinearLR(o, 1, 0, n // 5)]
        return s.SequentialLR(o, parts, milestones=[n // 10, n - n // 5])

    cosine = lr.CosineDecay(peak, decay_steps=n - n // 10)
    return [
        (lr.Constant(peak), lambda o: s.ConstantLR(o, 1, 0)),
        (lr.StepDecay(peak, decay_rate=0.5, step_size=n / 10), lambda o: s.StepLR(o, n // 10, 0.5)),
        (lr.ExponentialDecay(peak, decay_rate=0.999), lambda o: s.ExponentialLR(o, 0.999)),
        (
            lr.PiecewiseConstant([peak, peak / 10, peak / 100], boundaries=[n / 2, n * 3 / 4]),
            lambda o: s.MultiStepLR(o, [n // 2, n * 3 // 4], 0.1),
        ),
        (lr.InverseTimeDecay(peak, timescale=100), lambda o: s.LambdaLR(o, lambda t: 1 / (1 + t / 100))),
        (lr.InverseSqrt(peak, timescale=100), lambda o: s.LambdaLR(o, lambda t: (1 + t / 100) ** -0.5)),
        (lr.LinearDecay(peak, decay_steps=n), lambda o: s.LinearLR(o, 1, 0, n)),
        (lr.PolynomialDecay(peak, decay_steps=n, power=2), lambda o: s.PolynomialLR(o, n, 2)),
        (lr.CosineDecay(peak, decay_steps=n), lambda o: s.CosineAnnealingLR(o, n)),
        (lr.SqrtCooldown(peak, decay_steps=n), lambda o: s.LambdaLR(o, lambda t: 1 - (t / n) ** 0.5)),
        (
            lr.CosineRestarts(peak, first_cycle_steps=n / 10, cycle_mult=2),
            lambda o: s.CosineAnnealingWarmRestarts(o, n // 10, 2),
        ),
        (
            lr.Triangular(peak, min_lr=peak / 10, half_cycle_steps=n / 20),
            lambda o: s.CyclicLR(o, peak / 10, peak, n // 20, cycle_momentum=False),
        ),
        (lr.OneCycle(peak, total_steps=n), lambda o: s.OneCycleLR(o, peak, n, cycle_momentum=False)),
        (lr.Warmup(cosine, warmup_steps=n / 10, init_lr=peak / 100), warmup),
        (lr.warmup_stable_decay(peak, total_steps=n, warmup_steps=n // 10, decay_steps=n // 5, shape="linear"), stable),
    ]


def schedules(torch) -> None:
    heading("Schedules: ns a step; torch: scheduler.step(); cos: np.cos over as many doubles")
    n = 100_000
    print(
        f"{'':18}{'call':>7}{'torch':>7}{'ratio':>7}{'array 1e4':>11}{'/ cos':>6}{'array 1e5':>11}{'/ cos':>6}", end=""
    )
    print(f"{'torch / array':>15}")
    for schedule, make in torch_schedulers(torch, 0.1, n):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
        scheduler = make(optimizer)
        optimizer.step()
        call, theirs = cpu("schedule(30_000)", "scheduler.step()", number=1000, schedule=schedule, scheduler=scheduler)
        row = f"{type(schedule).__name__:18}{1e9 * call:7.0f}{1e9 * theirs:7.0f}{theirs / call:7.1f}"
        for size in (10_000, n):
            names = {"schedule": schedule, "steps": np.arange(size), "angles": np.linspace(0, 3, size)}
            array, cos = cpu("schedule(steps)", "np.cos(angles)", number=n // size * 3, **names)
            row += f"{1e9 * array / size:11.1f}{array / cos:6.2f}"
        print(f"{row}{theirs / (array / n):15.0f}", flush=True)


def attached(torch) -> None:
    from lrsched.torch import attach

    heading("attach: us it adds to optimizer.step(), against torch's scheduler.step()  (goal: no more)")
    n, s = 100_000, torch.optim.lr_scheduler

    def warmup_cosine(o):
        parts = s.LinearLR(o, 0.01, 1, n // 10), s.CosineAnnealingLR(o, n - n // 10)
        return s.SequentialLR(o, list(parts), milestones=[n // 10])

    cosine = lr.CosineDecay(0.1, decay_steps=n - n // 10)
    warm = lr.Warmup(cosine, warmup_steps=n // 10, init_lr=0.001)
    for name, schedule, make in [
        ("cosine", lr.CosineDecay(0.1, decay_steps=n), lambda o: s.CosineAnnealingLR(o, n)),
        ("warm-up and cosine", warm, warmup_cosine),
    ]:
        for groups in (1, 2, 8):
            plain, ours, theirs = (
                torch.optim.SGD([{"params": [torch.nn.Parameter(torch.zeros(1))]} for _ in range(groups)], lr=0.1)
                for _ in range(3)
            )
            attach(ours, schedule).t = 30_000
            names = {"plain": plain, "ours": ours, "scheduler": make(theirs)}
            theirs.step()
            without, with_it, step = cpu("plain.step()", "ours.step()", "scheduler.step()", number=3000, **names)
            added = 1e6 * (with_it - without)
            print(f"{name:20}{groups} groups: {added:5.2f}, torch {1e6 * step:5.2f}, ratio {added / 1e6 / step:4.2f}")


def imports() -> None:
    heading("Import: ms of CPU time, each in a new interpreter")
    code = "from time import process_time as now; start = now(); import {}; print(now() - start)"
    times = [(fresh(code.format("numpy")), fresh(code.format("lrsched.schedules"))) for _ in range(ROUNDS)]
    numpy, ours = (1e3 * median(side) for side in zip(*times, strict=True))
    print(f"numpy {numpy:.0f}, lrsched with its schedules {ours:.0f}")


def race(peaks: dict[str, float], seeds: int = 12) -> lr.Comparison:
    arms = {name: (lr.SGD(), make(peaks[name])) for name, make in RACE.items()}
    return lr.compare(NOISY, arms, steps=N, seeds=seeds)


def tuned() -> dict[str, lr.Tuned]:
    grid = np.geomspace(0.0625, 4, 13)
    return {name: lr.tune(NOISY, lr.SGD(), make, grid, steps=N, seeds=range(100, 103)) for name, make in RACE.items()}


def sweeps() -> None:
    heading("Sweeps: seconds of CPU time")
    [runs] = cpu("lr.train(NETWORK, lr.SGD(), lr.Constant(0.1), steps=200, seeds=256)")
    print(f"256 runs of 200 updates: {runs:.2f} (goal: below 1)")
    start = process_time()
    peaks = {name: found.best for name, found in tuned().items()}
    tuning = process_time() - start
    [racing] = cpu("race(peaks)", peaks=peaks)
    print(f"race of 6 schedules, 12 seeds, {N} updates: {racing:.2f} (goal: below 1)")
    print(f"the same with tuning, 13 rates, 3 seeds: {racing + tuning:.2f} (goal: below 3)")
    code = "import resource, bench; bench.race(dict.fromkeys(bench.RACE, 0.5)); "
    code += "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    print(f"peak memory of the race: {fresh(code):.0f} MB (goal: below 200)\n\n{race(peaks)!r}")


def profile() -> None:
    heading("An update of 16 runs of the network 64-32-10, batch 32: us a run")
    runs, draws = 16, 200
    params = NETWORK.init(range(runs))
    inputs, targets = next(NETWORK.batches(range(runs), 1))
    layers = NETWORK._layers(params)
    activations, outputs = NETWORK._forward(layers, inputs)
    products = "for a, w in zip(activations, layers): a @ (w.swapaxes(1, 2) @ a).swapaxes(1, 2)\n"
    products += "layers[1][:, :-1] @ outputs"
    [drawing] = cpu(f"for _ in NETWORK.batches(range({runs}), {draws}): pass")
    times = {"drawing the batch": drawing / draws}
    for name, statement in [
        ("matrix products", products),
        ("loss and its derivative", "NETWORK._loss_and_delta(outputs, targets)"),
        ("forward and backward, all", "NETWORK.loss_and_grads(params, (inputs, targets))"),
    ]:
        names = {"params": params, "inputs": inputs, "targets": targets, "outputs": outputs}
        [times[name]] = cpu(statement, number=200, activations=activations, layers=layers, **names)
    for name, optimizer in OPTIMIZERS.items():
        names = {"optimizer": optimizer, "state": optimizer.init(params), "params": params.copy(), "grads": params}
        [times[f"update of {name}"]] = cpu("optimizer.update(params, grads, state, 1e-6)", number=200, **names)
    for name, time in times.items():
        print(f"{name:28}{1e6 * time / runs:6.1f}")


def against_torch(torch) -> None:
    heading("The network against torch: us of CPU time a run and update")
    steps = 200

    def ratio(optimizer, runs, theirs, their_name, their_runs, goal):
        ours = "lr.train(NETWORK, optimizer, lr.Constant(0.01), steps=steps, seeds=runs)"
        names = {"optimizer": optimizer, "runs": runs, "theirs": theirs, "steps": steps}
        time, other = cpu(ours, "theirs(steps)", **names)
        time, other = 1e6 * time / runs / steps, 1e6 * other / their_runs / steps
        print(
            f"{type(optimizer).__name__:5}{runs:3} runs: lrsched {time:5.1f}, torch {their_name} {other:5.1f}, ", end=""
        )
        print(f"ratio {other / time:4.1f} (goal: {goal})", flush=True)

    for optimizer, theirs in [(lr.SGD(), torch.optim.SGD), (lr.Adam(), torch.optim.Adam)]:
        for runs in (16, 32):
            ratio(optimizer, runs, torch_loop(torch, theirs), "loop", 1, goal=10)
    ratio(lr.SGD(), 32, torch_vmap(torch, 32), "func.vmap", 32, goal=5)


def wrapped() -> None:
    heading("Clipping, groups and averages: CPU time over that of the plain optimiser  (goal: at most 1.3)")
    for plain, free in [(lr.SGD(), lr.ScheduleFreeSGD()), (lr.Adam(), lr.ScheduleFreeAdamW())]:
        arms = {
            "every update clipped": lr.Clipped(plain, max_norm=1e-3),
            "grouped": lr.Grouped(plain, factors=NETWORK.lr_factors, sizes=NETWORK.stretches),
            "averaged": lr.Averaged(plain, half_life=50),
            "schedule-free": free,
        }
        names = {f"arm{i}": arm for i, arm in enumerate([plain, *arms.values()])}
        statements = [f"lr.train(NOISY, {name}, lr.Constant(0.01), steps=200, seeds=32)" for name in names]
        base, *times = cpu(*statements, **names)
        ratios = ", ".join(f"{name} {time / base:.2f}" for name, time in zip(arms, times, strict=True))
        print(f"{type(plain).__name__:5}{ratios}", flush=True)


def torch_network(torch):
    layers = torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10)
    return torch.nn.Sequential(*layers), torch.rand(1397, 64), torch.randint(10, (1397,))


def torch_loop(torch, optimizer_class):
    network, images, labels = torch_network(torch)
    optimizer = optimizer_class(network.parameters(), lr=0.01)

    def loop(steps):
        for picks in torch.randint(1397, (steps, 32)):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(network(images[picks]), labels[picks]).backward()
            optimizer.step()

    return loop


def torch_vmap(torch, runs):
    network, images, labels = torch_network(torch)
    params = {name: torch.stack([p.detach()] * runs) for name, p in network.named_parameters()}

    def loss(params, inputs, targets):
        outputs = torch.func.functional_call(network, params, (inputs,))
        return torch.nn.functional.cross_entropy(outputs, targets)

    gradient = torch.func.vmap(torch.func.grad(loss))

    def loop(steps):
        for picks in torch.randint(1397, (steps, runs, 32)):
            grads = gradient(params, images[picks], labels[picks])
            for name, grad in grads.items():
                params[name] -= 0.01 * grad

    return loop


def main() -> None:
    imports()
    sweeps()
    theory()
    profile()
    wrapped()
    try:
        import torch
    except ImportError:
        sys.exit("tools/bench.py needs torch for its comparisons: make bench installs it")
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    against_torch(torch)
    schedules(torch)
    attached(torch)


if __name__ == "__main__":
    main()
