"""Report learned bit widths: a table of all penalties, bits by layer, and Dice against bits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.files import write_atomically
from training.reports.curves import new_figure, save_figure
from training.reports.summary import BITS, EVALUATION, ReportError, read_evaluation

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The published mean bits, and how many times smaller the file should be at least.
TARGET_BITS, TARGET_SMALLER = 4.24, 7.0
COLUMNS = (
    "model",
    "λ",
    "steps",
    "weight bits, mean of layers",
    "by size",
    "activation bits, mean of tensors",
    "by size",
    "file kB",
    "× smaller",
    "Dice mean",
    "float Dice",
    "of float",
    "min",
)
_WEIGHTS, _ACTIVATIONS, _INK = "#2177b8", "#d9512c", "#303438"


def write_bits(folder: Path, name: str, runs: Sequence[dict[str, Any]], source: Path) -> dict[str, Any]:
    """Write folder/bits.json, with what each penalty came to, and return the run that is chosen.

    runs: what training.steps.bitwidth.learn_all wrote, with size_bytes of the packed file and its validation dice_mean;
    by rising penalty.
    source: results of the float model to compare with. The least penalty is chosen that meets TARGET_BITS as
    the mean of layers and TARGET_SMALLER; the last if none does. Dice plays no part.
    Raises ReportError where the float model was not evaluated.
    """
    before = read_evaluation(source)
    found, size = before["precisions"].get("float32"), before.get("size_bytes", {}).get("float32")
    if found is None or size is None:
        raise ReportError(f"{source / EVALUATION}: has no float32; run `cinequant-train evaluate {source.name}` again")
    rows = []
    for run in runs:
        weights, activations = (_means(run["layers"], kind) for kind in ("weights", "activations"))
        rows.append(
            {
                "penalty": run["penalty"],
                "steps": run["log"][-1]["step"],
                "seconds": run["seconds"],
                "loss": run["log"][-1]["loss"],
                "weight_bits": weights[0],
                "weight_bits_by_size": weights[1],
                "activation_bits": activations[0],
                "activation_bits_by_size": activations[1],
                "size_bytes": run["size_bytes"],
                "smaller": size / run["size_bytes"],
                "dice_mean": run["dice_mean"],
                "layers": run["layers"],
            }
        )
    good = [r for r in rows if r["weight_bits"] <= TARGET_BITS and r["smaller"] >= TARGET_SMALLER]
    chosen: dict[str, Any] = good[0] if good else rows[-1]
    written = {
        "name": name,
        "float": {"model": source.name, "dice_mean": found["dice_mean"], "size_bytes": size},
        "chosen": chosen["penalty"],
        "runs": rows,
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / BITS, (json.dumps(written, indent=1, ensure_ascii=False) + "\n").encode())
    return chosen


def bits_table(results: Path) -> str:
    """A Markdown table, a row for each penalty of each results/<id>/bits.json; "" where there is none.

    The penalty that was chosen is bold. Raises ReportError for a file that write_bits did not write.
    """
    lines = []
    for path in sorted(results.glob(f"*/{BITS}")):
        written = _read(path)
        full = written["float"]["dice_mean"]
        for run in written["runs"]:
            mark = "**" if run["penalty"] == written["chosen"] else ""
            cells = (
                written["name"],
                f"{mark}{run['penalty']:g}{mark}",
                f"{run['steps']}",
                f"{run['weight_bits']:.2f}",
                f"{run['weight_bits_by_size']:.2f}",
                f"{run['activation_bits']:.2f}",
                f"{run['activation_bits_by_size']:.2f}",
                f"{run['size_bytes'] / 1000:.0f}",
                f"{run['smaller']:.1f}",
                f"{run['dice_mean']:.4f}",
                f"{full:.4f}",
                f"{run['dice_mean'] / full - 1:+.1%}",
                f"{run['seconds'] / 60:.1f}",
            )
            lines.append("| " + " | ".join(cells) + " |")
    if not lines:
        return ""
    return "\n".join(["| " + " | ".join(COLUMNS) + " |", "| " + " | ".join(["---"] * len(COLUMNS)) + " |", *lines])


def write_bit_pictures(results: Path, folder: Path) -> list[Path]:
    """Write ID_layers.png and ID_curve.png for every results/ID/bits.json; returns what was written.

    Raises ReportError, OSError.
    """
    made = []
    for path in sorted(results.glob(f"*/{BITS}")):
        written, home = _read(path), path.parent.name
        folder.mkdir(parents=True, exist_ok=True)
        for draw, word in ((_draw_layers, "layers"), (_draw_curve, "curve")):
            made.append(folder / f"{home}_{word}.png")
            draw(written, made[-1])
    return made


def _draw_layers(written: dict[str, Any], picture: Path) -> None:
    """Bits of the chosen run: weights of every convolution, then every rounded tensor, as they are computed."""
    (run,) = (r for r in written["runs"] if r["penalty"] == written["chosen"])
    figure = new_figure(11, 6.4)
    rows = figure.subplots(2, 1)
    for axes, kind, colour in zip(rows, ("weights", "activations"), (_WEIGHTS, _ACTIVATIONS), strict=True):
        layers = [layer for layer in run["layers"] if layer["kind"] == kind]
        plain, by_size = _means(layers, kind)
        axes.bar(range(len(layers)), [layer["bits"] for layer in layers], color=colour, width=0.8)
        axes.axhline(plain, color=_INK, linewidth=1, linestyle="--")
        axes.set_title(
            f"{kind}: {plain:.2f} bits, mean of {len(layers)} {'layers' if kind == 'weights' else 'tensors'} (dashed); "
            f"{by_size:.2f} by size",
            fontsize=10,
        )
        axes.set_ylabel("bits")
        axes.set_yticks(range(9))
        axes.set_ylim(0, 8)
        axes.set_xlim(-0.8, len(layers) - 0.2)
        names = [_short(layer["name"]) for layer in layers]
        axes.set_xticks(range(len(layers)), names, rotation=90, fontsize=6.5 if len(layers) > 30 else 8)
        axes.tick_params(axis="x", length=0)
        axes.grid(axis="y", color="#e4e7eb")
        axes.set_axisbelow(True)
    figure.suptitle(f"{written['name']}, λ = {run['penalty']:g}: bits that each layer learned", fontsize=11)
    save_figure(figure, picture)


def _draw_curve(written: dict[str, Any], picture: Path) -> None:
    """Validation Dice of every penalty against its mean weight and activation bits, beside the float model's."""
    figure = new_figure(9.5, 4.2)
    left, right = figure.subplots(1, 2, sharey=True)
    full = written["float"]["dice_mean"]
    for axes, key, word, colour in (
        (left, "weight_bits", "weight bits, mean of layers", _WEIGHTS),
        (right, "activation_bits", "activation bits, mean of tensors", _ACTIVATIONS),
    ):
        points = sorted((run[key], run["dice_mean"], run["penalty"]) for run in written["runs"])
        axes.plot([p[0] for p in points], [p[1] for p in points], marker="o", color=colour)
        for bits, dice, penalty in points:
            axes.annotate(
                f"λ = {penalty:g}", (bits, dice), xytext=(0, 8), textcoords="offset points", ha="center", fontsize=8
            )
        _reference(axes, full, "float32", "-")
        _reference(axes, full * 0.99, "1 % below", ":")
        axes.set_xlabel(word)
        axes.margins(x=0.15, y=0.25)
        axes.grid(color="#e4e7eb")
    left.axvline(TARGET_BITS, color=_INK, linewidth=1, linestyle=":")
    left.annotate(
        f"{TARGET_BITS} bits", (TARGET_BITS, 0.02), xycoords=("data", "axes fraction"), xytext=(-3, 0),
        textcoords="offset points", ha="right", fontsize=8, color=_INK,
    )  # fmt: skip
    left.set_ylabel("validation Dice, mean")
    figure.suptitle(f"{written['name']}: Dice against bits, a training for each λ", fontsize=11)
    save_figure(figure, picture)


