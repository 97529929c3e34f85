"""`cinequant phantom`: writes the built-in heart, its mask and its true volumes."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from app.cli.inputs import check_parent
from app.cli.terminal import plain, print_json, print_text
from engine.errors import ExportError
from engine.files import write_atomically


def run_phantom(arguments: argparse.Namespace) -> None:
    from engine.formats import nifti  # noqa: PLC0415
    from engine.phantom import make_phantom  # noqa: PLC0415

    folder: Path = arguments.output
    check_parent(folder)
    if folder.exists() and not folder.is_dir():
        raise ExportError(f"{folder}: is a file; give the name of a folder")
    folder.mkdir(exist_ok=True)
    volume, labels, truth = make_phantom()
    cine, mask, values = (folder / name for name in ("phantom.nii.gz", "phantom_gt.nii.gz", "truth.json"))
    nifti.write_volume(cine, volume)
    nifti.write_mask(mask, labels, volume)
    write_atomically(values, (json.dumps(plain(truth), indent=2) + "\n").encode())
    if arguments.json:
        print_json("phantom", {"cine": cine, "mask": mask, "truth": truth, "truth_file": values})
    else:
        print_text("\n".join(str(path) for path in (cine, mask, values)))
