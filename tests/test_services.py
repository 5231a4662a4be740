"""The embedded services: start, stop, data kept over a restart, leftovers of a killed supervisor."""

import os
import shutil
import signal
import stat
from pathlib import Path

import psycopg2
import pytest
import redis

from backend import services

SYSTEM_POSTGRES = [
    folder
    for major in services.POSTGRES_MAJORS
    if (folder := Path(f"/usr/lib/postgresql/{major}")).joinpath("bin", "postgres").is_file()
]


@pytest.fixture
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """No service named in the environment, and a folder that the servers' user can reach."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    folder = tmp_path_factory.mktemp("services")
    for parent in (folder, *folder.parents[:3]):
        if parent.owner() == folder.owner() and parent != Path("/tmp"):
            parent.chmod(0o755)
    return folder


def _value(url: str, statement: str) -> object:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone() if cursor.description else None
    connection.close()
    return row[0] if row else None


def test_data_survives_a_restart(bare_environment: Path) -> None:
    first = services.start(bare_environment)
    assert _value(first.urls["DATABASE_URL"], "SHOW fsync") == "on"
    assert _value(first.urls["DATABASE_URL"], "SHOW data_checksums") == "on"
    _value(first.urls["DATABASE_URL"], "CREATE TABLE kept AS SELECT 7 AS n")
    redis.Redis.from_url(first.urls["REDIS_URL"]).set("kept", "7")
    assert services.running(bare_environment) == first.urls
    pids = [process.pid for process, _ in first.processes]
    first.stop()
    assert services.running(bare_environment) == {}
    assert not any(_alive(pid) for pid in pids)
    second = services.start(bare_environment)
    try:
        assert _value(second.urls["DATABASE_URL"], "SELECT n FROM kept") == 7
        assert redis.Redis.from_url(second.urls["REDIS_URL"]).get("kept") == b"7"
    finally:
        second.stop()


def test_a_killed_supervisors_servers_are_ended_and_replaced(bare_environment: Path) -> None:
    lost = services.start(bare_environment)
    # Nobody calls lost.stop(): that is what a killed supervisor leaves behind.
    again = services.start(bare_environment)
    try:
        assert _value(again.urls["DATABASE_URL"], "SELECT 1") == 1
        assert [process.poll() is not None for process, _ in lost.processes] == [True, True]
    finally:
        again.stop()


def test_secrets_are_private_and_never_on_a_command_line(bare_environment: Path) -> None:
    started = services.start(bare_environment, durable=False)
    try:
        for name in ("postgres.password", "valkey.password", services.STATE_FILE):
            assert stat.S_IMODE((bare_environment / name).stat().st_mode) == 0o600
        password = (bare_environment / "valkey.password").read_text()
        for process, _ in started.processes:
            assert password.encode() not in Path(f"/proc/{process.pid}/cmdline").read_bytes()
        with pytest.raises(redis.exceptions.AuthenticationError):
            redis.Redis(port=int(started.urls["REDIS_URL"].rsplit(":", 1)[1])).ping()
    finally:
        started.stop()


def test_named_services_are_used_and_not_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere/db")
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere")
    started = services.start(tmp_path)
    assert started.processes == []
    assert started.urls == {"DATABASE_URL": "postgres://elsewhere/db", "REDIS_URL": "redis://elsewhere"}


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: only root drops to another user")
def test_below_a_private_home_data_lives_elsewhere(bare_environment: Path) -> None:
    home = bare_environment / "private-home"
    home.mkdir(mode=0o700)
    started = services.start(home / "checkout" / "var", durable=False)
    try:
        assert _value(started.urls["DATABASE_URL"], "SELECT 1") == 1
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        elsewhere = Path(str(_value(started.urls["DATABASE_URL"], "SHOW data_directory"))).parent
        assert elsewhere.is_relative_to("/var/lib/delineate")
    finally:
        started.stop()
    shutil.rmtree(elsewhere)


@pytest.mark.skipif(not SYSTEM_POSTGRES, reason="needs a Postgres of the system beside the wheel's")
def test_the_systems_postgres_serves_as_well(bare_environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DELINEATE_PG", str(SYSTEM_POSTGRES[-1]))
    started = services.start(bare_environment, durable=False)
    try:
        version = str(_value(started.urls["DATABASE_URL"], "SHOW server_version"))
        assert version.split(".")[0] == SYSTEM_POSTGRES[-1].name
    finally:
        started.stop()


def test_a_server_that_ends_is_noticed(bare_environment: Path) -> None:
    started = services.start(bare_environment, durable=False)
    try:
        process, _ = started.processes[-1]
        process.send_signal(signal.SIGKILL)
        process.wait()
        with pytest.raises(services.ServiceError, match="ended by itself"):
            started.check()
    finally:
        started.stop()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: only root drops to another user")
def test_binaries_out_of_reach_are_copied_with_their_libraries(bare_environment: Path) -> None:
    packages = bare_environment / "private" / "site-packages"
    for name in ("server/bin/run", "server.libs/libone.so"):
        (packages / name).parent.mkdir(parents=True)
        (packages / name).write_text(name)
    (bare_environment / "private").chmod(0o700)
    user = services._service_user()
    copy = services._within_reach(packages / "server", bare_environment, user)
    assert (copy / "bin" / "run").read_text() == "server/bin/run"
    assert (copy.parent / "server.libs" / "libone.so").read_text() == "server.libs/libone.so"
    assert services._within_reach(packages / "server", bare_environment, user) == copy
