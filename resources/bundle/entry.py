"""What the bundle's executable runs: the command, or as a child process one module of the engine."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

# engine.children starts Python so. In a bundle the executable itself stands where Python does.
_AS_PYTHON = ["-P", "-m"]


LENT = (
    "libmd.so.0", "libbsd.so.0", "libXau.so.6", "libXdmcp.so.6", "libxcb.so.1", "libGLdispatch.so.0", "libGLX.so.0",
    "libGL.so.1", "libOpenGL.so.0", "libEGL.so.1",
)  # fmt: skip
"""Libraries that Qt needs and every desktop on Linux has, each after those that it needs itself."""


def lend_libraries(folder: Path) -> None:
    """Load from a folder what this system lacks of LENT. Qt then finds it loaded."""
    import ctypes  # noqa: PLC0415 - takes its time, which most commands need not

    for name in LENT:
        try:
            ctypes.CDLL(name)
        except OSError:
            # What cannot be loaded here either is named by the viewer, when it needs it.
            with contextlib.suppress(OSError):
                ctypes.CDLL(str(folder / name), mode=ctypes.RTLD_GLOBAL)


def point_qt(folder: Path) -> None:
    """Say where Qt's plug-ins are. PyInstaller's own way would load Qt at every start, with or without a window."""
    inner = "PySide6" if sys.platform == "win32" else "PySide6/Qt"
    os.environ["QT_PLUGIN_PATH"] = str(folder / inner / "plugins")


def main() -> int:
    if getattr(sys, "frozen", False):
        point_qt(Path(__file__).resolve().parent)
    if sys.argv[1:3] == _AS_PYTHON and sys.argv[3:4] and sys.argv[3].startswith("engine."):
        module = sys.argv[3]
        sys.argv = [module, *sys.argv[4:]]
        import runpy  # noqa: PLC0415

        runpy.run_module(module, run_name="__main__", alter_sys=True)
        return 0
    if sys.platform == "linux" and sys.argv[1:] != ["--version"]:
        lend_libraries(Path(__file__).resolve().parent / "lent")
    from app.cli.main import main as run  # noqa: PLC0415 - a child process needs none of it

    return run()


if __name__ == "__main__":
    sys.exit(main())
