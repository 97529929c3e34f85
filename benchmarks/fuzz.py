"""Damages inputs at random and looks at what the program makes of them: `python -m benchmarks.fuzz --inputs 5000`.

Every input is opened in a process of its own that has WITHIN_S seconds of the processor and EXTRA_BYTES of
memory. It must be opened
right, opened with the damage said in a notice, or refused in one line. Exits with 1 where anything else happens.

Some damage cannot be known: another grey value is as good as the first. What can be known is what a checksum, a length,
a header against its data, or a file that is missing gives away; such a change that is opened in silence is a fault.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import hashlib
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from PySide6.QtCore import QSettings

from app.state.types import AppState
from app.window.settings import Settings
from benchmarks import fuzz_lies
from benchmarks.fuzz_seeds import SEEDS
from engine.errors import CineQuantError
from engine.formats.case_file import corrected_labels, read_case
from engine.formats.door import open_scan
from engine.formats.masks import read_masks
from engine.network.catalog import find_models
from engine.network.model_card import checked_bytes, read_test_tensors
from engine.network.packed import is_packed, unpack

WITHIN_S, WAITS_S = 5, 60
EXTRA_BYTES = 1 << 30
GOOD = ("same", "said", "refused", "unknowable")
MEANINGS = {
    "same": "opened, and the same as without the damage",
    "said": "opened otherwise, with a notice",
    "refused": "refused in one line",
    "unknowable": "opened otherwise in silence; nothing in the file gives the damage away",
    "silent": "opened otherwise in silence, although the damage can be known",
    "bug": "an exception that is not the program's own, or a message of several lines",
    "crash": "ended the process",
    "hang": f"took more than {WITHIN_S} s of the processor, or waited for more than {WAITS_S} s",
    "memory": f"took more than {EXTRA_BYTES >> 20} MiB",
    "outside": "wrote where it should not",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one input. digest: of all that was read. notices: what was said about it."""

    outcome: str
    digest: str = ""
    notices: tuple[str, ...] = ()
    detail: str = ""


# --- damage. Each changes the files below a folder and says whether the change can be known.


def _flip(path: Path, rng: random.Random) -> bool:
    data = bytearray(path.read_bytes())
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return _rewritten(path, bytes(data))


def _header(path: Path, rng: random.Random) -> bool:
    """Odd numbers near the start, where headers are; a compressed file is damaged before it is compressed."""
    packed = path.name.endswith(".gz")
    data = bytearray(gzip.decompress(path.read_bytes()) if packed else path.read_bytes())
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(min(len(data), 400 if packed else 2000))
        odd = rng.choice(
            (b"\0", b"\xff", b"\x7f", b"\0\x80", b"\xff\x7f", b"\0\0\xc0\x7f", b"\xff\xff\xff\x7f", b"\n\x1b")
        )
        data[at : at + len(odd)] = odd
    path.write_bytes(gzip.compress(bytes(data), 1) if packed else bytes(data))
    return False


def _cut(path: Path, rng: random.Random) -> bool:
    data = path.read_bytes()
    return _rewritten(path, data[: rng.randrange(len(data))], cut=True)


def _longer(path: Path, rng: random.Random) -> bool:
    return _rewritten(path, path.read_bytes() + rng.randbytes(rng.choice((1, 2, 100, 5000))))


def _empty(path: Path, rng: random.Random) -> bool:
    return _rewritten(path, b"", cut=True)


def _zeros(path: Path, rng: random.Random) -> bool:
    return _rewritten(path, bytes(path.stat().st_size), cut=True)


def _noise(path: Path, rng: random.Random) -> bool:
    # The voxels alone of an image in two files may have any value.
    return _rewritten(path, rng.randbytes(path.stat().st_size), cut=path.suffix not in (".img", ".raw"))


def _splice(path: Path, rng: random.Random) -> bool:
    data = path.read_bytes()
    start, to, length = rng.randrange(len(data)), rng.randrange(len(data)), rng.randrange(1, 600)
    return _rewritten(path, data[:to] + data[start : start + length] + data[to:])


def _gone(path: Path, rng: random.Random) -> bool:
    path.unlink()
    return True


def _twice(path: Path, rng: random.Random) -> bool:
    shutil.copy(path, path.with_name(f"copy of {path.name}"))
    return False


def _folder(path: Path, rng: random.Random) -> bool:
    path.unlink()
    path.mkdir()
    return True


def _pipe(path: Path, rng: random.Random) -> bool:
    path.unlink()
    os.mkfifo(path)
    return True


def _loop(path: Path, rng: random.Random) -> bool:
    (path.parent / "loop").symlink_to(path.parent, target_is_directory=True)
    return False


def _rewritten(path: Path, data: bytes, *, cut: bool = False) -> bool:
    """Write damaged bytes. Known by a checksum where there is one, and where bytes are missing, but for settings."""
    path.write_bytes(data)
    return (cut and path.suffix != ".ini") or path.name.endswith(CHECKED)


