"""Which model a scan is segmented with, and whether it should be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import ScanError
from engine.network.catalog import Catalog, default_precision
from engine.network.model_card import FOUR_CHAMBER, SHORT_AXIS, ModelCard
from engine.network.view import view_of
from engine.volume import Volume

VIEW_WORDS = {SHORT_AXIS: "short axes", FOUR_CHAMBER: "a four-chamber view"}


class UnsuitedError(ScanError):
    """A scan that can be read, but that no model is made for, or not the one that was asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Suited:
    """A model with its precision, and the scan as what it is taken for."""

    card: ModelCard
    precision: str
    view: str
    volume: Volume


def suited(
    volume: Volume,
    catalog: Catalog,
    *,
    where: Path,
    model: str | None = None,
    precision: str | None = None,
    view: str | None = None,
    force: bool = False,
) -> Suited:
    """The model as asked for, else the one for what the scan shows, which its geometry says where nobody else does.

    where: names the scan in errors. force: segment what does not look like what the model knows.
    Raises UnsuitedError, ModelError.
    """
    seen = view_of(volume.geometry)
    taken = view or seen or SHORT_AXIS
    card = catalog.get(model) if model is not None else catalog.for_view(taken)
    precision = precision or default_precision(card)
    card.file_for(precision)
    if not force:
        if card.view != taken:
            raise UnsuitedError(
                f"{where}: is taken for {VIEW_WORDS[taken]}, and model {card.id} is made for {VIEW_WORDS[card.view]}; "
                "name another model, or say with --view what the scan shows"
            )
        if taken != SHORT_AXIS and volume.slices > 1:
            raise UnsuitedError(
                f"{where}: is a stack of slices, not {VIEW_WORDS[taken]}; leave out --view, or use --force"
            )
        # A single slice is what the user says that it is. What is wrong with a CT image is wrong with it in every view.
        named = taken != SHORT_AXIS or view is not None
        if volume.not_short_axis and not (named and volume.not_short_axis.startswith("a single slice")):
            # Who has named the view, or has a stack, is not told to name the view of a single slice.
            way = "" if view or volume.slices > 1 else " name a four-chamber view with --view 4ch,"
            raise UnsuitedError(
                f"{where}: is {volume.not_short_axis}, and the models know short-axis and four-chamber cardiac MR "
                f"only; open a short-axis stack,{way} or use --force"
            )
    elif taken == SHORT_AXIS and volume.not_short_axis:
        notice = f"Segmented by force, though it is {volume.not_short_axis}: the outlines may mean nothing."
        volume = replace(volume, notices=(*volume.notices, notice))
    if not seen and not view:
        notice = "A single slice whose header does not say its view was taken for a short axis; --view says otherwise."
        volume = replace(volume, notices=(*volume.notices, notice))
    return Suited(card, precision, taken, volume)
