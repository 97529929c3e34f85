"""Runs a batch on Dask: on processes of this machine, or on whatever cluster the user has.

The only module that opens sockets. On this machine they are on the loopback, and speak TLS with keys of this run:
whoever reaches a scheduler can run code, and other users of the machine reach the loopback, too. Tasks are paths and
plain data; it is Dask that pickles them, and the functions by their names.
"""

from __future__ import annotations

import contextlib
import importlib.util
import ipaddress
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import psutil

from engine.batch.cohort import Execute
from engine.batch.work import died, work_on
from engine.errors import CineQuantError
from engine.later import Later

dask: Any = Later("dask")
distributed: Any = Later("distributed")

CONNECT_S = 20
# Tasks that a scheduler has at a time, at least and for each thread of its workers. It could take all of them, but
# one that grows with the work must only see that there is more.
_LEAST_IN_FLIGHT, _IN_FLIGHT = 32, 2
_LOOPBACK = "127.0.0.1"


class ClusterError(CineQuantError):
    """Dask is missing, or a scheduler cannot be used."""


@dataclass(frozen=True, slots=True)
class Local:
    """Processes on this machine. memory: what each may take, in bytes or as "2 GB"; None for its share of all there is.

    dashboard: Dask's page on the work, on the loopback. pin: keep each process on cores of its own.
    """

    workers: int
    threads: int
    memory: str | None = None
    dashboard: bool = False
    pin: bool = True


def is_installed() -> bool:
    return all(importlib.util.find_spec(name) is not None for name in ("distributed", "cryptography"))


