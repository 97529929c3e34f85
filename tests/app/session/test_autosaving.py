"""What is not saved is kept while it is worked on, and offered back after the window ended out of order."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from app_fixtures import FakeModel, model_fixture, settle, until, volume  # noqa: F401
from places import ROOT

from app.session import autosaving
from app.session.autosave_folder import AutosaveFolder
from app.session.session import Session
from app.state.case_content import is_unsaved
from app.state.queries import correction_of, shown_labels
from engine.formats.case_file import read_case

Start = Callable[[], Session]


@pytest.fixture(name="start")
def start_fixture(qtbot: Any, model: FakeModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts sessions that autosave into one folder, as windows of one user do."""
    monkeypatch.setattr(autosaving, "DELAY_MS", 50)
    monkeypatch.setattr(autosaving, "RETRY_MS", 100)
    made: list[Session] = []

    def start() -> Session:
        made.append(Session())
        made[-1].segmenting.load_models()
        made[-1].autosaving.keep_in(tmp_path / "kept")
        settle(qtbot, made[-1])
        return made[-1]

    yield start
    for session in made:
        session.close()


def correct(qtbot: Any, session: Session, name: str = "scan", add: int = 0) -> None:
    of = volume(name=name) if not add else volume(2 + add, name=name)
    session.opening.open_volume(of)
    settle(qtbot, session)
    session.correcting.start()
    session.correcting.start_stroke(0, 7.0, 3.5)
    session.correcting.end_stroke()


def kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("kept/*/*.cinequant"))


def test_a_change_is_kept_and_dropped_when_it_is_saved(qtbot: Any, start: Start, tmp_path: Path) -> None:
    session = start()
    correct(qtbot, session)
    qtbot.waitUntil(lambda: len(kept(tmp_path)) == 1, timeout=5000)
    assert len(read_case(kept(tmp_path)[0]).segmentations[0].planes) in (0, 1)
    session.case_saving.save(tmp_path / "a.cinequant")
    qtbot.waitUntil(lambda: not kept(tmp_path), timeout=5000)
    assert not is_unsaved(session.state)


