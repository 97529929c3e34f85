"""Colours, type and the style sheet. Dark and calm, so that the image is the brightest thing in the room."""

from __future__ import annotations

from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from app.state import FLOAT32, INT8
from engine.volume import LV, MYO, RV

WINDOW = "#0d1014"
PANEL = "#14181e"
RAISED = "#1d232b"
HOVER = "#262e38"
BORDER = "#262d36"
TEXT = "#e7ebf0"
MUTED = "#9aa6b5"
FAINT = "#697586"
ACCENT = "#3cc8b4"
ACCENT_DIM = "#1c4a47"
ERROR = "#f2776f"
WARNING = "#e8b84f"

# Vermilion, yellow and sky blue after Okabe and Ito, lightened for a dark ground: they stay apart in every kind of
# colour blindness, in hue or in lightness, and none of them occurs in a grey image.
STRUCTURE_COLOURS: dict[int, tuple[int, int, int]] = {LV: (255, 112, 77), MYO: (244, 214, 92), RV: (88, 180, 245)}

# Violet against teal, pink and lime beside them: apart from the structures, and from each other in lightness too.
PRECISION_COLOURS = {FLOAT32: "#a594f9", INT8: ACCENT, "float16": "#f08cc0", "dynamic": "#b9d36a"}
OTHER_PRECISION = "#c9d1db"

FONT_FAMILIES = ["Inter", "Segoe UI Variable Text", "Segoe UI", "SF Pro Text", "Helvetica Neue", "Noto Sans",
                 "DejaVu Sans"]  # fmt: skip


def structure_css(label: int) -> str:
    """A structure's colour for a style sheet."""
    return "#{:02x}{:02x}{:02x}".format(*STRUCTURE_COLOURS[label])


def precision_css(precision: str) -> str:
    """A precision's colour for plots and style sheets."""
    return PRECISION_COLOURS.get(precision, OTHER_PRECISION)


def font(pixels: int, *, bold: bool = False) -> QFont:
    """The program's typeface with figures of one width, so that changing numbers do not jump."""
    chosen = QFont()
    chosen.setFamilies(FONT_FAMILIES)
    chosen.setPixelSize(pixels)
    chosen.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    chosen.setFeature(QFont.Tag("tnum"), 1)
    return chosen


def apply(application: QApplication) -> None:
    """Give the whole program its looks."""
    application.setStyle("Fusion")
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, colour in {
        roles.Window: WINDOW, roles.Base: PANEL, roles.AlternateBase: RAISED, roles.Button: RAISED,
        roles.Text: TEXT, roles.WindowText: TEXT, roles.ButtonText: TEXT, roles.BrightText: TEXT,
        roles.ToolTipBase: RAISED, roles.ToolTipText: TEXT, roles.PlaceholderText: FAINT,
        roles.Highlight: ACCENT, roles.HighlightedText: WINDOW, roles.Link: ACCENT, roles.LinkVisited: ACCENT,
        roles.Accent: ACCENT,
    }.items():  # fmt: skip
        palette.setColor(role, QColor(colour))
    for role in (roles.Text, roles.WindowText, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(FAINT))
    application.setPalette(palette)
    application.setFont(font(12 if QFontDatabase.hasFamily("DejaVu Sans") and not _has_modern_font() else 13))
    application.setStyleSheet(STYLE)


def _has_modern_font() -> bool:
    """DejaVu Sans runs wide: where it is all there is, one pixel less keeps the panels' measure."""
    return any(QFontDatabase.hasFamily(family) for family in FONT_FAMILIES[:-1])


