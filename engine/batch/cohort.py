"""A batch from beginning to end: what there is to do, doing it, and what came out.

What is finished is written down unit by unit, so that the same command goes on where it was stopped, however it was.
"""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from engine import __version__
from engine.batch.case_files import remove_files
from engine.batch.output_folder import JOURNAL, SETTINGS, OutputFolder, read_entries
from engine.batch.overview import Overview, to_html
from engine.batch.result_tables import write_tables
from engine.batch.rows import COSTS, DONE, FAILED, RESULTS, Row
from engine.batch.units import Units, WorkUnit, find_units
from engine.batch.work import Task, work_on
from engine.errors import ExportError, ScanError
from engine.files import write_atomically
from engine.network.catalog import Catalog, default_precision
from engine.network.model_card import VIEWS
from engine.progress import CancelToken, Progress, no_progress

OVERVIEW = "overview.html"
FLAGGED_FROM = 8.0
"""The score of a place to look at from which a case counts as flagged and has a picture (see engine.measures.flags)."""
_SHOWN_FLAGGED, _SHOWN_FAILED = 200, 500
# The rate is that of this long at most, so that it follows a change.
_RATE_OF_S = 120.0

Execute = Callable[[Iterator[dict[str, Any]]], Iterable[dict[str, Any]]]
"""Runs engine.batch.work.work_on on tasks, in any order, and gives the answers as they come."""


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked for. model, view: None for what each scan shows. precision: None for each model's own.

    seg: DICOM scans get DICOM SEG beside their masks.
    threads: of each process; the masks of some precisions could depend on it, so it is fixed with the batch.
    keep_base: take nothing away from the most basal slices, see engine.network.basal.
    """

    model: str | None = None
    precision: str | None = None
    view: str | None = None
    force: bool = False
    threads: int = 1
    seg: bool = False
    keep_base: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """source, out: absolute. settings: what the results depend on beside the scans, ready for JSON."""

    source: Path
    out: Path
    options: Options
    units: Units
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """What a run has come to. cases: by status, of all that is in the tables; flagged, twice: among them.

    units, resumed: all units, and those that were finished before this run. images: slices that this run has segmented.
    failures: (case, reason) of the first ones. files: the tables and the overview.
    """

    cases: Counter[str]
    flagged: int
    twice: int
    units: int
    resumed: int
    images: int
    wall_s: float
    peak_rss_mb: float
    failures: tuple[tuple[str, str], ...]
    files: tuple[Path, ...] = field(default=())


def plan_batch(
    source: Path,
    out: Path,
    options: Options,
    catalog: Catalog,
    *,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> Plan:
    """What a batch would do. Nothing is written. Raises ScanError where there is nothing to do, ModelError."""
    source, out = source.absolute(), out.absolute()
    if options.keep_base:
        catalog = catalog.keeping_base()
    if source == out or source.is_relative_to(out):
        raise ExportError(f"{out}: holds the scans themselves; choose another folder with -o")
    settings = {
        "schema": 1,
        "program": f"CineQuant {__version__}",
        "input": str(source),
        "models": _models(options, catalog),
        **asdict(options),
    }
    units = find_units(source, out, progress=progress, cancel=cancel)
    if not units.units:
        masks = f", {units.masks} masks among them" if units.masks else ""
        raise ScanError(
            f"{source}: no scan is here (looked at {units.masks + units.others} files{masks}); give the folder that "
            "holds the scans"
        )
    return Plan(source, out, options, units, settings)


def _models(options: Options, catalog: Catalog) -> list[list[str]]:
    """[view, model, precision, digest] of all that may run. Raises ModelError."""
    cards = [catalog.get(options.model)] if options.model else [c for view in VIEWS if (c := _for(view, catalog))]
    found = []
    for card in cards:
        if options.view and not options.model and card.view != options.view:
            continue
        precision = options.precision or default_precision(card)
        if options.model or card is cards[0] or precision in card.precisions:
            found.append([card.view, card.id, precision, card.digest(precision)])
    return found


def _for(view: str, catalog: Catalog) -> Any:
    return next((card for card in catalog.models if card.view == view), None)


def in_process(tasks: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Works on one task after the other in this process."""
    for task in tasks:
        yield work_on(task)


def finished_before(plan: Plan) -> int:
    """How many of the units a folder of results has, with their files as they are now; for a dry run. Takes no lock."""
    journal = plan.out / JOURNAL
    if not (plan.out / SETTINGS).is_file() or not journal.is_file():
        return 0
    with journal.open("rb") as stream:
        entries, _ = read_entries(stream)
    return sum(unit.key in entries and entries[unit.key].stamp == unit.stamp for unit in plan.units.units)