def test_a_stroke_is_waited_for_but_not_long(
    qtbot: Any, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = start()
    correct(qtbot, session)
    qtbot.waitUntil(lambda: len(kept(tmp_path)) == 1, timeout=5000)
    before = kept(tmp_path)[0].stat().st_mtime_ns
    session.correcting.start_stroke(0, 12.0, 12.0)
    qtbot.wait(400)
    assert kept(tmp_path)[0].stat().st_mtime_ns == before
    monkeypatch.setattr(autosaving, "STROKE_S", 0.0)
    qtbot.waitUntil(lambda: kept(tmp_path)[0].stat().st_mtime_ns != before, timeout=5000)
    session.correcting.end_stroke()


def test_a_change_that_is_undone_needs_no_keeping(qtbot: Any, start: Start, tmp_path: Path) -> None:
    session = start()
    correct(qtbot, session)
    qtbot.waitUntil(lambda: len(kept(tmp_path)) == 1, timeout=5000)
    session.undoing.undo()
    qtbot.waitUntil(lambda: not kept(tmp_path), timeout=5000)


def test_looking_alone_writes_nothing(qtbot: Any, start: Start, tmp_path: Path) -> None:
    session = start()
    session.opening.open_volume(volume())
    settle(qtbot, session)
    session.update(slice_index=1, frame_index=3, zoom=2.0)
    qtbot.wait(200)
    assert not kept(tmp_path)


def test_closing_in_order_leaves_nothing_behind(qtbot: Any, start: Start, tmp_path: Path) -> None:
    session = start()
    correct(qtbot, session)
    qtbot.waitUntil(lambda: len(kept(tmp_path)) == 1, timeout=5000)
    session.close()
    assert list((tmp_path / "kept").iterdir()) == []


def test_two_windows_keep_apart(qtbot: Any, start: Start, tmp_path: Path) -> None:
    one, other = start(), start()
    correct(qtbot, one)
    correct(qtbot, other)  # the same scan
    qtbot.waitUntil(lambda: len(kept(tmp_path)) == 2, timeout=5000)
    assert kept(tmp_path)[0].parent != kept(tmp_path)[1].parent
    third = start()
    assert third.state.cases.offers == ()
    other.close()
    assert len(kept(tmp_path)) == 1


def test_a_signal_keeps_it_and_the_next_start_offers_it(qtbot: Any, start: Start, tmp_path: Path) -> None:
    session = start()
    correct(qtbot, session)
    session.correcting.start_stroke(2, 20.0, 20.0)  # and in the middle of a stroke
    assert session.autosaving.flush() and session.autosaving.keeps
    corrected = shown_labels(session.state).array
    session.close()
    again = start()
    [offer] = again.state.cases.offers
    assert (offer.name, offer.slices) == ("scan", 2)
    path = again.autosaving.take(offer)
    assert again.state.cases.offers == ()
    found = read_case(path)
    [chosen] = [s for s in found.segmentations if s.planes]
    assert len(chosen.planes) == 2
    for (t, z), plane in chosen.planes.items():
        np.testing.assert_array_equal(plane, corrected[t, z])


def test_a_recovered_case_that_is_saved_at_once_is_not_offered_again(
    qtbot: Any, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autosaving, "DELAY_MS", 60_000)  # no autosave comes in between
    scan = tmp_path / "scan.nii.gz"
    nibabel.save(nibabel.Nifti1Image(volume().array.transpose(3, 2, 1, 0), np.diag([-2.0, -1.0, 8.0, 1.0])), scan)
    session = start()
    session.opening.open_paths([scan])
    settle(qtbot, session)
    session.correcting.start()
    session.correcting.start_stroke(0, 7.0, 3.5)
    session.correcting.end_stroke()
    assert session.autosaving.flush()
    session.close()
    again = start()
    [offer] = again.state.cases.offers
    again.recover_offer(offer)
    settle(qtbot, again)
    assert is_unsaved(again.state)
    again.case_saving.save(tmp_path / "a.cinequant")
    settle(qtbot, again)
    assert not is_unsaved(again.state)
    again.close()
    assert not start().state.cases.offers


def test_later_offers_it_again_and_discarding_deletes_it(qtbot: Any, start: Start, tmp_path: Path) -> None:
    session = start()
    correct(qtbot, session)
    session.autosaving.flush()
    session.close()
    for _ in range(2):
        again = start()
        assert len(again.state.cases.offers) == 1
        again.autosaving.later()
        assert again.state.cases.offers == ()
        again.close()
    again = start()
    again.autosaving.discard(again.state.cases.offers[0])
    assert again.state.cases.offers == () and not kept(tmp_path)


def test_only_one_window_recovers_a_case(qtbot: Any, start: Start, tmp_path: Path) -> None:
    session = start()
    correct(qtbot, session)
    session.autosaving.flush()
    session.close()
    one, other = start(), start()
    [first], [second] = one.state.cases.offers, other.state.cases.offers
    assert one.autosaving.take(first) is not None
    assert other.autosaving.take(second) is None
    assert "Another window" in other.state.message.text


def test_a_case_that_was_taken_and_could_not_be_opened_is_offered_again(
    qtbot: Any, start: Start, tmp_path: Path
) -> None:
    session = start()
    correct(qtbot, session)  # its scan is in no file
    session.autosaving.flush()
    session.close()
    again = start()
    again.recover_offer(again.state.cases.offers[0])
    settle(qtbot, again)
    assert again.state.cases.moved is not None and again.state.cases.moved.recovered
    again.close()
    assert [offer.name for offer in start().state.cases.offers] == ["scan"]


def test_a_full_disk_is_said_once_and_tried_again(
    qtbot: Any, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, tries = start(), []

    def full(_: int) -> None:
        tries.append(1)
        raise OSError(28, "No space left on device")

    said: list[str] = []
    session.changed.connect(
        lambda old, new: said.append(new.message.text) if new.message not in (None, old.message) else None
    )
    with monkeypatch.context() as patched:
        patched.setattr("engine.files.os.fsync", full)
        correct(qtbot, session)
        qtbot.waitUntil(lambda: len(tries) >= 3, timeout=5000)
        assert not kept(tmp_path)
    assert [text for text in said if "No space left" in text] == [said[-1]]
    assert "not autosaved" in said[-1]
    qtbot.waitUntil(lambda: len(kept(tmp_path)) == 1, timeout=5000)


def test_a_scan_that_was_left_stays_kept(qtbot: Any, start: Start, tmp_path: Path) -> None:
    session = start()
    correct(qtbot, session, "one")
    correct(qtbot, session, "two", add=1)
    qtbot.waitUntil(lambda: len(kept(tmp_path)) == 2, timeout=5000)
    session.autosaving.flush()
    session.close()
    assert sorted(offer.name for offer in start().state.cases.offers) == ["one", "two"]


def test_a_damaged_case_is_not_offered_and_not_deleted(start: Start, tmp_path: Path) -> None:
    folder = AutosaveFolder(tmp_path / "kept")
    folder.write("ab", b"no case")
    folder.close(keep=True)
    assert start().state.cases.offers == ()
    assert len(kept(tmp_path)) == 1


def test_a_disk_that_stays_full_costs_no_handles_and_leaves_no_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = AutosaveFolder(tmp_path / "kept")
    given: list[int] = []
    closed: list[int] = []
    real_open, real_close = os.open, os.close
    monkeypatch.setattr(os, "open", lambda *a: given.append(real_open(*a)) or given[-1])
    monkeypatch.setattr(os, "close", lambda handle: closed.append(handle) or real_close(handle))

    def full(handle: int, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    for _ in range(3):
        with pytest.raises(OSError, match="No space left"):
            folder.write("d" * 64, b"case")
    assert len(given) == 3 and closed == given
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_lock_dies_with_its_process(tmp_path: Path) -> None:
    """Also where its number has been given to another process since."""
    code = (
        "import sys, os, signal; from pathlib import Path\n"
        "from app.session.autosave_folder import AutosaveFolder\n"
        f"folder = AutosaveFolder(Path({str(tmp_path)!r}))\n"
        "folder.write('ab', b'x')\n"
        "print('there', flush=True)\n"
        "sys.stdin.read()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout.readline() == b"there\n"
    assert AutosaveFolder(tmp_path).abandoned() == []
    process.kill()
    process.wait()
    [path] = AutosaveFolder(tmp_path).abandoned()
    path.parent.with_name(f"{path.parent.name}.lock").write_text(str(os.getpid()))
    assert AutosaveFolder(tmp_path).abandoned() == [path]
    process.stdin.close()
    process.stdout.close()


# -- a whole window that is killed -------------------------------------------------------------------------------------

WINDOW = """
import os, sys, time, resource
sys.path.insert(0, {support!r})
import app_fixtures as fixtures
from pathlib import Path
from PySide6.QtWidgets import QApplication
from app.session import segmenting
from app.session.session import Session
from app.window.main_window import MainWindow

application = QApplication([])
fake = fixtures.FakeModel()
segmenting.predict = fake
segmenting.find_models = lambda folders=None: fixtures.catalog("first")
session = Session()
window = MainWindow(session)
window.show()
session.segmenting.load_models()
session.autosaving.keep_in(Path({kept!r}))
session.opening.open_phantom()
while not session.idle or session.state.scan.loading is not None:
    application.processEvents()
{before}
session.correcting.start()
points = 0
end = time.monotonic() + 30
session.correcting.start_stroke(0, 40.0, 40.0)
while time.monotonic() < end:  # a stroke that never ends
    application.processEvents()
    session.correcting.draw(0, 40.0 + points % 60, 40.0 + points // 60)
    points += 1
    print(session.state.message.text if session.state.message else "", flush=True)
    time.sleep(0.05)
"""


def window(tmp_path: Path, before: str = "") -> subprocess.Popen[str]:
    support = str(ROOT / "tests" / "support")
    code = WINDOW.format(support=support, kept=str(tmp_path / "kept"), before=before)
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path)}
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT, env=env, text=True)


def test_a_window_killed_in_a_stroke_loses_at_most_five_seconds(qtbot: Any, start: Start, tmp_path: Path) -> None:
    process = window(tmp_path)
    until(lambda: bool(kept(tmp_path)) or process.poll() is not None, 60)
    # Some more of the stroke, so that what was kept last is older than what is drawn.
    end = time.monotonic() + 6.0
    while time.monotonic() < end:
        process.stdout.readline()
    killed = time.time()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    [path] = kept(tmp_path)
    assert killed - path.stat().st_mtime < 5.0
    again = start()
    [offer] = again.state.cases.offers
    again.recover_offer(offer)
    settle(qtbot, again)
    assert again.state.scan.volume.source.kind == "phantom"
    assert is_unsaved(again.state)
    [planes] = [c.planes for c in again.state.correction.corrections.values()]
    [plane] = planes.values()
    assert np.count_nonzero(plane == 1) > 100
    again.undoing.undo()
    assert not correction_of(again.state) or not correction_of(again.state).planes


def test_a_window_on_a_full_disk_says_so_and_goes_on(tmp_path: Path) -> None:
    """The limit stands for the disk: the system refuses every byte beyond it."""
    before = "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))"
    process = window(tmp_path, before)
    said: set[str] = set()
    begun = time.monotonic()
    while time.monotonic() - begun < 60 and not said:
        said |= {text for text in [" ".join(process.stdout.readline().split())] if text}
    more = [process.stdout.readline() for _ in range(20)]
    process.kill()
    process.wait()
    process.stdout.close()
    [text] = said
    assert "File too large" in text and "not autosaved" in text
    assert len(more) == 20 and not kept(tmp_path)
