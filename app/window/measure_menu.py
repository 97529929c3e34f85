"""The Measure menu: phases, slices that count, conventions."""

from __future__ import annotations

from app.state.measured import reading_of
from app.window.actions import Action, Menu
from app.window.details_menu import DETAILS
from app.words.language import marked
from engine.measures.reading import Base, Papillary
from engine.volume import LV, MYO, RV


def _phase(text: str, key: str, phase: str, side: int) -> Action:
    return Action(text, lambda commands: commands.session.measuring.choose_phase(phase, side=side), (key,))


def _base(text: str, base: Base) -> Action:
    return Action(
        text,
        lambda commands: commands.session.measuring.choose_base(base),
        checked=lambda state: reading_of(state).base is base,
    )


def _papillary(text: str, papillary: Papillary) -> Action:
    return Action(
        text,
        lambda commands: commands.session.measuring.choose_papillary(papillary),
        checked=lambda state: reading_of(state).papillary is papillary,
    )


def _slice(text: str, key: str, *, whole_cine: bool = False) -> Action:
    return Action(text, lambda commands: commands.session.measuring.toggle_slice(whole_cine=whole_cine), (key,))


def _structure(text: str, structure: int) -> Action:
    return Action(text, lambda commands: commands.session.measuring.toggle_slice(structures=(structure,)))


_SLICES = Menu(
    marked("Menu", "Slices that count"),
    (
        _slice(marked("Action", "Leave this slice out, or take it in again"), "L"),
        _slice(marked("Action", "Leave it out or take it in, in every frame"), "Shift+L", whole_cine=True),
        None,
        _structure(marked("Action", "Leave out or take in: LV cavity"), LV),
        _structure(marked("Action", "Leave out or take in: LV myocardium"), MYO),
        _structure(marked("Action", "Leave out or take in: RV cavity"), RV),
        None,
        Action(marked("Action", "Take all slices in again"), lambda c: c.session.measuring.take_all_in()),
    ),
)
_CONVENTIONS = Menu(
    marked("Menu", "Conventions"),
    (
        _base(marked("Action", "Base: all slices with labels"), Base.LABELLED),
        _base(marked("Action", "Base: where myocardium surrounds half of the blood (SCMR)"), Base.SCMR),
        None,
        _papillary(marked("Action", "Papillary muscles: as labelled"), Papillary.LABELLED),
        _papillary(marked("Action", "Papillary muscles: as cavity (convex hull)"), Papillary.CAVITY),
        _papillary(marked("Action", "Papillary muscles: as myocardium (by grey value)"), Papillary.MYOCARDIUM),
    ),
)
MEASURE = Menu(
    marked("Menu", "Measure"),
    (
        _phase(marked("Action", "This frame is end-diastole"), "Alt+D", "ed", LV),
        _phase(marked("Action", "This frame is end-systole"), "Alt+S", "es", LV),
        Action(
            marked("Action", "Own phases for the right ventricle"),
            lambda c: c.session.measuring.toggle_apart(),
            checked=lambda state: reading_of(state).rv is not None,
        ),
        _phase(marked("Action", "This frame is end-diastole of the RV"), "Alt+Shift+D", "ed", RV),
        _phase(marked("Action", "This frame is end-systole of the RV"), "Alt+Shift+S", "es", RV),
        Action(marked("Action", "Phases as found by rule"), lambda c: c.session.measuring.reset_phases()),
        None,
        _SLICES,
        Action(marked("Action", "Areas of the slices…"), lambda c: c.info.show_areas(), ("Shift+T",)),
        _CONVENTIONS,
        None,
        Action(marked("Action", "Patient…"), lambda c: c.questions.patient()),
        DETAILS,
    ),
)
