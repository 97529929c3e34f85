"""Colours, type and the style sheet: dark and calm, or light. Images lie on black in both.

A colour is read from this module by its name, as theme.TEXT, and is that of the theme in use; what caches one hears
of another theme by QEvent.PaletteChange. What is drawn on an image takes its colours from IMAGE, structures from
STRUCTURE_COLOURS, which are read when they are drawn too: the user can choose them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from app.state import structure_colours
from app.state.types import FLOAT32, INT8, Theme
from engine.pictures.render import Colour
from engine.volume import LV, MYO, RV


@dataclass(frozen=True, slots=True)
class Colours:
    """The colours of a theme, as #rrggbb.

    Grounds: window, panel, raised, hover, pressed (accent_dim: of what is chosen). Text: text, muted, faint, accent,
    error, warning, and the colours of structures and precisions, which all have a contrast of at least 4.5 to the
    grounds they are on. Lines: border, edge (of what can be pressed), warning_edge. on_accent: text on accent.
    """

    window: str
    panel: str
    raised: str
    hover: str
    pressed: str
    border: str
    edge: str
    handle: str
    text: str
    muted: str
    faint: str
    accent: str
    accent_dim: str
    accent_hover: str
    on_accent: str
    error: str
    warning: str
    warning_edge: str
    veil: str
    drop: str
    lv: str
    myo: str
    rv: str
    float32: str
    float16: str
    dynamic: str
    other_precision: str


DARK = Colours(
    window="#0d1014", panel="#14181e", raised="#1d232b", hover="#262e38", pressed="#2f3843",
    border="#262d36", edge="#3a4552", handle="#e7ebf0",
    text="#e7ebf0", muted="#9aa6b5", faint="#8a97a8",
    accent="#3cc8b4", accent_dim="#1c4a47", accent_hover="#58d6c4", on_accent="#0d1014",
    error="#f2776f", warning="#e8b84f", warning_edge="#5a4a22",
    veil="rgba(20, 24, 30, 235)", drop="rgba(28, 74, 71, 215)",
    lv="#ff704d", myo="#f4d65c", rv="#58b4f5",
    float32="#a594f9", float16="#f08cc0", dynamic="#b9d36a", other_precision="#c9d1db",
)  # fmt: skip

LIGHT = Colours(
    window="#e9edf1", panel="#ffffff", raised="#f3f5f8", hover="#e2e8ee", pressed="#d3dbe3",
    border="#ccd4dc", edge="#a9b5c1", handle="#46525f",
    text="#141a21", muted="#46525f", faint="#596574",
    accent="#0a6b5f", accent_dim="#bfe6df", accent_hover="#08574d", on_accent="#ffffff",
    error="#a8231b", warning="#704a00", warning_edge="#d9b96a",
    veil="rgba(255, 255, 255, 240)", drop="rgba(191, 230, 223, 225)",
    lv="#b93a0a", myo="#7d5800", rv="#155e99",
    float32="#5340b8", float16="#9c2a6c", dynamic="#4f6a0c", other_precision="#46525f",
)  # fmt: skip

IMAGE = DARK
"""What is drawn on and around images, which stay dark in every theme."""

STRUCTURE_COLOURS: Mapping[int, Colour] = structure_colours.DEFAULTS
"""On images, by structure; another mapping after each choice."""

_now = DARK


def __getattr__(name: str) -> str:
    """A colour of the theme in use."""
    try:
        colour: str = getattr(_now, name.lower())
    except AttributeError:
        raise AttributeError(f"theme has no colour {name}") from None
    return colour


LEGIBLE = 4.5
"""The contrast of words to what is below them."""

FONT_FAMILIES = ["Inter", "Segoe UI Variable Text", "Segoe UI", "SF Pro Text", "Helvetica Neue", "Noto Sans",
                 "DejaVu Sans"]  # fmt: skip


def structure_css(label: int) -> str:
    """A structure's colour on a panel: that on the image, or as dark as a light ground needs."""
    colour = STRUCTURE_COLOURS[label]
    if colour == structure_colours.DEFAULTS[label]:
        return {LV: _now.lv, MYO: _now.myo, RV: _now.rv}[label]
    return legible(colour, _now)


