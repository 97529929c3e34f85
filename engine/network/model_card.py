"""What a model folder says about itself: card.json, read strictly and written atomically.

A folder holds card.json, one ONNX or packed file a precision, and one .npz of test tensors. Nothing in it
is ever unpickled, and a card can only name files that lie beside it, so opening a stranger's model folder runs none of
its code.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.files import read_regular, write_atomically
from engine.network.basal import BasalRule, read_rule
from engine.network.packed import ENDING
from engine.network.preprocess import InputSpec
from engine.network.strict_json import (
    BadValueError,
    keys_of,
    no_duplicates,
    no_nan,
    number_of,
    sha256_of,
    table_of,
    text_of,
    whole_of,
)
from engine.volume import STRUCTURES

SCHEMA = 1
SHORT_AXIS, FOUR_CHAMBER = "short-axis", "4ch"
VIEWS = (SHORT_AXIS, FOUR_CHAMBER)
"""Views of the heart that a network can be made for."""
CARD_FILE = "card.json"
# A card is a page of text; a larger file is no card, and is not read into memory to find out.
MAX_CARD_BYTES = 1_000_000
WEIGHT_ENDINGS = (".onnx", ENDING)
MAX_TEST_TENSOR_BYTES = 50_000
"""Test tensors are stored with every model in the wheel, so they are kept small."""
# Unpacked, a zip of 50 kB can still claim gigabytes.
_MAX_TENSOR_VALUES = 16_000_000
_MAX_INPUT_SIZE = 2048
_MAX_FILE_BYTES = 2**31
_BAD_ZIP = (zipfile.BadZipFile, zlib.error)

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True, slots=True)
class PrecisionFile:
    """One weight file. file: its name in the model's folder; sha256: lower-case hex; size_bytes: on disk."""

    file: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class TestTensors:
    """A recorded input and the logits that each precision gave for it.

    file: an .npz with 'input', (1, 1, H, W), and 'logits_<precision>', (C, H / step, W / step), float16 or float32:
        every step-th row and column of the logits, the first one included.
    tolerance: precision → largest absolute logit difference that still counts as the same.
    """

    # pytest would take the name for a test class.
    __test__ = False

    file: str
    sha256: str
    tolerance: dict[str, float]


