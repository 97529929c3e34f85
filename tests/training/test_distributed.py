"""Two processes, started by torchrun, train as one would with the whole batch."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import dataset_trees as trees
import pytest
import torch
from places import ROOT
from safetensors.torch import load_file
from training_scans import phantom_scans

from training import cli, processes
from training.config import load_config
from training.steps.train import CHECKPOINT, WEIGHTS, RunError, train

CONFIG = """
network = "quantlite"
id = "two"
name = "Two"
description = "For tests."
epochs = 1
batch = 8
crop = 64
spacing_mm = 3.0
ship = false
"""
GRADIENTS = """
import copy, numpy as np, sys, torch
from pathlib import Path
from safetensors.torch import save_file
from training_scans import phantom_scans
from training import processes
from training.data.augment import Augmenter
from training.losses import dice_cross_entropy
from training.networks.table import NETWORKS
from training.steps.committee import taught_by

with processes.joined(torch.device("cpu")) as here:
    torch.manual_seed(here.rank)  # every process begins with other weights; the first one's count
    network = NETWORKS["quantlite"]().eval()
    called = processes.in_step(network)
    items = list(range(8))[here.rank :: here.size]
    augmenter = Augmenter(phantom_scans(), 64)
    crops = [augmenter.draw([i], np.random.default_rng(i)) for i in items]
    images, labels = (torch.cat(part) for part in list(zip(*crops))[:2])
    loss = dice_cross_entropy(called(images), labels)
    loss.backward()
    mean = processes.mean_over_processes(loss.item(), torch.device("cpu"))
    gradients = {name: p.grad for name, p in network.named_parameters()}
    told = taught_by(phantom_scans(), [copy.deepcopy(network)], torch.device("cpu"))
    gradients |= {f"taught{i}": torch.from_numpy(scan.taught).float() / 255 for i, scan in enumerate(told)}
    save_file(gradients | {"loss": torch.tensor(mean)}, Path(sys.argv[1]) / f"{here.size}_{here.rank}.safetensors")
"""


def _torchrun(count: int, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests" / "support"))),
        "CUDA_VISIBLE_DEVICES": "",
    }
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)]
    return subprocess.run(
        [*launcher, *words], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=280, check=False
    )


def test_gradients_and_teachers_of_two_processes_are_those_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gradients.py").write_text(GRADIENTS)
    monkeypatch.setattr(sys, "argv", ["gradients.py", str(tmp_path)])
    runpy.run_path(str(tmp_path / "gradients.py"))
    done = _torchrun(2, str(tmp_path / "gradients.py"), str(tmp_path))
    assert done.returncode == 0, done.stderr
    one, first, second = (load_file(tmp_path / f"{name}.safetensors") for name in ("1_0", "2_0", "2_1"))
    assert first.keys() == one.keys()
    for name, gradient in one.items():
        torch.testing.assert_close(first[name], second[name], rtol=0, atol=0, msg=name)
        # Sums in another order; the largest gradients are about 1. A teacher's answers are rounded to 1/255.
        loose = 5e-3 if name.startswith("taught") else 1e-5
        torch.testing.assert_close(first[name], gradient, rtol=1e-3, atol=loose, msg=name)
    assert max(float(g.abs().max()) for name, g in one.items() if not name.startswith("taught")) > 0.01


def test_the_command_in_two_processes(tmp_path: Path) -> None:
    trees.mnms2(tmp_path / "data", [1, 161])
    (tmp_path / "two.toml").write_text(CONFIG)
    command = ["-m", "training", "train", str(tmp_path / "two.toml"), "--data", str(tmp_path / "data")]
    command += ["--layout", "mnms2", "--runs", str(tmp_path / "runs"), "--results", str(tmp_path / "results")]
    done = _torchrun(2, *command)
    assert done.returncode == 0, done.stderr
    run = tmp_path / "runs" / "two"
    rows = (run / "log.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["epoch", "1"]
    assert len(rows[-1].split(",")) == 7  # the first process has watched the validation patient
    assert done.stdout.count("epoch 1") == 1
    assert not [path.name for path in run.iterdir() if path.name.endswith(".part")]
    weights = load_file(run / WEIGHTS)
    assert all(torch.isfinite(tensor).all() for tensor in weights.values())
    assert (tmp_path / "results" / "two" / WEIGHTS).read_bytes() == (run / WEIGHTS).read_bytes()

    # One process can go on with what two have left; here nothing is left to do.
    assert not [name for name in load_file(run / CHECKPOINT) if "module." in name]
    again = train(load_config(tmp_path / "two.toml"), phantom_scans(), run).state_dict()
    assert all(torch.equal(again[name], tensor) for name, tensor in weights.items())


def test_a_batch_that_cannot_be_shared_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "here", lambda: processes.Here(0, 3))
    with pytest.raises(RunError, match="batch = 16 cannot be shared by 3 processes; start a divisor of it"):
        train(load_config(Path("quantlite")), phantom_scans(), tmp_path)


def test_only_training_runs_in_several_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(processes, "joined", lambda device: nullcontext(processes.Here(0, 2)))
    assert cli.main(["make", "quantlite", "--data", str(tmp_path), "--device", "cpu"]) == 1
    assert "make runs in one process; start only `train` with torchrun" in capsys.readouterr().err


def test_alone_nothing_is_joined() -> None:
    with processes.joined(torch.device("cpu")) as here:
        assert (here.rank, here.size, here.first) == (0, 1, True)
    values = torch.arange(3.0, requires_grad=True)
    assert processes.sum_over_processes(values) is values
    assert processes.in_step(layer := torch.nn.Linear(1, 1)) is layer


@pytest.mark.parametrize("name", ["tpu", "mps", "cuda:99"])
def test_a_device_that_is_not_there_is_said(name: str) -> None:
    with pytest.raises(processes.DeviceError, match="choose auto"):
        processes.choose_device(name)
    assert processes.choose_device("cpu").type == "cpu"