DAMAGE: tuple[Callable[[Path, random.Random], bool], ...] = (
    _flip, _flip, _header, _header, _header, _cut, _cut, _longer, _empty, _zeros, _noise, _splice, _gone, _twice,
    _folder, _pipe, _loop, fuzz_lies.lie, fuzz_lies.lie, fuzz_lies.lie, fuzz_lies.lie, fuzz_lies.lie,
    fuzz_lies.slice_gone, fuzz_lies.in_place_of,
)  # fmt: skip


CHECKED = (".gz", ".npz", ".onnx", ".cqp", ".zip", ".cinequant")
"""What the names of files end in that hold a checksum of all that they say."""

ALONE = ("phases", "mask")
"""Folders of files that are whole scans or masks one by one: the one that is left does not miss the other."""


# --- opening


def opened(kind: str, folder: Path) -> tuple[str, tuple[str, ...]]:
    """Read an input as the program does. Returns (digest of what was read, notices). Raises what the program raises."""
    digest = hashlib.sha256()
    if kind == "settings":
        state = Settings(folder / "settings.ini").restore(AppState())
        return repr(state), ()
    if kind == "model":
        catalog = find_models([folder])
        for card in catalog.models:
            for precision, entry in card.precisions.items():
                content = checked_bytes(card.folder, entry.file, entry.sha256)
                digest.update(content)
                if is_packed(content):
                    unpack(content, card.path_for(precision))
                for array in read_test_tensors(card, precision):
                    digest.update(array.tobytes())
        return digest.hexdigest(), tuple(reason for _, reason in catalog.rejected)
    if kind == "case":
        read = read_case(folder / "reader.cinequant")
        for made in read.segmentations:
            digest.update(made.labels.tobytes() + corrected_labels(made).tobytes() + repr(made.model).encode())
        digest.update(repr((read.scan, read.geometry.shape, read.geometry.affine.tolist())).encode())
        return digest.hexdigest(), ()
    if kind == "disc":
        folder = folder / "disc"
    scan = next((folder / name for name in ("scan", "phases") if (folder / name).exists()), folder)
    files = sorted(path for path in scan.iterdir() if path.name != "loop")
    given = files[:1] if kind == "file" and files else [scan]
    if kind == "disc":
        given = [folder / "DICOMDIR"]
    volume = open_scan(given)
    digest.update(volume.array.tobytes() + repr((volume.array.shape, volume.geometry)).encode())
    digest.update(repr((volume.frame_times_ms, volume.phase_names)).encode())
    notices = volume.notices
    if (folder / "mask").exists():
        masks = sorted((folder / "mask").iterdir())
        mask = read_masks(masks, volume)
        digest.update(mask.labels.array.tobytes() + repr(mask.frames).encode())
        notices += mask.notices
    return digest.hexdigest(), tuple(notices)


def _answer(kind: str, folder: Path) -> Answer:
    try:
        digest, notices = opened(kind, folder)
    except CineQuantError as error:
        text = str(error)
        return Answer("refused" if text.isprintable() and text else "bug", detail=text)
    except MemoryError:
        return Answer("memory")
    except BaseException as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        return Answer("bug", detail=f"{type(error).__name__}: {error} at {Path(last.filename).name}:{last.lineno}")
    return Answer("opened", digest, notices)


