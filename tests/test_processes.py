"""The supervisor: what ends by itself is started again, later and later while it keeps ending."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest
import redis

from backend import backoff, services
from backend.backoff import Backoff
from backend.processes import ProcessError, Processes

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
PATIENCE_S = 60.0


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    started = Processes(tmp_path)
    yield started
    started.stop()


def tended(processes: Processes) -> list[str]:
    deadline = time.monotonic() + PATIENCE_S
    while not (again := processes.tend()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return again


def test_what_runs_is_left_alone(processes: Processes) -> None:
    processes.start("web", SLEEP)
    first = processes.running["web"].pid
    assert processes.tend() == []
    assert processes.running["web"].pid == first


def test_what_was_killed_is_started_again_with_the_same_command(processes: Processes) -> None:
    processes.start("web", SLEEP)
    first = processes.running["web"]
    first.kill()
    first.wait()
    assert tended(processes) == ["web"]
    assert processes.running["web"].pid != first.pid
    again = psutil.Process(processes.running["web"].pid)
    deadline = time.monotonic() + PATIENCE_S
    while not (command := again.cmdline()):  # for a moment, while the system puts the program in place
        assert time.monotonic() < deadline
    assert command == SLEEP


def test_children_of_a_killed_process_do_not_work_on_beside_the_new_one(processes: Processes) -> None:
    parent = f"import subprocess, time; print(subprocess.Popen({SLEEP}).pid, flush=True); time.sleep(600)"
    processes.start("web", [sys.executable, "-c", parent])
    log = processes.log_folder / "web.log"
    deadline = time.monotonic() + PATIENCE_S
    while not log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    child = psutil.Process(int(log.read_text()))
    os.kill(processes.running["web"].pid, signal.SIGKILL)
    processes.running["web"].wait()
    assert child.is_running()
    tended(processes)
    psutil.wait_procs([child], timeout=PATIENCE_S)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_what_keeps_ending_is_given_up_with_a_sentence(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "MOST_FALSE_STARTS", 3)
    processes.start("web", [sys.executable, "-c", "raise SystemExit(3)"])
    started: list[str] = []

    def tend_on() -> None:
        while True:
            started.extend(processes.tend())
            time.sleep(0.01)

    with pytest.raises(ProcessError, match=r"web process ends as soon as it is started; see .*web\.log"):
        tend_on()
    assert started == ["web"] * 2, "the third false start is the last"


def test_processes_see_the_environment_that_they_are_given(tmp_path: Path) -> None:
    own = Processes(tmp_path, {"COLOUR": "green"})
    own.start("web", [sys.executable, "-c", "import os; print(os.environ['COLOUR'])"])
    own.running["web"].wait()
    assert (tmp_path / "web.log").read_text() == "green\n"


def test_waits_grow_with_false_starts_and_a_steady_run_ends_them() -> None:
    now = 0.0
    watched = Backoff(lambda: now)
    waits = []
    for _ in range(backoff.MOST_FALSE_STARTS):
        assert not watched.is_hopeless
        now += 1
        ended = now
        while not watched.may_start():
            now += 0.25
        waits.append(now - ended)
        watched.started()
    assert waits == [0, 1, 2, 4, 8, 16, 16]
    assert watched.is_hopeless
    now += backoff.STEADY_SECONDS
    assert watched.may_start()
    assert not watched.is_hopeless


def test_databases_come_back_at_their_address_with_what_was_committed(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    folder = tmp_path_factory.mktemp("tended")
    for parent in (folder, *folder.parents[:3]):
        if parent.owner() == folder.owner() and parent != Path("/tmp"):
            parent.chmod(0o755)
    running = services.start(folder)
    try:
        ask(running.urls["DATABASE_URL"], "CREATE TABLE kept AS SELECT 7 AS n")
        redis.Redis.from_url(running.urls["REDIS_URL"]).set("kept", "7")
        for process, _ in running.processes:
            process.kill()
            process.wait()
        again: set[str] = set()
        deadline = time.monotonic() + PATIENCE_S
        while again != {"postgres", "valkey"} or not answers(running):
            assert time.monotonic() < deadline, (folder / "log" / "postgres.log").read_text()
            again |= set(running.tend())
            time.sleep(0.05)
        assert ask(running.urls["DATABASE_URL"], "SELECT n FROM kept") == [(7,)]
        assert redis.Redis.from_url(running.urls["REDIS_URL"]).get("kept") == b"7"
    finally:
        running.stop()


def answers(running: services.Running) -> bool:
    try:
        ask(running.urls["DATABASE_URL"], "SELECT 1")
        with redis.Redis.from_url(running.urls["REDIS_URL"]) as client:
            client.ping()
    except (psycopg2.OperationalError, redis.exceptions.ConnectionError):
        return False
    return True


def ask(url: str, statement: str) -> list[tuple[object, ...]]:
    opened = psycopg2.connect(url)
    opened.autocommit = True
    try:
        with opened.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        opened.close()