def legible(colour: Colour, on: Colours) -> str:
    """The colour, moved towards that of text until words in it are legible on the theme's grounds."""
    text, best = structure_colours.of_css(on.text) or colour, structure_colours.css(colour)
    for share in range(101):
        mixed = tuple(round(c + share / 100 * (t - c)) for c, t in zip(colour, text, strict=True))
        best = structure_colours.css((mixed[0], mixed[1], mixed[2]))
        if all(contrast(best, ground) >= LEGIBLE for ground in (on.window, on.panel, on.raised)):
            break
    return best


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, 1 to 21, as WCAG 2.2 defines it."""
    high, low = sorted((_luminance(QColor(one)), _luminance(QColor(other))), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: QColor) -> float:
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def precision_css(precision: str) -> str:
    """A precision's colour for plots and style sheets."""
    # Violet, teal, pink and lime differ from the structures, and from each other in lightness too.
    known = {FLOAT32: _now.float32, INT8: _now.accent, "float16": _now.float16, "dynamic": _now.dynamic}
    return known.get(precision, _now.other_precision)


def font(pixels: int, *, bold: bool = False) -> QFont:
    """The program's typeface with figures of one width, so that changing numbers do not jump."""
    return QFont(_font(pixels, bold))


@cache
def _font(pixels: int, bold: bool) -> QFont:
    chosen = QFont()
    chosen.setFamilies(FONT_FAMILIES)
    chosen.setPixelSize(pixels)
    chosen.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    chosen.setFeature(QFont.Tag("tnum"), 1)
    return chosen


def colours_of(choice: Theme, system: Qt.ColorScheme) -> Colours:
    """The colours of a theme; where it follows a system that does not say, the dark ones."""
    if choice is Theme.SYSTEM:
        return LIGHT if system is Qt.ColorScheme.Light else DARK
    return LIGHT if choice is Theme.LIGHT else DARK


def apply(
    application: QApplication, choice: Theme = Theme.DARK, structures: Mapping[int, Colour] | None = None
) -> None:
    """Set the look of the whole program, at the start and whenever the choice or the system changes.

    structures: the colours that the user chose for structures; the others have their defaults.
    """
    global _now, STRUCTURE_COLOURS  # noqa: PLW0603 - there is one application, and all of it has one theme
    hints = application.styleHints()
    if choice is Theme.SYSTEM:
        hints.unsetColorScheme()
    else:  # so that the system's window frames and file dialogs match
        hints.setColorScheme(Qt.ColorScheme.Light if choice is Theme.LIGHT else Qt.ColorScheme.Dark)
    before, _now = _now, colours_of(choice, hints.colorScheme())
    now = _now
    STRUCTURE_COLOURS = structure_colours.complete(structures or {})
    labels = {"lv": LV, "myo": MYO, "rv": RV}
    on_image = {f"image_{name}": structure_colours.css(STRUCTURE_COLOURS[label]) for name, label in labels.items()}
    on_panel = {name: structure_css(label) for name, label in labels.items()}
    sheet = STYLE.format(**{**asdict(now), **on_image, **on_panel})
    if application.styleSheet() == sheet:
        return
    if application.styleSheet() and now is before:  # only the structures' colours differ
        application.setStyleSheet(sheet)
        return
    application.setStyle("Fusion")
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, colour in {
        roles.Window: now.window, roles.Base: now.panel, roles.AlternateBase: now.raised, roles.Button: now.raised,
        roles.Text: now.text, roles.WindowText: now.text, roles.ButtonText: now.text, roles.BrightText: now.text,
        roles.ToolTipBase: now.raised, roles.ToolTipText: now.text, roles.PlaceholderText: now.faint,
        roles.Highlight: now.accent, roles.HighlightedText: now.on_accent, roles.Link: now.accent,
        roles.LinkVisited: now.accent, roles.Accent: now.accent,
    }.items():  # fmt: skip
        palette.setColor(role, QColor(colour))
    for role in (roles.Text, roles.WindowText, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(now.faint))
    application.setPalette(palette)
    application.setFont(font(12 if QFontDatabase.hasFamily("DejaVu Sans") and not _has_modern_font() else 13))
    application.setStyleSheet(sheet)


