"""The pictures of the README and the user guide, made anew: `python -m benchmarks.screenshots`.

They show the cine given, else a scan of the Sunnybrook Cardiac Data (CC0) beside the repository, else the built-in
phantom. The mask that one of them is compared with is the phantom's own. What the panels and the device check say is
measured while the pictures are made: run it on a computer that does nothing else.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

# Drawn without a screen: pictures have the same pixels everywhere. Qt's complaints about it do not matter.
os.environ.update(QT_QPA_PLATFORM="offscreen", QT_SCALE_FACTOR="1", QT_ENABLE_HIGHDPI_SCALING="0")
os.environ["QT_LOGGING_RULES"] = "default.warning=false"

import numpy as np
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.dialogs.archive_dialog import ArchiveDialog
from app.dialogs.device_dialog import DeviceDialog
from app.dialogs.report_dialog import ReportDialog
from app.dialogs.send_dialog import SendDialog
from app.dialogs.server_dialog import ServerDialog
from app.look import theme
from app.session.session import Session
from app.state.changes import evolve
from app.state.queries import run_of
from app.state.types import COMPARED, AppState, Language, Layout, Pair, Style, Theme
from app.window.archive_windows import SERVERS
from app.window.main_window import MainWindow
from app.window.palette import Palette
from app.words.language import install
from benchmarks import long_axis_study
from engine.exchange.search import FoundSeries, FoundStudies, FoundStudy
from engine.exchange.servers import Server, write_servers
from engine.formats.nifti import write_mask
from engine.network.bench import bench
from engine.phantom import make_phantom
from engine.volume import LV

ROOT = Path(__file__).resolve().parent.parent
SCAN = ROOT.parent / "shared" / "data" / "sunnybrook" / "SCD0000301"
HUGE, LARGE, SMALL = (1920, 1080), (1400, 870), (1280, 720)
GAP = 8
MAX_BYTES = 250_000
# Larger pictures are reduced to 256 colours: a third of the bytes, and not visible. Half are greys, for the images
# (or fewer, if the picture is still too large), some are the window's own, the rest represent all others.
GREYS, GREY_WITHIN, OWN = (128, 64, 32), 6, 24
LAYOUTS = {Layout.PHASES: "phases", Layout.COMPARE: "compare", Layout.SHEET: "sheet", Layout.LONG_AXIS: "long-axis"}
TYPED = "slice"
PATIENCE_S = 600


def until(condition: Callable[[], bool], what: str) -> None:
    """Run the event loop until a condition holds."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"{what}: not done after {PATIENCE_S} s")
        QApplication.processEvents()
        time.sleep(0.005)
    # Layouts and plots settle in the event loop.
    for _ in range(5):
        QApplication.processEvents()


def finished(window: MainWindow) -> None:
    """Wait for both precisions of the scan on screen."""
    session = window.session
    until(lambda: session.idle, "segmentation")
    runs = [run_of(session.state, precision) for precision in COMPARED]
    if not all(run and run.prediction for run in runs):
        message = session.state.message
        raise SystemExit(message.text if message else f"not segmented in {' and '.join(COMPARED)}")


def begin(window: MainWindow, scan: Path | None) -> None:
    if scan is None:
        window.session.opening.open_phantom()
    else:
        window.session.opening.open_paths([scan])


def end_systole(window: MainWindow) -> None:
    """The frame in which the heart is smallest: the curve has a cursor to see, and the picture muscle."""
    window.session.looking.go_to_phase("ES")
    window.welcome.hide()
    until(lambda: True, "drawing")


def side_by_side(pictures: list[QPixmap]) -> QPixmap:
    width = sum(picture.width() for picture in pictures) + GAP * (len(pictures) - 1)
    joined = QPixmap(width, max(picture.height() for picture in pictures))
    joined.fill(theme.WINDOW)
    painter, x = QPainter(joined), 0
    for picture in pictures:
        painter.drawPixmap(x, 0, picture)
        x += picture.width() + GAP
    painter.end()
    return joined