def run_batch(
    plan: Plan,
    execute: Execute = in_process,
    *,
    again: bool = False,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> BatchOutcome:
    """Work on every unit that is not finished, and write tables and overview of all.

    again: also on those that have failed before.
    Raises ExportError where nothing can be written, or another batch is running there; Cancelled.
    """
    cancel = cancel or CancelToken()
    began = time.monotonic()
    with OutputFolder(plan.out, plan.settings) as folder:
        waiting = [unit for unit in plan.units.units if not _is_finished(folder, unit, again=again)]
        resumed = len(plan.units.units) - len(waiting)
        pace = _Pace(len(plan.units.units), resumed, progress)
        pace.tell()
        stamps = {unit.key: unit.stamp for unit in waiting}
        peak = 0.0
        for answer in execute(_task(plan, folder.run, unit) for unit in waiting):
            cancel.check()
            if "stop" in answer:
                raise ExportError(answer["stop"])
            key = answer["key"]
            _forget(folder, key, answer["rows"])
            folder.note(key, stamps[key], answer["rows"], answer["costs"])
            peak = max([peak, *(cost["peak_rss_mb"] or 0.0 for cost in answer["costs"])])
            pace.done(sum(cost["images"] or 0 for cost in answer["costs"]))
        progress(0, 0, "Writing tables")
        overview = _Counted()
        files = [
            *write_tables(plan.out, "results", overview.of(folder.lines()), RESULTS),
            *write_tables(plan.out, "costs", (cost for line in folder.lines() for cost in line["costs"]), COSTS),
            plan.out / OVERVIEW,
        ]
        write_atomically(plan.out / OVERVIEW, to_html(overview.overview(plan.settings)).encode())
    return BatchOutcome(
        cases=overview.cases,
        flagged=overview.flagged,
        twice=overview.twice,
        units=len(plan.units.units),
        resumed=resumed,
        images=pace.images,
        wall_s=time.monotonic() - began,
        peak_rss_mb=peak,
        failures=tuple((row["case"], row["reason"]) for row in overview.failed),
        files=tuple(files),
    )


def _task(plan: Plan, run: str, unit: WorkUnit) -> dict[str, Any]:
    task = Task(
        key=unit.key,
        kind=unit.kind,
        paths=tuple(map(str, unit.paths)),
        fault=unit.fault,
        root=str(plan.source),
        out=str(plan.out),
        run=run,
        **asdict(plan.options),
        flagged_from=FLAGGED_FROM,
        program=__version__,
        models=tuple(digest for _, _, _, digest in plan.settings["models"]),
    )
    return asdict(task)


def _is_finished(folder: OutputFolder, unit: WorkUnit, *, again: bool) -> bool:
    """Whether the journal has a unit as its files are now, and its masks are there."""
    entry = folder.entries.get(unit.key)
    if entry is None or entry.stamp != unit.stamp or (entry.failed and again):
        return False
    rows = folder.line(unit.key)["rows"]
    written = [folder.path / row[name] for row in rows for name in ("mask", "seg") if row.get(name)]
    return all(path.exists() for path in written)


def _forget(folder: OutputFolder, key: str, rows: list[Row]) -> None:
    """Remove the files of cases that a unit had before and has no more."""
    if key in folder.entries:
        now = {row["case"] for row in rows if row["mask"]}
        for row in folder.line(key)["rows"]:
            if row["mask"] and row["case"] not in now:
                remove_files(folder.path, row["case"])


class _Pace:
    """Tells progress with the rate and the time that is left."""

    def __init__(self, total: int, before: int, progress: Progress) -> None:
        self.images = 0
        self._total, self._count, self._progress = total, before, progress
        self._marks = [(time.monotonic(), before, 0)]

    def done(self, images: int) -> None:
        self.images += images
        self._count += 1
        now = time.monotonic()
        self._marks.append((now, self._count, self.images))
        while len(self._marks) > 2 and now - self._marks[0][0] > _RATE_OF_S:
            del self._marks[0]
        self.tell()

    def tell(self) -> None:
        (then, count, images), now = self._marks[0], time.monotonic()
        said = "Segmenting"
        if self._count > count and now > then:
            rate = (self._count - count) / (now - then)
            left = (self._total - self._count) / rate
            said = f"{(self.images - images) / (now - then):.0f} slices/s, {duration(left)} left, cases"
        self._progress(self._count, self._total, said)


def duration(seconds: float) -> str:
    """Such as "40 s", "12 min", "3 h 20 min"."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


class _Counted:
    """Goes through the rows once, as they are written, and keeps what the overview needs."""

    def __init__(self) -> None:
        self.cases: Counter[str] = Counter()
        self.flagged = self.twice = 0
        self.failed: list[Row] = []
        self._refused: list[Row] = []
        self._first: dict[str, str] = {}
        self._worst: list[tuple[float, str, Row]] = []
        self._values: dict[str, list[float]] = {"lv_ef_percent": [], "lv_edv_ml": [], "rv_ef_percent": []}

    def of(self, lines: Iterable[dict[str, Any]]) -> Iterator[Row]:
        for line in lines:
            for row in sorted(line["rows"], key=lambda row: str(row["case"])):
                self._count(row)
                yield row

    def _count(self, row: Row) -> None:
        self.cases[row["status"]] += 1
        if row["status"] == FAILED:
            self.failed += [row] if len(self.failed) < _SHOWN_FAILED else []
        elif row["status"] != DONE:
            self._refused += [row] if len(self._refused) < _SHOWN_FAILED else []
        digest = row["input_sha256"]
        if digest:
            row["same_as"] = self._first.get(digest, "")
            self._first.setdefault(digest, row["case"])
            self.twice += bool(row["same_as"])
        if row["status"] != DONE:
            return
        for name, values in self._values.items():
            if row[name] is not None:
                values.append(row[name])
        if (row["flag_score"] or 0) >= FLAGGED_FROM:
            self.flagged += 1
            # A heap of the highest scores; of equals, the first case stays.
            entry = (row["flag_score"], _reversed(row["case"]), row)
            if len(self._worst) < _SHOWN_FLAGGED:
                heapq.heappush(self._worst, entry)
            else:
                heapq.heappushpop(self._worst, entry)

    def overview(self, settings: Mapping[str, Any]) -> Overview:
        worst = sorted((entry[2] for entry in self._worst), key=lambda row: (-row["flag_score"], row["case"]))
        return Overview(
            settings=settings,
            cases=dict(self.cases),
            flagged=tuple(worst),
            all_flagged=self.flagged,
            twice=self.twice,
            failed=tuple(self.failed),
            refused=tuple(self._refused),
            values={name: tuple(values) for name, values in self._values.items()},
        )


def _reversed(text: str) -> str:
    return "".join(chr(0x10FFFF - ord(c)) for c in text)
