"""The settings of a training run, read from TOML."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

CONFIGS = Path(__file__).parent / "configs"
PRECISIONS = ("float32", "float16", "dynamic", "int8")
# Keys that training ignores: a run can continue after they change.
AFTER_TRAINING = frozenset(
    (
        "name",
        "description",
        "weights",
        "int8_tolerance",
        "fixed_size",
        "qat_epochs",
        "qat_learning_rate",
        "bits_penalties",
        "precisions",
        "ship",
    )
)


_KINDS: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (int, float), "bool": (bool,)}


class ConfigError(ValueError):
    """A configuration file that cannot be used; the message names the file, the key and what it may be."""


@dataclass(frozen=True, slots=True)
class Config:
    """One run. Lengths are in pixels of the network's input spacing unless they say otherwise.

    network: key of training.networks.table.NETWORKS. id, name, description: how the exported card calls the model.
    weights: id of the trained configuration whose weights this one exports in another form; "" to train its own.
    crop: side of the square training crops. batch: crops in a step. epochs: passes over all training slices.
    start_from: id of a trained configuration whose weights this one begins with; "" to begin at random.
    learning_rate: peak of the one-cycle schedule of AdamW. weight_decay: its decoupled decay.
    ema: decay of the moving average of the weights. The average is evaluated and exported.
    bf16: autocast to bfloat16 while training (weights stay float32). Off by default: on the CPU, torch 2.13 returned
        NaN gradients for dilated depthwise convolutions in bfloat16.
    int8_tolerance: largest logit difference of the int8 file between processors, for the card's test tensors.
    compiled: train the network as compiled by torch (needs a C++ compiler; a minute and a half before the first step).
    calm: share of the last epochs that draw their crops with half the augmentation. A small network that never sees a
        crop as it will look in use does worse than it could.
    frozen_statistics: normalise by the statistics of start_from instead of each batch's, as the network will when it is
        used. Batch normalisation is then part of the convolution before it.
    teacher: id of a trained configuration whose probabilities join the labels in the loss, with teacher_weight;
        from the share teacher_from of the epochs on. Early on, a teacher helps little.
    committee: ids of trained configurations that teach together, instead of teacher (see training.steps.committee).
    qat_epochs, qat_learning_rate: fine-tuning of the int8 graph after post-training quantization; 0 epochs for none.
    bits_penalties: λ of each training with learned bit widths (see training.steps.bitwidth), of bits_steps steps from
        the weights of start_from; bits_learning_rate: that of the bits.
        Empty for a configuration that is trained plainly.
    fixed_size: side of the only input size the exported network takes; 0 for any multiple of `multiple`.
    max_size: largest side of the input; pixels farther from the image's centre are cut off.
    precisions: what the model comes in, of PRECISIONS: "float32" always, "float16" and "dynamic" with smaller weights
        that the CPU computes with in float32, "int8" for integer kernels.
    ship: whether the model goes into the viewer's own models. By default it stays with the runs.
    """

    network: str
    id: str
    name: str
    description: str
    weights: str = ""
    seed: int = 1
    epochs: int = 100
    batch: int = 16
    crop: int = 160
    start_from: str = ""
    learning_rate: float = 4e-3
    weight_decay: float = 1e-2
    ema: float = 0.998
    bf16: bool = False
    compiled: bool = False
    calm: float = 0.0
    frozen_statistics: bool = False
    teacher: str = ""
    teacher_from: float = 0.0
    teacher_weight: float = 0.5
    committee: tuple[str, ...] = ()
    spacing_mm: float = 1.5
    multiple: int = 32
    fixed_size: int = 0
    max_size: int = 512
    int8_tolerance: float = 0.75
    qat_epochs: int = 0
    qat_learning_rate: float = 2e-4
    bits_penalties: tuple[float, ...] = ()
    bits_steps: int = 150
    bits_learning_rate: float = 0.06
    precisions: tuple[str, ...] = ("float32", "int8")
    ship: bool = False

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def load_config(path: Path) -> Config:
    """Read a TOML file, or a built-in configuration by its name such as "quantlite".

    Raises ConfigError for a missing file, unknown keys or wrong types.
    """
    if not path.exists() and path.suffix == "" and (CONFIGS / f"{path}.toml").exists():
        path = CONFIGS / f"{path}.toml"
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        built_in = ", ".join(sorted(p.stem for p in CONFIGS.glob("*.toml")))
        raise ConfigError(f"{path}: no such configuration; built in are {built_in}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML ({error})") from None
    known = {f.name: f.type for f in fields(Config)}
    if unknown := sorted(set(values) - set(known)):
        raise ConfigError(f"{path}: unknown keys {unknown}; known are {sorted(known)}")
    for key, value in values.items():
        if key == "precisions":
            values[key] = _precisions(path, value)
            continue
        if key == "committee":
            values[key] = _committee(path, value)
            continue
        if key == "bits_penalties":
            values[key] = _penalties(path, value)
            continue
        if not isinstance(value, _KINDS[str(known[key])]) or (isinstance(value, bool) and known[key] != "bool"):
            raise ConfigError(f"{path}: {key} = {value!r} must be of type {known[key]}")
    try:
        return Config(**values)
    except TypeError as error:
        raise ConfigError(f"{path}: {error}") from None


def _precisions(path: Path, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or "float32" not in value or not set(map(str, value)) <= set(PRECISIONS):
        raise ConfigError(f'{path}: precisions = {value!r} must be a list of {list(PRECISIONS)}, "float32" among them')
    return tuple(name for name in PRECISIONS if name in value)


def _committee(path: Path, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ConfigError(f"{path}: committee = {value!r} must be a list of ids of configurations")
    return tuple(value)


def _penalties(path: Path, value: object) -> tuple[float, ...]:
    if not isinstance(value, list) or not value or not all(type(v) in (int, float) and v >= 0 for v in value):
        raise ConfigError(f"{path}: bits_penalties = {value!r} must be a list of numbers, none below 0")
    return tuple(sorted(float(v) for v in value))
