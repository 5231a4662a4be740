"""gunicorn's configuration (`-c python:backend.webserver`): what its command line does not say.

The web processes of one server count together: each writes to a file of its own in a folder that is made anew
at every start, and `/metrics` reads them all.
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from backend.logs import configuration

FOLDER = "PROMETHEUS_MULTIPROC_DIR"

if FOLDER not in os.environ:  # read again on SIGHUP: the folder stays
    os.environ[FOLDER] = tempfile.mkdtemp(prefix="delineate-metrics-")
_master = os.getpid()

logconfig_dict = configuration(os.environ.get("LOG_FORMAT", ""), os.environ.get("LOG_LEVEL", "INFO"))
workers = int(os.environ.get("WEB_WORKERS", "4"))
threads = int(os.environ.get("WEB_THREADS", "4"))
timeout = 120
# Where it is a disk, gunicorn's own sign of life can make a worker wait; /dev/shm never is one.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108


def child_exit(server: Any, worker: Any) -> None:
    """What a process that ended was just doing counts no longer; what it has done does."""
    for file in Path(os.environ[FOLDER]).glob(f"gauge_live*_{worker.pid}.db"):
        file.unlink(missing_ok=True)


def on_exit(server: Any) -> None:
    """The folder goes with the server; after kill -9 it stays until the machine clears its /tmp."""
    if os.getpid() == _master:
        shutil.rmtree(os.environ[FOLDER], ignore_errors=True)
