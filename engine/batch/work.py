"""One unit of a batch, from its files to masks and rows: plain data in, plain data out, in whatever process.

A fault of the scan, or of the program, becomes a row that says so. Only what would befall every unit ends a batch: a
folder of results that cannot be written to, or an input that is not there.
"""

from __future__ import annotations

import hashlib
import os
import platform
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from engine import __version__
from engine.batch.case_files import files_of, remove_files
from engine.batch.flagged import picture_of
from engine.batch.rows import (
    COSTS,
    DONE,
    FAILED,
    REFUSED,
    RESULTS,
    Row,
    cost_row,
    empty_row,
    plain_row,
    result_row,
    scan_row,
    shown_source,
)
from engine.batch.units import ARCHIVE, STUDY, VOLUME, common_folder, name_of_study, short_name
from engine.errors import CineQuantError, ExportError, ScanError
from engine.files import write_atomically
from engine.formats import nifti
from engine.formats.door import find, find_among, not_the_likeliest, read_series
from engine.formats.index import Index, Series, also_found
from engine.network.catalog import Catalog, find_models
from engine.network.choice import Suited, UnsuitedError, suited
from engine.network.model_card import FOUR_CHAMBER
from engine.network.predict import Prediction, predict
from engine.network.view import view_of
from engine.volume import Volume

RUN = ".run"


@dataclass(frozen=True, slots=True)
class Task:
    """What one process needs to work on a unit: paths and plain data.

    key, kind, paths, fault: of the WorkUnit. root: what names in the table are relative to. out: the folder of results.
    run: the mark of the run that asked. model, view: None for what the scan shows. precision: None for the model's own.
    seg: whether DICOM scans get DICOM SEG, too. keep_base: see Options. flagged_from: the score from which a picture is
    made. program, models: version, and digests of the models that the batch is made with.
    """

    key: str
    kind: str
    paths: tuple[str, ...]
    fault: str
    root: str
    out: str
    run: str
    model: str | None
    precision: str | None
    view: str | None
    force: bool
    threads: int
    seg: bool
    keep_base: bool
    flagged_from: float
    program: str
    models: tuple[str, ...]


def work_on(task: dict[str, Any], worker: str = "") -> dict[str, Any]:
    """A Task, as a dict, to {"key", "rows", "costs"}; or {"key", "stop": why the batch cannot go on}."""
    return _Work(Task(**task), worker).answer()


def died(task: dict[str, Any], reason: str) -> dict[str, Any]:
    """The answer for a task that has brought its process down."""
    return _Work(Task(**{**task, "fault": reason}), "").given_up()


class _Stopped(Exception):  # noqa: N818 - not of this unit
    """What ends the whole batch; the message is one line for the user."""