@dataclass(frozen=True, slots=True)
class BasalFile:
    """The rule for the most basal slices, see engine.network.basal. file: its name in the model's folder."""

    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One trained network and all that a user or the viewer has to know about it.

    id: also the folder's name. parameters: number of trained values.
    precisions: "float32", "int8", "float16", "packed", … → its file.
    labels: structure → label value; the logits channel of a structure is its value, channel 0 is background.
    keep_largest: keep one connected component of each structure in each frame; see engine.network.postprocess.
    metrics: precision → name → value, measured on metrics_split.
    view: the view of VIEWS that the network is made for; a card without it is of the short axis.
    folder: where the card was read from; not in the JSON.
    basal: None where every slice stays as the network and keep_largest leave it.
    """

    schema: int
    id: str
    name: str
    version: str
    description: str
    parameters: int
    precisions: dict[str, PrecisionFile]
    input: InputSpec
    labels: dict[str, int]
    keep_largest: bool
    intended_use: str
    limits: str
    training_data: str
    licence: str
    metrics: dict[str, dict[str, float]]
    metrics_split: str
    test_tensors: TestTensors
    folder: Path
    view: str = SHORT_AXIS
    basal: BasalFile | None = None

    def file_for(self, precision: str) -> PrecisionFile:
        """The weight file of a precision. Raises ModelError listing what there is."""
        if precision not in self.precisions:
            raise ModelError(
                f"model {self.id} has no precision {precision!r}; it has {', '.join(self.precisions)}: choose one"
            )
        return self.precisions[precision]

    def path_for(self, precision: str) -> Path:
        """Path of the weight file of a precision. Raises ModelError as file_for."""
        return self.folder / self.file_for(precision).file

    def digest(self, precision: str) -> str:
        """What tells apart all that may make other labels: hashes of the weights, and of the rule for basal slices.

        Raises ModelError as file_for.
        """
        weights = self.file_for(precision).sha256
        return weights if self.basal is None else f"{weights}+{self.basal.sha256}"

    @property
    def channels(self) -> int:
        """Number of logits channels: background and each structure."""
        return len(self.labels) + 1


def read_basal_rule(card: ModelCard) -> BasalRule | None:
    """The rule that a card names, None where it names none. Raises ModelError for a file that is not that rule."""
    if card.basal is None:
        return None
    content = checked_bytes(card.folder, card.basal.file, card.basal.sha256)
    try:
        return read_rule(content)
    except BadValueError as error:
        raise ModelError(f"{card.folder / card.basal.file}: {error}; {_WAY_OUT}") from error


def load_card(folder: Path) -> ModelCard:
    """Read and check the card of a model folder.

    Every rule of the format is checked, and that each file is there with the size that the card says; the hashes are
    checked when a file is loaded (see checked_bytes), because hashing every model would slow the viewer's start.
    Raises ModelError naming the file, the key, the rule and the way out.
    """
    path = folder / CARD_FILE
    try:
        text = read_regular(path, MAX_CARD_BYTES).decode("utf-8")
        data = json.loads(text, object_pairs_hook=no_duplicates, parse_constant=no_nan)
        return _parse(data, folder)
    except FileNotFoundError as error:
        raise ModelError(f"{path}: no such file; a model folder needs a {CARD_FILE}: copy the whole folder") from error
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); check the folder and its permissions") from error
    except RecursionError as error:
        raise ModelError(f"{path}: is nested too deeply for a card; {_WAY_OUT}") from error
    except ValueError as error:
        # JSONDecodeError and UnicodeDecodeError are both ValueErrors.
        raise ModelError(f"{path}: is not JSON ({error}); {_WAY_OUT}") from error
    except BadValueError as error:
        raise ModelError(f"{path}: {error}; {_WAY_OUT}") from error


_WAY_OUT = "export the model again, or get a fresh copy of its folder"


def save_card(card: ModelCard) -> None:
    """Write card.json into card.folder, at once or not at all. The files that it names must be there already.

    Raises ModelError where load_card would refuse the result, or where the folder cannot be written.
    """
    path = card.folder / CARD_FILE
    data = asdict(card)
    del data["folder"]
    if card.basal is None:
        del data["basal"]
    data["input"]["percentiles"] = list(card.input.percentiles)
    try:
        _parse(data, card.folder)
        text = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    except (BadValueError, ValueError) as error:
        raise ModelError(f"{path}: not written: {error}; correct the value and save again") from error
    try:
        write_atomically(path, text.encode())
    except OSError as error:
        raise ModelError(f"{path}: cannot be written ({error.strerror}); check permissions and free space") from error


def describe_file(path: Path) -> PrecisionFile:
    """The card entry of a weight file that has just been written. Raises ModelError if it cannot be read."""
    content = _read(path)
    return PrecisionFile(path.name, hashlib.sha256(content).hexdigest(), len(content))


def checked_bytes(folder: Path, file: str, sha256: str) -> bytes:
    """Content of one of a model's files, after comparing its hash with the card's.

    The bytes that were hashed are the bytes that are returned, so the file cannot change in between.
    Raises ModelError naming the file where they differ.
    """
    content = _read(folder / file)
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ModelError(
            f"{folder / file}: is not the file that {CARD_FILE} describes (SHA-256 {found[:12]}…, the card says "
            f"{sha256[:12]}…); {_WAY_OUT}"
        )
    return content


def write_test_tensors(
    path: Path,
    network_input: NDArray[np.float32],
    logits: Mapping[str, NDArray[np.float32]],
    tolerance: Mapping[str, float],
    step: int = 1,
) -> TestTensors:
    """Record test tensors and return their card entry.

    network_input: (1, 1, H, W). logits: precision → (C, H, W), what that precision's file gives for it.
    step: store every step-th row and column of the logits; it must divide H and W.
    Both are stored as float16, so feed the network network_input.astype(float16).astype(float32) when making logits,
    and let the tolerance cover a rounding of 2^-11 of the largest logit. Use a small H and W: 50 kB is the limit.
    Raises ModelError where the file would be larger.
    """
    arrays = {f"logits_{name}": values[:, ::step, ::step] for name, values in logits.items()}
    arrays["input"] = network_input
    # mypy reads the keywords as savez_compressed's own allow_pickle.
    np.savez_compressed(path, **{k: v.astype(np.float16) for k, v in arrays.items()})  # type: ignore[arg-type]
    entry = describe_file(path)
    if entry.size_bytes > MAX_TEST_TENSOR_BYTES:
        raise ModelError(
            f"{path}: {entry.size_bytes} bytes of test tensors, over {MAX_TEST_TENSOR_BYTES}: use a smaller input"
        )
    return TestTensors(entry.file, entry.sha256, {k: float(v) for k, v in tolerance.items()})


def read_test_tensors(card: ModelCard, precision: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(input (1, 1, H, W), expected logits (C, H / step, W / step)) of a precision, float32; step divides H and W.

    Raises ModelError.
    """
    card.file_for(precision)
    entry = card.test_tensors
    path = card.folder / entry.file
    content = checked_bytes(card.folder, entry.file, entry.sha256)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as arrays:
            network_input = _tensor(arrays, "input", 4)
            logits = _tensor(arrays, f"logits_{precision}", 3)
    except BadValueError as error:
        raise ModelError(f"{path}: {error}; {_WAY_OUT}") from error
    # RuntimeError: an encrypted member. TokenError: NumPy reads an array's header as Python tokens.
    except (ValueError, OSError, EOFError, RuntimeError, tokenize.TokenError, *_BAD_ZIP) as error:
        raise ModelError(f"{path}: is not an .npz of plain arrays ({error}); {_WAY_OUT}") from error
    height, width = network_input.shape[2:]
    step = height // logits.shape[1] if logits.shape[1] else 0
    fits = step > 0 and (logits.shape[1] * step, logits.shape[2] * step) == (height, width)
    if network_input.shape[:2] != (1, 1) or logits.shape[0] != card.channels or not fits:
        raise ModelError(
            f"{path}: input {network_input.shape} and logits {logits.shape} do not fit the card; {_WAY_OUT}"
        )
    return network_input, logits


