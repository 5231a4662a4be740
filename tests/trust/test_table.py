"""The command behind `make torture`: which tests it runs, and what it writes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.trust import __main__ as command
from tests.trust.figures import FILE, Figure, read, record
from tests.trust.scale import VARIABLE

KEPT = Figure("R2", "kills", "0 lost | all back", met=True)
BROKEN = Figure("R10", "soak", "memory +40 %", met=False)


def test_figures_are_kept_in_the_order_of_their_promises(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(FILE, str(tmp_path / "figures"))
    with pytest.raises(AssertionError, match=r"R10, soak: memory \+40 %"):
        record(BROKEN.promise, BROKEN.what, BROKEN.found, met=False)
    record("S1", "probes", "0 leaks", met=True)
    record(KEPT.promise, KEPT.what, KEPT.found, met=True)
    assert [one.promise for one in read(tmp_path / "figures")] == ["R2", "R10", "S1"]


def test_the_page_shows_what_is_met_and_what_is_not_and_keeps_its_words(tmp_path: Path) -> None:
    page = tmp_path / "trust.md"
    page.write_text(f"# Words\n\n{command.BEGIN}\nold\n{command.END}\nafter\n")
    for _ in range(2):
        command.write([KEPT, BROKEN], page)
    text = page.read_text()
    assert text.startswith("# Words")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "| R2 | kills | 0 lost \\| all back | yes |" in text
    assert "| R10 | soak | memory +40 % | **no** |" in text
    assert text.count("| promise |") == 1


def test_the_page_in_the_repository_has_a_place_for_the_figures_and_names_every_promise() -> None:
    text = command.PAGE.read_text(encoding="utf-8")
    assert text.index(command.BEGIN) < text.index(command.END)
    assert [name for name in command.PROMISES if f"| {name} |" not in text] == []


def test_some_promises_are_tried_by_their_tests_alone() -> None:
    found = command.tests_of(["R2"])
    assert "tests/trust/test_r2_kills.py" in found
    assert "tests/trust/test_r5_deliveries.py" not in found
    assert "tests/trust/test_r10_soak.py" not in command.tests_of(["R1"])


def test_the_soak_runs_beside_the_others_once() -> None:
    assert command.soaking([]) == command.soaking(["R10", "S1"])
    (soak,) = command.soaking([])
    plain = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    asked = [*soak, "--collect-only", "-q"]
    found = subprocess.run(asked, cwd=command.ROOT, env=plain, capture_output=True, text=True)
    assert f"{command.SOAK}: 1" in found.stdout, found.stdout + found.stderr
    assert command.soaking(["S1"]) == []
    assert all(f"--deselect={command.SOAK}" in one for one in command.commands([]))
    assert all(f"--deselect={command.SAVING}" in one for one in command.commands([]))
    assert all(command.SOAK not in one for one in command.commands(["R10", "S1"]))
    quick = [sys.executable, "-c", "raise SystemExit(3)"]
    assert command.run_all([quick], [quick], dict(os.environ)) == [3, 3]


def test_how_many_can_save_at_once_is_measured_by_itself() -> None:
    assert command.saving([]) == command.saving(["S1", "R1"]) == command.saving(["R3"])
    assert command.saving(["S1"]) == []
    assert command.commands(["R1"]) == []
    assert Path(command.ROOT, command.SAVING).is_file()


def test_every_promise_has_a_test() -> None:
    assert [name for name in command.PROMISES if not command.tests_of([name])] == []


BROKEN_TESTS = """
import pytest
from tests.trust.figures import record
from tests.trust.scale import scaled

def test_not_good_enough():
    record("S9", "rows", f"{scaled(40, 1):g} rows", met=False)

def test_good_enough():
    record("S9", "few rows", f"{scaled(2, 2):g} rows", met=True)

def test_that_falls_over():
    scaled(40, 1)
    raise ValueError("no such table")

@pytest.fixture
def gone():
    raise OSError("no disk")

def test_without_its_fixture(gone):
    pass
"""


def test_a_test_that_falls_over_is_a_red_row_with_its_reason(tmp_path: Path) -> None:
    module, kept = tmp_path / "test_s9_x.py", tmp_path / "figures"
    module.write_text(BROKEN_TESTS)
    environment = {FILE: str(kept), VARIABLE: "0.1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "-p", "tests.trust.failing", str(module)],
        cwd=command.ROOT, env=os.environ | environment, check=False, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout
    assert read(kept) == [
        Figure("S9", "rows", "4 rows", met=False, scale=0.1),
        Figure("S9", "few rows", "2 rows", met=True),
        Figure(
            "S9", "test_that_falls_over", "the test failed (call): ValueError: no such table",
            met=False, scale=0.1,
        ),
        Figure("S9", "test_without_its_fixture", "the test failed (setup): OSError: no disk", met=False),
    ]  # fmt: skip


def test_what_was_shortened_or_found_nothing_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "0.05")
    short = Figure("R10", "soak of 360 s", "nothing grew", met=True, scale=0.05)
    page = command.as_markdown(command.with_missing([short], ["R9", "R10"]))
    assert "long tests shortened (scale 0.05), as their rows say." in page
    assert "| R10 | soak of 360 s (shortened, scale 0.05) | nothing grew | yes |" in page
    assert "| R9 | all of it | no figure: its tests did not run, or were skipped | **no** |" in page


def test_the_whole_length_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert "; the whole tests." in command.machine()
    for module, whole in (("test_r1_saving", "scaled(600, "), ("test_r10_soak", "scaled(7200, ")):
        assert whole in (command.ROOT / "tests" / "trust" / f"{module}.py").read_text()


def test_what_would_run_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--list", "R8"]) == 0
    assert capsys.readouterr().out == "R8: tests/trust/test_r8_backup.py, tests/trust/test_r8_upgrade.py\n"


def test_an_unknown_promise_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["R11"]) == 2
    assert "There is no promise R11" in capsys.readouterr().out