class _Work:
    """One task while it is worked on."""

    def __init__(self, task: Task, worker: str) -> None:
        self._task, self._worker = task, worker
        self._out, self._root = Path(task.out), Path(task.root)
        self._paths = tuple(map(Path, task.paths))
        self._rows: list[Row] = []
        self._costs: list[Row] = []

    def answer(self) -> dict[str, Any]:
        try:
            self._check()
            self._all()
        except _Stopped as error:
            return {"key": self._task.key, "stop": str(error)}
        return {"key": self._task.key, "rows": self._rows, "costs": self._costs}

    def given_up(self) -> dict[str, Any]:
        self._fault(time.perf_counter())
        return {"key": self._task.key, "rows": self._rows, "costs": self._costs}

    def _fault(self, began: float) -> None:
        name = shown_source(self._paths, self._root)
        self._note(self._task.key, self._paths, FAILED, f"{name}: {self._task.fault}", began)

    def _check(self) -> None:
        """Raise _Stopped where this process does not see what the batch sees, or that run is over."""
        try:
            current = (self._out / RUN).read_text(encoding="ascii")
        except OSError:
            current = ""
        if current != self._task.run:
            raise _Stopped(
                f"{self._out}: is not there for the worker on {platform.node()}, or belongs to another run by now; "
                "workers need the same paths as the command"
            )
        if self._task.program != __version__:
            raise _Stopped(
                f"the worker on {platform.node()} has CineQuant {__version__}, not {self._task.program}; "
                "install the same version there"
            )
        if not self._root.exists():
            raise _Stopped(
                f"{self._root}: is not there for the worker on {platform.node()}; workers need the same paths"
            )

    def _all(self) -> None:
        task = self._task
        began = time.perf_counter()
        if task.fault:
            self._fault(began)
            return
        try:
            index = find_among(common_folder(self._paths), self._paths) if task.kind == STUDY else find(self._paths)
            cases = list(_cases(index))
        except (CineQuantError, MemoryError, OSError) as error:
            self._note(task.key, self._paths, FAILED, self._words(error), began)
            return
        except Exception as error:
            self._note(task.key, self._paths, FAILED, _bug(error), began)
            return
        taken: set[str] = set()
        for name, series in cases:
            # With its ending: beside an archive there may be a folder of the same name, with the same files.
            home = f"{task.key}.zip" if task.kind == ARCHIVE else task.key
            key = task.key if len(cases) == 1 or task.kind == VOLUME else f"{home}/{name}"
            while key.casefold() in taken:
                key += "-2"
            taken.add(key.casefold())
            self._case(index, series, key, began)
            began = time.perf_counter()

    def _case(self, index: Index, series: Sequence[Series], key: str, began: float) -> None:
        paths = self._paths if self._task.kind != VOLUME else series[0].paths
        row: Row = {}
        cost: Row = {}
        try:
            self._segment(index, series, key, began, row, cost)
        except _Stopped:
            raise
        except UnsuitedError as error:
            self._note(key, paths, REFUSED, self._words(error), began, row, cost)
        except ExportError as error:
            raise _Stopped(str(error)) from error
        except (CineQuantError, MemoryError, OSError) as error:
            self._note(key, paths, FAILED, self._words(error), began, row, cost)
        except Exception as error:
            self._note(key, paths, FAILED, _bug(error), began, row, cost)
        else:
            self._note(key, paths, DONE, "", began, row, cost)

    def _segment(self, index: Index, series: Sequence[Series], key: str, began: float, row: Row, cost: Row) -> None:
        task = self._task
        volume = _read(index, series, task.view, self._words)
        row |= scan_row(volume)
        read = time.perf_counter()
        cost["read_s"] = read - began
        found = suited(
            volume, _catalog(task.run, keep_base=task.keep_base),
            where=self._paths[0] if len(self._paths) < 3 else common_folder(self._paths),
            model=task.model, precision=task.precision, view=task.view, force=task.force,
        )  # fmt: skip
        if (digest := found.card.digest(found.precision)) not in task.models:
            raise _Stopped(
                f"{found.card.path_for(found.precision)}: is not the file that this batch began with (SHA-256 "
                f"{digest[:12]}…) on {platform.node()}; install the same model there"
            )
        prediction = predict(found.volume, found.card, found.precision, threads=task.threads)
        predicted = time.perf_counter()
        cost |= {"predict_s": predicted - read, **cost_row(prediction)}
        made, stops = result_row(prediction, found.volume, found.view)
        measured = time.perf_counter()
        row |= made
        cost["measure_s"] = measured - predicted
        # Before anything of an old run could meet what a new one has written.
        self._check()
        remove_files(self._out, key)
        files = files_of(self._out, key)
        _make_room(files.mask)
        nifti.write_mask(files.mask, prediction.labels, found.volume)
        if stops and stops[0].score >= task.flagged_from:
            _make_room(files.picture)
            _write(files.picture, picture_of(found.volume, prediction.labels, stops))
        if task.seg:
            row |= self._write_seg(files.seg, prediction, found)
        row |= {
            "mask": files.mask.relative_to(self._out).as_posix(),
            "mask_sha256": hashlib.sha256(files.mask.read_bytes()).hexdigest(),
        }
        cost["write_s"] = time.perf_counter() - measured

    def _write_seg(self, folder: Path, prediction: Prediction, found: Suited) -> Row:
        """Write the SEG of a case. What cannot have one has a column that says why."""
        from engine.formats.seg import write_seg  # noqa: PLC0415 - highdicom takes a second and its memory

        algorithm = f"{prediction.model_name} {prediction.precision}"
        _make_room(folder)
        try:
            write_seg(folder, prediction.labels, found.volume, algorithm=algorithm, version=found.card.version)
        except ExportError as error:
            # The scan has no images to refer to; or, of another kind, the disk is full.
            if isinstance(error.__cause__, OSError):
                raise
            return {"seg": "", "seg_reason": str(error).removeprefix(f"{folder}: ")}
        return {"seg": folder.relative_to(self._out).as_posix(), "seg_reason": ""}

    def _note(
        self, key: str, paths: Sequence[Path], status: str, reason: str, began: float,
        row: Row | None = None, cost: Row | None = None,
    ) -> None:  # fmt: skip
        head = empty_row(key, status, reason, shown_source(paths, self._root), self._task.kind)
        who = {
            "case": key,
            "status": status,
            "wall_s": time.perf_counter() - began,
            "host": platform.node(),
            "worker": self._worker or str(os.getpid()),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self._rows.append(plain_row({**(row or {}), **head}, RESULTS))
        self._costs.append(plain_row({**(cost or {}), **who}, COSTS))

    def _words(self, error: Exception) -> str:
        """One line on a fault, with paths as the table has them."""
        if isinstance(error, MemoryError):
            return "not enough memory for this scan; give workers more, or use fewer of them"
        root = str(self._root if self._root.is_dir() else self._root.parent)
        said = str(error)
        if isinstance(error, OSError):
            said = f"{error.filename}: {error.strerror}" if error.filename else error.strerror or said
        return said.replace(root + os.sep, "")


def _cases(index: Index) -> Iterator[tuple[str, list[Series]]]:
    """(name, stacks, the most likely short-axis cine first) of each study, and of each volume that is no DICOM."""
    for patient in index.patients:
        for study in patient.studies:
            if patient.is_folder:
                yield from ((_inside(series.paths[0], index.paths[0]), [series]) for series in study.series)
            else:
                ranked = [series for series in index.ranked if series in study.series]
                yield name_of_study(ranked[0].paths[0]), ranked


def _inside(path: Path, archive: Path) -> str:
    """What a volume is called below its archive."""
    relative = path.relative_to(archive) if archive in path.parents else Path(path.name)
    return "/".join(map(short_name, relative.with_name(nifti.stem_of(relative)).parts))


def _read(index: Index, series: Sequence[Series], view: str | None, words: Callable[[Exception], str]) -> Volume:
    """The most likely stack that can be read, of the view that is asked for. Raises ScanError of the likeliest.

    words: of an error, in a notice.
    """
    first: ScanError | None = None
    rest: Volume | None = None
    for one in series:
        if view == FOUR_CHAMBER and len(series) > 1 and one.size[1] > 1:
            continue
        try:
            volume = read_series(index, one)
        except ScanError as error:
            first = first or error
            continue
        notices = also_found(index, one) if len(index.series) > 1 else ()
        if first is not None:
            notices = (not_the_likeliest(words(first)), *notices)
        volume = _with_notices(volume, notices)
        if view == FOUR_CHAMBER and len(series) > 1 and view_of(volume.geometry) != FOUR_CHAMBER:
            rest = rest or volume
            continue
        return volume
    if rest is not None:
        return rest
    raise first or ScanError(f"{index.paths[0]}: holds no four-chamber view; leave out --view")


def _with_notices(volume: Volume, notices: Sequence[str]) -> Volume:
    return replace(volume, notices=(*volume.notices, *notices)) if notices else volume


@lru_cache(maxsize=1)
def _catalog(_run: str, *, keep_base: bool) -> Catalog:
    """Looked up once a run."""
    return find_models().keeping_base() if keep_base else find_models()


def _make_room(path: Path) -> None:
    """Raises ExportError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"{path.parent}: cannot be made ({error.strerror}); choose another place") from error


def _write(path: Path, content: bytes) -> None:
    try:
        write_atomically(path, content)
    except OSError as error:
        raise ExportError(
            f"{path}: cannot be written ({error.strerror}); free some space, or choose another"
        ) from error


def _bug(error: Exception) -> str:
    """Where an unexpected error came from; its message may quote a header, and is left out."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"an error in CineQuant itself: {type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
