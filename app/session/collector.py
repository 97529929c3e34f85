"""When Python's cyclic garbage collector runs in the viewer: on the window's thread, between two events.

Left to itself it runs inside whatever allocates. In another thread it may destroy a QObject that belongs to the window.
Inside a call into Qt it may destroy a QObject while Qt holds a mutex that the destructor takes too, and the window's
thread then waits for itself forever. pyqtgraph has the same remedy in pyqtgraph.util.garbage_collector.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

EVERY_MS = 1000
# So many looks at the youngest objects for one at the middle ones, and for one at all of them.
MIDDLE_EVERY, ALL_EVERY = 5, 60
# Objects allocated and not freed since the last look: fewer are not worth one.
WORTH_IT = 500


class Collector(QObject):
    """Turns automatic collection off until it is closed, and collects by a timer instead.

    Once the window is there, looking at the youngest or middle objects takes less than 0.5 ms. Looking at all 75,000
    would take 300 ms on a busy processor, so those that exist by then are exempt.
    """

    def __init__(self) -> None:
        super().__init__()
        self._was_on = gc.isenabled()
        gc.disable()
        self._looks = 0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look)
        self._timer.start(EVERY_MS)

    def exempt(self) -> None:
        """Leave everything that exists now out of all later collections: modules, and a window that stays."""
        gc.freeze()

    def look(self) -> None:
        """Collect one generation, older ones less often."""
        self._looks += 1
        if self._looks % ALL_EVERY == 0:
            gc.collect()
        elif self._looks % MIDDLE_EVERY == 0:
            gc.collect(1)
        elif gc.get_count()[0] >= WORTH_IT:
            gc.collect(0)

    def close(self) -> None:
        """Stop, and let Python collect by itself again if it did before."""
        self._timer.stop()
        gc.unfreeze()
        if self._was_on:
            gc.enable()
