"""`cinequant replay`: makes the mask of a provenance record again, and says whether it is the same."""

from __future__ import annotations

import argparse
from dataclasses import replace

from app.cli.terminal import print_json, print_text, show_progress
from engine.network.catalog import find_models


def run_replay(arguments: argparse.Namespace) -> int:
    """Exit status: 0 the same, 1 another mask."""
    # The readers of every format come with it.
    from engine import provenance  # noqa: PLC0415

    record = provenance.read_record(arguments.record)
    if arguments.scan is not None:
        record = replace(record, paths=(arguments.scan,))
    found = provenance.replay(record, find_models(), progress=show_progress)
    if arguments.json:
        values = {
            "same": found.same,
            "different_voxels": found.voxels,
            "different_measures": found.measures,
            "record": arguments.record,
        }
        print_json("replay", values, input_sha256=record.input_sha256)
    elif found.same:
        print_text("same")
    else:
        numbers = f"; also {', '.join(found.measures)}" if found.measures else ""
        print_text(f"differs: {found.voxels} voxels{numbers}")
    return 0 if found.same else 1
