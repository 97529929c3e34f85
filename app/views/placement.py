"""Where a slice lies in a view: fitted into it, then zoomed and moved as the state says."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.state.queries import size_mm
from app.state.turned import Turned
from app.state.types import AppState

MARGIN_PX = 26


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the image lies on screen: scale in pixels per mm, and the mm that stands in the middle of the view."""

    scale: float
    centre_mm: tuple[float, float]
    view_px: tuple[float, float]
    turned: Turned = field(default_factory=Turned)

    def to_mm(self, x_px: float, y_px: float) -> tuple[float, float]:
        """Millimetres from the image's top left corner of a point of the view."""
        x, y = self.vector_mm(x_px - self.view_px[0] / 2, y_px - self.view_px[1] / 2)
        return self.centre_mm[0] + x, self.centre_mm[1] + y

    def to_px(self, x_mm: float, y_mm: float) -> tuple[float, float]:
        """The inverse of to_mm."""
        x, y = self.turned.to_screen(x_mm - self.centre_mm[0], y_mm - self.centre_mm[1])
        return x * self.scale + self.view_px[0] / 2, y * self.scale + self.view_px[1] / 2

    def vector_mm(self, x_px: float, y_px: float) -> tuple[float, float]:
        """A way across the view, in mm of the image."""
        return self.turned.to_image(x_px / self.scale, y_px / self.scale)


def place(state: AppState, view_px: tuple[float, float], margin_px: float = MARGIN_PX) -> Placement:
    """The image fitted into the view, then zoomed and moved as the state says."""
    if state.scan.volume is None:
        return Placement(1.0, (0.0, 0.0), view_px)
    width, height = size_mm(state.scan.volume)
    room = (max(view_px[0] - 2 * margin_px, 50), max(view_px[1] - 2 * margin_px, 50))
    turned = state.view.turned
    across, down = (height, width) if turned.lies else (width, height)
    scale = min(room[0] / across, room[1] / down) * state.view.zoom
    return Placement(scale, (width / 2 + state.view.pan_mm[0], height / 2 + state.view.pan_mm[1]), view_px, turned)