def _tensor(arrays: zipfile.ZipFile, key: str, dimensions: int) -> NDArray[np.float32]:
    """One array of an .npz. Its size is known from its header before memory is taken for it."""
    try:
        member = arrays.getinfo(f"{key}.npy")
    except KeyError:
        raise BadValueError(f"has no array {key!r}") from None
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BadValueError(f"array {key!r} is compressed in a way that .npz files are not")
    with arrays.open(member) as stream:
        version = np.lib.format.read_magic(stream)
        read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        if version not in read_header:
            raise BadValueError(f"array {key!r} has a header of version {version}")
        shape, _, dtype = read_header[version](stream)
    if math.prod(shape) > _MAX_TENSOR_VALUES or dtype.itemsize > 8 or member.file_size > 8 * _MAX_TENSOR_VALUES:
        raise BadValueError(f"array {key!r} is too large for a test tensor")
    with arrays.open(member) as stream:
        array = np.lib.format.read_array(stream, allow_pickle=False)
    if array.dtype not in (np.float16, np.float32) or array.ndim != dimensions or not np.isfinite(array).all():
        raise BadValueError(f"array {key!r} is not {dimensions}-dimensional, finite and float16 or float32")
    return np.asarray(array, dtype=np.float32)


def _read(path: Path) -> bytes:
    try:
        return read_regular(path, _MAX_FILE_BYTES)
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); {_WAY_OUT}") from error


def _file(value: Any, key: str, endings: tuple[str, ...], folder: Path) -> str:
    """A file name that lies in the folder itself: no path, and no link that leads out of it."""
    if not isinstance(value, str) or not _FILE.fullmatch(value) or not value.endswith(endings):
        raise BadValueError(
            f"{key} must be the name of a {' or '.join(endings)} file in the model's folder, without a path, "
            f"not {value!r}"
        )
    path = folder / value
    if not path.is_file():
        raise BadValueError(f"{key} names {value}, which is not in the folder")
    if path.resolve().parent != folder.resolve():
        raise BadValueError(f"{key} names {value}, a link out of the model's folder")
    return value


