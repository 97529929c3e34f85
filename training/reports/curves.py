"""Plot a run's log: loss, validation Dice and learning rate over the epochs."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.files import write_atomically
from training.steps.train import one_cycle

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DICE = {"dice_lv": "LV cavity", "dice_myo": "LV myocardium", "dice_rv": "RV cavity", "dice_mean": "mean"}
# Orange, yellow, blue and grey, as the viewer draws the structures, darkened for a white page.
COLOURS = ("#d9512c", "#b8920c", "#2177b8", "#303438")
_STEPS = 100


def draw_curves(log: Path, picture: Path) -> None:
    """Draw log.csv, as training.steps.train writes it, with config.json beside it where there is one, as a PNG.

    The same log gives the same bytes. Raises OSError.
    """
    with log.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    config = log.with_name("config.json")
    peak = json.loads(config.read_text(encoding="utf-8")) if config.exists() else {}
    epochs = [int(row["epoch"]) for row in rows]
    figure = new_figure(8, 7.5)
    loss, dice, rate = figure.subplots(3, 1, sharex=True, height_ratios=(3, 3, 1.6))
    loss.plot(epochs, [float(row["loss"]) for row in rows], color=COLOURS[-1])
    loss.set_ylabel("training loss\n(cross entropy + 1 − Dice)")
    # Plain numbers at 1, 2 and 5: powers of ten say little over one decade.
    loss.set_yscale("log", subs=())
    loss.set_yticks([v for v in (0.05, 0.1, 0.2, 0.5, 1, 2, 5) if loss.get_ylim()[0] <= v <= loss.get_ylim()[1]])
    loss.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    for (key, name), colour in zip(DICE.items(), COLOURS, strict=True):
        # Only some epochs are monitored, and rows of the others end early.
        seen = [(epoch, float(row[key])) for epoch, row in zip(epochs, rows, strict=True) if row.get(key)]
        if seen:
            dice.plot(*zip(*seen, strict=True), marker="o", markersize=3, color=colour, label=name)
    dice.set_ylabel("validation Dice\n(network's grid)")
    if dice.lines:
        dice.legend(loc="lower right", frameon=False)
    if peak:
        total = peak["epochs"] * _STEPS
        rates = [one_cycle((epoch - 1) * _STEPS, total, peak["learning_rate"])[0] for epoch in epochs]
        rate.plot(epochs, rates, color=COLOURS[-1])
    rate.set_ylabel("learning rate\nat the start")
    rate.set_xlabel("epoch")
    for axes in (loss, dice, rate):
        axes.grid(color="#e4e7eb")
    figure.align_ylabels()
    save_figure(figure, picture)


def new_figure(width: float, height: float, **options: Any) -> Figure:
    """A white page of inches at 110 dots each, drawn without a screen."""
    # Slow to load, and only pictures need it.
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(width, height), dpi=110, layout="constrained", **options)
    FigureCanvasAgg(figure)
    return figure


def save_figure(figure: Figure, picture: Path) -> None:
    """Write a PNG, at once or not at all, without the date and the library's version. Raises OSError."""
    content = io.BytesIO()
    figure.savefig(content, format="png", metadata={"Software": None})
    write_atomically(picture, content.getvalue())
