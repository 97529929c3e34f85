"""Which models are installed, and which folders were rejected and why. Reads cards only; no weights are touched."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

from engine.errors import ModelError
from engine.network.model_card import CARD_FILE, SHORT_AXIS, ModelCard, load_card
from engine.user_folders import PROGRAM, Purpose, user_folder

DEFAULT_MODEL = "quantlite"
DEFAULT_PRECISION = "int8"
MODELS_VARIABLE = "CINEQUANT_MODELS"
"""Environment variable: folders of models, or model folders, separated as in PATH."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """models: usable ones, the default first, then by id. rejected: (folder, reason), the reason one line.

    default: id of the model that is used when none is named, always one of the short axis; empty where none is
        installed.
    """

    models: tuple[ModelCard, ...]
    rejected: tuple[tuple[Path, str], ...]
    default: str

    def get(self, model_id: str | None = None) -> ModelCard:
        """The card of a model, of the default without an id. Raises ModelError listing what there is."""
        wanted = self.default if model_id is None else model_id
        for card in self.models:
            if card.id == wanted:
                return card
        if not self.models:
            raise ModelError(f"no model is installed; put a model's folder into {user_models()}")
        for folder, reason in self.rejected:
            if folder.name == wanted:
                raise ModelError(f"model {wanted} was rejected: {reason}")
        there = ", ".join(card.id for card in self.models)
        raise ModelError(f"there is no model {wanted!r}; installed: {there}: choose one of these")

    def keeping_base(self) -> Catalog:
        """The same models without their rules for the most basal slices."""
        return replace(self, models=tuple(replace(card, basal=None) for card in self.models))

    def for_view(self, view: str) -> ModelCard:
        """The model for a view of model_card.VIEWS when none is named: the default, or of other views the first by id.

        Raises ModelError where none is made for it.
        """
        for card in self.models:
            if card.view == view:
                return card
        raise ModelError(f"no model for {view} images is installed; put a model's folder into {user_models()}")


def packaged_models() -> Path:
    """The folder of the models that came with the program."""
    return Path(str(resources.files("resources"))) / "models"


def user_models() -> Path:
    """The folder that a user adds models to; it need not exist."""
    return (user_folder(Purpose.DATA) or Path("/usr/local/share") / PROGRAM) / "models"


def default_precision(card: ModelCard) -> str:
    """int8 where the model has it, else its first precision."""
    return DEFAULT_PRECISION if DEFAULT_PRECISION in card.precisions else next(iter(card.precisions))


def find_models(folders: Sequence[Path] | None = None) -> Catalog:
    """Look through folders of models (or model folders themselves) and read every card.

    None looks through the packaged models, then those that CINEQUANT_MODELS names, then the user's folder. The first
    model of an id wins, so nothing added later can pass itself off as a model that came with the program.
    """
    models: dict[str, ModelCard] = {}
    rejected: list[tuple[Path, str]] = []
    if folders is None:
        named = [Path(part) for part in os.environ.get(MODELS_VARIABLE, "").split(os.pathsep) if part]
        rejected += [(f, f"{f}: no such folder; correct {MODELS_VARIABLE}") for f in named if not f.is_dir()]
        folders = [packaged_models(), *named, user_models()]
    for folder in folders:
        for candidate in _candidates(folder):
            try:
                card = load_card(candidate)
            except ModelError as error:
                rejected.append((candidate, str(error)))
                continue
            if card.id not in models:
                models[card.id] = card
            elif not models[card.id].folder.samefile(card.folder):
                there = models[card.id].folder
                rejected.append(
                    (candidate, f"{candidate}: {there} already is model {card.id}; rename the folder and id")
                )
    usual = sorted(name for name, card in models.items() if card.view == SHORT_AXIS)
    default = DEFAULT_MODEL if DEFAULT_MODEL in usual else next(iter(usual), "")
    ordered = sorted(models.values(), key=lambda card: (card.id != default, card.id))
    return Catalog(tuple(ordered), tuple(rejected), default)


def _candidates(folder: Path) -> Iterator[Path]:
    """Folders that should hold a model: the folder itself if it has a card, else its subfolders but hidden ones."""
    try:
        if (folder / CARD_FILE).exists():
            yield folder
        elif folder.is_dir():
            yield from sorted(f for f in folder.iterdir() if f.is_dir() and f.name[0] not in "._")
    except OSError:
        # A folder that may not be listed holds no models for this user; the packaged ones must still load.
        return
