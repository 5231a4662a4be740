"""The whole product on a folder of its own: services, web, workers and clock, without anybody's help."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from backend import services
from backend.processes import PYTHON, ROOT, ProcessError, Processes, gunicorn, manage, wait_for, workers


@contextlib.contextmanager
def product(
    var: Path, data: Path | None, *, budget_s: int, retrain_after: int, steps: int | None
) -> Iterator[str]:
    """Start everything on `var` and make the experiment's project if it is not there; yield the address."""
    with contextlib.ExitStack() as stack:
        running = services.start(var)
        stack.callback(running.stop)
        os.environ.update(running.urls)
        os.environ["DELINEATE_VAR"] = str(var)
        manage("migrate", "--verbosity", "0")
        _seed(data, budget_s, retrain_after, steps)
        processes = Processes(var / "log")
        stack.callback(processes.stop)
        port = services.free_port()
        processes.start("web", gunicorn(port))
        address = f"http://127.0.0.1:{port}"
        wait_for(address, processes)
        for name, command in workers().items():
            processes.start(name, command)
        yield address


def _seed(data: Path | None, budget_s: int, retrain_after: int, steps: int | None) -> None:
    options = [] if data is None else ["--data", str(data)]
    command = [PYTHON, "-m", "bench.experiment.seed", *options]
    command += ["--budget", str(budget_s), "--after", str(retrain_after)]
    command += [] if steps is None else ["--steps", str(steps)]
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        raise ProcessError("The project of the experiment could not be made, so this stops here.")
