"""Remembers preferences from one start to the next. A damaged value is dropped; it is never an error."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QSettings

from app.state import structure_colours
from app.state.changes import with_fields
from app.state.types import MAX_RECENTS, AppState, Language, Layout, Overlay, Style, Theme
from engine.network.bench import report_from_json
from engine.volume import STRUCTURES


class Settings:
    """Preferences in the user's own settings file, or in the file given."""

    def __init__(self, path: Path | None = None) -> None:
        form, scope = QSettings.Format.IniFormat, QSettings.Scope.UserScope
        self._store = QSettings(form, scope, "CineQuant", "CineQuant") if path is None else QSettings(str(path), form)

    @property
    def folder(self) -> Path:
        """Where the settings are stored; other things that are kept from one start to the next lie beside them."""
        return Path(self._store.fileName()).parent

    def restore(self, state: AppState) -> AppState:
        """The state with the stored preferences."""
        overlay = state.preferences.overlay
        style = self._text("overlay/style")
        if style in list(Style):
            overlay = replace(overlay, style=Style(style))
        opacity = self._number("overlay/opacity")
        if opacity is not None and 0 <= opacity <= 1:
            overlay = replace(overlay, opacity=opacity)
        visible = self._list("overlay/visible")
        if visible is not None:
            overlay = replace(overlay, visible=frozenset(v for v in visible if isinstance(v, int) and v in STRUCTURES))
        overlay = replace(overlay, colours=structure_colours.from_json(self._json("overlay/colours")))
        chosen = {name: self._text(name) for name in ("model", "precision")}
        layout = self._text("layout")
        recents = [Path(p) for p in self._list("recents") or () if isinstance(p, str) and p]
        theme, language = self._text("theme"), self._text("language")
        return with_fields(
            state,
            overlay=overlay,
            layout=Layout(layout) if layout in list(Layout) else state.preferences.layout,
            smooth=self._text("smooth") != "no",
            sweep=self._text("sweep") == "yes",
            theme=Theme(theme) if theme in list(Theme) else state.preferences.theme,
            language=Language(language) if language in list(Language) else state.preferences.language,
            model_id=chosen["model"] or state.models.model_id,
            precision=chosen["precision"] or state.models.precision,
            by_hand=frozenset(name for name, value in chosen.items() if value),
            report=report_from_json(self._json("report")),
            hide_names=self._text("hide_names") == "yes",
            recents=tuple(recents[:MAX_RECENTS]),
        )

    def save(self, state: AppState) -> None:
        """Store the preferences of this state."""
        overlay: Overlay = state.preferences.overlay
        self._store.setValue("layout", str(state.preferences.layout))
        self._store.setValue("smooth", "yes" if state.preferences.smooth else "no")
        self._store.setValue("sweep", "yes" if state.preferences.sweep else "no")
        self._store.setValue("overlay/style", str(overlay.style))
        self._store.setValue("overlay/opacity", f"{overlay.opacity:.2f}")
        self._store.setValue("overlay/visible", json.dumps(sorted(overlay.visible)))
        self._store.setValue("overlay/colours", json.dumps(structure_colours.to_json(overlay.colours)))
        for name, value in (("model", state.models.model_id), ("precision", state.models.precision)):
            self._store.setValue(name, value if name in state.models.by_hand else "")
        self._store.setValue("report", json.dumps(state.models.report.to_json()) if state.models.report else "")
        self._store.setValue("theme", str(state.preferences.theme))
        self._store.setValue("language", str(state.preferences.language))
        self._store.setValue("hide_names", "yes" if state.preferences.hide_names else "no")
        self._store.setValue("recents", json.dumps([str(p) for p in state.preferences.recents]))

    @property
    def geometry(self) -> QByteArray | None:
        """Where the window was; None if nothing sensible is stored."""
        value = self._store.value("window/geometry")
        return value if isinstance(value, QByteArray) and not value.isEmpty() else None

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._store.setValue("window/geometry", value)

    def _text(self, key: str) -> str:
        value = self._store.value(key)
        return value if isinstance(value, str) else ""

    def _number(self, key: str) -> float | None:
        try:
            return float(self._text(key))
        except ValueError:
            return None

    def _list(self, key: str) -> list[Any] | None:
        value = self._json(key)
        return value if isinstance(value, list) else None

    def _json(self, key: str) -> Any:
        try:
            return json.loads(self._text(key) or "null")
        except (ValueError, RecursionError):  # damaged, or nested too deeply for anything that was saved
            return None
