"""The pad: its models in Python and in JavaScript, what is stored of its optima, its drawings and their links."""

import gzip
import html
import json
import re

import numpy as np
import pytest
from live import live
from test_chapters import NUMBER, code_and_output, prose
from test_notebooks import ROOT

from lrsched import Constant, ExponentialDecay, LinearDecay, Quadratic, StepDecay
from lrsched.course import draw
from lrsched.course.play.draw import FLATTEST, PROBLEMS, STEEPEST, STEPS, Problem, drawing_link, searches
from lrsched.course.play.goals import goals
from lrsched.course.play.models import Worst
from lrsched.course.steps import chebyshev_rates
from lrsched.course.widgets.widget import script
from lrsched.theory import best_scale

each = pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
LINKS = {
    "step_decay": StepDecay(0.1, decay_rate=0.5, step_size=30),
    "exponential_decay": ExponentialDecay(0.174, decay_rate=0.01, step_size=200),
    "finding_the_rate": LinearDecay(0.124, decay_steps=200),
}


def wander(problem: Problem, seed: int) -> np.ndarray:
    """Rates as a hand may draw them, and more wildly."""
    rng = np.random.default_rng(seed)
    low, high = np.log(problem.pad.low), np.log(min(problem.pad.high, 2))
    return np.exp(np.clip(rng.normal(size=STEPS).cumsum() * 0.25 + low + rng.random() * (high - low), low, high))


@each
def test_javascript_and_python_agree_at_every_update(problem):
    drawn = [wander(problem, seed) for seed in range(50)]
    losses = live(
        ["live"],
        "(model, parameters, drawn) => drawn.map(rates => models[model](parameters, rates))",
        problem.model.name,
        problem.model.parameters,
        [list(rates) for rates in drawn],
    )
    compared = 0
    for rates, theirs in zip(drawn, losses, strict=True):
        ours, theirs = problem.model.losses(rates), np.array(theirs, float)
        assert len(ours) == len(theirs) == STEPS + 1
        finite = np.isfinite(ours) & (ours > 1e-290)  # below, numbers have fewer digits
        np.testing.assert_allclose(theirs[finite], ours[finite], rtol=1e-11)
        np.testing.assert_array_equal(np.isfinite(theirs), np.isfinite(ours))
        compared += finite.sum()
    assert compared > 45 * STEPS


def test_no_curvature_between_two_of_the_grid_is_left_with_much_more():
    problem = PROBLEMS["calm"]
    fine = Worst(np.geomspace(FLATTEST, STEEPEST, 5000))
    for rates in (problem.best_rates, *map(problem.preset, searches()["calm"]["shapes"])):
        assert fine.losses(rates)[-1] <= 1.02 * problem.model.losses(rates)[-1]


@each
def test_stored_optima_give_the_stored_losses(problem):
    if problem.design is not None:
        assert "rates" not in problem.found
        return
    assert problem.end(problem.best_rates) == pytest.approx(problem.found["loss"], rel=2e-6)
    assert len(problem.best_rates) == STEPS
    assert problem.pad.low <= problem.best_rates.min() and problem.best_rates.max() <= problem.pad.high


@pytest.mark.parametrize("key", ["noisy", "bound"])
def test_no_move_of_a_point_improves_an_optimum(key):
    problem = PROBLEMS[key]
    best = problem.model.losses(problem.best_rates)[-1]
    for t in range(STEPS):
        for factor in (0.99, 1.01):
            moved = problem.best_rates.copy()
            moved[t] *= factor
            assert problem.model.losses(moved)[-1] > best, (t, factor)


@each
def test_stored_peaks_are_the_best_of_their_shapes(problem):
    peaks = problem.found["peaks"]
    assert list(peaks) == list(problem.shapes)
    for name, shape in problem.shapes.items():
        here, *near = (problem.model.losses(factor * peaks[name] * shape)[-1] for factor in (1, 0.995, 1.005))
        assert min(near) > here, name
        if problem.key == "bound":
            assert peaks[name] == pytest.approx(best_scale(shape), rel=1e-4)


def test_the_design_without_noise_forgives_what_the_best_does_not():
    problem = PROBLEMS["calm"]
    best = chebyshev_rates(STEPS, FLATTEST, STEEPEST)
    assert problem.end(best) < problem.best_loss < 3 * problem.end(best)
    assert problem.end(1.01 * best) > 1e20
    for factor in (0.99, 1.01, 1.03):
        assert problem.end(factor * problem.best_rates) < 2.5 * problem.best_loss


def test_order_counts_for_nothing_without_noise_and_for_much_with_it():
    for key, same in (("calm", True), ("noisy", False)):
        problem = PROBLEMS[key]
        drawn = problem.preset("linear")
        assert (problem.end(drawn[::-1]) == pytest.approx(problem.end(drawn), rel=1e-6)) == same


@each
def test_goals_are_in_order_and_can_be_reached(problem):
    losses = [goal["loss"] for goal in problem.goals.values()]
    assert list(problem.goals) == ["bronze", "silver", "gold"]
    assert problem.rivals["constant"] > losses[0] > losses[1] > losses[2] > problem.best_loss
    assert losses[1] < min(problem.rivals.values())


