"""Collects the window's texts into the catalogues, and compiles them: `python -m resources.translations`.

A new text comes in unfinished, one that is no longer in the code goes. Fill what is unfinished in the .ts file, in Qt
Linguist (`pyside6-linguist`) or by hand, and run this again. Exit status 1 while anything is unfinished.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import PySide6

FOLDER = Path(__file__).resolve().parent
SOURCES = FOLDER.parent.parent / "app"
LANGUAGES = ("de",)


def _tool(name: str, *arguments: str) -> None:
    folder = Path(PySide6.__file__).parent
    path = folder / (f"{name}.exe" if sys.platform == "win32" else name)
    done = subprocess.run([str(path), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{path}: {done.stderr.strip() or done.stdout.strip()}")


def collect(catalogue: Path) -> None:
    """Bring the texts of the code into a .ts file, which keeps what is translated."""
    sources = [str(path) for path in sorted(SOURCES.rglob("*.py"))]
    _tool(
        "lupdate", "-silent", "-no-obsolete", "-locations", "none", "-disable-heuristic", "similartext",
        "-tr-function-alias", "QT_TRANSLATE_NOOP+=marked", *sources,
        "-source-language", "en", "-target-language", catalogue.stem.split("_")[-1], "-ts", str(catalogue),
    )  # fmt: skip


def compile_into(catalogue: Path, compiled: Path) -> None:
    """Make the .qm file that the window loads."""
    _tool("lrelease", "-silent", str(catalogue), "-qm", str(compiled))


def main() -> int:
    unfinished = 0
    for language in LANGUAGES:
        catalogue = FOLDER / f"cinequant_{language}.ts"
        collect(catalogue)
        compile_into(catalogue, catalogue.with_suffix(".qm"))
        left = catalogue.read_text(encoding="utf-8").count('type="unfinished"')
        sys.stdout.write(f"{catalogue.name}: {left} unfinished\n")
        unfinished += left
    return 1 if unfinished else 0


if __name__ == "__main__":
    sys.exit(main())
