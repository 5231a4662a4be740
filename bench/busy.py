"""How much slower the web answers while a worker trains or predicts on the same machine."""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from urllib.request import Request, urlopen

from backend.services import free_port
from bench import ready  # noqa: F401

# isort: split
from bench.table import Row, hand_over, median_ms, percentile_ms
from bench.world import client_of, make_project

REQUESTS = 150
PREDICTED = 200  # scans: more than there is time for
WARM_UP_S = 45.0  # torch takes its time to start


def main() -> None:
    hand_over(_rows())


def _rows() -> Iterator[Row]:
    project = make_project("busy", 50)
    cookie = client_of("reader0").cookies["sessionid"].value
    with serve() as port, tempfile.TemporaryDirectory() as folder:
        url = f"http://127.0.0.1:{port}/api/worklist/?project={project.pk}"
        idle = _times(url, cookie)
        with _training(Path(folder)):
            training = _times(url, cookie)
        again = _times(url, cookie)
        with _predicting(Path(folder)):
            predicting = _times(url, cookie)
    # MONAI Label 0.8.5: training is a process of its own there; during an inference of 96³ voxels every
    # request waits for its end.
    yield _row("a request while a worker trains (MONAI Label: up to 430 ms)", idle, training)
    yield _row("a request while a worker predicts (MONAI Label: 26 100 ms)", again, predicting)


def _row(what: str, idle: list[float], busy: list[float]) -> Row:
    before, during = median_ms(idle), median_ms(busy)
    return Row(
        what,
        f"× {during / before:.2f} ({before:.1f} → {during:.1f} ms, p95 {percentile_ms(busy, 95):.1f})",
        "≤ × 1.2 of idle",
        during <= 1.2 * before,
    )


def _times(url: str, cookie: str) -> list[float]:
    times = []
    for _ in range(REQUESTS):
        request = Request(url, headers={"Cookie": f"sessionid={cookie}"})  # noqa: S310  # our own server
        started = perf_counter()
        with urlopen(request, timeout=30) as answer:  # noqa: S310
            answer.read()
        times.append(perf_counter() - started)
        time.sleep(0.05)
    return times[10:]


@contextlib.contextmanager
def serve(*, apart: bool = False) -> Iterator[int]:
    """A gunicorn of our own on a free port; `apart`: in a session of its own."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "backend.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "2", "--threads", "4", "--log-level", "error"]
    server = subprocess.Popen(command, start_new_session=apart)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                urlopen(f"http://127.0.0.1:{port}/api/csrf/", timeout=5).close()
                break
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(20)


@contextlib.contextmanager
def _training(folder: Path) -> Iterator[None]:
    """A real training, as nice as the worker's."""
    _run("phantom", str(folder / "data"), "--cases", "3")
    with _going_on("fit", "auto", str(folder / "data"), "--out", str(folder / "out"), "--budget-s", "300"):
        yield


@contextlib.contextmanager
def _predicting(folder: Path) -> Iterator[None]:
    """A real prediction of one scan after another, as nice as the worker's."""
    scans, model = folder / "scans", folder / "short"
    _run("fit", "auto", str(folder / "data"), "--out", str(model), "--budget-s", "20")
    _run("phantom", str(scans), "--cases", str(PREDICTED))
    with _going_on("predict", str(model / "model"), str(scans / "images"), str(folder / "drawn")):
        yield


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "training", *arguments]


def _run(*arguments: str) -> None:
    nowhere = subprocess.DEVNULL
    subprocess.run(_command(*arguments), check=True, stdout=nowhere, stderr=nowhere)


@contextlib.contextmanager
def _going_on(*arguments: str) -> Iterator[None]:
    nowhere = subprocess.DEVNULL
    worker = subprocess.Popen(
        _command(*arguments), preexec_fn=lambda: os.nice(10), stdout=nowhere, stderr=nowhere
    )
    try:
        time.sleep(WARM_UP_S)
        if worker.poll() is not None:
            raise RuntimeError(f"the work ended by itself (exit {worker.returncode})")
        yield
    finally:
        worker.kill()
        worker.wait()


if __name__ == "__main__":
    main()
