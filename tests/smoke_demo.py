"""`make demo` as a stranger would run it: healthy, first model trained and announced, stopped clean.

Run as `python -m tests.smoke_demo`; it uses its own data folder and port, and prints one closing line.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import psutil

from backend.services import free_port

ROOT = Path(__file__).resolve().parents[1]
ANNOUNCED = "model 1 is serving"
BUDGET_S = 40  # of the training; how good the model gets is no question here
MODEL_SECONDS = 900
STOP_SECONDS = 60


class SmokeError(Exception):
    """The demo did not do what it promises."""


def main() -> int:
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="delineate-smoke-") as folder:
        Path(folder).chmod(0o755)
        try:
            _smoke(Path(folder))
        except SmokeError as error:
            print(f"demo smoke: {error}")
            print("0 passed, 1 failed")
            return 1
    print(f"demo smoke: first model served and all stopped clean after {time.monotonic() - started:.0f} s")
    print("1 passed, 0 failed")
    return 0


def _smoke(var: Path) -> None:
    port = free_port()
    environment = os.environ | {"DELINEATE_VAR": str(var), "PYTHONUNBUFFERED": "1", "BUDGET": str(BUDGET_S)}
    for name in ("DATABASE_URL", "REDIS_URL", "DATA", "LABELLED"):
        environment.pop(name, None)
    demo = subprocess.Popen(
        ["make", "--no-print-directory", "demo", f"PORT={port}"],  # noqa: S607  # as a user types it
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    lines: list[str] = []
    reader = threading.Thread(target=_read, args=(demo, lines), daemon=True)
    reader.start()
    try:
        _wait(lambda: any(ANNOUNCED in line for line in lines), demo, MODEL_SECONDS, lines)
        _check_health(port)
        family = psutil.Process(demo.pid).children(recursive=True)
    finally:
        os.killpg(demo.pid, signal.SIGINT)
        try:
            demo.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(demo.pid, signal.SIGKILL)
            raise SmokeError(f"it did not stop within {STOP_SECONDS} s of Ctrl-C") from None
    left = [
        process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    ]
    if left:
        raise SmokeError(f"processes were left behind: {[process.name() for process in left]}")


def _read(demo: subprocess.Popen[str], lines: list[str]) -> None:
    for line in demo.stdout or ():
        lines.append(line)
        print("  demo |", line, end="", flush=True)


def _wait(
    condition: Callable[[], bool], demo: subprocess.Popen[str], seconds: float, lines: list[str]
) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        if failure := next((line for line in lines if " failed: " in line), None):
            raise SmokeError(failure)
        if demo.poll() is not None:
            raise SmokeError("it ended by itself: " + "".join(lines[-5:]))
        time.sleep(0.5)
    raise SmokeError(f"“{ANNOUNCED}” was not announced within {seconds:.0f} s")


def _check_health(port: int) -> None:
    try:
        with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:  # our own server
            health = json.load(answer)
    except HTTPError as error:
        raise SmokeError(f"/healthz answered {error.code}: {error.read().decode()[:300]}") from error
    print("  healthz |", json.dumps(health))


if __name__ == "__main__":
    sys.exit(main())
