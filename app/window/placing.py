"""Where the window opens: where it was, brought back to a screen that may have become smaller. Pure functions."""

from __future__ import annotations

from PySide6.QtCore import QMargins, QRect, QSize

FRAME = QMargins(8, 36, 8, 8)
"""Room for the frame of a window that is not shown yet, whose frame nobody knows."""


def placed(wanted: QRect, available: QRect, frame: QMargins = FRAME) -> QRect:
    """The rectangle nearest to the one wanted, without frame, that lies on the screen with its frame."""
    room = available.marginsRemoved(frame)
    size = wanted.size().boundedTo(room.size())
    left = min(max(wanted.left(), room.left()), room.left() + room.width() - size.width())
    top = min(max(wanted.top(), room.top()), room.top() + room.height() - size.height())
    return QRect(left, top, size.width(), size.height())


def centred(size: QSize, available: QRect, frame: QMargins = FRAME) -> QRect:
    """A rectangle of this size in the middle of the screen, smaller where the screen is."""
    wanted = QRect(0, 0, size.width(), size.height())
    wanted.moveCenter(available.center())
    return placed(wanted, available, frame)
