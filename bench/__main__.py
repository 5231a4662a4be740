"""Start the services on a throw-away folder, run each part as a process of its own, print the table."""

import argparse
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
PARTS = ("pace", "server", "browser", "busy", "science", "steps", "resume", "agreement", "imports")
ASKED_FOR = ("scale", "study")  # minutes each: only by name
MARK = {True: "met", False: "MISSED", None: "—"}


def main() -> int:
    """Run all parts, or those named on the command line; exit 1 when one of them broke."""
    parts = _parts()
    console = Console()
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


def _parts() -> list[str]:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measure the budgets on this machine."
    )
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"only these (all): {', '.join(PARTS)}", default=list(PARTS)
    )
    parts: list[str] = parser.parse_args().parts
    known = (*PARTS, *ASKED_FOR)
    if unknown := [name for name in parts if name not in known]:
        parser.error(f"there is no part {unknown[0]}; known are {', '.join(known)}")
    return parts


def _measure(parts: list[str], environment: dict[str, str], console: Console) -> tuple[list[Row], bool]:
    rows: list[Row] = []
    broken = False
    for part in parts:
        with console.status(f"Measuring {part} …"):
            done = subprocess.run(
                [sys.executable, "-m", f"bench.{part}"],
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
