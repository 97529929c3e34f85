"""Compiled networks on disk: the same logits, and no way in which the cache stops the program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_model import write_tiny_model

from engine.network import compiled, runtime
from engine.network.model_card import ModelCard

SHAPE = (64, 64)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache" / "compiled"
    monkeypatch.setenv(compiled.CACHE_VARIABLE, str(folder))
    runtime.forget_networks()
    return folder


@pytest.fixture
def card(tmp_path: Path) -> ModelCard:
    return write_tiny_model(tmp_path / "models")


def logits(card: ModelCard) -> np.ndarray:
    runtime.forget_networks()
    x = np.random.default_rng(0).standard_normal((1, 1, *SHAPE)).astype(np.float32)
    return runtime.load_network(card, "int8", threads=1, input_shape=SHAPE).infer(x)


def compilations(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Files that were compiled from now on."""
    seen: list[Path] = []
    real = runtime._compile

    def compile_(content: bytes, where: Path, *rest: Any) -> Any:
        seen.append(where)
        return real(content, where, *rest)

    monkeypatch.setattr(runtime, "_compile", compile_)
    return seen


def test_compiled_once_and_the_same(cache: Path, card: ModelCard, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = compilations(monkeypatch)
    first = logits(card)
    assert len(list(cache.iterdir())) == 1
    assert np.array_equal(logits(card), first)
    assert len(seen) == 1
    network = runtime.load_network(card, "int8", threads=1, input_shape=SHAPE)
    assert network.kernels and network.threads == 1 and network.isa
    runtime.load_network(card, "int8", threads=1, input_shape=(96, 64))
    assert len(seen) == 2


@pytest.mark.parametrize("damage", [b"", b"short", bytes(5000)])
def test_a_damaged_blob_is_never_loaded(
    cache: Path, card: ModelCard, monkeypatch: pytest.MonkeyPatch, damage: bytes
) -> None:
    first = logits(card)
    (blob,) = cache.iterdir()
    blob.write_bytes(damage)
    seen = compilations(monkeypatch)
    assert np.array_equal(logits(card), first)
    assert len(seen) == 1
    # It was replaced by a whole one.
    assert np.array_equal(logits(card), first)
    assert len(seen) == 1


def test_a_blob_that_the_runtime_does_not_take(cache: Path, card: ModelCard, monkeypatch: pytest.MonkeyPatch) -> None:
    first = logits(card)
    (blob,) = cache.iterdir()
    compiled.write_blob(blob.stem, b"whole, but no network")
    seen = compilations(monkeypatch)
    assert np.array_equal(logits(card), first)
    assert len(seen) == 1


def test_a_folder_that_cannot_be_written(tmp_path: Path, card: ModelCard, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv(compiled.CACHE_VARIABLE, str(tmp_path / "file" / "compiled"))
    assert logits(card).shape == (4, *SHAPE)


def test_a_full_disk_leaves_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    compiled.write_blob("a" * 64, b"x" * 100)
    assert list(cache.iterdir()) == []
    assert compiled.read_blob("a" * 64) is None


def test_the_oldest_go(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "MAX_FILES", 3)
    for age, name in enumerate("dcba"):
        compiled.write_blob(name, b"1")
        if (path := cache / f"{name}.compiled").exists():
            os.utime(path, (1000 + age, 1000 + age))
    assert sorted(p.stem for p in cache.iterdir()) == ["a", "b", "c"]
    # Reading keeps one young.
    assert compiled.read_blob("c") == b"1"
    compiled.write_blob("e", b"1")
    assert sorted(p.stem for p in cache.iterdir()) == ["a", "c", "e"]
    monkeypatch.setattr(compiled, "MAX_BYTES", 70)
    compiled.write_blob("f", b"1")
    assert len(list(cache.iterdir())) == 2
    compiled.write_blob("g", b"1" * 60)
    assert not compiled.is_stored("g")


def test_switched_off(card: ModelCard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(compiled.CACHE_VARIABLE, "off")
    assert compiled.cache_folder() is None
    compiled.write_blob("a", b"1")
    assert compiled.read_blob("a") is None


def test_two_processes_at_once(cache: Path, card: ModelCard) -> None:
    program = (
        "import sys; from pathlib import Path; from engine.network import runtime; "
        "from engine.network.model_card import load_card; "
        f"runtime.load_network(load_card(Path(sys.argv[1])), 'int8', threads=1, input_shape={SHAPE})"
    )
    both = [subprocess.Popen([sys.executable, "-c", program, str(card.folder)]) for _ in range(2)]
    assert [process.wait(120) for process in both] == [0, 0]
    (blob,) = cache.iterdir()
    assert compiled.read_blob(blob.stem)


def test_a_network_that_cannot_be_written_runs(cache: Path, card: ModelCard, monkeypatch: pytest.MonkeyPatch) -> None:
    real = runtime._compile
    monkeypatch.setattr(runtime, "_compile", lambda *rest: Unwritable(real(*rest)))
    assert logits(card).shape == (4, *SHAPE)
    assert not cache.exists()


class Unwritable:
    """A compiled network that OpenVINO cannot write."""

    def __init__(self, network: Any) -> None:
        self._network = network

    def __getattr__(self, name: str) -> Any:
        return getattr(self._network, name)

    def export_model(self) -> None:
        raise RuntimeError("No reorder available")


def test_a_user_without_a_home_compiles_each_time(card: ModelCard, monkeypatch: pytest.MonkeyPatch) -> None:
    def home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in (compiled.CACHE_VARIABLE, "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", home)
    assert compiled.cache_folder() is None
    assert logits(card).shape == (4, *SHAPE)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_in_the_place_of_a_blob_is_not_waited_for(cache: Path) -> None:
    cache.mkdir(parents=True)
    os.mkfifo(cache / "a.compiled")
    assert not compiled.is_stored("a")
    assert compiled.read_blob("a") is None
    (cache / "b.compiled").mkdir()
    compiled.write_blob("b", b"1")
    assert compiled.read_blob("b") is None