STYLE = f"""
QWidget {{ color: {TEXT}; }}
QMainWindow, QDialog {{ background: {WINDOW}; }}
QToolTip {{ background: {RAISED}; color: {TEXT}; border: 1px solid {BORDER}; padding: 5px 7px; }}

#header, #statusBar {{ background: {PANEL}; }}
#header {{ border-bottom: 1px solid {BORDER}; }}
#statusBar {{ border-top: 1px solid {BORDER}; }}
#wordmark {{ font-size: 15px; font-weight: 600; letter-spacing: 0.2px; }}
#scanTitle {{ color: {TEXT}; font-weight: 500; }}
#research {{ color: {WARNING}; border: 1px solid #5a4a22; border-radius: 9px; padding: 2px 10px; font-size: 11px; }}

QMenuBar {{ background: transparent; color: {MUTED}; }}
QMenuBar::item {{ padding: 6px 10px; border-radius: 5px; background: transparent; }}
QMenuBar::item:selected {{ background: {HOVER}; color: {TEXT}; }}
QMenu {{ background: {RAISED}; border: 1px solid {BORDER}; padding: 5px; }}
QMenu::item {{ padding: 6px 28px 6px 14px; border-radius: 4px; }}
QMenu::item:selected {{ background: {HOVER}; }}
QMenu::item:disabled {{ color: {FAINT}; }}
QMenu::separator {{ height: 1px; background: {BORDER}; margin: 5px 8px; }}

#side, #side > QWidget > QWidget {{ background: {WINDOW}; }}
QScrollArea {{ border: none; background: {WINDOW}; }}
QFrame#panel {{ background: {PANEL}; border: 1px solid {BORDER}; border-radius: 8px; }}
QLabel#panelTitle {{ color: {MUTED}; font-size: 11px; font-weight: 600; letter-spacing: 0.9px; }}
QLabel#muted {{ color: {MUTED}; }}
QLabel#small {{ color: {MUTED}; font-size: 11px; }}
QLabel#notice {{ color: {WARNING}; font-size: 11px; }}
QLabel#big {{ font-size: 26px; font-weight: 600; }}
QLabel#value {{ font-weight: 500; }}

QPushButton {{ background: {RAISED}; border: 1px solid {BORDER}; border-radius: 6px; padding: 6px 12px; }}
QPushButton:hover {{ background: {HOVER}; border-color: #36404c; }}
QPushButton:pressed {{ background: {BORDER}; }}
QPushButton:focus, QToolButton:focus {{ border-color: {ACCENT}; }}
QPushButton:disabled {{ color: {FAINT}; background: {PANEL}; }}
QPushButton#primary {{ background: {ACCENT}; color: {WINDOW}; border-color: {ACCENT}; font-weight: 600; }}
QPushButton#primary:hover {{ background: #58d6c4; }}
QPushButton#link {{ background: transparent; border: 1px solid transparent; color: {ACCENT}; padding: 2px 4px;
    text-align: left; }}
QPushButton#link:hover {{ color: #7fe3d5; }}
QPushButton#link:focus {{ border-color: {ACCENT_DIM}; }}
QPushButton#recent {{ background: transparent; border: 1px solid transparent; color: {MUTED}; padding: 3px 6px;
    text-align: left; }}
QPushButton#recent:hover {{ background: {RAISED}; color: {TEXT}; }}
QToolButton {{ background: transparent; border: 1px solid transparent; border-radius: 6px; padding: 4px; }}
QToolButton:hover {{ background: {HOVER}; }}

QPushButton[segment="true"] {{ border-radius: 0; padding: 6px 4px; background: {RAISED}; color: {MUTED}; }}
QPushButton[segment="true"]:hover {{ background: {HOVER}; color: {TEXT}; }}
QPushButton[segment="true"]:checked {{ background: {ACCENT_DIM}; color: {TEXT}; border-color: {ACCENT}; }}
QPushButton[segment="true"][place="first"] {{ border-top-left-radius: 6px; border-bottom-left-radius: 6px; }}
QPushButton[segment="true"][place="last"] {{ border-top-right-radius: 6px; border-bottom-right-radius: 6px; }}

QComboBox {{ background: {RAISED}; border: 1px solid {BORDER}; border-radius: 6px; padding: 5px 9px; }}
QComboBox:hover {{ background: {HOVER}; }}
QComboBox:focus {{ border-color: {ACCENT}; }}
QComboBox QAbstractItemView {{ background: {RAISED}; border: 1px solid {BORDER}; outline: none; padding: 3px;
    selection-background-color: {HOVER}; selection-color: {TEXT}; }}
QComboBox::drop-down {{ border: none; width: 22px; }}
QComboBox::down-arrow {{ image: none; }}
QDoubleSpinBox {{ background: {RAISED}; border: 1px solid {BORDER}; border-radius: 6px; padding: 6px 8px; }}
QDoubleSpinBox:focus {{ border-color: {ACCENT}; }}
QCheckBox {{ spacing: 8px; }}
QCheckBox::indicator {{ width: 13px; height: 13px; border-radius: 4px; border: 1px solid #485362;
    background: transparent; }}
QCheckBox::indicator:checked {{ background: {ACCENT}; border-color: {ACCENT}; }}
QCheckBox:focus {{ color: {ACCENT}; }}

QSlider::groove:horizontal {{ height: 4px; background: {HOVER}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {ACCENT}; border-radius: 2px; }}
QSlider::handle:horizontal {{ width: 14px; height: 14px; margin: -5px 0; border-radius: 7px; background: {TEXT}; }}
QSlider::handle:horizontal:hover {{ background: white; }}
QSlider::sub-page:horizontal:disabled, QSlider::handle:horizontal:disabled {{ background: #39434f; }}
QProgressBar {{ background: {HOVER}; border: none; border-radius: 2px; }}
QProgressBar::chunk {{ background: {ACCENT}; border-radius: 2px; }}

QScrollBar:vertical {{ background: transparent; width: 8px; margin: 0; }}
QScrollBar::handle:vertical {{ background: #333c47; border-radius: 4px; min-height: 30px; }}
QScrollBar::handle:vertical:hover {{ background: #465160; }}
QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; width: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}

#message {{ border-radius: 8px; background: {RAISED}; border: 1px solid {BORDER}; }}
#message[kind="error"] {{ border-color: {ERROR}; }}
#message[kind="warning"] {{ border-color: {WARNING}; }}
#message[kind="success"] {{ border-color: {ACCENT}; }}
#welcome {{ background: rgba(20, 24, 30, 235); border: 1px solid {BORDER}; border-radius: 10px; }}
#welcomeTitle {{ font-size: 16px; font-weight: 600; }}
#dropHint {{ background: rgba(28, 74, 71, 215); border: 2px dashed {ACCENT}; border-radius: 12px; font-size: 18px; }}
#cineBar {{ background: {PANEL}; border: 1px solid {BORDER}; border-radius: 8px; }}
"""
