"""What the bundle's executable runs: the command, or as a child process one module of the engine."""

from __future__ import annotations

import runpy
import sys

# engine.children starts Python so. In a bundle the executable itself stands where Python does.
_AS_PYTHON = ["-P", "-m"]


def main() -> int:
    if sys.argv[1:3] == _AS_PYTHON and sys.argv[3:4] and sys.argv[3].startswith("engine."):
        module = sys.argv[3]
        sys.argv = [module, *sys.argv[4:]]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        return 0
    from app.cli.main import main as run  # noqa: PLC0415 - a child process needs none of it

    return run()


if __name__ == "__main__":
    sys.exit(main())
