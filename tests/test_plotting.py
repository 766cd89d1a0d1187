import itertools
import re

import numpy as np
import pytest

from lrsched import Constant, CosineDecay, StepDecay, _figure, plotting, range_test
from lrsched.optimizers import SGD
from lrsched.plateau import ReduceOnPlateau
from lrsched.problems import Quadratic
from lrsched.training import compare, train

STEP = StepDecay(0.1, decay_rate=0.5, step_size=20)


def luminance(color):
    channels = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("page", ["#ffffff", "#14181e", "#111111"])  # white, the book's dark, JupyterLab's dark
@pytest.mark.parametrize("name", plotting.PALETTE)
def test_a_line_is_readable_on_light_and_dark_pages(name, page):
    low, high = sorted((luminance(plotting.PALETTE[name]), luminance(page)))
    assert (high + 0.05) / (low + 0.05) >= 3


def test_curves_differ_without_colour_too():
    _, ax = plotting.figure()
    for decay_rate in (0.2, 0.4, 0.6, 0.8):
        plotting.plot_schedule(ax, StepDecay(0.1, decay_rate=decay_rate, step_size=20), 60)
    assert len({line.get_linestyle() for line in ax.lines}) == 4
    assert all(line.get_linewidth() >= 1.5 for line in ax.lines)


def absolute(path):
    """The points of SVG path data in absolute or relative form, walked without regard to how it was made."""
    at, start, points, command = np.zeros(2), np.zeros(2), [], ""
    tokens = iter(re.findall(r"[a-zA-Z]|-?(?:\d+\.?\d*|\.\d+)", path))
    for token in tokens:
        if token.isalpha():
            command = token
        if command in "zZ":
            at = start
            continue
        values = [float(next(tokens)) if token.isalpha() else float(token)]
        values += [float(next(tokens)) for _ in range({"q": 3, "c": 5}.get(command.lower(), 1))]
        corners = np.reshape(values, (-1, 2)) + (at if command.islower() else 0)
        points.extend(corners)
        at = corners[-1]
        if command in "mM":
            start, command = at, "l" if command == "m" else "L"
    return np.array(points)


def test_shortened_paths_keep_every_point():
    rng = np.random.default_rng(1)
    for scale in (0.3, 5, 200.3, 1000):
        points = np.round(rng.normal(scale=scale, size=(500, 2)), 6)
        points[::7] = np.round(points[::7])  # whole numbers, as in 200.0
        path = "M " + " \nL ".join(f"{x:.6f} {y:.6f}" for x, y in points) + " \nz\n"
        short = _figure.shorten(path)
        np.testing.assert_allclose(absolute(short), absolute(path), atol=0.0501)
        assert len(short) < 0.65 * len(path)


def test_shortened_paths_keep_curves_and_several_parts():
    path = "M 10 20 \nQ 20.5 20 20.5 30.25 \nC 1 2 3 4 5 6 \nz\nM 0.5 0.5 \nL 200.3 0.05 \n"
    np.testing.assert_allclose(absolute(_figure.shorten(path)), absolute(path), atol=0.0501)


def curves(svg):
    return [absolute(path) for path in re.findall(r'<path d="([^"]+)" clip-path', svg)]


def test_each_curve_of_a_figure_lies_inside_its_axes():
    fig, axes = plotting.figure(panels=2)
    for ax, schedule in zip(axes, (STEP, CosineDecay(0.1, decay_steps=60)), strict=True):
        plotting.plot_schedule(ax, schedule, 60)
    drawn = curves(plotting.svg(fig))
    assert len(drawn) == 2
    height = fig.get_figheight() * 72
    for ax, points in zip(axes, drawn, strict=True):
        box = ax.get_position().transformed(fig.transFigure - fig.dpi_scale_trans).extents * 72
        x, y = points.T
        assert x.min() >= box[0] and x.max() <= box[2]
        assert y.min() >= height - box[3] and y.max() <= height - box[1]
        assert np.ptp(y) > 0.5 * (box[3] - box[1])


