"""Batches on Dask: real schedulers and workers, each a process of its own on the loopback."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import psutil
import pytest
from cohorts import AFFINE, result_bytes, write_volume
from places import ROOT
from tiny_model import write_tiny_model

from engine.batch import cluster, work
from engine.batch.cluster import ClusterError, Local, existing_cluster, local_cluster
from engine.batch.cohort import Options, Plan, in_process, plan_batch, run_batch
from engine.network.catalog import find_models

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes are stopped by signals")
VOLUMES = 10


@pytest.fixture(name="_model", autouse=True, scope="module")
def model_fixture(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The tiny model, where other processes find it as well; compiled once for all of them."""
    home = tmp_path_factory.mktemp("home")
    write_tiny_model(home / "models", "tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CINEQUANT_MODELS", str(home / "models"))
        patch.setenv("CINEQUANT_CACHE", str(home / "cache"))
        patch.setenv("PYTHONPATH", str(ROOT))
        yield


@pytest.fixture(name="cohort", scope="module")
def cohort_fixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cohort")
    for number in range(VOLUMES):
        write_volume(folder / f"{number:02d}/cine.nii.gz", seed=number)
    (folder / "damaged.nii.gz").write_bytes(b"no scan")
    return folder


@pytest.fixture(name="alone", scope="module")
def alone_fixture(cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a batch without Dask writes."""
    out = tmp_path_factory.mktemp("alone") / "out"
    run_batch(planned(cohort, out), in_process)
    return result_bytes(out)


def planned(source: Path, out: Path) -> Plan:
    return plan_batch(source, out, Options(model="tiny"), find_models())


def command(source: Path, out: Path, *options: str) -> list[str]:
    asked = ["batch", str(source), "-o", str(out), "--model", "tiny", *options]
    return [sys.executable, "-m", "app.cli.main", *asked]


def lines(out: Path) -> int:
    journal = out / "journal.jsonl"
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


def wait_for(condition: Any, process: subprocess.Popen[bytes] | None = None, seconds: float = 90) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "waited too long"
        assert process is None or process.poll() is None, "the process ended"
        time.sleep(0.02)


def test_a_worker_out_of_memory_costs_its_case_alone(cohort: Path, alone: dict[str, str], tmp_path: Path) -> None:
    """The other cases have the same bytes as without Dask, and all sockets are on the loopback."""
    (tmp_path / "in").mkdir()
    for path in cohort.iterdir():
        (tmp_path / "in" / path.name).symlink_to(path) if path.is_file() else copy(path, tmp_path / "in" / path.name)
    (tmp_path / "in/damaged.nii.gz").unlink()
    (tmp_path / "in/damaged.nii.gz").write_bytes(b"no scan")
    huge(tmp_path / "in/huge.nii")
    out = tmp_path / "out"
    listening: set[str] = set()
    with local_cluster(Local(2, 1, memory="600 MB")) as execute:
        own = [psutil.Process(), *psutil.Process().children(recursive=True)]
        for process in own:
            listening |= {c.laddr.ip for c in process.net_connections() if c.status == psutil.CONN_LISTEN}
        outcome = run_batch(planned(tmp_path / "in", out), execute)
    assert listening == {"127.0.0.1"}
    assert outcome.cases == {"done": VOLUMES, "failed": 2}
    assert dict(outcome.failures)["huge"] == (
        "huge.nii: ended the process that worked on it, twice; does it need more memory?"
    )
    found = result_bytes(out)
    same = {name for name in alone if name.startswith(("masks", "pictures"))}
    assert {name: found.get(name) for name in same} == {name: alone[name] for name in same}


def copy(source: Path, target: Path) -> None:
    target.mkdir()
    for path in source.iterdir():
        (target / path.name).write_bytes(path.read_bytes())


def huge(path: Path) -> None:
    """A cine of 4 GB, of which the disk holds the header alone."""
    header = nib.Nifti1Header()
    header.set_data_dtype(np.int16)
    header.set_data_shape((1000, 1000, 40, 50))
    header.set_sform(AFFINE, 1)
    header["magic"], header["vox_offset"] = b"n+1", 352
    path.write_bytes(header.binaryblock + bytes(4))
    os.truncate(path, 352 + 1000 * 1000 * 40 * 50 * 2)


def test_a_batch_that_is_killed_leaves_no_worker_and_goes_on_to_the_same_bytes(
    cohort: Path, alone: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    started = subprocess.Popen(command(cohort, out, "--workers", "2"), cwd=ROOT)
    wait_for(lambda: lines(out) > 2, started)
    workers = psutil.Process(started.pid).children(recursive=True)
    assert len(workers) >= 2
    started.kill()
    started.wait()
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert alive == []
    before = lines(out)
    done = subprocess.run(command(cohort, out, "--workers", "1", "--json"), cwd=ROOT, check=True, capture_output=True)
    assert f'"resumed": {before},'.encode() in done.stdout
    assert result_bytes(out) == alone


@contextlib.contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


def dask(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", *arguments], cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )


def test_a_killed_and_a_slow_worker_of_a_scheduler_change_nothing(
    cohort: Path, alone: dict[str, str], tmp_path: Path
) -> None:
    with contextlib.ExitStack() as stack:
        options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--dashboard-address", "127.0.0.1:0")
        scheduler = stack.enter_context(ended(dask("distributed.cli.dask_scheduler", *options)))
        assert scheduler.stderr is not None
        address = next(found[1] for line in scheduler.stderr if (found := re.search(r"(tcp://127\.0\.0\.1:\d+)", line)))
        options = ("--no-nanny", "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1")
        killed, slow, _ = (
            stack.enter_context(ended(dask("distributed.cli.dask_worker", address, *options))) for _ in range(3)
        )
        out = tmp_path / "out"
        with existing_cluster(address) as execute:
            asked = execute.__closure__
            assert asked is not None
            client = next(cell.cell_contents for cell in asked if hasattr(cell.cell_contents, "wait_for_workers"))
            client.wait_for_workers(3, timeout=90)
            plan = planned(cohort, out)

            def disturbed(tasks: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
                for count, answer in enumerate(execute(tasks)):
                    if count == 0:
                        killed.kill()
                        slow.send_signal(signal.SIGSTOP)
                    if count == VOLUMES - 4:
                        slow.send_signal(signal.SIGCONT)
                    yield answer

            outcome = run_batch(plan, disturbed)
        assert outcome.cases == {"done": VOLUMES, "failed": 1}
        assert result_bytes(out) == alone


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("tcp://192.0.2.1:8786", "is elsewhere and without TLS"),
        ("192.0.2.1:8786", "is elsewhere and without TLS"),
        ("ftp://127.0.0.1:8786", "is no address of a scheduler"),
        ("tcp://127.0.0.1:9", "no scheduler can be reached"),
    ],
)
def test_a_scheduler_that_cannot_be_used_is_said(address: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_S", 1)
    with pytest.raises(ClusterError, match=message), existing_cluster(address):
        pass


def test_without_dask_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ClusterError, match=r"pip install 'cinequant\[batch\]'"), local_cluster(Local(1, 1)):
        pass


def test_the_cores_are_shared_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_cores", lambda: [0, 1, 2, 3])
    assert cluster.default_workers(1) == 4
    assert cluster.default_workers(8) == 1
    assert cluster._shares(Local(2, 2)) == [[0, 1], [2, 3]]
    assert cluster._shares(Local(3, 2)) is None


def test_tasks_are_paths_and_plain_data(cohort: Path, tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = []

    def looking(tasks: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for task in tasks:
            seen.append(task)
            yield work.died(task, "was looked at")

    run_batch(planned(cohort, tmp_path / "out"), looking)
    plain = (str, int, float, bool, type(None))
    values = [value for task in seen for value in task.values()]
    assert all(
        isinstance(value, plain) or (isinstance(value, tuple) and all(isinstance(v, str) for v in value))
        for value in values
    )


def test_dask_and_pickles_are_in_no_other_module() -> None:
    """Sockets and Dask's pickles are exempt from what holds everywhere else, for batches alone."""
    named = re.compile(r"""["'](?:dask|distributed)["']|\bimport (?:dask|distributed)\b""")
    modules = [path for package in ("app", "engine", "training") for path in (ROOT / package).rglob("*.py")]
    texts = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in modules}
    found = {name for name, text in texts.items() if named.search(text)}
    assert found == {"engine/batch/cluster.py", "app/cli/doctor_verb.py"}
    assert [
        name for name, text in texts.items() if re.search(r"^\s*(?:import|from) (?:cloud)?pickle\b", text, re.M)
    ] == []
