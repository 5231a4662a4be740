"""Which scans of a folder are set apart for testing, and which keep the delineation that came with them."""

from collections.abc import Sequence
from dataclasses import dataclass

from annotation.imaging.folder import Scan

ENOUGH_FOR_A_TEST_SET = 8
LARGEST_TEST_SET = 6
START_SET = 5


@dataclass(frozen=True)
class Placed:
    """A scan, whether it is a test case, and whether its delineation is imported with it."""

    scan: Scan
    is_test: bool
    delineated: bool


def place(
    scans: Sequence[Scan], delineated: int | None = None, *, leave_some: bool = False
) -> tuple[list[Placed], list[str]]:
    """Decide for every scan; depends on the folder alone, so that an import that is repeated decides alike.

    All scans of a patient go the same way. Test cases keep their delineation; of the others the first
    `delineated` by name keep it (None: all). With `leave_some`, and where every scan came delineated, at most
    five keep it and at least one waits for a reader. Returns notes, too.
    """
    tested = _tested_patients(scans)
    pool = [scan for scan in scans if scan.patient not in tested]
    drawn = sorted((scan for scan in pool if scan.is_delineated), key=lambda scan: scan.name)
    notes: list[str] = []
    keep = len(drawn) if delineated is None else delineated
    if leave_some and delineated is None and 1 < len(drawn) == len(pool):
        keep = min(START_SET, len(drawn) - 1)
        notes.append(
            f"All {len(drawn)} scans came delineated: {keep} of them as the start, "
            f"{len(drawn) - keep} without their delineation for the readers. "
            "LABELLED=n chooses another start."
        )
    kept = {scan.files for scan in drawn[:keep]}
    placed = [
        Placed(
            scan,
            is_test=scan.patient in tested,
            delineated=scan.is_delineated and (scan.patient in tested or scan.files in kept),
        )
        for scan in scans
    ]
    return placed, notes


def _tested_patients(scans: Sequence[Scan]) -> set[str]:
    """Return the patients of the test folders; without such folders, those of the last quarter by name."""
    named = {scan.patient for scan in scans if scan.in_test_folder}
    drawn = sorted((scan for scan in scans if scan.is_delineated), key=lambda scan: scan.name)
    if named or len(drawn) < ENOUGH_FOR_A_TEST_SET:
        return named
    wanted = min(LARGEST_TEST_SET, len(drawn) // 4)
    tested: set[str] = set()
    for scan in reversed(drawn):
        if sum(other.patient in tested for other in drawn) >= wanted:
            break
        tested.add(scan.patient)
    return tested