def _has_modern_font() -> bool:
    """DejaVu Sans runs wide: where it is all there is, one pixel less keeps the panels' measure."""
    return any(QFontDatabase.hasFamily(family) for family in FONT_FAMILIES[:-1])


STYLE = """
QWidget {{ color: {text}; }}
QMainWindow, QDialog {{ background: {window}; }}
QToolTip {{ background: {raised}; color: {text}; border: 1px solid {border}; padding: 5px 7px; }}

#header, #statusBar {{ background: {panel}; }}
#header {{ border-bottom: 1px solid {border}; }}
#statusBar {{ border-top: 1px solid {border}; }}
#wordmark {{ font-size: 15px; font-weight: 600; letter-spacing: 0.2px; }}
#patient {{ color: {text}; font-weight: 600; }}
#scanTitle {{ color: {muted}; }}
#palette {{ background: {raised}; border: 1px solid {edge}; }}
#research {{ color: {warning}; border: 1px solid {warning_edge}; border-radius: 9px; padding: 2px 10px;
    font-size: 11px; }}

QMenuBar {{ background: transparent; color: {muted}; }}
QMenuBar::item {{ padding: 6px 7px; border-radius: 5px; background: transparent; }}
QMenuBar::item:selected {{ background: {hover}; color: {text}; }}
QMenu {{ background: {raised}; border: 1px solid {border}; padding: 5px; }}
QMenu::item {{ padding: 5px 28px 5px 14px; border-radius: 4px; }}
QMenu::item:selected {{ background: {hover}; }}
QMenu::item:disabled {{ color: {faint}; }}
QMenu::separator {{ height: 1px; background: {border}; margin: 5px 8px; }}

#side, #side > QWidget > QWidget {{ background: {window}; }}
QScrollArea {{ border: none; background: {window}; }}
QScrollArea#side {{ border: 1px solid transparent; }}
QScrollArea#side:focus {{ border-color: {accent}; }}
QPushButton#recent:focus {{ border-color: {accent}; }}
QFrame#panel {{ background: {panel}; border: 1px solid {border}; border-radius: 8px; }}
QPushButton#panelTitle {{ color: {muted}; font-size: 11px; font-weight: 600; letter-spacing: 0.9px; border: none;
    background: transparent; padding: 0; text-align: left; min-height: 16px; }}
QLabel#panelTitle {{ color: {muted}; font-size: 11px; font-weight: 600; letter-spacing: 0.9px; padding-top: 2px; }}
QPushButton#panelTitle:hover, QPushButton#panelTitle:focus {{ color: {accent}; }}
QLabel#muted {{ color: {muted}; }}
QLabel#small {{ color: {muted}; font-size: 11px; }}
QLabel#notice {{ color: {warning}; font-size: 11px; }}
QLabel#big {{ font-size: 26px; font-weight: 600; }}
QLabel#value {{ font-weight: 500; }}
QLabel#good {{ color: {accent}; }}
QLabel[structure="1"] {{ color: {lv}; }}
QLabel[structure="2"] {{ color: {myo}; }}
QLabel[structure="3"] {{ color: {rv}; }}
QLabel[precision] {{ color: {other_precision}; font-weight: 600; }}
QLabel[precision="float32"] {{ color: {float32}; }}
QLabel[precision="int8"] {{ color: {accent}; }}
QLabel[precision="float16"] {{ color: {float16}; }}
QLabel[precision="dynamic"] {{ color: {dynamic}; }}

QPushButton {{ background: {raised}; border: 1px solid {border}; border-radius: 6px; padding: 6px 12px;
    outline: none; }}
QPushButton:hover {{ background: {hover}; border-color: {edge}; }}
QPushButton:pressed {{ background: {pressed}; }}
QPushButton:focus, QToolButton:focus {{ border-color: {accent}; }}
QPushButton:disabled {{ color: {faint}; background: {panel}; }}
QPushButton#primary {{ background: {accent}; color: {on_accent}; border-color: {accent}; font-weight: 600; }}
QPushButton#primary:hover {{ background: {accent_hover}; }}
QPushButton#primary:focus {{ border: 2px solid {text}; padding: 5px 11px; }}
QPushButton#link {{ background: transparent; border: 1px solid transparent; color: {accent}; padding: 2px 4px;
    text-align: left; }}
QPushButton#link:hover {{ color: {accent_hover}; }}
QPushButton#link:focus {{ border-color: {accent}; }}
QPushButton#recent {{ background: transparent; border: 1px solid transparent; color: {muted}; padding: 3px 6px;
    text-align: left; }}
QPushButton#recent:hover {{ background: {raised}; color: {text}; }}
QToolButton {{ background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 4px; }}
QToolButton#inTitle {{ padding: 0; }}
QToolButton:hover {{ background: {hover}; }}
QToolButton:focus {{ border-color: {accent}; }}

QPushButton[segment="true"] {{ border-radius: 0; padding: 6px 4px; background: {raised}; color: {muted}; }}
QPushButton[segment="true"]:hover {{ background: {hover}; color: {text}; }}
QPushButton[segment="true"]:checked {{ background: {accent_dim}; color: {text}; border-color: {accent}; }}
QPushButton[segment="true"]:focus {{ border: 2px solid {accent}; padding: 5px 3px; color: {text}; }}
QPushButton[segment="true"][place="first"] {{ border-top-left-radius: 6px; border-bottom-left-radius: 6px; }}
QPushButton[segment="true"][place="only"] {{ border-radius: 6px; }}
QPushButton[segment="true"][place="last"] {{ border-top-right-radius: 6px; border-bottom-right-radius: 6px; }}

QComboBox {{ background: {raised}; border: 1px solid {border}; border-radius: 6px; padding: 5px 9px; }}
QComboBox:hover {{ background: {hover}; }}
QComboBox:focus {{ border-color: {accent}; }}
QComboBox {{ combobox-popup: 0; }}
QComboBox QAbstractItemView, QComboBox QAbstractItemView:focus {{ background: {raised}; border: 1px solid {edge};
    border-radius: 0; outline: none; padding: 3px; }}
QComboBox QAbstractItemView::item {{ min-height: 26px; padding: 0 7px; border-radius: 4px; }}
QComboBox QAbstractItemView::item:selected {{ background: {accent_dim}; color: {text}; }}
QComboBox::drop-down {{ border: none; width: 22px; }}
QComboBox::down-arrow {{ image: none; }}
QDoubleSpinBox {{ background: {raised}; border: 1px solid {border}; border-radius: 6px; padding: 6px 8px; }}
QDoubleSpinBox:focus {{ border-color: {accent}; }}
QDoubleSpinBox::up-button, QDoubleSpinBox::down-button {{ width: 0; height: 0; border: none; }}
QCheckBox {{ spacing: 8px; }}
QCheckBox::indicator {{ width: 13px; height: 13px; border-radius: 4px; border: 1px solid {edge};
    background: transparent; }}
QCheckBox::indicator:checked {{ background: {accent}; border-color: {accent}; }}
QCheckBox[structure="1"]::indicator {{ border-color: {lv}; }}
QCheckBox[structure="1"]::indicator:checked {{ background: {image_lv}; border-color: {lv}; }}
QCheckBox[structure="2"]::indicator {{ border-color: {myo}; }}
QCheckBox[structure="2"]::indicator:checked {{ background: {image_myo}; border-color: {myo}; }}
QCheckBox[structure="3"]::indicator {{ border-color: {rv}; }}
QCheckBox[structure="3"]::indicator:checked {{ background: {image_rv}; border-color: {rv}; }}
QRadioButton {{ spacing: 8px; }}
QRadioButton::indicator {{ width: 12px; height: 12px; border-radius: 7px; border: 1px solid {edge};
    background: {raised}; }}
QRadioButton::indicator:checked {{ background: {accent}; border-color: {accent}; }}
QRadioButton:focus {{ color: {accent}; text-decoration: underline; }}
QCheckBox:focus {{ color: {accent}; text-decoration: underline; }}
QLineEdit {{ background: {raised}; border: 1px solid {border}; border-radius: 6px; padding: 6px 9px;
    selection-background-color: {accent}; selection-color: {on_accent}; }}
QLineEdit:focus {{ border-color: {accent}; }}
QPlainTextEdit {{ background: {raised}; border: 1px solid {border}; border-radius: 6px; padding: 3px 5px;
    selection-background-color: {accent}; selection-color: {on_accent}; }}
QPlainTextEdit:focus {{ border-color: {accent}; }}

QSlider::groove:horizontal {{ height: 4px; background: {hover}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {accent}; border-radius: 2px; }}
QSlider::handle:horizontal {{ width: 14px; height: 14px; margin: -5px 0; border-radius: 7px; background: {handle}; }}
QSlider::handle:horizontal:hover {{ background: {text}; }}
QSlider:focus {{ background: {accent_dim}; border-radius: 4px; }}
QSlider::sub-page:horizontal:disabled, QSlider::handle:horizontal:disabled {{ background: {edge}; }}
QProgressBar {{ background: {hover}; border: none; border-radius: 2px; }}
QProgressBar::chunk {{ background: {accent}; border-radius: 2px; }}

QTreeView, QListView, QTableView {{ background: {panel}; border: 1px solid transparent; border-radius: 6px;
    outline: none; }}
QTableView, QListView#results {{ border-color: {border}; gridline-color: {border}; }}
QTreeView:focus, QListView:focus, QTableView:focus {{ border-color: {accent}; }}
QTreeView::item:hover, QListView::item:hover, QTableView::item:hover {{ background: {hover}; }}
QTreeView::item:selected, QListView::item:selected, QTableView::item:selected {{ background: {accent_dim};
    color: {text}; }}
QTableView::item {{ padding: 0 5px; }}
QHeaderView {{ background: {raised}; }}
QHeaderView::section {{ background: {raised}; color: {muted}; border: none; border-bottom: 1px solid {border};
    padding: 5px 8px; font-size: 11px; font-weight: 600; }}

QMessageBox QLabel#qt_msgbox_label {{ font-size: 16px; font-weight: 600; }}
QMessageBox QLabel#qt_msgbox_informativelabel {{ min-width: 430px; }}
QMessageBox QFrame[frameShape="4"] {{ border: none; background: {border}; max-height: 1px; }}

QScrollBar:horizontal {{ background: transparent; height: 8px; margin: 0; }}
QScrollBar::handle:horizontal {{ background: {edge}; border-radius: 4px; min-width: 30px; }}
QScrollBar:vertical {{ background: transparent; width: 8px; margin: 0; }}
QScrollBar::handle:vertical {{ background: {edge}; border-radius: 4px; min-height: 30px; }}
QScrollBar::handle:vertical:hover {{ background: {muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; width: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}

#message {{ border-radius: 8px; background: {raised}; border: 1px solid {border}; }}
#message[kind="error"] {{ border-color: {error}; }}
#message[kind="warning"], #message[kind="hint"] {{ border-color: {warning}; }}
#message[kind="success"] {{ border-color: {accent}; }}
#welcome {{ background: {veil}; border: 1px solid {border}; border-radius: 10px; }}
#welcomeTitle {{ font-size: 16px; font-weight: 600; }}
#dropHint {{ background: {drop}; border: 2px dashed {accent}; border-radius: 12px; font-size: 18px; }}
#cineBar {{ background: {panel}; border: 1px solid {border}; border-radius: 8px; }}
"""
