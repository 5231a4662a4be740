"""The product's own processes beside each other on one machine: web, workers, clock."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
STOP_SECONDS = 12.0
CELERY = [PYTHON, "-m", "celery", "-A", "backend", "--quiet"]


class ProcessError(Exception):
    """A process did not do what it is there for; the message is for the person at the terminal."""


def manage(*arguments: str) -> None:
    """Run one of Django's commands in the foreground; it has already said what went wrong."""
    done = subprocess.run([PYTHON, "manage.py", *arguments], cwd=ROOT, check=False)
    if done.returncode != 0:
        raise ProcessError(f"“manage.py {arguments[0]}” did not succeed, so this stops here.")


def gunicorn(port: int) -> list[str]:
    options = ["--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4", "--timeout", "120"]
    return [PYTHON, "-m", "gunicorn", "backend.wsgi:application", *options]


def workers() -> dict[str, list[str]]:
    """One worker for short work, one for training (solo: one at a time), and the clock."""
    return {
        "worker": [*CELERY, "worker", "-Q", "io,score,infer", "-c", "2", "-n", "worker@%h", "-l", "INFO"],
        "trainer": [*CELERY, "worker", "-Q", "train", "-P", "solo", "-n", "trainer@%h", "-l", "INFO"],
        "beat": [*CELERY, "beat", "-l", "WARNING", "--pidfile", ""],
    }


class Processes:
    """The product's own processes, each in its own session so that Ctrl-C reaches only the supervisor."""

    def __init__(self, log_folder: Path) -> None:
        self.log_folder = log_folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: list[str], *, to_terminal: bool = False) -> None:
        with (self.log_folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=None if to_terminal else log,
                stderr=log,
                start_new_session=True,
            )

    def check(self) -> None:
        for name, process in self.running.items():
            if process.poll() is not None:
                raise ProcessError(f"The {name} process ended by itself; see {self.log_folder / name}.log")

    def stop(self) -> None:
        """Ask all to end, then end what is left, children included."""
        for process in self.running.values():
            _signal_session(process, signal.SIGTERM, whole=False)
        deadline = time.monotonic() + STOP_SECONDS
        for process in self.running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
        for process in self.running.values():
            _signal_session(process, signal.SIGKILL, whole=True)
            process.wait()
        self.running.clear()


def _signal_session(process: subprocess.Popen[bytes], number: signal.Signals, *, whole: bool) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if whole:
            os.killpg(process.pid, number)
        else:
            os.kill(process.pid, number)


def wait_for(address: str, processes: Processes) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        processes.check()
        with contextlib.suppress(OSError), urlopen(f"{address}/sign-in", timeout=5):  # noqa: S310  # our own address
            return
        time.sleep(0.2)
    raise ProcessError(
        f"The web server did not answer at {address} within 60 s; see {processes.log_folder}/web.log"
    )
