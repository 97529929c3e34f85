"""`cinequant anonymise`: copies of scans without identity."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.cli.inputs import check_parent
from app.cli.terminal import print_json, print_notices, print_text, show_progress


def add_anonymise(parser: argparse.ArgumentParser) -> None:
    """Its options."""
    parser.add_argument("paths", nargs="+", type=Path, metavar="IN", help="files, folders or zip archives")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="OUT", help="folder for the copies")
    parser.add_argument(
        "--dates", choices=("shift", "remove"), default="shift",
        help="move them by a secret number of days for each patient (default), or remove them",
    )  # fmt: skip
    parser.add_argument(
        "--descriptions", choices=("clean", "remove"), default="clean",
        help="keep words that say how images are made (default), or remove them",
    )  # fmt: skip
    parser.add_argument("--keep-device", action="store_true", help="keep names and numbers of the scanner")
    parser.add_argument("--key", type=Path, metavar="FILE", help="secret to make pseudonyms with, instead of your own")


def run_anonymise(arguments: argparse.Namespace) -> None:
    from engine.exchange.anonymous_copy import REPORT, copy_without_identity  # noqa: PLC0415
    from engine.exchange.confidentiality import ProfileOptions  # noqa: PLC0415
    from engine.exchange.pseudonyms import own_secret  # noqa: PLC0415

    out = arguments.output
    check_parent(out)
    options = ProfileOptions(
        shift_dates=arguments.dates == "shift",
        clean_words=arguments.descriptions == "clean",
        keep_device=arguments.keep_device,
    )
    copied = copy_without_identity(arguments.paths, out, own_secret(arguments.key), options, progress=show_progress)
    found = copied.to_json(out, options)
    notices = [f"{count} × {text}" for text, count in copied.warnings.items()]
    notices += [f"left out, {count} × {why}" for why, count in copied.left_out.items()]
    print_notices(notices, as_json=arguments.json)
    if arguments.json:
        found = {
            key: value for key, value in found.items() if key not in ("schema", "program")
        }  # this line has its own
        print_json("anonymise", {**found, "output": out, "report": out / REPORT, "notices": notices})
    else:
        files = f"{len(copied.written)} files written"
        print_text(f"{out}\n{files}, {len(copied.kept)} were there already; {REPORT} says what was removed")
