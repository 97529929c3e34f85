"""Build CineQuant as a folder that runs without Python, packed into one archive.

    python -m resources.bundle [-o FOLDER]

Needs the extra "bundle" (PyInstaller) and makes a bundle for the system that it runs on: an archive with the program,
the models and the licences of everything inside.
"""

from __future__ import annotations

import argparse
import importlib.util
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

from engine import __version__

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
_LICENCE = re.compile(r"(licen[cs]e|copying|notice|authors|copyright)", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Qt's packages bring no text of their licence, which is the LGPL and refers to the GPL.
_TEXTS = HERE / "texts"
_OWN = ("LICENSE", "NOTICE", "resources/models/LICENSE", "resources/fonts/LICENSE")


def main(argv: Sequence[str] | None = None) -> int:
    """Build, pack, and print where the archive lies and how large it is. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m resources.bundle", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=Path("dist"), metavar="FOLDER", help="default: dist")
    output = parser.parse_args(argv).output
    if importlib.util.find_spec("PyInstaller") is None:
        sys.stderr.write('PyInstaller is missing; pip install -e ".[bundle]" adds it\n')
        return 1
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = build(Path(scratch))
        archive = pack(folder, output)
    sys.stdout.write(f"{archive}: {archive.stat().st_size / 1e6:.0f} MB\n")
    return 0


def build(scratch: Path) -> Path:
    """The program's folder, complete. Raises CalledProcessError where PyInstaller fails."""
    command = [
        sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN", "--distpath", str(scratch / "dist"),
        "--workpath", str(scratch / "work"), str(HERE / "cinequant.spec"),
    ]  # fmt: skip
    subprocess.run(command, check=True, cwd=ROOT)
    folder = scratch / "dist" / ("CineQuant.app" if sys.platform == "darwin" else "cinequant")
    copy_licences(folder / "licences")
    return folder


def copy_licences(to: Path) -> None:
    """The licence files of CineQuant and of each package that it needs, each in a folder of its own."""
    for name in _OWN:
        target = to / "cinequant" / name.replace("/", "-")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    shutil.copytree(_TEXTS, to / "qt-and-pyside6")
    for name in required():
        distribution = metadata.distribution(name)
        told = [file for file in distribution.files or () if ".dist-info" in file.parts[0]]
        texts = [file for file in told if "licenses" in file.parts or _LICENCE.match(file.name)]
        # A package without a text of its own says in its metadata which licence it has.
        for file in texts or [file for file in told if file.name == "METADATA"]:
            target = to / f"{distribution.name}-{distribution.version}" / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(str(file.locate())), target)


def required() -> tuple[str, ...]:
    """Names of the distributions that are inside: what CineQuant and its extra "archive" need, and what those need.

    PyInstaller's own part, the program that unpacks the others, is one of them.
    """
    found = {"pyinstaller": None} if _is_installed("pyinstaller") else {}
    waiting = [("cinequant", "archive")]
    while waiting:
        for name in _needs(*waiting.pop()):
            if name not in found and _is_installed(name):
                found[name] = None
                waiting.append((name, ""))
    return tuple(sorted(found))


def _needs(name: str, extra: str) -> Iterator[str]:
    for line in metadata.requires(name) or ():
        requirement, _, marker = line.partition(";")
        wanted = "extra" not in marker or (extra and re.search(rf"""extra *== *["']{extra}["']""", marker))
        if wanted and (match := _NAME.match(requirement.strip())):
            yield match.group().lower().replace("_", "-")


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def pack(folder: Path, output: Path) -> Path:
    """The folder as cinequant-VERSION-SYSTEM-MACHINE.tar.xz, on Windows as .zip."""
    name = f"cinequant-{__version__}-{platform.system().lower()}-{platform.machine()}"
    if sys.platform == "win32":
        return Path(shutil.make_archive(str(output / name), "zip", folder.parent, folder.name))
    archive = output / f"{name}.tar.xz"
    with tarfile.open(archive, "w:xz", preset=3) as tar:
        tar.add(folder, name)
    return archive


if __name__ == "__main__":
    sys.exit(main())
