"""`cinequant view`: opens the viewer."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli.case_input import add_case_scan, is_case
from app.cli.inputs import check_parent
from app.cli.interrupts import caught
from engine.errors import CineQuantError, ScanError


def add_view(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="*", type=Path, metavar="PATH", help="scan: a file, an ED and an ES file, a folder"
    )
    add_case_scan(parser)
    parser.add_argument("--precision", help="precision to segment in, such as int8 or float32")
    parser.add_argument("--screenshot", type=Path, metavar="F.png", help="segment, write the window as drawn, and exit")


def run_view(arguments: argparse.Namespace) -> int:
    shot: Path | None = arguments.screenshot
    if shot is not None:
        if shot.suffix.lower() != ".png":
            arguments.usage_error(f"--screenshot {shot}: the file's name must end in .png")
        check_parent(shot)
    if arguments.scan is not None and not is_case(arguments.paths):
        arguments.usage_error("--scan says where the scan of a case is; name the .cinequant file, too")
    for path in (*arguments.paths, *([arguments.scan] if arguments.scan else [])):
        # Before the window opens; what else is wrong with a scan the window itself says.
        if not path.exists():
            may_be_verb = arguments.verb_is_implied and len(path.parts) == 1
            hint = ", and no verb of cinequant (see cinequant --help)" if may_be_verb else "; check the path"
            raise ScanError(f"{path}: no such file or folder{hint}")
    try:
        from app.window.viewer import run_viewer  # noqa: PLC0415
    except ImportError as error:
        from app.window.display import missing_library  # noqa: PLC0415

        missing = missing_library(error)
        raise CineQuantError(
            missing or f"the window toolkit cannot be loaded ({error}); install CineQuant again"
        ) from error
    return int(
        run_viewer(
            arguments.paths, scan=arguments.scan, precision=arguments.precision, screenshot=shot, signals=caught()
        )
    )