def test_the_drawn_curve_is_the_schedule():
    fig, ax = plotting.figure()
    plotting.plot_schedule(ax, STEP, 60)
    t, lr = ax.lines[0].get_data()
    np.testing.assert_array_equal(lr, STEP(t))
    assert t[0] == 0 and 59 <= t[-1] < 60
    points = curves(plotting.svg(fig))[0] * [1, -1] + [0, fig.get_figheight() * 72]
    t, lr = ax.transData.inverted().transform(points * fig.dpi / 72).T
    near = np.abs(lr - STEP(t + np.array([[-0.5], [0.5]]))).min(axis=0)  # the pen goes up and down at a drop
    assert t.min() < 0.1 and t.max() > 59 and near.max() < 1e-4


def test_svg_is_small_and_takes_the_colour_of_the_page():
    fig, ax = plotting.figure()
    plotting.plot_schedule(ax, STEP, 60, label="halved every 20")
    svg = plotting.svg(fig, 'rate < 0.1 & "falling"')
    assert 'role="img" aria-label="rate &lt; 0.1 &amp; &quot;falling&quot;"' in svg
    assert "currentColor" in svg
    assert not re.search(r"#000000|<style|DejaVu|xmlns|<svg[^>]* width=", svg)
    assert ">halved every 20<" in svg
    assert len(svg) < 6000


def test_svg_is_the_same_every_time():
    def draw():
        _, ax = plotting.figure()
        return plotting.svg(plotting.plot_schedule(ax, STEP, 60, label="step").figure)

    assert draw() == draw()


def test_labels_at_one_end_do_not_overlap():
    fig, ax = plotting.figure()
    for name in ("one", "two", "three"):
        plotting.plot_schedule(ax, STEP, 60, label=name)
    heights = re.findall(r'y="([\d.]+)">(?:one|two|three)<', plotting.svg(fig))
    gaps = [abs(float(a) - float(b)) for a, b in itertools.combinations(heights, 2)]
    assert len(gaps) == 3 and min(gaps) >= 11.9


def test_a_log_axis_has_plain_numbers():
    fig, ax = plotting.figure()
    ax.plot([0.001, 10])
    plotting.log_axis(ax)
    svg = plotting.svg(fig)
    assert {"0.001", "0.01", "0.1", "1", "10"} <= set(re.findall(r">([\d.]+)</text>", svg))


def test_a_figure_is_shown_as_svg_as_png_and_in_words():
    fig, _ = plotting.figure()
    bundle = plotting.show(fig, alt="The axes are empty.")._repr_mimebundle_()
    assert bundle["text/plain"] == "Figure: The axes are empty."
    assert bundle["text/html"].startswith("<svg") and bundle["image/png"].startswith("iVBOR")


@pytest.mark.parametrize("alt, error", [("", ValueError), ("  ", ValueError), (None, TypeError)])
def test_a_figure_needs_its_alternative_text(alt, error):
    with pytest.raises(error, match="alt must be a sentence that says what the figure shows"):
        plotting.show(plotting.figure()[0], alt=alt)


def test_wrong_arguments_are_named():
    with pytest.raises(TypeError, match=r"schedule must be a schedule such as Constant\(0\.1\), got 0\.1"):
        plotting.plot_schedule(plotting.figure()[1], 0.1, 60)
    with pytest.raises(ValueError, match="steps must be a whole number of 1 or more, got 0"):
        plotting.plot_schedule(plotting.figure()[1], STEP, 0)
    with pytest.raises(TypeError, match=r"ax must be one Axes, as `figure\(\)` returns it, got \["):
        plotting.plot_schedule(plotting.figure(panels=2)[1], STEP, 60)
    with pytest.raises(ValueError, match="which must be 'x' or 'y', got 'z'"):
        plotting.log_axis(plotting.figure()[1], "z")
    with pytest.raises(ValueError, match="panels must be a whole number of 1 or more, got 0"):
        plotting.figure(panels=0)


