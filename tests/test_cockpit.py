"""The levels of the cockpit: one formula in two languages, what is stored of the best found, medals, and the widget."""

import gzip
import re

import numpy as np
import pytest
from live import live
from test_chapters import NUMBER, ROOT, code_and_output, prose

from lrsched import Quadratic
from lrsched.course import cockpit
from lrsched.course.play.cockpit import CRASH, HIGH, KNOTS, LEVELS, LOW, STEPS, searches

each = pytest.mark.parametrize("level", LEVELS.values(), ids=LEVELS)
# Turn by turn and by arrow keys, which move the lever by 4 of its 240 notches: so gold is won on each level.
NOTCHES = 240
GOLD = {
    "calm": [196, 220, 200, 220, 196, 220, 200, 220, 196, 220, 208, 200, 220, 196, 220, 200, 220, 196, 220, 196],
    "noisy": [200, 168, 152, 136, 128, 120, 112, 104, 100, 92, 88, 84, 80, 72, 68, 64, 60, 56, 52, 48],
    "narrowing": [204, 204, 196, 196, 188, 188, 184, 176, 176, 168, 168, 160, 160, 156, 148, 148, 140, 132, 120, 84],
    "fragile": [84, 112, 160, 196, 168, 148, 136, 124, 116, 108, 104, 96, 92, 84, 80, 72, 68, 60, 56, 52],
    "drifting": [204, 176, 164, 160, 160, 160, 160, 160, 160, 160, 160, 160, 160, 160, 160, 160, 160, 160, 160, 156],
}
FLY = """(level, crash, seeds, rates) => Array.from({length: seeds}, (_, seed) => {
  const run = flight(level, rates.length, seed + 1);
  for (const rate of rates) if (run.loss <= crash) run.step(rate);
  return run.loss;
})"""


def ends(level, rates, seeds):
    """The losses at which as many runs end that follow these rates, some of them in a crash."""
    return np.array(live(["live", "cockpit"], FLY, level.model.parameters, CRASH, seeds, list(rates)), float)


@pytest.fixture(scope="module")
def widget():
    return cockpit()


def wander(rng):
    """Rates that a hand might hold, over all that the lever has."""
    low, high = np.log([LOW, HIGH])
    return np.exp(np.clip(rng.uniform(low, high) + np.cumsum(0.25 * rng.standard_normal(STEPS)), low, high))


@each
def test_both_languages_have_the_same_loss_at_every_update(level):
    rng = np.random.default_rng(0)
    schedules = [wander(rng) for _ in range(50)]
    function = "(problem, schedules) => schedules.map(rates => models.moments(problem, rates))"
    theirs = live(["live"], function, level.model.parameters, [list(rates) for rates in schedules])
    for rates, losses in zip(schedules, theirs, strict=True):
        ours, losses = level.model.losses(rates), np.array(losses, float)
        counted = ours < 1e290
        assert counted.sum() > STEPS / 10
        np.testing.assert_allclose(losses[counted], ours[counted], rtol=1e-11)


def test_a_level_whose_curvatures_stay_is_a_quadratic():
    model, rates = LEVELS["noisy"].model, np.linspace(0.2, 0.01, STEPS)
    usual = Quadratic(model.end, noise=model.noise).expected_loss(rates.__getitem__, STEPS)
    np.testing.assert_allclose(model.losses(rates), usual, rtol=1e-13)


@each
def test_the_runs_that_are_seen_have_the_expected_loss_for_their_mean(level):
    rates = level.rivals[min(level.losses, key=level.losses.get)] / 2
    found = ends(level, rates, 400)
    error = found.std() / np.sqrt(len(found))
    assert abs(found.mean() - level.model.losses(rates)[-1]) < 4 * error


def points(level):
    """The best found as the points that it is made of, and how they become rates again."""
    at = np.arange(STEPS) / (STEPS - 1) * (KNOTS - 1)
    logs = np.log(level.best_rates)
    # The rate at a point is met by an update only at both ends: the lines through the updates beside it lead there.
    knots = np.linalg.lstsq(np.array([np.interp(at, np.arange(KNOTS), one) for one in np.eye(KNOTS)]).T, logs)[0]
    return knots, lambda moved: np.exp(np.interp(at, np.arange(KNOTS), moved))


@each
def test_the_best_found_is_made_of_points_and_stays_below_its_start(level):
    knots, rates = points(level)
    np.testing.assert_allclose(rates(knots), level.best_rates, rtol=1e-5)
    losses = level.model.losses(level.best_rates)
    assert losses.max() <= losses[0]
    assert level.best_rates.min() >= LOW and level.best_rates.max() <= HIGH


@each
def test_no_move_of_a_point_by_one_per_cent_improves_the_best_found(level):
    knots, rates = points(level)
    losses = level.model.losses(rates(knots))
    most = np.maximum(losses, searches()[level.key]["most"])
    for i in range(KNOTS):
        for by in (0.99, 1.01):
            moved = level.model.losses(rates(knots + np.log(by) * (np.arange(KNOTS) == i)))
            assert moved[-1] >= losses[-1] * (1 - 1e-7) or (moved > most).any()


