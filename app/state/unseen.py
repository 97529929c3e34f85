"""Changes that no image and no number shows: how far a segmentation is that is not on screen."""

from __future__ import annotations

from dataclasses import fields

from app.state.queries import run_key
from app.state.types import AppState, Layout, Status

_OTHERS = tuple(field.name for field in fields(AppState) if field.name not in ("segmentation", "busy", "answers"))


def only_unseen_progress(old: AppState, new: AppState) -> bool:
    """Whether two states differ in nothing but how far segmentations are that nothing on screen is drawn from.

    A segmentation that begins or ends is more than that. Reports come twenty times a second, and most of the window
    can be left alone.
    """
    if new.scan.volume is None or new.preferences.layout is Layout.COMPARE:
        return False
    if any(getattr(old, name) is not getattr(new, name) for name in _OTHERS):
        return False
    before, now = old.segmentation, new.segmentation
    same = (
        before.segment_asked == now.segment_asked
        and before.agreement is now.agreement
        and before.comparisons is now.comparisons
        and before.mask is now.mask
        and before.runs.keys() == now.runs.keys()
    )
    changed = [key for key, run in now.runs.items() if run is not before.runs.get(key)] if same else []
    return (
        bool(changed)
        and run_key(new) not in changed
        and all(now.runs[key].status is before.runs[key].status is Status.RUNNING for key in changed)
    )