PROBLEM = Quadratic([0.5, 5], noise=0.5)
ARMS = {
    "constant": (SGD(), Constant(0.1)),
    "step decay": (SGD(), STEP),
    "too large": (SGD(), Constant(1e60)),
}


@pytest.fixture(scope="module")
def comparison():
    return compare(PROBLEM, ARMS, steps=60, seeds=5)


def test_the_drawn_rates_are_those_that_the_optimiser_received(comparison):
    _, ax = plotting.figure()
    plotting.plot_lr(ax, comparison["step decay"], label="step decay")
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), comparison["step decay"].lr)
    assert [text.get_text() for text in ax.texts] == ["step decay"]


def test_rates_that_a_metric_drove_are_drawn_for_each_seed():
    history = train(PROBLEM, SGD(), ReduceOnPlateau(0.1, factor=0.5, patience=3), steps=60, seeds=5)
    assert history.lr.shape == (5, 60)
    _, ax = plotting.figure()
    plotting.plot_lr(ax, history)
    np.testing.assert_array_equal([line.get_ydata() for line in ax.lines], history.lr)
    assert len({(line.get_color(), line.get_linestyle()) for line in ax.lines}) == 1


def test_the_drawn_loss_is_the_median_over_seeds(comparison):
    _, ax = plotting.figure()
    plotting.plot_loss(ax, comparison["constant"])
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), np.median(comparison["constant"].loss, axis=0))
    assert len(ax.collections) == 1 and ax.get_yscale() == "log"


def test_the_loss_of_a_diverged_run_ends_where_it_diverged_and_keeps_its_name():
    history = train(PROBLEM, SGD(), Constant(1e60), steps=60, seeds=3)
    fig, ax = plotting.figure()
    plotting.plot_loss(ax, history, label="diverged")
    drawn = ax.lines[0].get_ydata()
    assert np.isnan(drawn[-1]) and np.isfinite(drawn[0])
    assert ">diverged<" in plotting.svg(fig)


def test_a_comparison_is_drawn_as_paired_ratios_with_their_intervals(comparison):
    fig, ax = plotting.figure()
    plotting.plot_comparison(ax, comparison)
    [reference, result] = ax.containers
    mean, half_width = comparison.ratio("step decay")
    assert result.lines[0].get_xydata().tolist() == [[mean, 1]]
    ends = result.lines[2][0].get_segments()[0][:, 0]
    np.testing.assert_allclose(ends, [mean - half_width, mean + half_width])
    assert reference.lines[0].get_xydata().tolist() == [[1, 0]]
    assert [text.get_text() for text in ax.texts] == ["", str(comparison.ratio("step decay")), "diverged"]
    assert ax.get_xlabel() == "train loss divided by that of constant"
    assert ">step decay<" in plotting.svg(fig)


def test_arms_are_drawn_whose_names_are_numbers():
    comparison = compare(PROBLEM, {rate: (SGD(), Constant(rate + 0.1)) for rate in (0, 0.2)}, steps=60, seeds=5)
    _, ax = plotting.figure()
    plotting.plot_comparison(ax, comparison, to=0)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["0", "0.2"]
    assert ax.get_xlabel() == "train loss divided by that of 0"


def test_a_range_test_is_drawn_with_its_suggestion():
    test = range_test(PROBLEM, SGD(), min_lr=1e-3, max_lr=3, seeds=5)
    fig, ax = plotting.figure()
    plotting.plot_range_test(ax, test)
    curve, mark = ax.lines
    assert mark.get_xdata()[0] == test.suggest()
    assert curve.get_xdata()[0] == test.lr[0] and len(curve.get_xdata()) > 50
    assert f">steepest: {test.suggest():.2g}<" in plotting.svg(fig)
