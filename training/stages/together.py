"""One training in several processes, one for each graphics card, as a child of the worker that asked for it.

torchrun starts the processes (`python -m training work`). The first of them tells its progress as JSON lines;
to stop them the worker makes a file that they look for. None of them outlives the worker: who cannot tell its
progress any more ends.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from training.manifest import Manifest, Report
from training.networks import accelerators
from training.progress import Cancelled, EpochReport, Listener, Progress, TrainingError
from training.stages.plans import notes_kept

_LOOK_S, _GRACE_S = 0.5, 60.0
_MOST_TRIES = 12  # in ever less memory
_LOG = "processes.log"

Child = subprocess.Popen[str]


def processes() -> int:
    """Return how many processes train together here: one per graphics card, or DELINEATE_PROCESSES.

    Raises TrainingError when that is set and not a whole number above 0.
    """
    asked = os.environ.get("DELINEATE_PROCESSES") or str(max(1, accelerators()))
    if not asked.isdecimal() or int(asked) < 1:
        raise TrainingError(f"DELINEATE_PROCESSES is {asked!r}; it must be a whole number above 0.")
    return int(asked)


def train_together(manifest: Manifest, out_dir: Path, count: int, listener: Listener) -> Report:
    """Train as `training.run.train` does, in `count` processes. Raises TrainingError, Cancelled."""
    out_dir.mkdir(parents=True, exist_ok=True)
    (out_dir / "manifest.json").write_text(manifest.to_json())
    told = notes_kept(out_dir)
    for _ in range(_MOST_TRIES):
        report, sentence = _tried(out_dir, count, listener)
        if report is not None:
            return report
        lowered = [note for note in notes_kept(out_dir) if note not in told]
        if not lowered:
            raise TrainingError(
                sentence or f"One of {count} processes that train together ended; {_LOG} of the run says why."
            )
        for note in lowered:
            listener.on_note(note)
        told = notes_kept(out_dir)
    raise TrainingError("The memory was not enough, however small the patch was made; free some of it.")


def _tried(out_dir: Path, count: int, listener: Listener) -> tuple[Report | None, str]:
    """Start the processes once; return their report, or what the first of them said was wrong."""
    stop = out_dir / "stop"
    stop.unlink(missing_ok=True)
    report, sentence, stopped_at = None, "", None
    with _started(out_dir, count, stop) as (child, lines):
        while (line := _next(lines)) is not None or child.poll() is None:
            if line:
                report, sentence = _heard(line, listener, report, sentence)
            if stopped_at is None and listener.should_stop():
                stop.touch()
                stopped_at = time.monotonic()
            if stopped_at is not None and time.monotonic() - stopped_at > _GRACE_S:
                break
    if stopped_at is not None and report is None:
        raise Cancelled
    return report, sentence


def _heard(line: str, listener: Listener, report: Report | None, sentence: str) -> tuple[Report | None, str]:
    """Pass on what the first process tells."""
    try:
        told = json.loads(line)
        kind, content = next(iter(told.items()))
    except (ValueError, AttributeError, StopIteration):
        return report, sentence  # a library spoke
    match kind:
        case "progress":
            listener.on_progress(Progress(**content))
        case "epoch":
            listener.on_epoch(EpochReport(**content))
        case "note":
            listener.on_note(content)
        case "refused":
            sentence = content
        case "report":
            report = Report.from_json(json.dumps(content))
    return report, sentence


@contextmanager
def _started(out_dir: Path, count: int, stop: Path) -> Iterator[tuple[Child, "queue.Queue[str]"]]:
    """Give the launcher and the lines that it and its processes write; nothing of them is left afterwards."""
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)]
    command = ["-m", "training", "work", str(out_dir / "manifest.json"), "--out", str(out_dir)]
    each = max(1, len(os.sched_getaffinity(0)) // count)
    own = {"DELINEATE_THREADS": os.environ.get("DELINEATE_THREADS", str(each)), "OMP_NUM_THREADS": str(each)}
    with (out_dir / _LOG).open("a") as log:
        child = subprocess.Popen(
            [sys.executable, *launcher, *command, "--stop", str(stop), "--parent", str(os.getpid())],
            stdout=subprocess.PIPE,
            stderr=log,
            env=os.environ | own,
            text=True,
            start_new_session=True,
        )
    lines: queue.Queue[str] = queue.Queue()
    assert child.stdout is not None  # noqa: S101 - it is a pipe
    reader = threading.Thread(target=_read, args=(child.stdout, lines), daemon=True)
    reader.start()
    try:
        yield child, lines
    finally:
        _end(child)
        reader.join()
        child.stdout.close()


def _read(pipe: IO[str], lines: "queue.Queue[str]") -> None:
    for line in pipe:
        lines.put(line)


def _next(lines: "queue.Queue[str]") -> str | None:
    try:
        return lines.get(timeout=_LOOK_S)
    except queue.Empty:
        return None


def _end(child: Child) -> None:
    """End the launcher and all that it started, which share a session."""
    for number, seconds in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 10.0)):
        if child.poll() is not None:
            break
        os.killpg(child.pid, number)
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    try:
        os.killpg(child.pid, signal.SIGKILL)  # what the launcher left behind
    except ProcessLookupError:
        return
