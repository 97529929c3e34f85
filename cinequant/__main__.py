"""`python -m cinequant` and the command `cinequant`: makes sure that the packages are CineQuant's own, then runs it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

PACKAGES = ("app", "engine", "resources")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status. argv: without the program's name; None for the process's own."""
    if stranger := _stranger():
        sys.stderr.write(
            f"cinequant: {stranger} is in the way of CineQuant's own package of that name; install CineQuant into an "
            "environment of its own (pipx install cinequant)\n"
        )
        return 1
    from app.cli.main import main as run  # noqa: PLC0415 - not before it is known whose package this is

    return run(argv)


def _stranger() -> str:
    """Where Python finds one of PACKAGES elsewhere than beside this module; empty where all are CineQuant's own."""
    home = Path(__file__).resolve().parent.parent
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        found = Path(spec.origin).resolve() if spec is not None and spec.origin else None
        if found != home / name / "__init__.py":
            return str(found or f"a folder named {name}")
    return ""


if __name__ == "__main__":
    sys.exit(main())
