import os
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import ClassVar

import numpy as np
import pytest

from lrsched.optimizers import SGD, AdaGrad, Adam
from lrsched.plateau import ReduceOnPlateau
from lrsched.problems import Digits, Quadratic
from lrsched.schedules import Constant, CosineDecay, LinearDecay
from lrsched.training import Tuned, compare, train, tune

NOISY = Quadratic(np.geomspace(0.1, 1, 50), noise=0.1)
DIGITS = Digits(hidden=(8,), batch_size=8, label_noise=0.3)


@dataclass(eq=False)
class Logger:
    """SGD that keeps what it is given."""

    rates: list = field(default_factory=list)
    batch_grads: list = field(default_factory=list)

    def init(self, params):
        return {}

    def update(self, params, grads, state, lr):
        self.rates.append(np.array(lr))
        self.batch_grads.append(grads.copy())
        params -= lr * grads


def same(history, other):
    return all(np.array_equal(getattr(history, name), getattr(other, name)) for name in ("lr", "loss", "params"))


class TestWhatIsRecorded:
    @pytest.mark.parametrize(("seeds", "tasks"), [(1, 1), (5, 1), (200, 3)])
    def test_lr_is_what_the_optimiser_received_under_a_callable_that_changes_at_each_call(self, seeds, tasks):
        calls = []

        def schedule(t):
            calls.append(t)
            return 1 / (10 + len(calls))

        logger = Logger()
        history = train(DIGITS, logger, schedule, steps=20, seeds=seeds)
        assert calls == list(range(20))
        assert len(logger.rates) == 20 * tasks
        for task in range(tasks):
            log = logger.rates[20 * task : 20 * (task + 1)]
            assert all(np.all(received == lr) for received, lr in zip(log, history.lr, strict=True))
        assert history.lr.tolist() == [1 / (11 + t) for t in range(20)]

    def test_lr_of_a_plateau_is_what_the_optimiser_received(self):
        logger = Logger()
        scheduler = ReduceOnPlateau(0.5, factor=0.5, patience=0, every=5)
        history = train(NOISY, logger, scheduler, steps=60, seeds=4)
        assert history.lr.shape == (4, 60)
        assert np.array_equal(history.lr, np.array(logger.rates)[:, :, 0].T)
        assert len(np.unique(history.lr)) > 2
        assert not np.array_equal(history.lr[0], history.lr[1])
        assert scheduler.lr == 0.5, "the caller's scheduler is left alone"

    def test_a_plateau_gets_the_mean_batch_loss_of_each_interval(self):
        history = train(NOISY, SGD(), ReduceOnPlateau(0.5, factor=0.5, patience=0, every=5), steps=60, seeds=[3])
        scheduler, lr = ReduceOnPlateau(0.5, factor=0.5, patience=0), []
        for window in history.loss[0].reshape(-1, 5):
            lr += [scheduler.lr] * 5
            scheduler.step(window.mean())
        assert history.lr[0].tolist() == lr

    @pytest.mark.parametrize("split", ["train", "test"])
    def test_a_plateau_may_watch_the_score_on_a_split(self, split):
        scheduler = ReduceOnPlateau(0.5, factor=0.5, patience=0, every=5, split=split)
        history = train(DIGITS, SGD(), scheduler, steps=150, seeds=[3, 4], record=["path"])
        for run, seed in enumerate(history.seeds):
            scheduler, lr = ReduceOnPlateau(0.5, factor=0.5, patience=0), []
            for t in range(5, 151, 5):
                lr += [scheduler.lr] * 5
                scheduler.step(DIGITS.evaluate(history.path[run, t][None], [seed], split)["excess"][0])
            assert history.lr[run].tolist() == lr
        assert len(np.unique(history.lr)) > 2

    def test_a_plateau_may_start_at_a_whole_number(self):
        lr = train(Quadratic(1.0, noise=1.0), SGD(), ReduceOnPlateau(1, factor=0.5, patience=0), steps=5, seeds=1).lr
        assert lr[0, 0] == 1
        assert 0 < lr[0, -1] < 1

    def test_loss_is_the_batch_loss_before_each_update(self):
        history = train(Quadratic(2.0), SGD(), Constant(0.25), steps=3, seeds=1)
        assert history.loss.tolist() == [[1.0, 0.25, 0.0625]]
        assert history.params.tolist() == [[0.125]]

    def test_mean_loss_is_the_expected_loss_of_the_quadratic(self):
        schedule = CosineDecay(0.5, decay_steps=100)
        loss = train(NOISY, SGD(), schedule, seeds=300).loss
        error = loss.mean(axis=0) - NOISY.expected_loss(schedule, 100)[:-1]
        assert np.all(np.abs(error) <= 4 * loss.std(axis=0) / np.sqrt(300) + 1e-12)

    def test_path_average_and_effective_lr(self):
        record = ["path", "average", "effective_lr"]
        history = train(Quadratic([2.0, 1.0]), AdaGrad(), Constant(0.5), steps=4, seeds=2, record=record)
        assert history.path.shape == (2, 5, 2)
        assert np.array_equal(history.path[:, -1], history.params)
        np.testing.assert_allclose(history.average, history.path[:, 1:].mean(axis=1), rtol=1e-14)
        grads = history.path[:, :-1] * [2.0, 1.0]
        steps = history.path[:, :-1] - history.path[:, 1:]
        np.testing.assert_allclose(history.effective_lr, np.median(steps / grads, axis=2), rtol=1e-12)
        assert history.evaluate(params=history.average)["loss"][0] == pytest.approx(
            history.problem.loss(history.average[0])
        )

    def test_steps_are_those_of_the_schedule_unless_given(self):
        assert train(NOISY, SGD(), LinearDecay(0.1, decay_steps=7)).lr.shape == (7,)
        assert train(NOISY, SGD(), LinearDecay(0.1, decay_steps=7), steps=3).lr.shape == (3,)


