"""The product's own processes beside each other on one machine: web, workers, clock."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

from backend.backoff import Backoff

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
STOP_SECONDS = 12.0
CELERY = [PYTHON, "-m", "celery", "-A", "backend", "--quiet"]


@dataclass
class _Start:
    """How a process is started, and how that went so far."""

    command: list[str]
    to_terminal: bool
    backoff: Backoff = field(default_factory=Backoff)


class ProcessError(Exception):
    """A process did not do what it is there for; the message is for the person at the terminal."""


def manage(*arguments: str) -> None:
    """Run one of Django's commands in the foreground; it has already said what went wrong."""
    done = subprocess.run([PYTHON, "manage.py", *arguments], cwd=ROOT, check=False)
    if done.returncode != 0:
        raise ProcessError(f"“manage.py {arguments[0]}” did not succeed, so this stops here.")


def gunicorn(port: int) -> list[str]:
    options = ["--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4", "--timeout", "120"]
    return [PYTHON, "-m", "gunicorn", "backend.wsgi:application", "-c", "python:backend.webserver", *options]


def workers() -> dict[str, list[str]]:
    """Workers, and the clock.

    What is short (scores, the clock's own tasks) has a process that long imports and predictions cannot fill;
    training has one that does one thing at a time (solo).
    """
    return {
        "worker": [*CELERY, "worker", "-Q", "io,infer", "-c", "2", "-n", "worker@%h", "-l", "INFO"],
        "scorer": [*CELERY, "worker", "-Q", "score", "-c", "1", "-n", "scorer@%h", "-l", "INFO"],
        "trainer": [*CELERY, "worker", "-Q", "train", "-P", "solo", "-n", "trainer@%h", "-l", "INFO"],
        "beat": [*CELERY, "beat", "-l", "WARNING", "--pidfile", ""],
    }


class Processes:
    """The product's own processes, each in its own session so that Ctrl-C reaches only the supervisor.

    `environment`: what they see; the supervisor's own where none is given.
    """

    def __init__(self, log_folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.log_folder = log_folder
        self.environment = environment
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._starts: dict[str, _Start] = {}

    def start(self, name: str, command: list[str], *, to_terminal: bool = False) -> None:
        self._starts[name] = _Start(command, to_terminal)
        self._spawn(name)

    def _spawn(self, name: str) -> None:
        start = self._starts[name]
        with (self.log_folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                start.command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=None if start.to_terminal else log,
                stderr=log,
                start_new_session=True,
            )
        start.backoff.started()

    def check(self) -> None:
        for name, process in self.running.items():
            if process.poll() is not None:
                raise ProcessError(f"The {name} process ended by itself; see {self.log_folder / name}.log")

    def tend(self) -> list[str]:
        """Start again what ended by itself; the names of what was started, if it was time for any.

        Raises ProcessError for a process that keeps ending as soon as it is started.
        """
        again = []
        for name, process in list(self.running.items()):
            backoff = self._starts[name].backoff
            if process.poll() is None or not backoff.may_start():
                continue
            if backoff.is_hopeless:
                log = self.log_folder / f"{name}.log"
                raise ProcessError(f"The {name} process ends as soon as it is started; see {log}")
            # Children of a killed parent would keep its port, or work beside the new one.
            _signal_session(process, signal.SIGKILL, whole=True)
            self._spawn(name)
            again.append(name)
        return again

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
        with contextlib.suppress(OSError), urlopen(f"{address}/livez", timeout=5):  # noqa: S310  # our own address
            return
        time.sleep(0.2)
    raise ProcessError(
        f"The web server did not answer at {address} within 60 s; see {processes.log_folder}/web.log"
    )