def _parse(data: Any, folder: Path) -> ModelCard:
    if isinstance(data, dict) and data.get("schema") != SCHEMA:
        raise BadValueError(f"schema {data.get('schema')!r} is not understood, only {SCHEMA}: another CineQuant may")
    if isinstance(data, dict):
        data = {"view": SHORT_AXIS, "basal": None, **data}
    data = keys_of(data, "the card", tuple(f.name for f in fields(ModelCard) if f.name != "folder"))
    if not isinstance(data["id"], str) or not _ID.fullmatch(data["id"]):
        raise BadValueError(f"id {data['id']!r} must be lower-case letters, digits, - and _")
    if folder.resolve().name != data["id"]:
        raise BadValueError(f"id {data['id']!r} must equal the name of its folder, {folder.resolve().name!r}")
    precisions = table_of(data["precisions"], "precisions", lambda item, key: _precision(item, key, folder))
    if not precisions:
        raise BadValueError("precisions must name at least one file")
    for name in precisions:
        if not _ID.fullmatch(name):
            raise BadValueError(f"precisions.{name}: a precision's name must be lower-case letters, digits, - and _")
    labels = table_of(data["labels"], "labels", lambda item, key: whole_of(item, key, 1, 255))
    # Colours, measurements and exports all go by STRUCTURES: a model with other values would be drawn wrongly.
    expected = {STRUCTURES[value]: value for value in sorted(STRUCTURES)[: len(labels)]}
    if not labels or labels != expected:
        raise BadValueError(
            f"labels must be { {STRUCTURES[v]: v for v in sorted(STRUCTURES)} } or its beginning, not {labels}"
        )
    if not isinstance(data["keep_largest"], bool):
        raise BadValueError("keep_largest must be true or false")
    if data["view"] not in VIEWS:
        raise BadValueError(f"view must be {' or '.join(VIEWS)}, not {data['view']!r}")
    metrics = table_of(data["metrics"], "metrics", lambda item, key: table_of(item, key, number_of))
    for name in metrics:
        if name not in precisions:
            raise BadValueError(f"metrics.{name} is not one of the precisions {', '.join(precisions)}")
    return ModelCard(
        schema=SCHEMA,
        id=data["id"],
        name=text_of(data["name"], "name"),
        version=text_of(data["version"], "version"),
        description=text_of(data["description"], "description"),
        parameters=whole_of(data["parameters"], "parameters", 1, 10**12),
        precisions=precisions,
        input=_input(data["input"]),
        labels=labels,
        keep_largest=data["keep_largest"],
        intended_use=text_of(data["intended_use"], "intended_use"),
        limits=text_of(data["limits"], "limits"),
        training_data=text_of(data["training_data"], "training_data"),
        licence=text_of(data["licence"], "licence"),
        metrics=metrics,
        metrics_split=text_of(data["metrics_split"], "metrics_split"),
        test_tensors=_test_tensors(data["test_tensors"], precisions, folder),
        folder=folder,
        view=data["view"],
        basal=_basal(data["basal"], folder),
    )


def _basal(value: Any, folder: Path) -> BasalFile | None:
    if value is None:
        return None
    value = keys_of(value, "basal", ("file", "sha256"))
    return BasalFile(_file(value["file"], "basal.file", (".json",), folder), sha256_of(value["sha256"], "basal.sha256"))


def _precision(value: Any, key: str, folder: Path) -> PrecisionFile:
    value = keys_of(value, key, ("file", "sha256", "size_bytes"))
    file = _file(value["file"], f"{key}.file", WEIGHT_ENDINGS, folder)
    size = whole_of(value["size_bytes"], f"{key}.size_bytes", 1, 2**31)
    found = (folder / file).stat().st_size
    if found != size:
        raise BadValueError(f"{key}.size_bytes says {size}, but {file} has {found} bytes")
    return PrecisionFile(file, sha256_of(value["sha256"], f"{key}.sha256"), size)


def _input(value: Any) -> InputSpec:
    value = keys_of(value, "input", tuple(f.name for f in fields(InputSpec)))
    percentiles = value["percentiles"]
    if not isinstance(percentiles, list) or len(percentiles) != 2:
        raise BadValueError("input.percentiles must be two numbers")
    low, high = (number_of(p, "input.percentiles", 0, 100) for p in percentiles)
    if low >= high:
        raise BadValueError("input.percentiles must ascend")
    multiple = whole_of(value["multiple"], "input.multiple", 1, _MAX_INPUT_SIZE)
    smallest = whole_of(value["min_size"], "input.min_size", multiple, _MAX_INPUT_SIZE)
    largest = whole_of(value["max_size"], "input.max_size", smallest, _MAX_INPUT_SIZE)
    for key, size in (("min_size", smallest), ("max_size", largest)):
        if size % multiple:
            raise BadValueError(f"input.{key} {size} must be a multiple of input.multiple {multiple}")
    return InputSpec(
        spacing_mm=number_of(value["spacing_mm"], "input.spacing_mm", 0.1, 100),
        unknown_spacing_mm=number_of(value["unknown_spacing_mm"], "input.unknown_spacing_mm", 0.1, 100),
        multiple=multiple,
        min_size=smallest,
        max_size=largest,
        percentiles=(low, high),
    )


def _test_tensors(value: Any, precisions: dict[str, PrecisionFile], folder: Path) -> TestTensors:
    value = keys_of(value, "test_tensors", ("file", "sha256", "tolerance"))
    tolerance = table_of(value["tolerance"], "test_tensors.tolerance", lambda item, key: number_of(item, key, 0))
    if set(tolerance) != set(precisions):
        raise BadValueError(
            f"test_tensors.tolerance must hold a number for each of the precisions {', '.join(precisions)}"
        )
    file = _file(value["file"], "test_tensors.file", (".npz",), folder)
    return TestTensors(file, sha256_of(value["sha256"], "test_tensors.sha256"), tolerance)
