"""How much slower the web answers while a worker trains on the same machine."""

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
            busy = _times(url, cookie)
    before, during = median_ms(idle), median_ms(busy)
    yield Row(
        "a request while a worker trains",
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
def serve() -> Iterator[int]:
    """A gunicorn of our own on a free port."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "backend.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "2", "--threads", "4", "--log-level", "error"]
    server = subprocess.Popen(command)
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
    module = [sys.executable, "-m", "training"]
    nowhere = subprocess.DEVNULL
    data, out = str(folder / "data"), str(folder / "out")
    subprocess.run([*module, "phantom", data, "--cases", "3"], check=True, stdout=nowhere, stderr=nowhere)
    command = [*module, "fit", "auto", data, "--out", out, "--budget-s", "300"]
    trainer = subprocess.Popen(command, preexec_fn=lambda: os.nice(10), stdout=nowhere, stderr=nowhere)
    try:
        time.sleep(WARM_UP_S)
        if trainer.poll() is not None:
            raise RuntimeError(f"the training ended by itself (exit {trainer.returncode})")
        yield
    finally:
        trainer.kill()
        trainer.wait()


if __name__ == "__main__":
    main()
