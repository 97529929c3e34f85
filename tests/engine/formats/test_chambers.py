"""Names of long axes, as protocols and files call them."""

from __future__ import annotations

import pytest

from engine.formats.chambers import chambers_of


@pytest.mark.parametrize(
    ("name", "chambers"),
    [
        ("cine_4ch", "4"), ("trufi 2-Kammerblick", "2"), ("LA_3CH", "3"), ("Vierkammerblick", "4"), ("cine LVOT", "3"),
        ("VLA cine", "2"), ("HLA", "4"), ("SSFP 4 chamber 2", "4"), ("ch2", "2"), ("heart_la_4ch_cine", "4"),
        ("cine sa", ""), ("12 cine", ""), ("2ch 3ch 4ch", ""), ("cine 30 phases", ""), ("", ""),
    ],
)  # fmt: skip
def test_chambers_by_name(name: str, chambers: str) -> None:
    assert chambers_of(name) == chambers
