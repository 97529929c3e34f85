"""Pictures beside the table: ejection fraction by patient, and single cases slice by slice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.formats import datasets, door, nifti
from engine.measures.function import ejection_fraction
from engine.measures.metrics import agreement
from engine.network.model_card import ModelCard
from engine.network.predict import predict
from engine.pictures.render import auto_window, grey, outlines
from engine.volume import LV, MYO, RV, STRUCTURES, LabelMap, Volume
from training.reports.curves import new_figure, save_figure
from training.reports.summary import EVALUATION, ReportError, read_evaluation

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The viewer's dark page and its colours of the structures.
PAGE, TEXT, MUTED = "#14181d", "#e6eaee", "#8b96a3"
COLOURS = {LV: "#ff704d", MYO: "#f4d65c", RV: "#58b4f5"}
MARGIN_MM = 12.0
COLUMNS = 6


def write_pictures(
    cards: Sequence[ModelCard], results: Path, folder: Path, *, data: Path | None = None, with_images: bool = False
) -> list[Path]:
    """Write ID_ef.png for every model that was evaluated, and with data ID_good.png, ID_median.png and ID_worst.png.

    cards: installed models, which segment the cases once more. data: the ACDC patients that results are of.
    with_images: draw the scan under the outlines; else outlines alone, which show no patient. Returns what was written.
    Raises ReportError where nothing was evaluated, ScanError, ModelError, OSError.
    """
    evaluated = sorted(path.parent for path in results.glob(f"*/{EVALUATION}"))
    if not evaluated:
        raise ReportError(f"{results}: holds no evaluation; run `cinequant-train evaluate` first")
    folder.mkdir(parents=True, exist_ok=True)
    installed = {card.id: card for card in cards}
    made = []
    for home in evaluated:
        written = read_evaluation(home)
        name = written.get("name", home.name)
        made.append(folder / f"{home.name}_ef.png")
        save_figure(_agreement_figure(name, written["precisions"]), made[-1])
        if data is None or home.name not in installed:
            continue
        card = installed[home.name]
        precision = best_known(written["precisions"])
        for word, scored in telling_cases(written["precisions"][precision]["cases"]).items():
            case = _find_case(data, scored)
            volume = door.open_scan(case.image)
            truth = nifti.read_mask(case.truth, volume, case.convention)
            ours = predict(volume, card, precision).labels
            title = f"{name} {precision}, {word} of {len(written['precisions'][precision]['cases'])} validation volumes"
            made.append(folder / f"{home.name}_{word}.png")
            save_figure(_case_figure(title, scored, volume, truth, ours, with_images), made[-1])
    return made


def best_known(precisions: dict[str, Any]) -> str:
    """The precision to draw: int8, which the viewer runs, if there is one."""
    return "int8" if "int8" in precisions else next(iter(precisions))


def telling_cases(cases: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """By mean Dice of the structures: a good case (better than nine tenths of all), the median and the worst."""

    def mean_dice(case: dict[str, Any]) -> float:
        values = [s["dice"] for s in case["scores"].values() if s["dice"] is not None]
        return sum(values) / len(values) if values else 0.0

    ranked = sorted(cases, key=mean_dice)
    last = len(ranked) - 1
    return {"good": ranked[round(0.9 * last)], "median": ranked[last // 2], "worst": ranked[0]}


def ejection_fractions(cases: Sequence[dict[str, Any]], key: str) -> tuple[list[float], list[float]]:
    """(the model's, the expert's) EF in % of every patient with ED and ES. key: "lv" or "rv"."""
    phases = {(case["patient"], case["phase"]): case["scores"][key] for case in cases}
    ours, truth = [], []
    for patient in sorted({patient for patient, _ in phases}):
        ed, es = phases.get((patient, "ED")), phases.get((patient, "ES"))
        if ed is None or es is None:
            continue
        mine = ejection_fraction(ed["volume_ml"], es["volume_ml"])
        theirs = ejection_fraction(ed["truth_ml"], es["truth_ml"])
        if mine is not None and theirs is not None:
            ours.append(mine)
            truth.append(theirs)
    return ours, truth


def _agreement_figure(name: str, precisions: dict[str, Any]) -> Figure:
    """Bland and Altman's plot of both ventricles (rows) in float32 and int8 (columns, of those that there are)."""
    shown = [p for p in precisions if p in ("float32", "int8")] or list(precisions)
    figure = new_figure(4.4 * len(shown), 7)
    grid = figure.subplots(2, len(shown), squeeze=False, sharey="row")
    for row, (key, ventricle) in zip(grid, (("lv", "LV"), ("rv", "RV")), strict=True):
        for axes, precision in zip(row, shown, strict=True):
            ours, truth = ejection_fractions(precisions[precision]["cases"], key)
            colour = COLOURS[LV] if key == "lv" else COLOURS[RV]
            axes.axhline(0, color="#c3cad2", linewidth=1)
            if ours:
                found = agreement(ours, truth)
                middle = [(a + b) / 2 for a, b in zip(ours, truth, strict=True)]
                difference = [a - b for a, b in zip(ours, truth, strict=True)]
                # Leave room at the right for the values of the lines.
                axes.set_xlim(min(middle) - 4, max(middle) + 12)
                axes.scatter(middle, difference, s=26, color=colour, edgecolor="#303438", linewidth=0.5, zorder=3)
                for value, style in ((found.bias, "-"), (found.low, "--"), (found.high, "--")):
                    if math.isfinite(value):
                        axes.axhline(value, color="#303438", linestyle=style, linewidth=1)
                        axes.annotate(
                            f"{value:+.1f}", (1, value), xycoords=("axes fraction", "data"), xytext=(-4, 3),
                            textcoords="offset points", ha="right", fontsize=8,
                        )  # fmt: skip
                axes.set_title(f"{ventricle} EF, {precision}: {found.n} patients, MAE {found.mae:.1f}", fontsize=10)
            axes.set_xlabel(f"{ventricle} EF, mean of model and expert (%)", fontsize=9)
        row[0].set_ylabel("model − expert (points)", fontsize=9)
    figure.suptitle(f"{name}: bias and limits of agreement (± 1.96 SD)", fontsize=11)
    return figure


