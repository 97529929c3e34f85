"""The clock of the cine: which frame is on screen while it plays."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer

from app.session.store import Store
from app.state.queries import cine_frame, frame_interval_ms
from app.state.types import AppState


class CineClock(QObject):
    """Advances the frame while the state says that the cine plays."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store
        self._elapsed, self._first_frame = QElapsedTimer(), 0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        store.changed.connect(self._changed)

    def close(self) -> None:
        """Stop for good."""
        self._timer.stop()

    def _changed(self, old: AppState, new: AppState) -> None:
        before, now = ((s.view.playing, s.preferences.speed, s.preferences.sweep, s.scan.volume_id) for s in (old, new))
        if before != now:
            self._restart(new)

    def _restart(self, state: AppState) -> None:
        self._timer.stop()
        if state.view.playing and state.scan.volume is not None:
            self._first_frame = state.view.frame_index
            self._elapsed.start()
            # Half a frame, so that the frame shown is never late by more than that; equal frames draw nothing.
            self._timer.start(max(4, round(frame_interval_ms(state.scan.volume) / state.preferences.speed / 2)))

    def _tick(self) -> None:
        state = self._store.state
        volume = state.scan.volume
        if volume is None:
            return
        passed = int(self._elapsed.elapsed() * state.preferences.speed / frame_interval_ms(volume))
        frame = cine_frame(self._first_frame + passed, volume.frames, sweep=state.preferences.sweep)
        self._store.update(frame_index=frame)