class TestSeeds:
    @pytest.mark.parametrize("fresh", [True, False])
    def test_a_seed_gives_every_arm_the_same_start_batches_and_label_noise(self, fresh):
        """At rate 0 the gradients show all three."""
        problem = Digits(batch_size=8, label_noise=0.3, fresh_noise=fresh)
        still, other = Logger(), Logger()
        arms = {"still": (still, lambda t: 0.0), "other": (other, lambda t: 0.0 * t)}
        compare(problem, arms, steps=70, seeds=[7, 2])
        assert np.array_equal(still.batch_grads, other.batch_grads)
        assert not np.array_equal(still.batch_grads[0], still.batch_grads[1])

    def test_a_seed_gives_the_same_run_whichever_other_seeds_there_are(self):
        single = train(DIGITS, Adam(), Constant(0.01), steps=70, seeds=[5])
        among = train(DIGITS, Adam(), Constant(0.01), steps=70, seeds=[1, 5, 9])
        assert np.array_equal(single.loss[0], among.loss[1])

    def test_a_number_of_seeds_counts_from_0(self):
        assert train(NOISY, SGD(), Constant(0.1), steps=1, seeds=3).seeds == (0, 1, 2)

    @pytest.mark.parametrize("seeds", [[1, 1], [], 0, [-1], 2.5])
    def test_wrong_seeds_are_refused(self, seeds):
        with pytest.raises(ValueError, match=r"seeds(\[0\])? must be"):
            train(NOISY, SGD(), Constant(0.1), steps=1, seeds=seeds)


