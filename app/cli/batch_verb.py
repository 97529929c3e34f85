"""`cinequant batch`: a cohort from scans to masks, tables and an overview."""

from __future__ import annotations

import argparse
import contextlib
from typing import TYPE_CHECKING, Any

from app.cli.terminal import print_json, print_notices, print_text, printable, show_progress, table
from engine.network.catalog import find_models

if TYPE_CHECKING:
    from engine.batch.cohort import BatchOutcome, Execute, Plan

NOTHING_DONE = 1
_SHOWN = 20


def run_batch_verb(arguments: argparse.Namespace) -> int | None:
    from engine.batch import cohort  # noqa: PLC0415 - brings the readers of every format
    from engine.batch.result_tables import has_parquet  # noqa: PLC0415

    if arguments.in_process and (arguments.scheduler or arguments.workers):
        arguments.usage_error("--in-process has no workers; leave out --workers and --scheduler")
    if arguments.scheduler and (arguments.workers or arguments.memory or arguments.dashboard):
        arguments.usage_error("--scheduler has its own workers; leave out --workers, --memory and --dashboard")
    options = cohort.Options(
        arguments.model,
        arguments.precision,
        arguments.view,
        arguments.force,
        arguments.threads or 1,
        seg=arguments.seg,
        keep_base=arguments.keep_base,
    )
    plan = cohort.plan_batch(arguments.source, arguments.output, options, find_models(), progress=show_progress)
    if arguments.dry_run:
        _dry_run(plan, cohort.finished_before(plan), as_json=arguments.json)
        return None
    with _executor(arguments, options.threads) as execute:
        outcome = cohort.run_batch(plan, execute, again=arguments.retry_failed, progress=show_progress)
    lacking = "without pyarrow there is no Parquet; pip install 'cinequant[batch]' brings it"
    notices = [] if has_parquet() else [lacking]
    print_notices(notices, as_json=arguments.json)
    if arguments.json:
        print_json("batch", {**_to_json(plan, outcome), "notices": notices})
    else:
        print_text(_text(plan, outcome))
    return None if outcome.cases["done"] or outcome.cases["refused"] else NOTHING_DONE


@contextlib.contextmanager
def _executor(arguments: argparse.Namespace, threads: int) -> Any:
    if arguments.in_process:
        from engine.batch.cohort import in_process  # noqa: PLC0415

        yield in_process
        return
    from engine.batch import cluster  # noqa: PLC0415 - Dask

    made: contextlib.AbstractContextManager[Execute]
    if arguments.scheduler:
        made = cluster.existing_cluster(arguments.scheduler, insecure=arguments.insecure_scheduler)
    else:
        workers = arguments.workers or cluster.default_workers(threads)
        local = cluster.Local(workers, threads, arguments.memory, arguments.dashboard)
        made = cluster.local_cluster(local, lambda where: print_notices([f"dashboard: {where}"], as_json=False))
    with made as execute:
        yield execute


def _dry_run(plan: Plan, finished: int, *, as_json: bool) -> None:
    units = plan.units.units
    counts = {"units": len(units), "finished": finished, "masks": plan.units.masks, "other_files": plan.units.others}
    if as_json:
        listed = [
            {"key": unit.key, "kind": unit.kind, "files": len(unit.paths), "fault": unit.fault or None}
            for unit in units
        ]
        print_json("batch", {"dry_run": True, **counts, "settings": dict(plan.settings), "found": listed})
        return
    rows = [["", "what", "files", ""]]
    rows += [[printable(unit.key), unit.kind, str(len(unit.paths)), printable(unit.fault)] for unit in units]
    models = ", ".join(f"{model} in {precision}" for _, model, precision, _ in plan.settings["models"])
    print_text(
        f"{table(rows)}\n{len(units)} to segment by {models}; {finished} finished before. Passed over: "
        f"{plan.units.masks} masks, {plan.units.others} other files. Nothing was written."
    )


def _to_json(plan: Plan, outcome: BatchOutcome) -> dict[str, Any]:
    return {
        "dry_run": False,
        "output": plan.out,
        "units": outcome.units,
        "resumed": outcome.resumed,
        **{status: outcome.cases[status] for status in ("done", "refused", "failed")},
        "flagged": outcome.flagged,
        "same_as_another": outcome.twice,
        "slices": outcome.images,
        "wall_s": outcome.wall_s,
        "peak_rss_mb": outcome.peak_rss_mb,
        "failures": [{"case": case, "reason": reason} for case, reason in outcome.failures],
        "files": list(outcome.files),
        "settings": dict(plan.settings),
    }


def _text(plan: Plan, outcome: BatchOutcome) -> str:
    cases = outcome.cases
    lines = [
        f"{plan.out}: {cases.total()} cases, {cases['done']} segmented ({outcome.flagged} flagged), {cases['refused']} "
        f"not segmented, {cases['failed']} failed"
    ]
    if outcome.resumed:
        lines.append(f"{outcome.resumed} of {outcome.units} were finished before")
    if outcome.images:
        lines.append(
            f"{outcome.images} slices in {outcome.wall_s:.0f} s, {outcome.images / outcome.wall_s:.0f} a second; "
            f"at most {outcome.peak_rss_mb:.0f} MB of memory a process"
        )
    lines += [f"failed: {case}: {reason}" for case, reason in outcome.failures[:_SHOWN]]
    if cases["failed"] > _SHOWN:
        lines.append(f"and {cases['failed'] - _SHOWN} more: see results.csv")
    return "\n".join([*lines, *map(str, outcome.files)])
