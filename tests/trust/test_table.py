"""The command behind `make torture`: which tests it runs, and what it writes."""

from pathlib import Path

import pytest

from tests.trust import __main__ as command
from tests.trust.figures import FILE, Figure, read, record

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


def test_every_promise_of_reliability_has_a_test() -> None:
    without = [name for name in command.PROMISES if name.startswith("R") and not command.tests_of([name])]
    assert without == []


def test_an_unknown_promise_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["R11"]) == 2
    assert "There is no promise R11" in capsys.readouterr().out
