"""Pytest plugin: one throw-away Postgres and Valkey for the whole run, through the product's own supervisor.

Loaded by `-p tests.embedded` so that it acts before pytest-django reads the settings. With `DATABASE_URL` and
`REDIS_URL` set nothing is started. Of parallel workers each has a database of its own in the first process's
Postgres (by pytest-django) and a Valkey of its own. Test databases are copies of a migrated one
(`tests.schema`).
"""

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from backend import services

OWN, SHARED = "DELINEATE_TEST_SCHEMA", "DELINEATE_SHARED"  # read by tests.schema, in parallel workers too
_running: services.Running | None = None
_folder: Path | None = None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None, None, None]:
    global _running, _folder
    if "PYTEST_XDIST_WORKER" in os.environ:
        os.environ.pop("REDIS_URL", None)
    _folder = Path(tempfile.mkdtemp(prefix="delineate-tests-"))
    _folder.chmod(0o755)
    if "DATABASE_URL" not in os.environ:
        os.environ[OWN], os.environ[SHARED] = "1", str(_folder)
    _running = services.start(_folder, durable=False)
    os.environ.update(_running.urls)
    os.environ["DELINEATE_VAR"] = str(_folder)
    return (yield)


def pytest_unconfigure() -> None:
    if _running is not None:
        _running.stop()
    if _folder is not None:
        shutil.rmtree(_folder, ignore_errors=True)
