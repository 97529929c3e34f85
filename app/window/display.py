"""Finds out whether Qt can show a window here. Qt itself would abort the process where it cannot."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

_MISSING = re.compile(r"(lib[\w.+-]+?\.so(?:\.\d+)*): cannot open shared object file")
# Debian's packages that are not named after the library.
_PACKAGES = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libz.so.1": "zlib1g",
}


def missing_library(error: BaseException) -> str:
    """What to install where a shared library is missing, as a sentence; empty where something else is wrong."""
    found = _MISSING.search(str(error))
    if found is None:
        return ""
    library = found[1]
    return (
        f"the window needs the library {library}, which is not installed; "
        f"on Debian or Ubuntu: sudo apt install {_package(library)}"
    )


def _package(library: str) -> str:
    """Debian's package of a library: its name and version, with a hyphen between two digits."""
    name, _, version = library.partition(".so")
    name, version = name.lower().replace("_", "-"), version.lstrip(".")
    return _PACKAGES.get(library) or (f"{name}-{version}" if name[-1:].isdigit() else f"{name}{version}")


def usable_platforms() -> tuple[list[str], list[str]]:
    """The platforms that Qt would try here and that work, in its order; and why each of the others does not.

    Knows Linux and its X11 and Wayland; elsewhere there is nothing to find out. Raises nothing.
    """
    usable, problems = [], []
    for name in _wanted():
        problem = _problem(name)
        if problem:
            problems.append(problem)
        else:
            usable.append(name)
    return usable, problems


def when_lost(act: Callable[[], None]) -> object:
    """Call act when the X server is gone, in the call that found it out; the process ends with status 1 after it.

    Xlib would end the process there and then, and Qt's loop with it. Returns what has to be kept as long as the window
    is there; None where there is no Xlib.
    """

    def gone(_display: object) -> int:
        try:
            act()
        finally:
            sys.stderr.flush()
            os._exit(1)

    try:
        xlib = ctypes.CDLL("libX11.so.6")
    except OSError:
        return None
    handler = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(gone)
    xlib.XSetIOErrorHandler(handler)
    return handler


def _wanted() -> list[str]:
    """What Qt would try, first things first. Empty where it has nothing to try."""
    asked = os.environ.get("QT_QPA_PLATFORM")
    if asked:
        return [name for name in asked.split(";") if name]
    names = []
    if os.environ.get("WAYLAND_DISPLAY") or os.environ.get("XDG_SESSION_TYPE") == "wayland":
        names.append("wayland")
    if os.environ.get("DISPLAY"):
        names.append("xcb")
    return names


def _problem(name: str) -> str:
    """Why a platform does not work, empty where it does."""
    kind = name.partition(":")[0]
    spec = importlib.util.find_spec("PySide6")
    folders = [Path(home, "Qt", "plugins") for home in (spec and spec.submodule_search_locations) or ()]
    folders += [Path(part) for part in os.environ.get("QT_PLUGIN_PATH", "").split(os.pathsep) if part]
    direct = os.environ.get("QT_QPA_PLATFORM_PLUGIN_PATH")
    files = [folder / "platforms" / f"libq{kind}.so" for folder in folders]
    files += [Path(direct, f"libq{kind}.so")] if direct else []
    file = next((file for file in files if file.is_file()), None)
    if file is None:
        return f"Qt has no platform {kind!r}; unset QT_QPA_PLATFORM"
    try:
        ctypes.CDLL(str(file))
        if kind == "xcb" and not _x_answers():
            return f"the display {os.environ.get('DISPLAY', '')!r} cannot be reached; check DISPLAY and its permissions"
        if kind == "wayland" and not _wayland_answers():
            where = os.environ.get("WAYLAND_DISPLAY", "wayland-0")
            return f"the Wayland display {where!r} cannot be reached; check WAYLAND_DISPLAY and XDG_RUNTIME_DIR"
    except OSError as error:
        return missing_library(error) or f"Qt's platform {kind!r} cannot be loaded ({error}); install CineQuant again"
    return ""


def _x_answers() -> bool:
    """Whether an X server accepts a connection, authorisation included. Raises OSError without libxcb.

    A connection that was accepted stays open as long as the process. If it were the only one, closing it would make
    the server reset itself, and Qt could not connect meanwhile.
    """
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    if not xcb.xcb_connection_has_error(connection):
        return True
    xcb.xcb_disconnect(connection)
    return False


def _wayland_answers() -> bool:
    """Whether a compositor accepts a connection. Raises OSError without libwayland-client."""
    client = ctypes.CDLL("libwayland-client.so.0")
    client.wl_display_connect.restype = ctypes.c_void_p
    display = client.wl_display_connect(None)
    if not display:
        return False
    client.wl_display_disconnect(ctypes.c_void_p(display))
    return True


def prepare(*, hidden: bool) -> str:
    """Choose a platform that works, before the application is made. Returns why there is none, empty where there is.

    hidden: nothing has to be seen, so that without a display the window is drawn in memory.
    """
    if not sys.platform.startswith("linux"):
        return ""
    usable, problems = usable_platforms()
    if not usable and hidden and not os.environ.get("QT_QPA_PLATFORM"):
        usable, problems = ["offscreen"], []
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    if usable:
        if problems:  # else Qt's own order stands
            os.environ["QT_QPA_PLATFORM"] = ";".join(usable)
        return ""
    return problems[-1] if problems else "there is no display; start it from a desktop, or use --screenshot"
