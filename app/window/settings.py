"""Remembers preferences from one start to the next. A damaged value is dropped; it is never an error."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

from app.state import structure_colours, turned
from app.state.changes import with_fields
from app.state.outgoing import MAX_HOSPITAL, Stationery
from app.state.types import MAX_RECENTS, AppState, Language, Layout, Style, Theme
from engine.dossier import MAX_READER, IdentifyBy
from engine.network.bench import report_from_json
from engine.volume import STRUCTURES


class Settings:
    """Preferences in the user's own settings file, or in the file given."""

    def __init__(self, path: Path | None = None) -> None:
        form, scope = QSettings.Format.IniFormat, QSettings.Scope.UserScope
        usual = Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.GenericConfigLocation))
        file = path or usual / "CineQuant" / "CineQuant.ini"
        # Reading a pipe or a device under the name of the settings would never end: a file beside it is used.
        if file.exists() and not file.is_file():
            path = file.with_name(f"{file.stem}-new{file.suffix}")
        self._store = QSettings(form, scope, "CineQuant", "CineQuant") if path is None else QSettings(str(path), form)
        self._known: dict[str, str] = {}

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
        recents = _paths(self._list("recents"))
        theme, language = self._text("theme"), self._text("language")
        restored = with_fields(
            state,
            overlay=overlay,
            layout=Layout(layout) if layout in list(Layout) else state.preferences.layout,
            smooth=self._text("smooth") != "no",
            sweep=self._text("sweep") == "yes",
            keep_base=self._text("keep_base") == "yes",
            theme=Theme(theme) if theme in list(Theme) else state.preferences.theme,
            language=Language(language) if language in list(Language) else state.preferences.language,
            model_id=chosen["model"] or state.models.model_id,
            precision=chosen["precision"] or state.models.precision,
            by_hand=frozenset(name for name, value in chosen.items() if value),
            report=report_from_json(self._json("report")),
            hide_names=self._text("hide_names") == "yes",
            turns=turned.from_json(self._json("turns")),
            recents=tuple(recents[:MAX_RECENTS]),
            stationery=self._stationery(),
        )
        self._known = _values(restored)
        return restored

    def save(self, state: AppState) -> None:
        """Store the preferences that have changed since they were read or stored. Another window may store others."""
        self._store.sync()
        values = _values(state)
        for key, value in values.items():
            if value != self._known.get(key):
                mixed = key == "recents"
                self._store.setValue(key, self._with_others(state.preferences.recents) if mixed else value)
        self._known = values
        self._store.sync()

    def _with_others(self, recents: Sequence[Path]) -> str:
        """The scans opened here, then those that another window has opened since."""
        known = _paths(self._list("recents", self._known.get("recents", "")))
        others = [p for p in _paths(self._list("recents")) if p not in recents and p not in known]
        return json.dumps([str(p) for p in [*recents, *others][:MAX_RECENTS]])

    @property
    def folded(self) -> set[str]:
        """The names of the panels that are folded."""
        return {name for name in self._list("window/folded") or () if isinstance(name, str)}

    @folded.setter
    def folded(self, names: set[str]) -> None:
        self._store.setValue("window/folded", json.dumps(sorted(names)))

    @property
    def geometry(self) -> QByteArray | None:
        """Where the window was; None if nothing sensible is stored."""
        value = self._store.value("window/geometry")
        return value if isinstance(value, QByteArray) and not value.isEmpty() else None

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._store.setValue("window/geometry", value)

    def _stationery(self) -> Stationery:
        logo, folder = self._text("report/logo"), self._text("export/folder")
        report_by, tables_by = self._text("report/named_by"), self._text("export/named_by")
        plain = Stationery()
        return Stationery(
            hospital=self._text("report/hospital")[:MAX_HOSPITAL],
            reader=self._text("report/reader")[:MAX_READER],
            logo=Path(logo) if logo else None,
            report_by=IdentifyBy(report_by) if report_by in list(IdentifyBy) else plain.report_by,
            # A pseudonym is of one scan and not remembered.
            tables_by=IdentifyBy(tables_by) if tables_by in (IdentifyBy.CODE, IdentifyBy.STUDY) else plain.tables_by,
            export_folder=Path(folder) if folder else None,
        )

    def _text(self, key: str) -> str:
        value = self._store.value(key)
        return value if isinstance(value, str) else ""

    def _number(self, key: str) -> float | None:
        try:
            return float(self._text(key))
        except ValueError:
            return None

    def _list(self, key: str, text: str | None = None) -> list[Any] | None:
        value = self._json(key, text)
        return value if isinstance(value, list) else None

    def _json(self, key: str, text: str | None = None) -> Any:
        """The value of a key, or of the text given in its place."""
        try:
            return json.loads((self._text(key) if text is None else text) or "null")
        except (ValueError, RecursionError):  # damaged, or nested too deeply for anything that was saved
            return None


def _paths(values: list[Any] | None) -> list[Path]:
    return [Path(value) for value in values or () if isinstance(value, str) and value]


def _values(state: AppState) -> dict[str, str]:
    """What is stored of a state, by key."""
    preferences, overlay = state.preferences, state.preferences.overlay
    chosen = {"model": state.models.model_id, "precision": state.models.precision}
    return {
        "layout": str(preferences.layout),
        "smooth": "yes" if preferences.smooth else "no",
        "sweep": "yes" if preferences.sweep else "no",
        "keep_base": "yes" if preferences.keep_base else "no",
        "overlay/style": str(overlay.style),
        "overlay/opacity": f"{overlay.opacity:.2f}",
        "overlay/visible": json.dumps(sorted(overlay.visible)),
        "overlay/colours": json.dumps(structure_colours.to_json(overlay.colours)),
        **{name: value if name in state.models.by_hand else "" for name, value in chosen.items()},
        "report": json.dumps(state.models.report.to_json()) if state.models.report else "",
        "theme": str(preferences.theme),
        "language": str(preferences.language),
        "hide_names": "yes" if preferences.hide_names else "no",
        "turns": json.dumps(turned.to_json(preferences.turns)),
        "recents": json.dumps([str(p) for p in preferences.recents]),
        "report/hospital": state.stationery.hospital,
        "report/reader": state.stationery.reader,
        "report/logo": str(state.stationery.logo or ""),
        "report/named_by": str(state.stationery.report_by),
        "export/named_by": str(state.stationery.tables_by),
        "export/folder": str(state.stationery.export_folder or ""),
    }
