"""What GitHub runs is what the Makefile offers, with actions that nobody can swap."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def _jobs() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for path in WORKFLOWS:
        found |= yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return found


def _commands(job: dict[str, Any]) -> list[str]:
    return [step["run"] for step in job["steps"] if "run" in step]


def test_every_change_is_tested_and_its_packages_are_audited() -> None:
    jobs = _jobs()
    assert _commands(jobs["tests"]) == ["bash .ci/run"]
    assert (ROOT / ".ci" / "run").is_file()
    assert _commands(jobs["audit"]) == ["make audit"]
    assert re.search(r"^audit:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_packages_are_audited_every_week_too() -> None:
    text = WORKFLOWS[0].read_text(encoding="utf-8")
    assert "schedule:" in text
    assert "if" not in _jobs()["audit"]


def test_actions_are_named_by_the_commit() -> None:
    used = [step["uses"] for job in _jobs().values() for step in job["steps"] if "uses" in step]
    assert used
    assert [one for one in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", one)] == []
