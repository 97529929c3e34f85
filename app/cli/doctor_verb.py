"""`cinequant doctor`: what is missing on this machine, and how to get it."""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import shutil
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from app.cli.terminal import print_json, print_text
from engine import __version__
from engine.errors import CineQuantError


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    said: what was found, or how to get it. needed: CineQuant cannot do its work without it.
    """

    name: str
    ok: bool
    said: str
    needed: bool = True


class UnfitError(CineQuantError):
    """Something that CineQuant needs is missing on this machine."""


def run_doctor(arguments: argparse.Namespace) -> None:
    found = [
        _python(),
        _runtime(),
        _models(),
        *_window(),
        *_codecs(),
        _training(),
        _batches(),
        _archives(),
        _settings(),
        _ffmpeg(),
    ]
    missing = [each for each in found if each.needed and not each.ok]
    if arguments.json:
        print_json("doctor", {"findings": [asdict(each) for each in found], "ok": not missing})
    else:
        marks = {(True, True): "ok     ", (True, False): "ok     ", (False, True): "MISSING", (False, False): "without"}
        width = max(len(each.name) for each in found)
        print_text("\n".join(f"{marks[each.ok, each.needed]}  {each.name:<{width}}  {each.said}" for each in found))
    if missing:
        raise UnfitError(f"{len(missing)} of {len(found)} checks failed: {', '.join(each.name for each in missing)}")


def _python() -> Check:
    said = f"{platform.python_version()}, {platform.system()} {platform.machine()}; CineQuant {__version__}"
    return Check("Python", sys.version_info >= (3, 11), said)


def _runtime() -> Check:
    try:
        from engine.network.runtime import isa  # noqa: PLC0415 - loads the runtime

        said = f"OpenVINO {version('openvino')}, {os.cpu_count()} cores, {isa()}"
    except CineQuantError as error:
        return Check("runtime", False, str(error))
    except (ImportError, OSError) as error:
        return Check("runtime", False, f"OpenVINO cannot be loaded ({error}); install CineQuant again")
    return Check("runtime", True, said)


def _models() -> Check:
    from engine.network.catalog import find_models, user_models  # noqa: PLC0415

    catalog = find_models()
    said = ", ".join(card.id for card in catalog.models)
    rejected = f"; {len(catalog.rejected)} rejected, see `cinequant models`" if catalog.rejected else ""
    return Check("models", bool(catalog.models), (said or f"none; put one into {user_models()}") + rejected)


def _window() -> list[Check]:
    from app.window import display  # noqa: PLC0415 - the other verbs need no window

    try:
        import PySide6.QtGui  # noqa: PLC0415
    except ImportError as error:
        missing = display.missing_library(error) or f"cannot be loaded ({error}); install CineQuant again"
        return [Check("Qt", False, missing)]
    import PySide6  # noqa: PLC0415

    qt = Check("Qt", True, PySide6.__version__)
    if not sys.platform.startswith("linux"):
        return [qt]
    usable, problems = display.usable_platforms()
    if usable:
        return [qt, Check("display", True, ", ".join(usable))]
    said = "; ".join(problems) or "none: the window needs a desktop; every other command works without"
    return [qt, Check("display", False, said, needed=False)]


def _codecs() -> list[Check]:
    wanted = {
        "gdcm": "compressed DICOM",
        "highdicom": "DICOM SEG",
        "PIL": "pictures and movies",
        "reportlab": "reports",
    }
    found = []
    for name, what in wanted.items():
        there = importlib.util.find_spec(name) is not None
        found.append(Check(what, there, f"by {name}" if there else f"needs {name}; install CineQuant again"))
    return found


def _training() -> Check:
    there = importlib.util.find_spec("torch") is not None
    said = "torch is there" if there else 'not installed; pip install "cinequant[training]" adds it'
    return Check("training", there, said, needed=False)


def _batches() -> Check:
    missing = [name for name in ("distributed", "cryptography", "pyarrow") if importlib.util.find_spec(name) is None]
    said = "Dask and Parquet are there"
    if missing:
        said = f'{" and ".join(missing)} not installed; pip install "cinequant[batch]" adds them'
    return Check("batches", not missing, said, needed=False)


def _archives() -> Check:
    missing = [name for name in ("pynetdicom", "dicomweb_client", "keyring") if importlib.util.find_spec(name) is None]
    said = "DIMSE, DICOMweb and the keyring are there"
    if missing:
        said = f'{" and ".join(missing)} not installed; pip install "cinequant[archive]" adds them'
    return Check("archives", not missing, said, needed=False)


def _settings() -> Check:
    from engine.network.catalog import user_models  # noqa: PLC0415

    home = user_models().parent
    parent = next((folder for folder in (home, *home.parents) if folder.exists()), Path("/"))
    writable = os.access(parent, os.W_OK)
    said = str(home) if writable else f"{parent} cannot be written to; nothing is remembered from one start to the next"
    return Check("folder for models and cases", writable, said, needed=False)


def _ffmpeg() -> Check:
    found = shutil.which("ffmpeg")
    return Check("MP4 movies", found is not None, found or "need ffmpeg on the PATH; GIF works without", needed=False)
