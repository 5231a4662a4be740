"""`make demo`: start everything, seed a project, show the first training, and stay until Ctrl-C."""

import contextlib
import fcntl
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from rich.console import Console

from backend import services
from backend.processes import ROOT, ProcessError, Processes, gunicorn, manage, wait_for, workers

console = Console(highlight=False, soft_wrap=True)


class DemoError(Exception):
    """The demo cannot begin; the message is for the person at the terminal."""


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
    except (DemoError, ProcessError, services.ServiceError) as error:
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
    manage("migrate", "--verbosity", "0")
    processes = Processes(var / "log")
    stack.callback(processes.stop)
    address = f"http://127.0.0.1:{port}"
    processes.start("web", gunicorn(port))
    wait_for(address, processes)
    console.print(f"The sign-in page is up at {address}")
    for name, command in workers().items():
        processes.start(name, command)
    _seed()
    _welcome(address)
    processes.start("watch", [sys.executable, "manage.py", "watch"], to_terminal=True)
    while True:
        for name in [*running.tend(), *processes.tend()]:
            console.print(f"[yellow]{name} had ended and was started again.[/yellow]")
        time.sleep(0.5)


def _seed() -> None:
    options: list[str] = []
    if data := os.environ.get("DATA"):
        options += ["--data", str(Path(data).expanduser().resolve())]
    if labelled := os.environ.get("LABELLED"):
        options += ["--labelled", labelled]
    if budget := os.environ.get("BUDGET"):
        options += ["--budget", budget]
    manage("seed_demo", *options)


def _welcome(address: str) -> None:
    console.print(f"\n  Open [bold]{address}[/bold] and sign in; the password is the name.")
    console.print("    ana, ben   annotators     rui   reviewer     lea   project lead")
    console.print("  Ctrl-C stops everything.\n")


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
