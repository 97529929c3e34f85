"""What several verbs share: the model, the scan, and checks before the work.

Imports of the engine's readers, of OpenVINO and of Qt stand in the functions that need them, here and in the verbs:
each costs a good part of a second, and no verb needs them all.
"""

from __future__ import annotations

import argparse
import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.terminal import show_progress
from engine.errors import ExportError
from engine.network.catalog import Catalog, default_precision, find_models
from engine.network.choice import suited
from engine.network.model_card import ModelCard
from engine.volume import Known, Volume

if TYPE_CHECKING:
    from engine.network.predict import Prediction

NIFTI_ENDINGS = (".nii", ".nii.gz")
MOST_NAME_BYTES = 255


def choose_model(arguments: argparse.Namespace, view: str | None = None) -> tuple[Catalog, ModelCard, str]:
    """The catalogue, and the model and precision asked for, checked before anything slow begins.

    view: what the scans show, where that is known and --view does not say otherwise.
    """
    catalog = find_models()
    if getattr(arguments, "keep_base", False):
        catalog = catalog.keeping_base()
    view = getattr(arguments, "view", None) or view
    card = catalog.for_view(view) if view and arguments.model is None else catalog.get(arguments.model)
    precision = arguments.precision or default_precision(card)
    card.file_for(precision)
    return catalog, card, precision


def model_and_scan(arguments: argparse.Namespace) -> tuple[ModelCard, str, Volume, str]:
    """The model, its precision, the scan and its view: as asked for, else as the scan's geometry says."""
    catalog, card, precision = choose_model(arguments)
    _load_ahead(arguments, card, precision)
    found = suited(
        open_volume(arguments),
        catalog,
        where=arguments.paths[0],
        model=arguments.model,
        precision=arguments.precision,
        view=arguments.view,
        force=arguments.force,
    )
    return found.card, found.precision, found.volume, found.view


def open_volume(arguments: argparse.Namespace) -> Volume:
    from engine.formats.door import open_scan  # noqa: PLC0415 - see the module's docstring

    volume = open_scan(arguments.paths, progress=show_progress)
    if arguments.spacing is not None:
        volume = volume.with_spacing(*arguments.spacing)
    elif volume.geometry.spacing is Known.ASSUMED:
        volume = replace(volume, notices=(*volume.notices, "Give the spacing with --spacing X,Y,Z."))
    return volume


def _load_ahead(arguments: argparse.Namespace, card: ModelCard, precision: str) -> None:
    if arguments.spacing is None:
        from engine.ahead import load_ahead  # noqa: PLC0415

        load_ahead(arguments.paths, card, precision, threads=arguments.threads)


def predict_labels(arguments: argparse.Namespace, volume: Volume, card: ModelCard, precision: str) -> Prediction:
    from engine.network.predict import predict  # noqa: PLC0415

    return predict(volume, card, precision, threads=arguments.threads, progress=show_progress)


def told(volume: Volume, prediction: Prediction) -> Volume:
    """The scan with what has to be said of its labels."""
    return replace(volume, notices=(*volume.notices, *prediction.notices_beside(phases=volume.phase_names)))


def files_sha256(folder: Path, files: Sequence[Path]) -> str:
    """SHA-256 of what `sha256sum` prints for these files in this order, their names relative to the folder."""
    whole = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        whole.update(f"{digest}  {Path(os.path.relpath(file, folder)).as_posix()}\n".encode())
    return whole.hexdigest()


def check_parent(out: Path) -> None:
    """Raise ExportError before the work, not after it, if nothing can be written here."""
    parent = out.resolve().parent
    if len(os.fsencode(out.name)) > MOST_NAME_BYTES:
        raise ExportError(f"{out}: the name is longer than {MOST_NAME_BYTES} bytes; choose a shorter one")
    if not parent.is_dir():
        raise ExportError(f"{out}: the folder {parent} does not exist; make it first")
    if not os.access(parent, os.W_OK):
        raise ExportError(f"{out}: the folder {parent} cannot be written to; choose another place")
