"""Start the services on a throw-away folder, run each part as a process of its own, print the table."""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from backend import services
from bench.table import Row

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("bench.server", "bench.browser", "bench.busy", "bench.science", "bench.resume", "bench.agreement")
MARK = {True: "met", False: "MISSED", None: "—"}


def main() -> int:
    """Run all parts, or those named on the command line; exit 1 when one of them broke."""
    console = Console()
    parts = [f"bench.{name}" for name in sys.argv[1:]] or list(PARTS)
    folder = Path(tempfile.mkdtemp(prefix="delineate-bench-"))
    folder.chmod(0o755)
    running = services.start(folder)
    environment = os.environ | running.urls | {"DELINEATE_VAR": str(folder), "LOG_LEVEL": "ERROR"}
    try:
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, env=environment, check=True
        )
        rows, broken = _measure(parts, environment, console)
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)
    _show(rows, console)
    return 1 if broken else 0


def _measure(parts: list[str], environment: dict[str, str], console: Console) -> tuple[list[Row], bool]:
    rows: list[Row] = []
    broken = False
    for part in parts:
        with console.status(f"Measuring {part} …"):
            done = subprocess.run(
                [sys.executable, "-m", part],
                cwd=ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                text=True,
                check=False,
            )
        rows += [Row(**json.loads(line)) for line in done.stdout.splitlines() if line.startswith("{")]
        if done.returncode != 0:
            broken = True
            console.print(f"[red]{part} broke (exit {done.returncode}); its rows are incomplete.[/red]")
    return rows, broken


def _show(rows: list[Row], console: Console) -> None:
    table = Table(
        "work", "measured", "budget", "", title=f"Budgets on {platform.machine()}, {os.cpu_count()} cores"
    )
    for row in rows:
        table.add_row(row.work, row.measured, row.budget, MARK[row.met])
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