def _find_case(data: Path, scored: dict[str, Any]) -> datasets.Case:
    found = datasets.find_cases(data, "acdc", scored["patient"])
    return next(case for case in found if case.phase == scored["phase"])


def _case_figure(
    title: str, scored: dict[str, Any], volume: Volume, truth: LabelMap, ours: LabelMap, with_images: bool
) -> Figure:
    """Every slice about the heart: the expert's outlines dotted in white, the model's in the structures' colours."""
    window = auto_window(volume.array)
    rows, columns = _box(truth.array[0] | ours.array[0], volume)
    x_mm, y_mm, _ = volume.geometry.spacing_mm
    across = min(COLUMNS, volume.slices)
    down = -(-volume.slices // across)
    tile = 2.0
    height = tile * (rows.stop - rows.start) * y_mm / ((columns.stop - columns.start) * x_mm)
    figure = new_figure(tile * across + 0.3, height * down + 1.05, facecolor=PAGE)
    grid = np.ravel(figure.subplots(down, across, squeeze=False))
    for axes in grid:
        axes.set_axis_off()
    for index, axes in zip(range(volume.slices), grid, strict=False):
        if with_images:
            shown = grey(volume.array[0, index], window)
            axes.imshow(shown, cmap="gray", vmin=0, vmax=255, extent=(0, shown.shape[1], shown.shape[0], 0))
        for labels, styles in ((ours, {}), (truth, {"color": "white", "linestyle": (0, (2, 1.6))})):
            for label, inside in _areas(labels.array[0, index]).items():
                _draw(axes, inside, **{"color": COLOURS[label], "linewidths": 0.9 if styles else 1.6} | styles)
        axes.set_xlim(columns.start, columns.stop)
        axes.set_ylim(rows.stop, rows.start)
        axes.set_aspect(y_mm / x_mm)
        axes.set_title(f"slice {index + 1}", fontsize=7, color=MUTED, pad=2)
    figure.suptitle(f"{title}\n{_scores(scored)}", fontsize=9, color=TEXT)
    handles = [_line(colour, STRUCTURES[label], "-") for label, colour in COLOURS.items()]
    handles.append(_line("white", "expert", ":"))
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False, fontsize=8, labelcolor=TEXT)
    return figure


def _areas(labels: NDArray[np.uint8]) -> dict[int, NDArray[np.bool_]]:
    """What to draw the outline of for each structure of a slice (Y, X).

    For the myocardium, only the epicardial border around both: its other border is that of the cavity.
    """
    return {MYO: (labels == MYO) | (labels == LV), LV: labels == LV, RV: labels == RV}


def _box(inside: NDArray[np.uint8], volume: Volume) -> tuple[slice, slice]:
    """Rows and columns that hold every structure of every slice (Z, Y, X), and MARGIN_MM around."""
    x_mm, y_mm, _ = volume.geometry.spacing_mm
    found = []
    for axis, mm in ((1, y_mm), (2, x_mm)):
        on = np.flatnonzero(inside.any(axis=tuple(i for i in range(3) if i != axis)))
        margin = math.ceil(MARGIN_MM / mm)
        size = inside.shape[axis]
        low, high = (int(on[0]), int(on[-1]) + 1) if on.size else (0, size)
        found.append(slice(max(0, low - margin), min(size, high + margin)))
    return found[0], found[1]


def _draw(axes: Axes, mask: NDArray[np.bool_], **style: Any) -> None:
    from matplotlib.collections import LineCollection  # noqa: PLC0415 - see training.reports.curves.new_figure

    # One collection for all loops: a badly trained network leaves hundreds, and a line each is slow.
    loops = [np.concatenate([loop, loop[:1]]) for loop in outlines(mask)]
    axes.add_collection(LineCollection(loops, joinstyle="round", **style), autolim=False)


def _line(colour: str, name: str, style: Any) -> Any:
    from matplotlib.lines import Line2D  # noqa: PLC0415 - see training.reports.curves.new_figure

    return Line2D([], [], color=colour, linestyle=style, label=name)


def _scores(scored: dict[str, Any]) -> str:
    words = [f"{scored['patient']} {scored['phase']}"]
    for key, name in (("lv", "LV"), ("myo", "MYO"), ("rv", "RV")):
        value = scored["scores"][key]
        hd95 = "" if value["hd95_mm"] is None else f" ({value['hd95_mm']:.1f} mm)"
        words.append(f"{name} {value['dice']:.3f}{hd95}" if value["dice"] is not None else f"{name} absent")
    return "  ·  ".join(words) + "  Dice (HD95)"
