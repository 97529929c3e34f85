"""`cinequant completion`: prints a script that makes a shell complete verbs, options and their values."""

from __future__ import annotations

import argparse
import sys

SHELLS = ("bash", "zsh", "tcsh")


def run_completion(arguments: argparse.Namespace) -> None:
    import shtab  # noqa: PLC0415 - needed by nothing else

    sys.stdout.write(shtab.complete(arguments.parser, arguments.shell) + "\n")