def styles(window: MainWindow) -> QPixmap:
    """The middle of the slice drawn as outlines, filled, and as voxels."""
    window.session.update(zoom=2.0)
    pictures = []
    for style in Style:
        window.session.looking.update_overlay(style=style, opacity=0.45)
        until(lambda: True, "drawing")
        whole = window.slice_view.grab()
        side = min(400, whole.width(), whole.height())
        middle = whole.rect().center()
        pictures.append(whole.copy(QRect(middle.x() - side // 2, middle.y() - side // 2, side, side)))
    window.session.looking.update_overlay(style=Style.OUTLINE)
    window.session.update(zoom=1.0)
    return side_by_side(pictures)


def over(window: MainWindow, dialog: Palette, size: tuple[int, int]) -> QPixmap:
    """A dialog in front of its window, with the part of the window around it."""
    whole, at = window.grab(), window.mapFromGlobal(dialog.mapToGlobal(QPoint()))
    painter = QPainter(whole)
    painter.drawPixmap(at, dialog.grab())
    painter.end()
    left, top = at.x() + (dialog.width() - size[0]) // 2, max(at.y() + (dialog.height() - size[1]) // 2, 0)
    return whole.copy(QRect(left, top, *size))


def layouts(window: MainWindow, out: Path) -> None:
    """Each way to divide the window but the first, near the heart."""
    window.session.looking.zoom_to_heart()
    for layout, name in LAYOUTS.items():
        window.session.looking.show_layout(layout)
        until(lambda: True, "drawing")
        write(window.grab(), out / f"{name}.png")
    window.session.looking.show_layout(Layout.SLICE)
    window.session.looking.reset_view()


def cines(window: MainWindow, out: Path) -> None:
    """Long-axis cines beside the short axis, of a study cut out of the phantom."""
    session = window.session
    window.resize(*LARGE)
    with tempfile.TemporaryDirectory() as folder:
        long_axis_study.make(Path(folder) / "phantom")
        session.opening.open_paths([Path(folder) / "phantom"])
        until(lambda: session.idle and session.state.scan.loading is None, "opening")
        finished(window)
        session.looking.show_layout(Layout.CINES)
        until(lambda: bool(session.state.beside.long_axes), "reading the long axes")
        session.looking.zoom_to_heart()
        session.looking.go_to_phase("ES")
        session.update(message=None)
        until(lambda: True, "drawing")
        write(window.grab(), out / "cines.png")
        session.looking.show_layout(Layout.SLICE)


def german(window: MainWindow, out: Path) -> None:
    """In German, on a large screen and with the light theme."""
    window.resize(*HUGE)
    end_systole(window)
    window.session.looking.show_layout(Layout.SHEET)
    window.session.looking.zoom_to_heart()
    until(lambda: True, "drawing")
    smaller = window.grab().scaledToWidth(SMALL[0], Qt.TransformationMode.SmoothTransformation)
    write(smaller, out / "german.png")


def palette(window: MainWindow, out: Path) -> None:
    window.show_palette()
    shown = next(p for p in window.findChildren(Palette) if p.isVisible())
    QTest.keyClicks(shown.line, TYPED)
    until(lambda: True, "drawing")
    write(over(window, shown, (760, 400)), out / "palette.png")
    shown.close()


def mask(window: MainWindow, out: Path) -> None:
    """The phantom, which is on screen, against its true mask."""
    volume, truth, _ = make_phantom()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "expert.nii.gz"
        write_mask(path, truth, volume)
        window.session.comparing.load_mask([path])
        until(lambda: window.session.state.view.pair is Pair.MASK and window.session.idle, "comparing")
    end_systole(window)
    window.session.looking.zoom_to_heart()
    until(lambda: True, "drawing")
    write(window.grab(), out / "mask.png")
    window.session.comparing.remove_mask()
    window.session.looking.show_layout(Layout.SLICE)
    window.session.looking.reset_view()


def correct(window: MainWindow, out: Path) -> None:
    """The lower edge of the LV cavity moved out by a stroke, taken back when the picture is made."""
    window.session.looking.zoom_to_heart()
    state, tools = window.session.state, window.session.correcting
    run, volume = run_of(state), state.scan.volume
    if run is None or run.prediction is None or volume is None:
        raise SystemExit("correcting: nothing is segmented")
    rows, columns = np.nonzero(run.prediction.labels.array[state.view.frame_index, state.view.slice_index] == LV)
    if not len(rows):
        raise SystemExit("correcting: no LV cavity in the slice on screen")
    dx, dy, _ = volume.geometry.spacing_mm
    x, y, reach = (columns.mean() + 0.5) * dx, (rows.max() + 0.5) * dy, 0.25 * np.ptp(columns) * dx
    tools.start()
    tools.start_stroke(state.view.frame_index, x - reach, y)
    tools.draw(state.view.frame_index, x + reach, y)
    tools.end_stroke()
    until(lambda: True, "drawing")
    write(window.grab(), out / "correct.png")
    window.session.undoing.undo()
    tools.stop()
    window.session.looking.reset_view()


def report(window: MainWindow, out: Path) -> None:
    """The report before it is saved, with a conclusion."""
    window.exports.report()
    dialog = next(dialog for dialog in window.findChildren(ReportDialog) if dialog.isVisible())
    dialog.resize(900, 660)
    dialog.hospital.setText("St. Example Hospital · Department of Radiology")
    dialog.conclusion.setPlainText(
        "Dilated left ventricle, ejection fraction severely reduced.\nRight ventricle: normal ejection fraction."
    )
    until(lambda: not dialog.page.pixmap().isNull() and dialog.quiet, "the page")
    write(dialog.grab(), out / "report.png")
    dialog.reject()


def check(window: MainWindow, out: Path) -> None:
    """All models measured on this computer, by this process: the window's own check gives way to any other program."""
    catalog = window.session.state.models.catalog
    if catalog is None:
        raise SystemExit("device check: no model is installed; put one where `cinequant models` looks")
    window.session.update(report=bench(catalog))
    window.info.show_device_check()
    until(lambda: True, "drawing")
    dialog = window.findChild(DeviceDialog)
    write(dialog.grab(), out / "device-check.png")
    dialog.close()


STUDIES = (
    ("Müller, Anna Maria", "P-0042", "2024-02-29", 372),
    ("Rossi, Giulia", "P-0311", "2024-02-27", 360),
    ("Schmidt, Karl", "P-0107", "2024-02-26", 348),
)
"""Nobody's: invented for the picture. Patient, ID, date, images."""


def archive(window: MainWindow, out: Path) -> None:
    """What an archive has found, an archive that is entered, and what is sent. Nothing is connected to."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server("Hospital archive", host="pacs.example.org", title="ARCHIVE")
        write_servers(Path(folder) / SERVERS, [server])
        archiving = window.session.archiving
        dialog = ArchiveDialog(window, archiving, Path(folder) / SERVERS, Path(folder) / "fetched", hide_names=False)
        dialog.show()
        found = [
            FoundStudy(f"1.2.{n}", who, uid, "", day, "", "Cardiac MRI", "", ("MR",), 3, images)
            for n, (who, uid, day, images) in enumerate(STUDIES)
        ]
        dialog._show_found(FoundStudies(tuple(found), cut=False))
        series = (("4", "cine 4ch", 30), ("7", "cine sa", 330), ("9", "lge sa", 12))
        dialog.tree.show_series("1.2.0", [FoundSeries(f"1.{n}", "1.2.0", "MR", n, what, i) for n, what, i in series])
        dialog.tree.studies["1.2.0"].setExpanded(True)
        entering = ServerDialog(window, server, ())
        entering.show()
        sending = SendDialog(window, archiving, Path(folder) / SERVERS, lambda kind, path: None)
        sending.show()
        until(lambda: True, "drawing")
        for shown, name in ((dialog, "archive"), (entering, "archive-server"), (sending, "archive-send")):
            write(shown.grab(), out / f"{name}.png")
            shown.close()


def in_256_colours(image: QImage, shades: int) -> QImage:
    """The image in 256 colours: greys become one of the shades, of the others the most common stay."""
    width, height = image.width(), image.height()
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine())
    pixels = rows[:, : 3 * width].reshape(-1, 3).astype(np.int32)
    colours, where, counts = np.unique(pixels, axis=0, return_inverse=True, return_counts=True)
    where = where.reshape(-1)
    is_grey = np.ptp(colours, axis=1) <= GREY_WITHIN
    greys = np.repeat(np.arange(shades)[:, None] * 255 // (shades - 1), 3, axis=1)
    # Among nearly equal colours the most common one represents the others.
    cells = (colours >> 4) @ np.array([256, 16, 1])
    order = np.lexsort((-counts, cells))
    own = np.argsort(-counts)[:OWN]
    order = order[~is_grey[order]]
    first = order[np.r_[True, np.diff(cells[order]) > 0]] if order.size else order
    weights = np.bincount(cells[~is_grey], counts[~is_grey], minlength=4096)
    rest = colours[first[np.argsort(-weights[cells[first]])][: 256 - shades - OWN]]
    table = np.concatenate([greys, colours[own], rest])
    nearest = np.empty(len(colours), np.uint8)
    for start in range(0, len(colours), 4096):
        part = colours[start : start + 4096, None] - table[None]
        nearest[start : start + 4096] = (part**2).sum(axis=2).argmin(axis=1)
    packed = np.zeros((height, -(-width // 4) * 4), np.uint8)
    packed[:, :width] = nearest[where].reshape(height, width)
    made = QImage(packed.data, width, height, packed.shape[1], QImage.Format.Format_Indexed8)
    made.setColorTable([0xFF000000 | int(r) << 16 | int(g) << 8 | int(b) for r, g, b in table])
    return made.copy()


def write(picture: QPixmap, path: Path) -> None:
    image = picture.toImage().convertToFormat(QImage.Format.Format_RGB888)
    for shades in (None, *GREYS):
        # For a PNG, Qt's quality sets the compression: 0 is the strongest.
        if not (in_256_colours(image, shades) if shades else image).save(str(path), "PNG", 0):
            raise SystemExit(f"{path}: cannot be written; name a folder that you may write to with --out")
        size = path.stat().st_size
        if size <= MAX_BYTES:
            break
    if size > MAX_BYTES:
        raise SystemExit(f"{path}: {size} bytes; {MAX_BYTES} at most, so that the repository stays small")
    sys.stdout.write(f"{path}  {picture.width()} × {picture.height()}  {size // 1000} kB\n")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.screenshots", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("scan", nargs="?", type=Path, default=SCAN if SCAN.is_dir() else None, metavar="SCAN")
    parser.add_argument("--phantom", action="store_true", help="show the built-in phantom, whatever scans there are")
    parser.add_argument(
        "--only", choices=("archive", "cines", "german"), help="only that picture, the others as they are"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images", metavar="DIR")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)

    application = QApplication(["screenshots"])
    state = AppState()
    if arguments.only == "german":  # a window has one language from its start to its end
        state = evolve(state, theme=Theme.LIGHT, language=Language.GERMAN)
    theme.apply(application, state.preferences.theme)
    install(application, state.preferences.language)
    window = MainWindow(Session(evolve(state, hide_names=True)))
    window.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    window.resize(*SMALL)
    window.show()
    try:
        window.session.segmenting.load_models()
        if arguments.only == "cines":
            cines(window, arguments.out)
            return 0
        if arguments.only == "archive":
            archive(window, arguments.out)
            return 0
        if arguments.only == "german":
            begin(window, None if arguments.phantom else arguments.scan)
            finished(window)
            german(window, arguments.out)
            return 0
        begin(window, None)
        finished(window)
        write(window.grab(), arguments.out / "welcome.png")
        mask(window, arguments.out)

        before = window.session.state.scan.volume
        begin(window, None if arguments.phantom else arguments.scan)
        until(lambda: window.session.state.scan.volume is not before or window.session.idle, "opening")
        until(lambda: _share_done(window) > 0.4 or window.session.idle, "half of the segmentation")
        write(window.grab(), arguments.out / "segmenting.png")
        finished(window)

        window.resize(*LARGE)
        end_systole(window)
        # Cine MR is dark in its own window, and a page is brighter than a reading room.
        centre, width = window.session.state.view.window
        window.session.update(window=(0.6 * centre, 0.6 * width))
        write(window.grab(), arguments.out / "viewer.png")
        write(
            side_by_side([window.function.grab(), window.performance.grab()]),
            arguments.out / "panels.png",
        )
        write(styles(window), arguments.out / "styles.png")
        palette(window, arguments.out)
        window.resize(*SMALL)
        window.session.update(theme=Theme.LIGHT)
        until(lambda: True, "drawing")
        write(window.grab(), arguments.out / "light.png")
        window.session.update(theme=Theme.DARK)
        layouts(window, arguments.out)
        correct(window, arguments.out)
        report(window, arguments.out)
        archive(window, arguments.out)
        check(window, arguments.out)
        cines(window, arguments.out)
    finally:
        window.close()
    again = [sys.executable, "-m", "benchmarks.screenshots", *sys.argv[1:], "--only", "german"]
    return subprocess.run(again, check=False).returncode


def _share_done(window: MainWindow) -> float:
    """How much of the chosen precision is segmented, 0 to 1."""
    run = run_of(window.session.state)
    return len(run.timings) / max(run.total, 1) if run else 0.0


if __name__ == "__main__":
    sys.exit(main())