def in_child(kind: str, folder: Path) -> Answer:
    """The answer of a forked process of bounded time and memory."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        status = 0
        with contextlib.suppress(BaseException):
            vms = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
            resource.setrlimit(resource.RLIMIT_AS, (vms + 2 * EXTRA_BYTES, vms + 2 * EXTRA_BYTES))
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            # Time of the processor, so that a busy machine makes no hangs; and for what only waits, time on the clock.
            signal.setitimer(signal.ITIMER_PROF, WITHIN_S)
            signal.alarm(WAITS_S)
            found = _answer(kind, folder)
            if (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 > EXTRA_BYTES:
                found = Answer("memory")
            with os.fdopen(write, "w") as stream:
                json.dump([found.outcome, found.digest, found.notices, found.detail], stream)
            status = 1
        os._exit(0 if status else 9)
    os.close(write)
    with os.fdopen(read) as stream:
        text = stream.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        hung = os.WTERMSIG(status) in (signal.SIGALRM, signal.SIGPROF)
        return Answer("hang" if hung else "crash", detail=f"signal {os.WTERMSIG(status)}")
    if not text:
        return Answer("crash", detail=f"status {status}")
    outcome, digest, notices, detail = json.loads(text)
    return Answer(outcome, digest, tuple(notices), detail)


def judged(found: Answer, whole: Answer, *, knowable: bool) -> Answer:
    """One of MEANINGS for what came of a damaged input, beside what the whole one gives."""
    if found.outcome != "opened":
        return found
    if found.digest == whole.digest:
        return Answer("same")
    if set(found.notices) - set(whole.notices):
        return Answer("said")
    return Answer("silent" if knowable else "unknowable", detail="no notice of it")


def run(
    inputs: int, seed: int, keep: Path | None = None, part: tuple[int, int] = (0, 1)
) -> tuple[dict[str, Counter[str]], list[str]]:
    """Open this many damaged inputs. Returns the outcomes by kind of input, and a line for each fault.

    keep: folder where inputs that show a fault are copied to. part: (k, n) opens every n-th of them, from the k-th on.
    """
    outcomes: dict[str, Counter[str]] = {name: Counter() for name in SEEDS}
    faults = []
    with tempfile.TemporaryDirectory(prefix="cinequant-fuzz-") as home:
        base = Path(home)
        os.environ["XDG_CACHE_HOME"] = os.environ["HOME"] = str(base / "home")
        (base / "home").mkdir()
        whole = {}
        for name, (kind, make) in SEEDS.items():
            make(base / "whole" / name)
            whole[name] = in_child(kind, base / "whole" / name)
            _answer(kind, base / "whole" / name)  # so that the processes have what is imported late
            if whole[name].outcome != "opened":
                raise SystemExit(f"{name}: the undamaged input is not opened: {whole[name]}")
        for number in range(part[0], inputs, part[1]):
            rng = random.Random(f"{seed}/{number}")
            name = rng.choice(list(SEEDS))
            folder = base / "case" / name
            shutil.copytree(base / "whole" / name, folder)
            knowable: dict[Path, bool] = {}
            done = []
            for _ in range(rng.choice((1, 1, 1, 2))):
                files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
                if not files:
                    break
                path, damage = rng.choice(files), rng.choice(DAMAGE)
                if not path.stat().st_size or (damage is fuzz_lies.lie and done):
                    continue
                try:
                    known = damage(path, rng)
                except Exception:  # a second damage that needs a file which is whole
                    continue
                alone = damage in (_gone, _folder, _pipe) and path.parent.name in ALONE
                # Bytes in the place of those that were cut off may be voxels like any others.
                refilled = damage is _longer and not path.name.endswith(".gz")
                if alone or (refilled and knowable.get(path)):
                    knowable[path] = False
                else:
                    knowable[path] = knowable.get(path, False) or known
                if damage is fuzz_lies.lie:  # alone, because what it lies about may change nothing
                    knowable[path] = known
                    done.append(f"lie {path.relative_to(folder)}")
                    break
                done.append(f"{damage.__name__.strip('_')} {path.relative_to(folder)}")
            before = _tree(base, folder)
            found = judged(in_child(SEEDS[name][0], folder), whole[name], knowable=any(knowable.values()))
            if _tree(base, folder) != before:
                found = Answer("outside")
            outcomes[name][found.outcome] += 1
            if found.outcome not in GOOD:
                faults.append(f"{seed}/{number} {name}: {', '.join(done)}: {found.outcome} {found.detail}")
                if keep is not None:
                    with contextlib.suppress(shutil.Error):  # pipes cannot be copied
                        shutil.copytree(folder, keep / f"{seed}-{number}", symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(base / "case")
    return outcomes, faults


def run_apart(inputs: int, seed: int, keep: Path | None, processes: int) -> tuple[dict[str, Counter[str]], list[str]]:
    """As run, by several processes that share the inputs."""
    outcomes: dict[str, Counter[str]] = {name: Counter() for name in SEEDS}
    faults: list[str] = []
    parts = [(k, processes) for k in range(processes)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for counts, said in pool.map(partial(run, inputs, seed, keep), parts):
            faults += said
            for name, own in counts.items():
                outcomes[name] += own
    return outcomes, faults


def _tree(base: Path, folder: Path) -> set[tuple[str, int]]:
    """Names and sizes of everything outside the input itself."""
    return {
        (str(path), path.lstat().st_size)
        for path in base.rglob("*")
        if path.is_file() and folder not in path.parents and "home" not in path.relative_to(base).parts
    }


def table(outcomes: dict[str, Counter[str]]) -> str:
    """The outcomes as a Markdown table."""
    shown = [word for word in MEANINGS if word in GOOD or any(counts[word] for counts in outcomes.values())]
    lines = [f"| input | {' | '.join(shown)} |", "|---|" + "---:|" * len(shown)]
    for name, counts in outcomes.items():
        lines.append(f"| {name} | " + " | ".join(str(counts[word]) for word in shown) + " |")
    total: Counter[str] = sum(outcomes.values(), Counter())
    lines.append("| all | " + " | ".join(str(total[word]) for word in shown) + " |")
    return "\n".join(lines + [""] + [f"- {word}: {MEANINGS[word]}" for word in shown])


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--inputs", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="copy inputs that show a fault there")
    parser.add_argument("--output", type=Path, metavar="FILE.md", help="write the table there as well")
    arguments = parser.parse_args(argv)
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    start = time.monotonic()
    if arguments.processes > 1:
        outcomes, faults = run_apart(arguments.inputs, arguments.seed, arguments.keep, arguments.processes)
    else:
        outcomes, faults = run(arguments.inputs, arguments.seed, arguments.keep)
    text = table(outcomes)
    tried = f"{arguments.inputs} inputs, seed {arguments.seed}, {len(faults)} faults"
    took = f"{tried}, {time.monotonic() - start:.0f} s"
    sys.stdout.write("\n".join([took, "", text, "", *faults]) + "\n")
    if arguments.output:
        arguments.output.write_text(f"{tried}\n\n{text}\n", encoding="utf-8")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