def test_a_goal_says_whose_it_is():
    found = goals({"constant": 1.0, "linear": 0.1}, 0.001, share=0.25)
    assert found["bronze"] == {"loss": 0.998, "of": "the best constant rate"}
    assert found["silver"] == {"loss": 0.0998, "of": "the best rival: linear"}
    assert found["gold"]["loss"] == pytest.approx(0.1 * 0.01**0.25, rel=1e-5)


@each
def test_both_languages_write_and_read_the_same_drawing(problem):
    drawn = [*map(problem.preset, list(problem.shapes)[:7]), *(wander(problem, seed) for seed in range(20))]
    found = live(
        ["live", "draw"],
        """(pad, drawn) => { const scale = scaleOf(pad); return drawn.map(rates => {
            const code = encode(simplify(rates, scale)), points = decode(code, rates.length);
            return {code, points, again: encode(simplify(fill(points, scale, rates.length), scale)) === code,
              rates: [...fill(points, scale, rates.length)]};
        }); }""",
        {"low": problem.pad.low, "high": problem.pad.high},
        [list(rates) for rates in drawn],
    )
    for rates, theirs in zip(drawn, found, strict=True):
        points = problem.pad.points(rates)
        assert theirs["code"] == problem.pad.code(rates)
        assert theirs["points"] == [list(point) for point in points]
        assert len(points) <= 64
        times, levels = zip(*points, strict=True)
        expected = np.interp(np.arange(STEPS), times, [problem.pad.rate(level) for level in levels])
        np.testing.assert_allclose(theirs["rates"], expected, rtol=1e-14)


@each
def test_a_preset_that_is_drawn_is_worth_what_its_schedule_is(problem):
    presets = draw().content["problems"][list(PROBLEMS).index(problem.key)]["presets"]
    codes = [preset["code"] for preset in presets]
    drawn = live(
        ["live", "draw"],
        "(pad, codes) => codes.map(code => [...fill(decode(code, 200), scaleOf(pad), 200)])",
        vars(problem.pad),
        codes,
    )
    for preset, rates in zip(presets, drawn, strict=True):
        loss = problem.rivals[preset["title"].partition(" (")[0]]
        assert problem.end(np.array(rates)) == pytest.approx(loss, rel=0.025)  # the pad has a lowest rate


@pytest.mark.parametrize("code", ["", "AAA", "AAA!", "AACqAACq", "BAAA", "zzzz", "AACq" * 65, None])
def test_what_is_no_drawing_is_not_read(code):
    assert live(["live", "draw"], "code => decode(code, 200) ?? null", code) is None


@pytest.mark.parametrize("slug, schedule", LINKS.items(), ids=LINKS)
def test_a_chapter_leads_to_the_drawing_of_its_schedule(slug, schedule):
    assert prose(ROOT / f"chapters/{slug}.ipynb").count("](draw.ipynb#draw=") == 1
    assert f"]({drawing_link(schedule)})" in prose(ROOT / f"chapters/{slug}.ipynb")
    code = drawing_link(schedule).rpartition(".")[2]
    pad = PROBLEMS["noisy"].pad
    drawn = live(["live", "draw"], "(pad, code) => [...fill(decode(code, 200), scaleOf(pad), 200)]", vars(pad), code)
    np.testing.assert_allclose(drawn, np.maximum(schedule(np.arange(STEPS)), pad.low), rtol=0.013)


def test_a_link_to_an_unknown_problem_is_refused():
    with pytest.raises(ValueError, match="problem must be one of 'noisy', 'calm', 'bound', got 'loud'"):
        drawing_link(Constant(0.1), problem="loud")


def test_the_widget_has_a_picture_the_standings_and_a_digest():
    widget = draw()
    assert re.fullmatch(r"Draw\(noisy, calm, bound; [0-9a-f]{12}\)", repr(widget))
    assert repr(draw()) == repr(widget)
    assert (
        'role="img" aria-label="The best constant rate, 0.0241: the expected loss ends at 0.0148."'
        in widget.first_frame
    )
    for problem in PROBLEMS.values():
        assert f"<caption>{problem.name}: {problem.quantity}</caption>" in widget.without_script
        for name, loss in (problem.rivals | {problem.best[0]: problem.best_loss}).items():
            assert f"<th scope='row'>{html.escape(name)}</th><td>{loss:.3g}</td>" in widget.without_script
    assert widget.preview.startswith("iVBOR")


def test_the_page_states_no_number_that_no_cell_has_printed():
    path = ROOT / "chapters/draw.ipynb"
    known = {float(n) for n in re.findall(r"\d+(?:\.\d+)?(?:e-?\d+)?", code_and_output(path))}
    assert {n for n in NUMBER.findall(prose(path)) if float(n) not in known} == set()


def test_script_and_content_are_light():
    assert len(gzip.compress(script("draw", "live").encode())) <= 13_000
    assert len(json.dumps(draw().content)) < 30_000


def test_the_losses_are_those_of_the_package():
    rates = PROBLEMS["noisy"].preset("linear")
    problem = Quadratic(np.geomspace(0.5, 5, 8), noise=0.5)
    np.testing.assert_array_equal(
        PROBLEMS["noisy"].model.losses(rates), problem.expected_loss(rates.__getitem__, STEPS)
    )