@each
def test_the_best_found_is_better_than_what_has_a_name_and_that_is_at_its_best_peak(level):
    assert level.best_loss < min(level.losses.values())
    for name, rates in level.rivals.items():
        losses = level.model.losses(rates)
        assert losses.max() < 0.101 * CRASH and np.mean(ends(level, rates, 200) > CRASH) <= 0.05, name
        for by in (0.99, 1.01):
            moved = level.model.losses(by * rates)
            assert moved[-1] >= losses[-1] or moved.max() > losses.max(), name


@each
def test_medals_ask_for_more_and_more_and_the_best_found_wins_gold(level):
    asked = [level.goals[metal]["loss"] for metal in ("bronze", "silver", "gold")]
    assert asked[0] > asked[1] > asked[2] > level.best_loss


@each
def test_gold_can_be_won_turn_by_turn_by_arrow_keys_without_a_crash(level):
    assert all(notch % 4 == 0 for notch in GOLD[level.key])
    rates = LOW * (HIGH / LOW) ** (np.repeat(GOLD[level.key], STEPS // len(GOLD[level.key])) / NOTCHES)
    losses = level.model.losses(rates)
    assert losses[-1] <= level.goals["gold"]["loss"] and losses.max() <= losses[0]
    assert np.mean(ends(level, rates, 200) > CRASH) <= 0.05


@each
def test_who_follows_the_best_found_hardly_ever_crashes(level):
    assert np.mean(ends(level, level.best_rates, 200) > CRASH) <= 0.05


def test_the_lesson_of_each_level_holds():
    best = {key: min(level.losses, key=level.losses.get) for key, level in LEVELS.items()}
    assert best["calm"] == best["drifting"] == "constant" and best["fragile"].startswith("warm-up")
    assert LEVELS["drifting"].losses["constant"] < 1.002 * LEVELS["drifting"].best_loss
    crossings = np.diff(np.sign(LEVELS["calm"].best_rates - 0.4))
    assert (crossings > 0).sum() >= 3  # over the edge and back, again and again
    falling = LEVELS["noisy"].best_rates
    assert (np.diff(falling) <= 0).all() and falling[0] / falling[50] > falling[50] / falling[100]
    edge = 2 / np.array([max(LEVELS["narrowing"].model._curvatures(t / STEPS, 0.0)) for t in range(STEPS)])
    *windows, last = np.log(LEVELS["narrowing"].best_rates / edge).reshape(10, -1).mean(axis=1)
    assert max(np.abs(windows)) < 0.1 and last < -0.5  # it rides down with the edge, and falls below it at the end


def test_the_edge_that_a_text_names_is_where_a_level_starts_or_ends():
    def edge(level, share, travel=0.0):
        return 2 / max(level.model._curvatures(share, travel))

    assert edge(LEVELS["calm"], 0) == edge(LEVELS["noisy"], 0) == edge(LEVELS["drifting"], 0) == pytest.approx(0.4)
    assert edge(LEVELS["narrowing"], 0) / edge(LEVELS["narrowing"], 1) == pytest.approx(10)
    assert edge(LEVELS["fragile"], 0) == pytest.approx(0.01)
    assert edge(LEVELS["fragile"], 1, travel=20.0) == pytest.approx(0.4)


def test_the_script_is_small(widget):
    assert len(gzip.compress(widget._esm.encode())) <= 13_000


def test_the_first_level_is_there_before_the_script_and_all_of_them_without(widget):
    first, *_ = levels = list(LEVELS.values())
    assert first.brief in widget.first_frame and all(level.name in widget.first_frame for level in levels)
    assert f'aria-label="{first.name}, at the start: ' in widget.first_frame
    assert "best found" not in widget.first_frame  # it would tell what to do
    parts = widget.without_script.split("<details")[1:]
    for level, part in zip(levels, parts, strict=True):
        for loss in (*level.losses.values(), level.best_loss):
            assert f"<td>{loss:.3g}</td>" in part
        assert part.count("<tr>") == len(level.losses) + 2 and 'role="img"' in part and level.lesson in part


def test_the_text_tells_two_cockpits_apart(widget):
    assert re.fullmatch(r"Cockpit\(5 levels, 200 updates; [0-9a-f]{12}\)", repr(widget))
    other = cockpit()
    assert repr(other) == repr(widget)
    other.content = other.content | {"crash": 30}
    assert repr(other) != repr(widget)
    assert widget._repr_mimebundle_()[0]["image/png"].startswith("iVBOR")


def test_the_page_states_no_number_that_no_cell_and_no_level_has(widget):
    path = ROOT / "chapters/cockpit.ipynb"
    known = set(map(float, re.findall(r"\d+(?:\.\d+)?", code_and_output(path) + str(widget.content))))
    assert {number for number in NUMBER.findall(prose(path)) if float(number) not in known} == set()
    assert f"schedules of {KNOTS} points" in prose(path)