def _reference(axes: Axes, value: float, name: str, style: str) -> None:
    axes.axhline(value, color=_INK, linewidth=1, linestyle=style)
    axes.annotate(
        name, (1, value), xycoords=("axes fraction", "data"), xytext=(-4, 3), textcoords="offset points",
        ha="right", fontsize=8, color=_INK,
    )  # fmt: skip


def _means(layers: Sequence[dict[str, Any]], kind: str) -> tuple[float, float]:
    """Mean bits of the layers of a kind: each counted once, and by size."""
    chosen = [(layer["bits"], layer["size"]) for layer in layers if layer["kind"] == kind]
    return sum(b for b, _ in chosen) / len(chosen), sum(b * n for b, n in chosen) / sum(n for _, n in chosen)


def _short(name: str) -> str:
    """ "/levels.0/levels.0.1/reduce/reduce.0/Conv" → "levels.0.1 reduce"."""
    parts = [part for part in name.split("/") if part and not part.endswith(("Conv", "Relu", "Add", "Quantize"))]
    unique: list[str] = []
    for part in parts:
        if unique and part.startswith(f"{unique[-1]}."):
            if not unique[-1].startswith("levels") and part == f"{unique[-1]}.0":
                continue
            unique[-1] = part
        else:
            unique.append(part)
    return " ".join(unique) or name.strip("/")


def _read(path: Path) -> dict[str, Any]:
    try:
        written: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(written["runs"], list) or not written["runs"]:
            raise TypeError
    except (OSError, ValueError, KeyError, TypeError):
        raise ReportError(f"{path}: is no result of learned bits; run `cinequant-train bits` again") from None
    return written
