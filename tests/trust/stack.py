"""The product on databases of its own, which a test may kill: embedded services, web server, workers.

Everything runs as `make demo` runs it and is watched by the product's own supervisor; the test only kills.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import redis

from backend import services
from backend.processes import ROOT, Processes, gunicorn, wait_for, workers
from tests import schema

TEND_SECONDS = 0.2
SERVICES = ("DATABASE_URL", "REDIS_URL")


@dataclass
class Stack:
    """A running product of the test's own."""

    folder: Path
    url: str
    services: services.Running
    processes: Processes
    project: int
    sessions: dict[str, str]
    """Of everybody who is signed in, by user name."""
    restarted: list[str] = field(default_factory=list)
    failed: list[BaseException] = field(default_factory=list)
    left_alone: threading.Event = field(default_factory=threading.Event)
    """While it is set nobody starts the databases again."""

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of the database, asked past the product."""
        opened = psycopg2.connect(self.services.urls["DATABASE_URL"])
        with contextlib.closing(opened), opened, opened.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())

    def waiting_messages(self) -> int:
        """How many messages lie in the queues, and are held by workers."""
        with redis.Redis.from_url(self.services.urls["REDIS_URL"]) as broker:
            held: Any = broker.hlen("unacked")
            lengths: list[Any] = [broker.llen(queue) for queue in ("io", "score", "infer", "train")]
            return int(held) + sum(int(length) for length in lengths)

    def web(self) -> psutil.Process:
        """The web server's first process; its children answer."""
        return psutil.Process(self.processes.running["web"].pid)

    def server(self, name: str) -> psutil.Process:
        """The process of `postgres` or `valkey`."""
        (found,) = [server for server in self.services.servers if server.name == name]
        return psutil.Process(found.process.pid)

    def tend(self, stop: threading.Event) -> None:
        """The supervisor's loop, until `stop`."""
        while not stop.wait(TEND_SECONDS):
            try:
                databases = [] if self.left_alone.is_set() else self.services.tend()
                self.restarted += [*databases, *self.processes.tend()]
            except Exception as error:
                self.failed.append(error)
                return

    def tail(self) -> str:
        """The end of every log, for the message of a failure."""
        logs = sorted((self.folder / "log").glob("*.log"))
        return "\n".join(f"── {log.name}\n{log.read_text(errors='replace')[-2500:]}" for log in logs)


@contextlib.contextmanager
def running(readers: int, cases: int, *, with_workers: bool = False) -> Iterator[Stack]:
    """A product with `readers` signed in and `cases` to read; supervised until the end."""
    folder = Path(tempfile.mkdtemp(prefix="delineate-trust-"))
    folder.chmod(0o755)
    with contextlib.ExitStack() as ending:
        ending.callback(shutil.rmtree, folder, ignore_errors=True)
        with _without(*SERVICES):
            servers = services.start(folder)
        ending.callback(servers.stop)
        schema.copy_to(servers.urls["DATABASE_URL"])
        environment = os.environ | servers.urls | _places(folder)
        seeded = _seed(environment, readers, cases)
        processes = Processes(folder / "log", environment)
        ending.callback(processes.stop)
        port = services.free_port()
        processes.start("web", gunicorn(port))
        for name, command in workers().items() if with_workers else ():
            if name != "trainer":  # no test here trains
                processes.start(name, command)
        url = f"http://127.0.0.1:{port}"
        wait_for(url, processes)
        stack = Stack(folder, url, servers, processes, **seeded)
        stop = threading.Event()
        supervisor = threading.Thread(target=stack.tend, args=(stop,))
        supervisor.start()
        ending.callback(supervisor.join)
        ending.callback(stop.set)
        yield stack
        assert not stack.failed, f"the supervisor gave up: {stack.failed}\n{stack.tail()}"


def _places(folder: Path) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "backend.settings",
        "DELINEATE_VAR": str(folder),
        "DELINEATE_STORE": str(folder / "store"),
        "DELINEATE_WORK": str(folder / "work"),
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
    }


def _seed(environment: dict[str, str], readers: int, cases: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.trust.seed", str(readers), str(cases)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@contextlib.contextmanager
def _without(*names: str) -> Iterator[None]:
    """The test run's own services do not count as services that are there."""
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


# ── Killing ───────────────────────────────────────────────────────────────────
def kill_one_web_worker(stack: Stack, rng: random.Random) -> None:
    rng.choice(stack.web().children()).kill()


def kill_all_web(stack: Stack, rng: random.Random) -> None:
    os.killpg(stack.web().pid, signal.SIGKILL)


def kill_postgres(stack: Stack, rng: random.Random) -> None:
    """The first process and every connection's at once, as when the machine's memory runs out."""
    first = stack.server("postgres")
    for process in [first, *first.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def kill_valkey(stack: Stack, rng: random.Random) -> None:
    stack.server("valkey").kill()


KILLS = {
    "one web worker": kill_one_web_worker,
    "the whole web": kill_all_web,
    "Postgres": kill_postgres,
    "Valkey": kill_valkey,
}
