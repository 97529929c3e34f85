"""One straight training loop, resumable at every epoch, in one process or in those that torchrun started."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn
from tqdm import tqdm

from engine.files import write_atomically
from training import processes
from training.config import AFTER_TRAINING, Config
from training.data.augment import Augmenter
from training.data.scans import Scan
from training.losses import dice_cross_entropy
from training.networks.table import NETWORKS, channels_last

CHECKPOINT = "checkpoint.safetensors"
WEIGHTS = "weights.safetensors"
_LOG = "log.csv"
_COLUMNS = ("epoch", "loss", "seconds", "dice_lv", "dice_myo", "dice_rv", "dice_mean")
CPU = torch.device("cpu")


class RunError(RuntimeError):
    """A run's folder does not hold what the step needs; the message says what and the way out."""


def train(
    config: Config,
    scans: Sequence[Scan],
    folder: Path,
    *,
    monitor: Sequence[Scan] = (),
    monitor_every: int = 10,
    start: Path | None = None,
    teacher: nn.Module | None = None,
    on_epoch: Callable[[dict[str, float]], None] | None = None,
    device: torch.device = CPU,
) -> nn.Module:
    """Train, writing into folder: config.json, log.csv, a checkpoint after every epoch, and at the end the averaged
    weights as weights.safetensors. Called again on the same folder, it continues where it stopped.

    start: file of the weights of config.start_from.
    teacher: the network that config.teacher names; its probabilities join the labels. What scans have as `taught` takes
        its place.
    monitor: scans whose Dice is logged now and then; nothing is chosen by it.
    device: where the network is; the crops are drawn on the CPU. The weights returned are on the CPU.
    Of several processes (see training.processes) each takes its share of every batch, and the first one writes.
    Raises RunError if the folder holds a run of another configuration, or if the batch cannot be shared.
    """
    here = processes.here()
    if config.batch % here.size:
        raise RunError(f"batch = {config.batch} cannot be shared by {here.size} processes; start a divisor of it")
    folder.mkdir(parents=True, exist_ok=True)
    _same_run_or_new(config, folder, write=here.first)
    torch.manual_seed(config.seed)
    network = NETWORKS[config.network]()
    if start:
        # A network that contains the trained one knows where to put its weights.
        getattr(network, "load_start", network.load_state_dict)(load_file(start))
    network = processes.batch_norm_of_all(channels_last(network, device), device)
    average = {k: v.detach().clone() for k, v in network.state_dict().items()}
    optimizer = torch.optim.AdamW(network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    augmenter = Augmenter(scans, config.crop)
    steps = len(augmenter) // config.batch
    if not steps:
        raise RunError(f"{len(augmenter)} slices are too few for a batch of {config.batch}; give more patients")
    # Networks with another output during training bring their own loss.
    loss_of = getattr(network, "loss", dice_cross_entropy)
    if teacher:
        teacher = channels_last(teacher, device).eval()
    first = resume_checkpoint(folder / CHECKPOINT, network, average, optimizer)
    if processes.mean_over_processes(first, device) != first:
        raise RunError(f"{folder}: the processes find different checkpoints there; use a folder that all of them share")
    step_network: Callable[[Tensor], Any] = processes.in_step(network)
    step_network = torch.compile(step_network) if config.compiled else step_network
    if here.first:
        _cut_log(folder / _LOG, first)
    with (folder / _LOG if here.first else Path(os.devnull)).open("a", newline="", encoding="utf-8") as file:
        log = csv.writer(file)
        for epoch in range(first, config.epochs):
            order = np.random.default_rng((config.seed, epoch))
            strength = 0.5 if epoch >= config.epochs * (1 - config.calm) else 1.0
            taught_by = teacher if epoch >= config.epochs * config.teacher_from else None
            started, losses = time.perf_counter(), []
            network.train()
            if config.frozen_statistics:
                freeze_statistics(network)
            batches = augmenter.batches(config.batch, order)
            bar = tqdm(batches, desc=f"epoch {epoch + 1}/{config.epochs}", leave=False, disable=not here.first)
            for step, items in enumerate(bar, start=epoch * steps):
                rate, momentum = one_cycle(step, steps * config.epochs, config.learning_rate)
                for group in optimizer.param_groups:
                    group["lr"], group["betas"] = rate, (momentum, 0.999)
                # One generator per crop, so that a resumed run and any number of processes draw the same crops. The 1
                # is there because numpy takes (seed, epoch, 0) for (seed, epoch).
                share = items[here.rank :: here.size]
                crops = [
                    augmenter.draw([i], np.random.default_rng((config.seed, epoch, 1 + i)), strength) for i in share
                ]
                images = torch.cat([image for image, _, _ in crops]).to(device, memory_format=torch.channels_last)
                labels = torch.cat([label for _, label, _ in crops]).to(device)
                known = [shown for _, _, shown in crops if shown is not None]
                with torch.autocast(device.type, torch.bfloat16, enabled=config.bf16):
                    logits = step_network(images)
                # bfloat16 is precise enough for a teacher's probabilities.
                with torch.no_grad(), torch.autocast(device.type, torch.bfloat16):
                    taught = taught_by(images).float().softmax(1) if taught_by else None
                if known and epoch >= config.epochs * config.teacher_from:
                    taught = torch.cat(known).to(device)
                loss = loss_of(logits, labels, taught, config.teacher_weight)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                nn.utils.clip_grad_norm_(network.parameters(), 5.0)
                optimizer.step()
                # Averages forget faster at first; else the random start would weigh on them for epochs.
                _update_average(average, network, min(config.ema, (1 + step) / (10 + step)))
                losses.append(loss.item())
                bar.set_postfix(loss=f"{np.mean(losses[-50:]):.3f}")
            loss_of_all = processes.mean_over_processes(float(np.mean(losses)), device)
            row = {"epoch": epoch + 1, "loss": loss_of_all, "seconds": time.perf_counter() - started}
            if not here.first:
                continue
            last = epoch + 1 == config.epochs
            if monitor and (last or (epoch + 1) % monitor_every == 0):
                row |= quick_dice(_averaged(config, average).to(device), monitor)
            log.writerow([f"{v:.5g}" if isinstance(v, float) else v for v in row.values()])
            file.flush()
            save_checkpoint(folder / CHECKPOINT, network, average, optimizer, epoch + 1)
            if on_epoch:
                on_epoch(row)
    result = _averaged(config, average)
    if here.first:
        _write_tensors(folder / WEIGHTS, result.state_dict(), {})
    return result


def freeze_statistics(network: nn.Module) -> None:
    """Normalise by the statistics that the network has, as it will when it is used, instead of the batch's."""
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()


def one_cycle(step: int, total: int, peak: float) -> tuple[float, float]:
    """Learning rate and first momentum of a step, 0 to total − 1: up over 15 % of the steps, then down to almost zero.

    Half cosines; the momentum falls from 0.95 to 0.85 and back (Smith and Topin, Super-Convergence, 2018). A function
    of the step alone, so that a resumed run has no schedule to restore.
    """
    top = max(0.15 * total - 1, 1e-9)
    if step <= top:
        share, start, end, heavy, light = step / top, peak / 25, peak, 0.95, 0.85
    else:
        share, start, end, heavy, light = (step - top) / (total - 1 - top), peak, peak / 25e4, 0.85, 0.95
    weight = (1 - math.cos(math.pi * share)) / 2
    return start + (end - start) * weight, heavy + (light - heavy) * weight


@torch.no_grad()
def quick_dice(network: nn.Module, scans: Sequence[Scan]) -> dict[str, float]:
    """Mean per-volume Dice on the network's own grid, without post-processing: for watching, not for reporting."""
    network.eval()
    device = next(network.parameters()).device
    scores = []
    for scan in scans:
        x = torch.from_numpy((scan.images - scan.mean) / scan.std)[:, None]
        found = network(x.to(device, memory_format=torch.channels_last)).argmax(1).cpu().numpy()
        row = []
        for value in (1, 2, 3):
            size = (found == value).sum() + (scan.labels == value).sum()
            row.append(2 * ((found == value) & (scan.labels == value)).sum() / size if size else np.nan)
        scores.append(row)
    lv, myo, rv = np.nanmean(scores, axis=0).tolist()
    return {"dice_lv": lv, "dice_myo": myo, "dice_rv": rv, "dice_mean": (lv + myo + rv) / 3}


def load_weights(network: nn.Module, path: Path) -> nn.Module:
    """Weights of a safetensors file into a network, strictly; from a checkpoint, its averaged weights.

    Raises RunError for a file that is damaged or of another network.
    """
    try:
        with safe_open(str(path), framework="pt") as file:
            names = set(file.keys())
            prefix = "average/" if any(n.startswith("average/") for n in names) else ""
            tensors = {n.removeprefix(prefix): file.get_tensor(n) for n in names if n.startswith(prefix)}
        network.load_state_dict(tensors)
    except (OSError, SafetensorError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise RunError(f"{path}: does not hold the weights of this network ({reason}); train it again") from error
    return network.eval()


def _update_average(average: dict[str, Tensor], network: nn.Module, decay: float) -> None:
    with torch.no_grad():
        for key, value in network.state_dict().items():
            if value.dtype.is_floating_point:
                average[key].lerp_(value, 1 - decay)
            else:
                average[key].copy_(value)


def _averaged(config: Config, average: dict[str, Tensor]) -> nn.Module:
    network = NETWORKS[config.network]()
    network.load_state_dict(average)
    return channels_last(network).eval()


def _same_run_or_new(config: Config, folder: Path, *, write: bool) -> None:
    # As the file has it: lists, where the configuration has tuples.
    path, values = folder / "config.json", json.loads(json.dumps(config.as_dict()))
    # Files of older versions lack newer keys, which had no effect then.
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else values
    if any(before.get(key, values[key]) != values[key] for key in values if key not in AFTER_TRAINING):
        raise RunError(f"{folder} holds a run of another configuration; choose another folder or remove it")
    if write:
        write_atomically(path, json.dumps(values, indent=1, ensure_ascii=False).encode())


def _cut_log(path: Path, epochs: int) -> None:
    """Leave the header and the rows of the epochs that the checkpoint has. A run may have ended between the two."""
    content = path.read_text(encoding="utf-8", errors="replace") if epochs and path.exists() else ""
    rows = [row for row in csv.reader(content.splitlines()) if row and row[0].isdecimal() and int(row[0]) <= epochs]
    out = io.StringIO()
    csv.writer(out).writerows([_COLUMNS, *rows])
    write_atomically(path, out.getvalue().encode())


def save_checkpoint(path: Path, network: nn.Module, average: dict[str, Tensor], optimizer: Any, epoch: int) -> None:
    """All that a training needs to go on after an epoch, written at once or not at all."""
    tensors = {f"network/{k}": v for k, v in network.state_dict().items()}
    tensors |= {f"average/{k}": v for k, v in average.items()}
    for index, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer/{index}/{k}": v for k, v in state.items()}
    _write_tensors(path, tensors, {"epoch": str(epoch)})


def _write_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    write_atomically(path, save({k: v.detach().cpu().contiguous().clone() for k, v in tensors.items()}, metadata))


def resume_checkpoint(path: Path, network: nn.Module, average: dict[str, Tensor], optimizer: Any) -> int:
    """Load a checkpoint in place. Returns the number of epochs done, 0 if there is none. Raises RunError if damaged."""
    if not path.exists():
        return 0
    try:
        with safe_open(str(path), framework="pt") as file:
            tensors = {k: file.get_tensor(k) for k in file.keys()}  # noqa: SIM118 (safe_open is no mapping)
            epoch = int(file.metadata()["epoch"])
    except SafetensorError as error:
        raise RunError(f"{path}: is damaged ({error}); remove it, and training starts again") from error
    network.load_state_dict({k.removeprefix("network/"): v for k, v in tensors.items() if k.startswith("network/")})
    for key, value in average.items():
        value.copy_(tensors[f"average/{key}"])
    state = optimizer.state_dict()
    for key, value in tensors.items():
        if key.startswith("optimizer/"):
            _, index, name = key.split("/")
            state["state"].setdefault(int(index), {})[name] = value
    optimizer.load_state_dict(state)
    return epoch
