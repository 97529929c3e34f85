"""`cinequant export-nnunet`: a data set in nnU-Net's layout."""

from __future__ import annotations

import argparse

from app.cli.terminal import print_json, print_text, show_progress


def run_export_nnunet(arguments: argparse.Namespace) -> None:
    from engine.formats.datasets import find_cases  # noqa: PLC0415 - brings the readers
    from engine.formats.nnunet import export_nnunet  # noqa: PLC0415

    cases = find_cases(arguments.folder, arguments.layout, arguments.patients, arguments.labels)
    training, tests = export_nnunet(cases, arguments.output, progress=show_progress)
    if arguments.json:
        print_json("export-nnunet", {"output": arguments.output, "training": training, "test": tests})
    else:
        print_text(f"{arguments.output}: {training} cases for training, {tests} for tests, dataset.json")
