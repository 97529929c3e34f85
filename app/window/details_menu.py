"""The pages of the details panel, and what they need, as commands."""

from __future__ import annotations

from app.state.types import Details
from app.window.actions import Action, Menu
from app.words.language import marked


def _page(text: str, page: Details) -> Action:
    return Action(
        text,
        lambda commands: commands.session.looking.show_details(page),
        checked=lambda state: state.preferences.details is page,
    )


DETAILS = Menu(
    marked("Menu", "Details"),
    (
        _page(marked("Action", "Indices and normal ranges"), Details.INDICES),
        _page(marked("Action", "Filling and ejection rates"), Details.RATES),
        _page(marked("Action", "Wall by segment"), Details.WALL),
        _page(marked("Action", "Model, corrected and mask side by side"), Details.SOURCES),
        _page(marked("Action", "float32 − int8, beside readers"), Details.PRECISION),
        None,
        Action(marked("Action", "Find the insertions again"), lambda c: c.session.insertion_points.find_again()),
    ),
)
