"""A case as the input of a verb: its scan, and what its reader left."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.terminal import show_progress
from engine.errors import ScanError
from engine.volume import LabelMap, Volume

if TYPE_CHECKING:
    from app.state.case_content import Choices
    from app.state.case_return import Pieces
    from app.state.editing import Correction
    from app.state.types import Run
    from engine.dossier import Beside
    from engine.formats.case_file import CaseFile
    from engine.measures.flags import Where
    from engine.measures.function import Function

SUFFIX = ".cinequant"


@dataclass(frozen=True, slots=True, eq=False)
class ReadCase:
    """A case with its scan. run: the segmentation that was on screen when it was saved. labels: as its reader left it.

    correction: None where nothing was corrected, or the model's own labels were on screen. beside: what the model found
    in both precisions, what was corrected of it, and the loaded mask.
    """

    path: Path
    case: CaseFile
    volume: Volume
    run: Run
    correction: Correction | None
    labels: LabelMap
    choices: Choices
    beside: Beside

    @property
    def told(self) -> Volume:
        """The scan with what has to be said of its labels."""
        assert self.run.prediction is not None
        planes = {} if self.correction is None else self.correction.planes
        notices = self.run.prediction.notices_beside(planes, self.volume.phase_names)
        return replace(self.volume, notices=(*self.volume.notices, *notices))

    @property
    def made(self) -> dict[str, Any]:
        """How the labels came about, for JSON."""
        prediction = self.run.prediction
        assert prediction is not None
        slices = 0 if self.correction is None else len(self.correction.planes)
        audit = [dict(entry) for entry in self.case.audit]
        return {**prediction.provenance, "case": self.path, "corrected_slices": slices, "audit": audit}

    @property
    def function(self) -> Function | None:
        """The numbers of its labels as its reader chose; None for a long-axis view."""
        return self.run.function if self.run.function is None or self.correction is None else self.correction.function

    @property
    def corrected(self) -> tuple[tuple[int, int], ...]:
        """(frame, slice) of what was corrected by hand."""
        return () if self.correction is None else self.correction.slices

    @property
    def reviewed(self) -> frozenset[Where]:
        """What its reader has ticked off."""
        prediction = self.run.prediction
        return frozenset() if prediction is None else self.choices.ticks.get(prediction.model_sha256, frozenset())

    @property
    def by(self) -> str:
        """The same in words."""
        prediction = self.run.prediction
        assert prediction is not None
        slices = 0 if self.correction is None else len(self.correction.planes)
        said = f"case {self.path.name}: {prediction.model_name} in {prediction.precision}"
        return f"{said}, {slices} slices corrected by hand" if slices else said


def add_case_scan(parser: argparse.ArgumentParser) -> None:
    """Add the option that says where the scan of a case is."""
    parser.add_argument("--scan", type=Path, metavar="PATH", help="where the scan of a case is, if it was moved")


def is_case(paths: list[Path]) -> bool:
    """Whether these paths are one case."""
    return len(paths) == 1 and paths[0].suffix.lower() == SUFFIX and not paths[0].is_dir()


def refuse_options(arguments: argparse.Namespace, *, but: str = "") -> None:
    """A case brings its masks, spacing and view with it. but: an option that is taken nevertheless."""
    for name in ("model", "precision", "keep-base", "mask", "spacing", "view", "base", "papillary", "rv-phases"):
        if name != but and getattr(arguments, name.replace("-", "_"), None):
            arguments.usage_error(f"a case brings its own masks and choices; leave out --{name}, or name the scan")


def read_with_scan(path: Path, scan: Path | None) -> ReadCase:
    """Read a case and its scan, which lies where it lay, beside the case, or at scan. Raises ScanError."""
    from app.state.case_return import pieces_of, reader_key, reader_labels  # noqa: PLC0415
    from engine.formats.case_file import read_case  # noqa: PLC0415
    from engine.formats.case_scan import open_scan_of, same_scan, scan_paths  # noqa: PLC0415
    from engine.phantom import make_phantom  # noqa: PLC0415

    case = read_case(path)
    if case.scan.kind == "phantom" and scan is None:
        volume = same_scan(case, make_phantom()[0], path)
    else:
        paths = (scan,) if scan is not None else scan_paths(case, path)
        if not paths:
            known = case.scan.paths[0] if case.scan.paths else case.scan.name
            raise ScanError(f"{path}: its scan is not at {known} any more; say where it is with --scan PATH")
        volume = open_scan_of(case, path, paths, progress=show_progress)
    pieces = pieces_of(case, volume, path)
    key = reader_key(case, path)
    correction = None if case.view.get("corrected") is False else pieces.corrections.get(key)
    labels = reader_labels(case, volume, path)
    beside = _beside(pieces, key, volume)
    return ReadCase(path, case, volume, pieces.runs[key], correction, labels, pieces.choices, beside)


def _beside(pieces: Pieces, key: tuple[str, str], volume: Volume) -> Beside:
    from app.state.numbers import mask_function  # noqa: PLC0415
    from engine.dossier import Beside  # noqa: PLC0415

    run, correction, reading = pieces.runs[key], pieces.corrections.get(key), pieces.choices.reading
    shown = run.function if correction is None else correction.function
    mask = None if pieces.mask is None else mask_function(pieces.mask, volume, 0, reading, shown)[0]
    own = None if run.prediction is None else run.prediction.model_id
    by_precision = {
        at[1]: found.function
        for at, found in pieces.runs.items()
        if found.prediction is not None and found.prediction.model_id == own
    }
    return Beside(
        run.function,
        None if correction is None or not correction.planes else correction.function,
        mask,
        by_precision.get("float32"),
        by_precision.get("int8"),
    )