def default_workers(threads: int) -> int:
    """As many processes as keep the physical cores that this process may use busy."""
    return max(1, len(_cores()) // threads)


@contextlib.contextmanager
def local_cluster(local: Local, told: Callable[[str], None] = lambda _: None) -> Iterator[Execute]:
    """Workers for as long as the context lasts; they end with this process, however it ends.

    told: hears the dashboard's address.
    """
    _need()
    _quiet()
    settings = {
        # A task alone on its worker, so that who has brought a worker down is known.
        "distributed.scheduler.worker-saturation": 1.0,
        "distributed.scheduler.allowed-failures": 0,
        "distributed.scheduler.work-stealing": False,
        "distributed.worker.memory.target": False,
        "distributed.worker.memory.spill": False,
        "distributed.worker.memory.pause": False,
        "distributed.comm.timeouts.connect": "60s",
        # Loops that only look whether they are still on time would take the cores from the workers.
        "distributed.admin.tick.interval": "1s",
        "distributed.admin.system-monitor.interval": "10s",
        "distributed.scheduler.active-memory-manager.start": False,
        "distributed.worker.profile.enabled": False,
        "logging": {"distributed": "critical"},
    }
    if not local.dashboard:
        # Their HTTP servers cannot be left away; they listen on the loopback, and have nothing to show.
        settings |= {"distributed.scheduler.http.routes": [], "distributed.worker.http.routes": []}
    with dask.config.set(settings):
        cluster = distributed.LocalCluster(
            n_workers=local.workers,
            threads_per_worker=1,
            processes=True,
            host=_LOOPBACK,
            protocol="tls://",
            security=distributed.Security.temporary(),
            memory_limit=local.memory or "auto",
            dashboard_address=f"{_LOOPBACK}:0",
            worker_dashboard_address=f"{_LOOPBACK}:0",
            scheduler_kwargs={"dashboard": local.dashboard},
            silence_logs=logging.CRITICAL,
        )
        with cluster, distributed.Client(cluster) as client:
            if local.dashboard:
                told(str(client.dashboard_link))
            yield _executor(client, _Setup(_shares(local) if local.pin else None, quiet=True))


@contextlib.contextmanager
def existing_cluster(address: str, *, insecure: bool = False) -> Iterator[Execute]:
    """The workers of a scheduler, such as "tls://host:8786". Keys and certificates are those of Dask's own settings.

    insecure: take a scheduler elsewhere though nothing between is encrypted and nobody proves who they are.
    Raises ClusterError.
    """
    _need()
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    if parts.scheme not in ("tls", "tcp") or not parts.hostname:
        raise ClusterError(f"{address}: is no address of a scheduler; give one such as tls://host:8786")
    if parts.scheme != "tls" and not insecure and not _is_loopback(parts.hostname):
        raise ClusterError(
            f"{address}: is elsewhere and without TLS, so that anybody between could read scans and run code; use "
            "tls:// (see docs/scale.md), or say --insecure-scheduler where the network is yours alone"
        )
    _quiet()
    try:
        client = distributed.Client(parts.geturl(), timeout=CONNECT_S, set_as_default=False)
    except Exception as error:  # of Dask, Tornado or ssl, by what is wrong
        raise ClusterError(f"{address}: no scheduler can be reached ({_line(error)}); check address and TLS") from error
    with client:
        yield _executor(client, _Setup())


@dataclass(frozen=True, slots=True)
class _Setup:
    """What a worker does to its process. shares: the cores of each worker. quiet: drop what decoders print."""

    shares: list[list[int]] | None = None
    quiet: bool = False


def _executor(client: Any, setup: _Setup) -> Execute:
    def execute(tasks: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        suspects: list[dict[str, Any]] = []
        for task, answer in _answers(client, tasks, setup, _in_flight(client)):
            if answer is None:
                suspects.append(task)
            else:
                yield answer
        # Several tasks may have been on a worker that ended. Alone, each shows whether it was the one.
        for task, answer in _answers(client, iter(suspects), setup, 1):
            yield answer or died(task, "ended the process that worked on it, twice; does it need more memory?")

    return execute


def _answers(
    client: Any, tasks: Iterator[dict[str, Any]], setup: _Setup, most: int
) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
    """(task, its answer) as they come; None for a task whose worker has ended. most: tasks in flight."""
    asked: dict[str, dict[str, Any]] = {}
    done = distributed.as_completed(loop=client.loop, with_results=True, raise_errors=False)

    def ask() -> None:
        for task in tasks:
            key = f"cinequant-{task['run']}-{task['key']}"
            future = client.submit(_on_worker, task, setup.shares, setup.quiet, key=key, pure=False)
            asked[future.key] = task
            done.add(future)
            if len(asked) >= most:
                return

    ask()
    for future, result in done:
        task = asked.pop(future.key)
        error = future.exception() if future.status == "error" else None
        if future.status == "finished":
            answer = result
        elif isinstance(error, distributed.scheduler.KilledWorker):
            answer = None
        else:
            raise ClusterError(
                f"a worker cannot do its part ({_line(error) if error else 'the scheduler is gone'}); workers need the "
                "same version of CineQuant. The same command goes on where this one ends"
            )
        future.release()
        if len(asked) < most:
            ask()
        yield task, answer


def _on_worker(task: dict[str, Any], shares: list[list[int]] | None, quiet: bool) -> dict[str, Any]:
    name = distributed.get_worker().name
    if shares is not None and hasattr(os, "sched_setaffinity") and isinstance(name, int) and name < len(shares):
        os.sched_setaffinity(0, shares[name])
    if quiet:
        # Decoders in C write on the terminal, over the progress; what they find is told by the row.
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 2)
        os.close(null)
    return work_on(task, str(name))


def _in_flight(client: Any) -> int:
    threads: int = sum(client.nthreads().values())
    return max(_LEAST_IN_FLIGHT, _IN_FLIGHT * threads)


def _shares(local: Local) -> list[list[int]] | None:
    """The cores of each worker; None where there are fewer than they would need."""
    cores = _cores()
    if local.workers * local.threads > len(cores):
        return None
    return [cores[i * local.threads : (i + 1) * local.threads] for i in range(local.workers)]


def _cores() -> list[int]:
    """One logical processor of each physical core that this process may use, as far as the system tells."""
    allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))
    physical = psutil.cpu_count(logical=False) or len(allowed)
    return allowed[:physical]


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]


def _quiet() -> None:
    """What Dask logs of workers that end is told by their tasks. It sets its levels when it is imported."""
    logging.getLogger(distributed.__name__).setLevel(logging.CRITICAL)


def _need() -> None:
    if not is_installed():
        raise ClusterError(
            "Dask is not installed, on which batches run; install it with pip install 'cinequant[batch]', or use "
            "--in-process, where a scan that brings the process down ends the batch"
        )
