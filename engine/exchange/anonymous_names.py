"""What a patient may be known by, and texts and bytes without it. No file is read or written here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

_FEWEST_LETTERS, _FEWEST_SIGNS, _FEWEST_BYTES = 3, 2, 6
_ANYWHERE = 5
"""Names of so many letters are found within words, too; shorter ones only where no letter is beside them."""
_FIRST_SIGN = "\u2e80"
"""From here on, scripts put no spaces between words."""
_WRITTEN_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae"})
_BETWEEN = "\0"
"""Between the words of a part, where anything that is no letter may stand, or nothing."""
_SEPARATORS = re.compile(r"[\W_]+")
_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_ENCODINGS = ("utf-8", "latin-1", "utf-16-le", "utf-16-be", "iso2022_jp", "euc_kr", "gb18030")


@dataclass(frozen=True, slots=True)
class Names:
    """parts: names, words of them, identifiers and dates, in small letters without accents, _BETWEEN their words."""

    parts: frozenset[str] = frozenset()

    def without(self, text: str) -> str:
        """A text without any of them, in whatever case and accents they stand there."""
        pattern = _pattern(self.parts)
        if pattern is None or not text:
            return text
        plain, places = _plain_with_places(text)
        kept, end = [], 0
        for match in pattern.finditer(plain):
            start = places[match.start()]
            kept.append(text[end:start])
            end = places[match.end() - 1] + 1
            while end < len(text) and unicodedata.combining(text[end]):
                end += 1
        if not end:
            return text
        return " ".join(" ".join([*kept, text[end:]]).split())

    def within(self, content: bytes) -> bool:
        """Whether any of them stands in bytes that are no text, as it is, in capitals, or with a capital."""
        for part in self.parts:
            whole = part.replace(_BETWEEN, "^")
            for written in {whole, whole.upper(), whole.title()}:
                for encoding in _ENCODINGS if not part.isascii() else ("ascii", "utf-16-le"):
                    try:
                        sought = written.encode(encoding)
                    except UnicodeEncodeError:
                        continue
                    if len(sought) >= _FEWEST_BYTES and sought in content:
                        return True
        return False


def names_of(values: Iterable[str]) -> Names:
    """The names in values of elements: persons, identifiers, addresses and dates."""
    return Names(frozenset(part for value in values for part in _parts(value) if _is_long_enough(part)))


def _parts(value: str) -> Iterator[str]:
    """Spellings of one value, and of the words in it."""
    for group in value.casefold().split("="):
        if (day := _DATE.fullmatch(group.strip())) is not None:
            yield from _spellings(*day.groups())
            continue
        for written in (group, group.translate(_WRITTEN_OUT)):
            plain = _plain_with_places(written)[0].strip()
            words = [word for word in _SEPARATORS.split(plain) if word]
            yield from (_BETWEEN.join(words), _BETWEEN.join(words[1::-1]), *words)
            # An umlaut that is written out here may stand as one elsewhere.
            yield from (re.sub("([aou])e", r"\1", word) for word in words if len(word) >= _ANYWHERE)


def _spellings(year: str, month: str, day: str) -> Iterator[str]:
    yield year + month + day
    for between in "-./ ":
        yield between.join((year, month, day))
        yield between.join((day, month, year))
        yield between.join((month, day, year))
    yield f"{int(day)}.{int(month)}.{year}"


def _is_long_enough(part: str) -> bool:
    return len(part) >= (_FEWEST_SIGNS if part[:1] >= _FIRST_SIGN else _FEWEST_LETTERS)


@lru_cache(maxsize=64)
def _pattern(parts: frozenset[str]) -> re.Pattern[str] | None:
    """One pattern for all of them, the longest first."""
    if not parts:
        return None
    return re.compile("|".join(map(_alone, sorted(parts, key=lambda part: (-len(part), part)))))


def _alone(part: str) -> str:
    """Where a part is found in plain text: anywhere, or with no letter or digit beside it."""
    escaped = r"[\W_]*".join(map(re.escape, part.split(_BETWEEN)))
    if len(part) >= _ANYWHERE or part[0] >= _FIRST_SIGN:
        return escaped
    before, after = (r"\d" if part[at].isdigit() else r"[^\W\d_]" for at in (0, -1))
    return rf"(?<!{before}){escaped}(?!{after})"


def _plain_with_places(text: str) -> tuple[str, list[int]]:
    """Small letters without accents, and where each of them stands in the text."""
    plain: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(text):
        for letter in unicodedata.normalize("NFKD", sign.casefold()):
            if not unicodedata.combining(letter):
                plain.append(letter)
                places.append(place)
    return "".join(plain), places
