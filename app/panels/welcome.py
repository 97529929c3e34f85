"""A welcome for new users: what is on screen, and how to open a scan."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout

from app.look import icons
from app.look.widgets import label
from app.words.language import translate


class Welcome(QFrame):
    """A banner over the image while the built-in phantom is shown."""

    open_files_requested = Signal()
    open_folder_requested = Signal()
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("welcome")
        row = QHBoxLayout(self)
        row.setContentsMargins(18, 14, 10, 14)
        row.setSpacing(16)
        words = QVBoxLayout()
        words.setSpacing(3)
        words.addWidget(label(translate("Welcome", "Welcome to CineQuant"), "welcomeTitle"))
        words.addWidget(
            label(
                translate(
                    "Welcome",
                    "This is a computed heart to try things on. Open a short-axis cine in NIfTI or DICOM, "
                    "or drop it on the window. Press ? for keys and mouse.",
                ),
                "muted",
                wrap=True,
            )
        )
        row.addLayout(words, 1)
        files = QPushButton(translate("Action", "Open files…"))
        folder = QPushButton(translate("Action", "Open folder…"))
        files.setObjectName("primary")
        files.clicked.connect(self.open_files_requested)
        folder.clicked.connect(self.open_folder_requested)
        buttons = QVBoxLayout()  # one above the other, so that the words keep their room in a small window
        buttons.addWidget(files)
        buttons.addWidget(folder)
        row.addLayout(buttons)
        close = icons.IconButton("close", translate("Welcome", "Close the welcome"))
        close.clicked.connect(self.closed)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
