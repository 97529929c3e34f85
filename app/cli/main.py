"""The entry of the command `cinequant`: catches signals first, then loads the command itself."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from app.cli.interrupts import Interrupts
from engine import __version__


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status. argv: without the program's name; None for the process's own."""
    if (sys.argv[1:] if argv is None else list(argv)) == ["--version"]:
        # Programs ask for it again and again; it needs none of the rest.
        sys.stdout.write(f"cinequant {__version__}\n")
        return 0
    interrupts = Interrupts()
    if argv is None:
        interrupts.install()
    # Loading NumPy and the catalogue takes a good part of a second, in which Ctrl+C may come.
    from app.cli.command import run  # noqa: PLC0415

    return run(argv, interrupts)


if __name__ == "__main__":
    sys.exit(main())
