"""Commands that change how a scan is looked at: slice, frame, window, layout, and how structures are drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from app.session.store import Store
from app.state import structure_colours, turned
from app.state.base_to_apex import steps_on
from app.state.changes import first_window, value_of
from app.state.queries import heart_view, phase_frame
from app.state.types import SPEEDS, Details, Kind, Layout, Style
from app.words.colour_words import judged
from app.words.language import translate
from engine.pictures.render import Colour, window_presets
from engine.volume import Volume


class Looking:
    """Changes the view and the preferences, never the scan or what was found in it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # -- slices and frames ---------------------------------------------------------------------------------------

    def step_slice(self, step: int) -> None:
        """Go on by this many slices, towards the apex where that is known."""
        state = self._store.state
        self._store.update(slice_index=state.view.slice_index + steps_on(state, step))

    def step_frame(self, step: int) -> None:
        """Go this many frames on or back. After the last frame comes the first."""
        state = self._store.state
        if state.scan.volume and not self._stands_still():
            frame = (state.view.frame_index + step) % state.scan.volume.frames
            self._store.update(frame_index=frame, playing=False)

    def go_to_phase(self, phase: str) -> None:
        """Go to the frame of "ED" or "ES", if it is known."""
        frame = phase_frame(self._store.state, phase)
        if frame is not None:
            self._store.update(frame_index=frame, playing=False)

    def go_to_slice(self, frame: int, index: int) -> None:
        """Show a slice of a frame."""
        self._store.update(frame_index=frame, slice_index=index, playing=False)

    def toggle_play(self) -> None:
        """Start or stop the cine."""
        if not self._stands_still():
            self._store.update(playing=not self._store.state.view.playing)

    def go_to_frame(self, frame: int) -> None:
        """Show a frame, and stop the cine."""
        if not self._stands_still():
            self._store.update(frame_index=frame, playing=False)

    def _stands_still(self) -> bool:
        """Whether the layout shows the same frames of a cine whatever is played; if so, says it."""
        state = self._store.state
        still = state.preferences.layout is Layout.PHASES and state.scan.volume is not None
        if still:
            text = translate("Session", "ED beside ES stands still: press 1 for one slice, which plays.")
            self._store.say(Kind.SUCCESS, text)
        return still

    def change_speed(self, step: int) -> None:
        """Go to the next faster (1) or slower (-1) of SPEEDS."""
        speed = self._store.state.preferences.speed
        at = min(range(len(SPEEDS)), key=lambda i: abs(SPEEDS[i] - speed))
        self._store.update(speed=SPEEDS[min(max(at + step, 0), len(SPEEDS) - 1)])

    # -- image ---------------------------------------------------------------------------------------------------

    def reset_view(self) -> None:
        """Show the whole image with the window it was first shown with."""
        volume, loading = self._store.state.scan.volume, self._store.state.scan.loading
        if volume is not None:
            window = loading.window if loading is not None else first_window(volume)
            self._store.update(zoom=1.0, pan_mm=(0.0, 0.0), window=window, invert=False)

    def turn(self, quarters: int) -> None:
        """Turn the image on screen by so many quarters, clockwise."""
        self._turned(lambda volume, now: now.quarter(quarters))

    def flip(self, *, upside_down: bool = False) -> None:
        """Exchange left and right of the screen, or top and bottom."""
        self._turned(lambda volume, now: now.flipped(upside_down=upside_down))

    def turn_to_standard(self) -> None:
        """Turn the image as radiology looks at it; as it is stored if it was so already."""
        self._turned(lambda volume, now: turned.Turned() if now == turned.standard(volume) else turned.standard(volume))

    def _turned(self, change: Callable[[Volume, turned.Turned], turned.Turned]) -> None:
        state = self._store.state
        if state.scan.volume is not None:
            new = change(state.scan.volume, state.view.turned)
            turns = turned.remembered(state.preferences.turns, state.scan.volume, new)
            self._store.update(turned=new, turns=turns)

    def zoom_to_heart(self) -> None:
        """Fill the view with the heart, if it is known where the heart is."""
        view = heart_view(self._store.state)
        if view is not None:
            zoom, pan_mm = view
            self._store.update(zoom=zoom, pan_mm=pan_mm)
        elif self._store.state.scan.volume is not None:
            text = translate(
                "Session", "The position of the heart is known once the scan is segmented: wait, or press Segment."
            )
            self._store.say(Kind.HINT, text)

    def next_window(self) -> None:
        """Go to the next of the window presets."""
        windows = list(self.window_presets().values())
        shown = self._store.state.view.window
        here = next((i for i, window in enumerate(windows) if np.allclose(window, shown)), -1)
        if windows:
            self._store.update(window=windows[(here + 1) % len(windows)])

    def window_presets(self) -> dict[str, tuple[float, float]]:
        """(centre, width) by name for the scan on screen. None while it is read: percentiles of a part would differ."""
        volume, loading = self._store.state.scan.volume, self._store.state.scan.loading
        return window_presets(volume.array, volume.window) if volume is not None and loading is None else {}

    def show_layout(self, layout: Layout) -> None:
        """Divide the middle of the window in another way."""
        self._store.update(layout=layout)

    def show_details(self, page: Details | None) -> None:
        """Open a page of the details panel; the open one folds it."""
        self._store.update(details=None if page is self._store.state.preferences.details else page)

    def toggle_details(self) -> None:
        """Open the details at their first page, or fold them."""
        self._store.update(details=Details.INDICES if self._store.state.preferences.details is None else None)

    def toggle(self, field: str) -> None:
        """Give a field that is true or false its other value."""
        self._store.update(**{field: not value_of(self._store.state, field)})

    # -- structures ----------------------------------------------------------------------------------------------

    def update_overlay(self, **changes: Any) -> None:
        """Change fields of the overlay."""
        self._store.update(overlay=replace(self._store.state.preferences.overlay, **changes))

    def toggle_overlay(self) -> None:
        """Hide or show all structures."""
        self.update_overlay(hidden=not self._store.state.preferences.overlay.hidden)

    def toggle_structure(self, label: int) -> None:
        """Show or hide one structure."""
        overlay = self._store.state.preferences.overlay
        visible = overlay.visible | {label} if overlay.hidden else overlay.visible ^ {label}
        self.update_overlay(visible=visible, hidden=False)

    def next_style(self) -> None:
        """Draw structures in the next style."""
        styles = list(Style)
        style = styles[(styles.index(self._store.state.preferences.overlay.style) + 1) % len(styles)]
        self.update_overlay(style=style, hidden=False)

    def choose_colour(self, structure: int, colour: Colour) -> None:
        """Draw a structure in another colour, unless it would look like another structure."""
        overlay = self._store.state.preferences.overlay
        colours = structure_colours.complete(overlay.colours)
        refused, doubt = judged(structure, colour, colours)
        if not refused:
            chosen = structure_colours.without_defaults({**colours, structure: colour})
            self._store.update(overlay=replace(overlay, colours=chosen), message=None)
        if doubt:
            self._store.say(Kind.WARNING, doubt)

    def default_colours(self) -> None:
        """Draw all structures in their default colours."""
        overlay = replace(self._store.state.preferences.overlay, colours={})
        self._store.update(overlay=overlay, message=None)
