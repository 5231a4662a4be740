"""`make audit`: known faults of what this project depends on, by pip-audit and npm audit. Asks the network.

Exceptions stand in `advisories.json` beside this file, each with a reason and the day on which it ends.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console

ROOT = Path(__file__).resolve().parents[2]
FILE = Path(__file__).with_name("advisories.json")
Advisory = tuple[str, tuple[str, ...], str]
"""Id, other ids of the same, and of what."""


@dataclass(frozen=True)
class Allowed:
    """An advisory that is no danger here, why, and until when that is believed without looking again."""

    id: str
    reason: str
    until: str


class NoSourceError(Exception):
    """No source of advisories could be reached; the message is the tool's."""


def allowed() -> list[Allowed]:
    """The exceptions of this project."""
    return [Allowed(**one) for one in json.loads(FILE.read_text(encoding="utf-8"))]


def open_ones(found: Sequence[Advisory], exceptions: Sequence[Allowed], today: str) -> list[Advisory]:
    """What no exception covers on this day."""
    covered = {one.id for one in exceptions if one.until >= today}
    return [one for one in found if not covered & {one[0], *one[1]}]


def of_python(report: dict[str, Any]) -> list[Advisory]:
    """From pip-audit's JSON. Raises NoSourceError for a package that nobody could be asked about."""
    unasked = [one["skip_reason"] for one in report["dependencies"] if "skip_reason" in one]
    if unasked:
        raise NoSourceError(f"{len(unasked)} packages could not be looked up. {unasked[0]}")
    return [
        (fault["id"], tuple(fault.get("aliases", ())), f"{package['name']} {package['version']}")
        for package in report["dependencies"]
        for fault in package.get("vulns", ())
    ]


def of_node(report: dict[str, Any]) -> list[Advisory]:
    """From npm audit's JSON; what is only reached through another package is told there."""
    return [
        (str(cause["url"]).rsplit("/", 1)[-1], (), name)
        for name, package in report["vulnerabilities"].items()
        for cause in package["via"]
        if isinstance(cause, dict)
    ]


def _asked(command: Sequence[str], folder: Path, needs: str) -> dict[str, Any]:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=600)
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError as error:
        raise NoSourceError(" ".join((done.stderr or done.stdout).split())[-300:]) from error
    if needs not in report:
        raise NoSourceError(json.dumps(report)[:300])
    return report


def main(pip_audit: str) -> int:
    """Print what is open; 1 where anything is, 2 where nobody could be asked."""
    console = Console(highlight=False)
    locks = [name for lock in ("requirements.txt", "requirements-test.txt") for name in ("-r", lock)]
    python = [
        pip_audit,
        *locks,
        "--no-deps",
        "--disable-pip",
        "--format",
        "json",
        "--progress-spinner",
        "off",
    ]
    try:
        found = of_python(_asked(python, ROOT, "dependencies"))
        found += of_node(_asked(["npm", "audit", "--json"], ROOT / "frontend", "vulnerabilities"))
    except NoSourceError as error:
        console.print(f"[red]No advisories could be read:[/red] {error}")
        return 2
    today = date.today()
    faults = open_ones(found, allowed(), today.isoformat())
    for fault, _, where in faults:
        console.print(f"[red]{where}[/red]: {fault}")
    console.print(f"{len(found)} advisories, {len(faults)} without a reason in {FILE.name}.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
