"""`make demo`: start everything, seed a project, show the first training, and stay until Ctrl-C."""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from urllib.request import urlopen

from rich.console import Console

from backend import services

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
STOP_SECONDS = 12.0
CELERY = [PYTHON, "-m", "celery", "-A", "backend", "--quiet"]
console = Console(highlight=False, soft_wrap=True)


class DemoError(Exception):
    """The demo cannot go on; the message is for the person at the terminal."""


def main() -> int:
    """Run the demo; the exit status says whether it ended as asked."""
    # SIGINT too: a shell starts background jobs with it ignored, and then Python does not listen.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    var = Path(os.environ.get("DELINEATE_VAR", ROOT / "var"))
    try:
        port = _free_port_or_sentence(os.environ.get("PORT") or "8000")
        with _only_one(var), contextlib.ExitStack() as stack:
            _run(stack, var, port)
    except (DemoError, services.ServiceError) as error:
        console.print(f"[red]{error}[/red]")
        return 1
    except KeyboardInterrupt:
        console.print("Stopped. The data stays in var/ for the next make demo.")
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(stack: contextlib.ExitStack, var: Path, port: int) -> None:
    console.print("Starting Postgres and Valkey …")
    running = services.start(var)
    stack.callback(running.stop)
    os.environ.update(running.urls)
    os.environ.setdefault("DELINEATE_VAR", str(var))
    _manage("migrate", "--verbosity", "0")
    processes = Processes(var / "log")
    stack.callback(processes.stop)
    address = f"http://127.0.0.1:{port}"
    processes.start("web", _gunicorn(port))
    _wait_for(address, processes)
    console.print(f"The sign-in page is up at {address}")
    for name, command in _workers().items():
        processes.start(name, command)
    _seed()
    _welcome(address)
    processes.start("watch", [PYTHON, "manage.py", "watch"], to_terminal=True)
    while True:
        running.check()
        processes.check()
        time.sleep(0.5)


def _manage(*arguments: str) -> None:
    """Run one of Django's commands in the foreground; it has already said what went wrong."""
    done = subprocess.run([PYTHON, "manage.py", *arguments], cwd=ROOT, check=False)
    if done.returncode != 0:
        raise DemoError(f"“manage.py {arguments[0]}” did not succeed, so the demo stops here.")


def _seed() -> None:
    options: list[str] = []
    if data := os.environ.get("DATA"):
        options += ["--data", str(Path(data).expanduser().resolve())]
    if labelled := os.environ.get("LABELLED"):
        options += ["--labelled", labelled]
    _manage("seed_demo", *options)


def _welcome(address: str) -> None:
    console.print(f"\n  Open [bold]{address}[/bold] and sign in; the password is the name.")
    console.print("    ana, ben   annotators     rui   reviewer     lea   project lead")
    console.print("  Ctrl-C stops everything.\n")


# ── Processes ─────────────────────────────────────────────────────────────────
def _gunicorn(port: int) -> list[str]:
    options = ["--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4", "--timeout", "120"]
    return [PYTHON, "-m", "gunicorn", "backend.wsgi:application", *options]


def _workers() -> dict[str, list[str]]:
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
                raise DemoError(f"The {name} process ended by itself; see {self.log_folder / name}.log")

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


def _wait_for(address: str, processes: Processes) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        processes.check()
        with contextlib.suppress(OSError), urlopen(f"{address}/sign-in", timeout=5):  # noqa: S310  # our own address
            return
        time.sleep(0.2)
    raise DemoError(
        f"The web server did not answer at {address} within 60 s; see {processes.log_folder}/web.log"
    )


# ── Before anything starts ────────────────────────────────────────────────────
def _free_port_or_sentence(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise DemoError(
            f"PORT={text} is not a port. Use a number from 1 to 65535, for example make demo PORT=8001."
        )
    port = int(text)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError as error:
            raise DemoError(f"Port {port} needs administrator rights. Choose one above 1023.") from error
        except OSError as error:
            raise DemoError(
                f"Port {port} is taken by another program. Choose another: make demo PORT={port % 65535 + 1}"
            ) from error
    return port


@contextlib.contextmanager
def _only_one(var: Path) -> Iterator[None]:
    var.mkdir(parents=True, exist_ok=True)
    with (var / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DemoError(f"A demo is already running on {var}. Stop it with Ctrl-C first.") from error
        yield


if __name__ == "__main__":
    sys.exit(main())
