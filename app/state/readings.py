"""What the reader chose for measuring: phases, slices that do not count, conventions. No Qt.

Measurements in the state always follow the choices of their scan: app.state.changes.settle sees to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.measures.reading import Reading


@dataclass(frozen=True, slots=True)
class MeasuringState:
    """readings: by the scan's digest (see ScanState), of the scan on screen and of those before it.

    Never changed in place. A scan that is not in it is measured without any choice of the reader.
    """

    readings: Mapping[str, Reading] = field(default_factory=dict)
