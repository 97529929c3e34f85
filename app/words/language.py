"""The language of the window: how a text is looked up, and which catalogue answers.

Texts stand in the code in English. They are marked where they stand, by translate() where they are shown at once or by
marked() in tables, and looked up when they are drawn; `python -m resources.translations` collects them. What is put
into a text has a name in braces, and a number that the wording depends on is %n. The command line is English.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import reduce
from importlib import resources
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from app.state.types import Language

CODES = tuple(str(language) for language in Language if language is not Language.SYSTEM)
_OWNER = "cinequant-language"
_now = str(Language.ENGLISH)
# English needs no catalogue: of "%n slice(s)" what is in parentheses is left out for one.
_PLURAL = re.compile(r"\((\w+)\)")
COUNT = None
"""Before the number in translate(), where Qt once had an encoding."""


def translate(context: str, text: str, comment: str = "", _: object = None, n: int = -1) -> str:
    """The text in the language of the window, itself where the catalogue has none.

    context, text, comment: literals, which lupdate collects, though not out of an f-string. n: the number that the
    wording depends on, put in for %n. It is the fifth argument, after COUNT, and a plain name or a call: else lupdate
    does not see that it is a number.
    """
    said = QCoreApplication.translate(context, text, comment, n)
    if n < 0:
        return said
    return _PLURAL.sub("" if n == 1 else r"\1", said)


def marked(_: str, text: str) -> str:
    """The text as it is, marked for the catalogue in this context: for tables, whose texts are looked up when drawn."""
    return text


def thousands(value: float) -> str:
    """A whole number with its thousands set apart: 1,234 in English, elsewhere by a thin space, as ISO 80000-1 has it.

    The decimal mark is a point in every language, as in the files that are exported; a comma would be read as one.
    """
    return f"{value:,.0f}".replace(",", translate("Numbers", ",", "between thousands"))


def rounded(value: float, digits: int, *, signed: bool = False) -> str:
    """A number with a minus sign that is no hyphen, and without one before zero. signed: with a plus sign, too."""
    text = f"{value:{'+' if signed else ''}.{digits}f}"
    return text.replace("-", "−" if text.strip("-0.") else "+" if signed else "")


def joined(names: Iterable[str]) -> str:
    """Names in a row, as in a sentence."""
    both = translate("Lists", "{first} and {second}")
    return reduce(lambda first, second: both.format(first=first, second=second), names)


def folder() -> Path:
    """Where the catalogues are."""
    return Path(str(resources.files("resources"))) / "translations"


def code_of(language: Language) -> str:
    """The code of the language that the window is in: of those wanted by the system the first that there is."""
    if language is not Language.SYSTEM:
        return str(language)
    wanted = (tag.replace("_", "-").split("-")[0] for tag in QLocale.system().uiLanguages())
    return next((code for code in wanted if code in CODES), str(Language.ENGLISH))


def install(application: QCoreApplication, language: Language) -> str:
    """Answer in this language from now on, Qt's own texts too; what is drawn already stays. Returns the code."""
    for old in application.findChildren(QTranslator, _OWNER):
        application.removeTranslator(old)
        old.deleteLater()
    global _now  # noqa: PLW0603 - as the translators, which are the application's
    code = code_of(language)
    if code != Language.ENGLISH:
        qt = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)) / f"qtbase_{code}.qm"
        for path in (qt, folder() / f"cinequant_{code}.qm"):
            made = QTranslator(application)
            made.setObjectName(_OWNER)
            # Without Qt's own file only the buttons of dialogs stay English.
            if made.load(str(path)):
                application.installTranslator(made)
    _now = code
    return code


def code_now() -> str:
    """The code of the language that texts are looked up in."""
    return _now