class TestTasks:
    ARMS: ClassVar = {
        "constant": (Adam(), Constant(0.01)),
        "cosine": (Adam(), CosineDecay(0.02, decay_steps=40)),
        "lambda": (Adam(), lambda t: 0.01 / (1 + t)),
        "plateau": (SGD(momentum=0.9), ReduceOnPlateau(0.1, every=5, patience=0)),
    }

    @pytest.mark.parametrize("problem", [DIGITS, NOISY, Digits(batch_size=None, pool_size=100)])
    def test_results_are_equal_to_the_bit_whatever_the_tasks(self, problem, monkeypatch):
        expected = compare(problem, self.ARMS, steps=40, seeds=17)
        original = np.array_split
        for runs in (1, 7, 51):
            monkeypatch.setattr(np, "array_split", lambda a, n, runs=runs: original(a, -(-len(a) // runs)))
            other = compare(problem, self.ARMS, steps=40, seeds=17)
            assert all(same(expected[name], other[name]) for name in self.ARMS)

    @pytest.mark.parametrize("make", [lambda: ProcessPoolExecutor(2, get_context("spawn")), ThreadPoolExecutor])
    def test_results_are_equal_to_the_bit_on_an_executor(self, make):
        expected = compare(DIGITS, self.ARMS, steps=40, seeds=17)
        with make() as executor:
            other = compare(DIGITS, self.ARMS, steps=40, seeds=17, executor=executor)
        assert all(same(expected[name], other[name]) for name in self.ARMS)

    def test_tasks_have_at_least_16_runs(self):
        sizes = []

        class Executor(ThreadPoolExecutor):
            def submit(self, call, problem, optimizer, seeds, *rest):
                sizes.append(len(seeds))
                return super().submit(call, problem, optimizer, seeds, *rest)

        with Executor() as executor:
            tune(Digits(hidden=(32,)), SGD(), Constant, [0.1, 0.2, 0.3, 0.4], steps=2, seeds=13, executor=executor)
        assert sum(sizes) == 52
        assert min(sizes) >= 16
        assert len(sizes) == 3

    def test_a_failing_task_raises_its_own_error_and_cancels_the_rest(self):
        def broken(t):
            raise ZeroDivisionError("from the schedule")

        with pytest.raises(ZeroDivisionError, match="from the schedule"):
            train(NOISY, SGD(), broken, steps=2)

        class Broken(SGD):
            def update(self, params, grads, state, lr):
                raise ZeroDivisionError("from the optimiser")

        with ThreadPoolExecutor(1) as executor, pytest.raises(ZeroDivisionError, match="from the optimiser"):
            compare(DIGITS, {"broken": (Broken(), Constant(0.1))}, steps=2, seeds=64, executor=executor)

    def test_ctrl_c_stops_at_once(self):
        code = (
            # whoever starts the tests in the background has them ignore Ctrl-C
            "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
            "from lrsched.problems import Digits; from lrsched.optimizers import Adam\n"
            "from lrsched.training import train; from lrsched.schedules import Constant\n"
            "class Loud(Adam):\n"
            "    def update(self, *arguments, lines=[]):\n"
            "        lines or lines.append(print('go', flush=True))\n"
            "        return super().update(*arguments)\n"
            "train(Digits(hidden=(32,)), Loud(), Constant(0.1), steps=100_000, seeds=64)"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stdout.readline() == "go\n"
        os.kill(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)  # to its end it would run for an hour
        assert errors.rstrip().endswith("KeyboardInterrupt")

    def test_progress_shows_a_bar_on_request_only(self, capsys):
        arms = {"constant": (SGD(), Constant(0.1))}
        compare(NOISY, arms, steps=2)
        assert capsys.readouterr() == ("", "")
        compare(NOISY, arms, steps=2, progress=True)
        out, err = capsys.readouterr()
        assert out == ""
        assert "1/1" in err

    def test_progress_without_tqdm_says_what_to_install(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "tqdm", None)
        with pytest.raises(ImportError, match="needs tqdm: python -m pip install tqdm"):
            compare(NOISY, {"constant": (SGD(), Constant(0.1))}, steps=2, progress=True)


class TestDivergence:
    @pytest.mark.parametrize("problem", [Quadratic([1.0, 4.0]), Digits(hidden=(8,), loss="squared")])
    def test_it_is_recorded_as_inf_without_a_warning(self, problem):
        history = train(problem, SGD(), Constant(1e3), steps=300, seeds=3)
        assert history.diverged.all()
        assert np.all(history.loss[:, -1] == np.inf)
        assert np.all(np.isfinite(history.loss[:, 0]))
        assert history.evaluate()["loss"].tolist() == [np.inf] * 3

    def test_a_loss_stays_inf(self):
        finite = np.isfinite(train(Quadratic(4.0), SGD(), lambda t: 1e200 if t == 1 else 0.1, steps=30).loss)
        assert np.array_equal(finite, np.logical_and.accumulate(finite, axis=1))
        assert not finite[:, -1].any()

    def test_a_diverged_run_leaves_its_neighbours_alone(self):
        arms = {"high": (SGD(), Constant(1e9)), "low": (SGD(), Constant(0.1))}
        comparison = compare(NOISY, arms, steps=100)
        assert same(comparison["low"], train(NOISY, SGD(), Constant(0.1), steps=100))
        assert "10 diverged" in repr(comparison)
        assert comparison.mean("high").mean == np.inf
        assert comparison.ratio("low").mean == 0

    def test_a_diverged_run_has_accuracy_0(self):
        history = train(Digits(hidden=(8,), loss="squared"), SGD(), Constant(1e3), steps=300, seeds=2)
        assert history.evaluate("test")["accuracy"].tolist() == [0, 0]


class TestComparison:
    COMPARISON = compare(
        DIGITS,
        {"constant": (SGD(), Constant(0.2)), "linear": (SGD(), LinearDecay(0.4, decay_steps=50))},
        steps=50,
        seeds=4,
    )

    def test_intervals_are_of_paired_values(self):
        scores = self.COMPARISON.scores("loss", "test")
        ratios = scores["linear"] / scores["constant"]
        ratio = self.COMPARISON.ratio("linear", "loss", "test")
        assert ratio.mean == pytest.approx(ratios.mean())
        assert ratio.half_width == pytest.approx(3.182446 * ratios.std(ddof=1) / 2, rel=1e-6)
        differences = scores["linear"] - scores["constant"]
        difference = self.COMPARISON.difference("constant", "loss", "test", to="linear")
        assert difference.mean == pytest.approx(-differences.mean())
        assert difference.half_width == pytest.approx(3.182446 * differences.std(ddof=1) / 2, rel=1e-6)

    def test_the_metric_is_that_of_the_problem_unless_given(self):
        excess = self.COMPARISON["linear"].evaluate("train")["excess"]
        assert np.array_equal(self.COMPARISON.scores()["linear"], excess)

    def test_the_table_has_a_line_for_each_arm(self):
        title, constant, linear, note = repr(self.COMPARISON).splitlines()
        assert title.endswith("ratio to constant")
        assert constant.startswith("constant  ") and constant.count("±") == 1
        assert str(self.COMPARISON.ratio("linear")) in linear
        assert note == "After 50 updates; 95 % intervals over 4 seeds, paired."
        assert "accuracy" in self.COMPARISON.table("accuracy", "test")
        assert "minus linear" in self.COMPARISON.table("accuracy", "test", to="linear")

    def test_an_unknown_metric_is_refused(self):
        with pytest.raises(ValueError, match="metric must be 'loss', 'excess' or 'accuracy', got 'f1'"):
            self.COMPARISON.scores("f1")

    def test_arms_may_have_different_lengths(self):
        arms = {n: (SGD(), LinearDecay(0.3, decay_steps=n)) for n in (20, 40)}
        comparison = compare(NOISY, arms)
        assert [comparison[n].loss.shape for n in comparison] == [(10, 20), (10, 40)]

    def test_the_name_of_an_arm_may_be_a_number(self):
        comparison = compare(NOISY, {rate: (SGD(), Constant(rate + 0.1)) for rate in (0, 0.2)}, steps=20)
        title, *rows, _ = comparison.table(to=0.2).splitlines()
        assert title.endswith("ratio to 0.2")
        assert [row.split()[0] for row in rows] == ["0", "0.2"]
        assert comparison.ratio(0.2, to=0) == comparison.ratio(0.2)
        assert "ratio to 0\n" in comparison.table(to=0)

    def test_an_unknown_arm_is_refused(self):
        for call in (self.COMPARISON.mean, self.COMPARISON.ratio, self.COMPARISON.difference):
            with pytest.raises(ValueError, match="name must be 'constant' or 'linear', got 'zz'"):
                call("zz")
        for call in (self.COMPARISON.ratio, self.COMPARISON.difference):
            with pytest.raises(ValueError, match="to must be 'constant' or 'linear', got 'zz'"):
                call("linear", to="zz")
        with pytest.raises(ValueError, match="to must be 'constant' or 'linear', got 'zz'"):
            self.COMPARISON.table(to="zz")

    def test_a_history_prints_in_one_line(self):
        assert repr(self.COMPARISON["linear"]).startswith("History of 4 seeds, 50 updates: train excess 0.")


class TestTune:
    def test_the_best_rate_is_the_one_with_the_lowest_mean_score(self):
        tuned = tune(NOISY, SGD(), Constant, [0.01, 0.1, 0.2, 1.0, 3.0], steps=100, seeds=range(100, 103))
        assert tuned.scores.shape == (5, 3)
        assert tuned.best == tuned.peak_lrs[np.argmin(tuned.scores.mean(axis=1))] == 0.2
        assert tuned.schedule == Constant(0.2)
        assert not tuned.at_edge
        assert "0.2, inside the grid" in repr(tuned)

    @pytest.mark.parametrize(("grid", "best"), [([0.001, 0.01], 0.01), ([0.5, 1.0], 0.5)])
    def test_it_says_when_the_optimum_is_at_the_edge(self, grid, best):
        tuned = tune(NOISY, SGD(), Constant, grid, steps=100, seeds=3)
        assert tuned.best == best
        assert tuned.at_edge
        assert "AT THE EDGE" in repr(tuned)

    def test_the_fitted_rate_is_the_minimum_of_a_parabola_in_the_logarithm(self):
        grid = [0.1, 0.2, 0.8, 1.6]  # not evenly spaced
        scores = [[(np.log(lr) - np.log(0.3)) ** 2 + 1] for lr in grid]
        tuned = Tuned(tuple(grid), np.array(scores), (None,) * 4)
        assert tuned.best == 0.2
        assert tuned.fitted == pytest.approx(0.3)

    @pytest.mark.parametrize("scores", [[1, 2, 3], [3, 2, 1], [np.inf, 1, 2], [2, 1, np.inf], [1, 1, 1], [np.inf] * 3])
    def test_it_is_refused_where_there_is_no_parabola(self, scores):
        tuned = Tuned((0.1, 0.2, 0.4), np.array(scores)[:, None].astype(float), (None,) * 3)
        with pytest.raises(ValueError, match="peak_lrs must have a rate on each side of the best that ends higher"):
            print(tuned.fitted)

    def test_a_rate_that_diverges_loses(self):
        tuned = tune(Quadratic(1.0), SGD(), Constant, [0.1, 0.5, 1e6], steps=100, seeds=3)
        assert tuned.best == 0.5
        assert np.all(tuned.scores[-1] == np.inf)


class TestWrongArguments:
    def test_steps(self):
        with pytest.raises(ValueError, match="steps must be given, because Constant"):
            train(NOISY, SGD(), Constant(0.1))
        with pytest.raises(ValueError, match="steps must be a whole number of 1 or more, got 2"):
            train(NOISY, SGD(), LinearDecay(0.1, decay_steps=2.5))

    def test_schedule(self):
        with pytest.raises(TypeError, match=r"schedule must be a callable of the update index or a .*, got 0.1"):
            train(NOISY, SGD(), 0.1, steps=3)

    def test_what_is_no_problem_optimiser_or_schedule(self):
        right = {"problem": NOISY, "optimizer": SGD(), "schedule": Constant(0.1)}
        for name in right:
            for wrong in ("text", None, 0.1, type(right[name])):
                with pytest.raises(TypeError, match=f"^{name} must be "):
                    train(**right | {name: wrong}, steps=3)
        with pytest.raises(TypeError, match=r"optimizer must be an optimiser such as SGD.*, got the class SGD itself"):
            compare(NOISY, {"a": (SGD, Constant(0.1))}, steps=3)

    @pytest.mark.parametrize(
        ("rate", "error", "sentence"),
        [
            (float("nan"), ValueError, r"schedule\(2\) must be a number, got nan"),
            ("0.1", TypeError, r"schedule\(2\) must be a number, got '0.1' \(str\)"),
            (None, TypeError, r"schedule\(2\) must be a number, got None"),
            ([0.1], TypeError, r"schedule\(2\) must be a number, got \[0.1\]"),
            (True, TypeError, r"schedule\(2\) must be a number, got True"),
        ],
    )
    def test_a_callable_that_returns_no_rate(self, rate, error, sentence):
        for run in (train, lambda *arguments, steps: NOISY.expected_loss(arguments[-1], steps)):
            with pytest.raises(error, match=sentence):
                run(NOISY, SGD(), lambda t: rate if t == 2 else 0.1, steps=4)

    def test_make_schedule(self):
        with pytest.raises(TypeError, match=r"make_schedule\(0\.1\) must be a callable of the update index"):
            tune(NOISY, SGD(), lambda lr: lr, [0.1, 0.2], steps=2, seeds=1)

    def test_record(self):
        with pytest.raises(
            ValueError, match=r"record\[0\] must be 'path', 'effective_lr', 'average' or 'grad_norm', got 'paths'"
        ):
            train(NOISY, SGD(), Constant(0.1), steps=3, record=["paths"])
        with pytest.raises(TypeError, match=r"record must be a list of names from .*, got 'path'"):
            train(NOISY, SGD(), Constant(0.1), steps=3, record="path")
        with pytest.raises(TypeError, match="optimizer must have a method effective_lr to record it"):
            train(NOISY, Logger(), Constant(0.1), steps=3, record=["effective_lr"])

    def test_arms(self):
        with pytest.raises(ValueError, match="arms must name at least one"):
            compare(NOISY, {})
        with pytest.raises(TypeError, match=r"arms\['a'\] must be a pair"):
            compare(NOISY, {"a": Constant(0.1)}, steps=2)

    def test_peak_lrs(self):
        for grid, sentence in [([], "at least one"), ([0.2, 0.1], "must rise"), ([0.0], "above 0")]:
            with pytest.raises(ValueError, match=sentence):
                tune(NOISY, SGD(), Constant, grid, steps=2, seeds=1)
