"""Pytest plugin of `make torture`: a test that ends without a figure is a red row, with its reason."""

import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.trust.figures import Figure, keep
from tests.trust.scale import scale_of_this_test

OF_FILE = re.compile(r"test_([rs]\d+)_")
QUOTED = re.compile(r'"([RS]\d+)"')
IS_KEPT = re.compile(r"(AssertionError: )?[RS]\d+, ")
"""How the failure of a test begins whose figure was not good enough: its row is there (`figures.record`)."""
LONGEST = 300


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and not IS_KEPT.match(reason := reason_of(report.longrepr)):
        found = f"the test failed ({report.when}): {reason}"
        keep(Figure(promise_of(item.path), item.name, found, met=False, scale=scale_of_this_test()))
    return report


def promise_of(module: Path) -> str:
    """The promise that a module of tests speaks of: by its file's name, or the first that it quotes."""
    if found := OF_FILE.match(module.name):
        return found[1].upper()
    quoted = QUOTED.search(module.read_text(encoding="utf-8"))
    return quoted[1] if quoted else "R0"


def reason_of(longrepr: Any) -> str:
    """The first line of what was raised."""
    crash = getattr(longrepr, "reprcrash", None)
    said = crash.message if crash is not None else str(longrepr)
    return (said.strip().splitlines() or ["no reason was told"])[0][:LONGEST]
