"""The pictures of the fair comparison: what two teams report, and where each of them reads it."""

from collections.abc import Callable, Mapping, Sequence

from matplotlib.axes import Axes

from lrsched import plotting
from lrsched.ideas import PALETTE
from lrsched.training import Comparison, Tuned

ALL, OWN = "one for all", "each its own best"


def two_teams(teams: Mapping[str, Comparison], rates: Mapping[str, Mapping[str, float]], to: str) -> Callable[..., str]:
    """What each team reports of each schedule; and then the peak rates that it took."""
    names = [name for name in next(iter(teams.values())) if name != to]

    def draw(ax: Axes, complete: bool) -> str:
        for shift, (team, comparison), full in zip((-0.14, 0.14), teams.items(), (False, True), strict=True):
            for row, name in enumerate(names):
                ratio = comparison.ratio(name, to=to)
                dot = {"markerfacecolor": PALETTE["blue"] if full else "none", "color": PALETTE["blue"]}
                ax.errorbar(ratio.mean, row + shift, xerr=ratio.half_width, fmt="o", **dot)
                if complete:
                    place = (ratio.mean + ratio.half_width, row + shift)
                    text = {"textcoords": "offset points", "va": "center", "color": PALETTE["orange"], "size": 12.2}
                    ax.annotate(f"rate {rates[team][name]:.2f}", place, (5, 0), **text)
        ax.axvline(1, color=PALETTE["grey"], linestyle="--", linewidth=1)
        ax.set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.4, -0.6), xlim=(0.6, 1.25))
        ax.set(xlabel=f"loss divided by that of the {to}")
        ax.tick_params(axis="y", length=0)
        first, second = teams
        ax.annotate(f"○ {first}\n● {second}", (0.99, 0.99), xycoords="axes fraction", ha="right", va="top", size=12.2)
        text = f"Open dots: {first}. Filled dots: {second}. They rank the schedules in opposite ways"
        return f"{text}; {first} ran all at one rate, {second} each at its own." if complete else f"{text}."

    return draw


def shared_rate(results: Mapping[str, Tuned], constant: str) -> Callable[..., str]:
    """Where the run of each schedule ends for every peak rate; what is read off at one rate, or at each minimum."""
    grid = next(iter(results.values())).peak_lrs
    losses = {name: result.scores.mean(axis=1) for name, result in results.items()}

    def draw(ax: Axes, peak_rates: str, peak_rate: float) -> str:
        plotting.log_axis(plotting.log_axis(ax), "x")
        at, tops = {}, iter((0.28, 0.24, 0.2, 0.17, 0.14))
        for name, loss in losses.items():
            grey = {"color": PALETTE["grey"], "linestyle": "-"} if name == constant else {}
            ax.plot(grid, loss, **grey)
            end = loss[-1] if loss[-1] < 0.3 else next(tops)  # where a curve leaves the picture, its label stays
            ax.plot(grid[-1], end, color=PALETTE["blue"], linewidth=0, linestyle="-")
            plotting.label_end(ax, name)
            at[name] = int(loss.argmin()) if peak_rates == OWN else grid.index(peak_rate)
        if peak_rates == ALL:
            ax.axvline(peak_rate, color=PALETTE["orange"])
        order = sorted(at, key=lambda name: losses[name][at[name]])
        for name, place in at.items():
            colour = PALETTE["grey" if name == constant else "blue"]
            ax.plot(grid[place], losses[name][place], "o", color=colour, markersize=11 if name == order[0] else 6)
        ax.set(xlabel="peak rate", ylabel="excess loss", xlim=(grid[0], grid[-1]), ylim=(0.075, 0.3))
        where = "Each at its own best" if peak_rates == OWN else f"All at {peak_rate:g}"
        return f"{where}, the order is: {', '.join(order)}."

    return draw


def looks_useless(results: Mapping[str, Tuned], name: str, constant: str) -> Callable[..., bool]:
    """Whether the schedule `name` does not beat the constant rate as the setting reads them."""

    def reached(peak_rates: str, peak_rate: float) -> bool:
        place = results[name].peak_lrs.index(peak_rate)
        return peak_rates == ALL and results[name].scores[place].mean() >= results[constant].scores[place].mean()

    return reached


def marked_rates(grid: Sequence[float]) -> list[float]:
    """The rates of a grid in as few digits as tell them apart, as a slider shows them."""
    return [float(f"{rate:.2g}") for rate in grid]
