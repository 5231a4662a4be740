"""What an experiment found, as pictures and as a table."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import fmean

import matplotlib as mpl
import numpy as np

mpl.use("svg")
from matplotlib import pyplot as plt  # the back end comes first
from matplotlib.axes import Axes

from bench.experiment.rounds import Round, served

SERVING, REFUSED = "#2f7f78", "#b8860b"
WIDTH, HEIGHT = 6.4, 4.0
Fill = Callable[[Axes, Sequence[Round]], None]


def draw(rounds: Sequence[Round], folder: Path) -> None:
    """Write dice.svg, structures.svg and effort.svg."""
    _save(folder / "dice.svg", "How good is each model on the frozen cases?", _dice, rounds)
    _save(folder / "structures.svg", "Which structures does it find?", _structures, rounds)
    _save(folder / "effort.svg", "Does each round cost less correction?", _effort, rounds)


def lines(rounds: Sequence[Round]) -> Iterator[str]:
    """The table, as Markdown."""
    yield (
        "| round | accepted | model | gate | mean test Dice | voxels changed per case | Dice of the start |"
        " surface to redraw | … of the frozen cases, from what serves now |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for row, serving in zip(rounds, served(rounds), strict=True):
        voxels = fmean(effort.voxels for effort in row.efforts)
        start = fmean(effort.dice for effort in row.efforts)
        redrawn = fmean(1 - effort.surface_dice for effort in row.efforts)
        words = f"{row.number} | {row.accepted} | {row.version} | {row.state}"
        dice = "–" if row.mean_dice is None else f"{row.mean_dice:.3f}"
        frozen = _percent(serving.to_redraw if serving is not None else 1.0)
        yield f"| {words} | {dice} | {voxels:,.0f} | {start:.3f} | {_percent(redrawn)} | {frozen} |"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _save(path: Path, title: str, fill: Fill, rounds: Sequence[Round]) -> None:
    figure, axes = plt.subplots(figsize=(WIDTH, HEIGHT), layout="constrained")
    axes.set_title(title, loc="left", fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    fill(axes, rounds)
    figure.savefig(path)
    plt.close(figure)


def _dice(axes: Axes, rounds: Sequence[Round]) -> None:
    known = [(row, row.mean_dice) for row in rounds if row.mean_dice is not None]
    axes.plot([row.accepted for row, _ in known], [dice for _, dice in known], color="#999", zorder=1)
    for row, dice in known:
        colour = REFUSED if row.state == "rejected" else SERVING
        axes.scatter(row.accepted, dice, color=colour, zorder=2)
        axes.annotate(str(row.version), (row.accepted, dice), (0, 6), textcoords="offset points")
    axes.set_xlabel("accepted cases (orange: refused by the gate)")
    axes.set_ylabel("mean test Dice")


def _structures(axes: Axes, rounds: Sequence[Round]) -> None:
    for key in sorted({key for row in rounds for key in row.dice}):
        values = [row.dice.get(key) for row in rounds]
        shown = [np.nan if value is None else value for value in values]
        axes.plot([row.accepted for row in rounds], shown, marker="o", markersize=3, label=key)
    axes.set_xlabel("accepted cases")
    axes.set_ylabel("test Dice")
    axes.legend(fontsize=7, frameon=False)


def _effort(axes: Axes, rounds: Sequence[Round]) -> None:
    for row in rounds:
        changed = [100 * (1 - effort.surface_dice) for effort in row.efforts]
        axes.scatter([row.number] * len(changed), changed, color="#999", s=12)
        axes.scatter(row.number, fmean(changed), color=SERVING, marker="_", s=500)
    frozen = [
        np.nan if row is None or row.to_redraw is None else 100 * row.to_redraw for row in served(rounds)
    ]
    axes.plot([row.number + 1 for row in rounds], frozen, color=REFUSED, marker="o", markersize=3)
    axes.set_xlabel("round (bar: mean of its cases; line: the same frozen cases in each)")
    axes.set_ylabel("surface to redraw, %")
    axes.set_ylim(bottom=0)
