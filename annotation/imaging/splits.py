"""Which scans of a folder are set apart for testing, and which keep the delineation that came with them."""

from collections.abc import Sequence
from dataclasses import dataclass

from annotation.imaging.scans import Scan

ENOUGH_FOR_A_TEST_SET = 8
LARGEST_TEST_SET = 6
START_SET = 5
POOL, TEST = "pool", "test"


@dataclass(frozen=True)
class Placed:
    """A scan, the split that it goes to, and whether its delineation is imported with it."""

    scan: Scan
    split: str
    delineated: bool

    @property
    def is_test(self) -> bool:
        """Whether it is set apart for testing."""
        return self.split == TEST


def place(
    scans: Sequence[Scan], delineated: int | None = None, *, leave_some: bool = False
) -> tuple[list[Placed], list[str]]:
    """Decide for every scan; depends on the folder alone, so that an import that is repeated decides alike.

    A split that a data set fixed for a scan stays. All scans of a patient go the same way. Only the pool's
    may be held back: of these the first `delineated` by name keep their delineation (None: all). With
    `leave_some`, and where every scan came delineated, at most five keep it and at least one waits for a
    reader. Returns notes, too.
    """
    tested = _tested_patients([scan for scan in scans if not scan.split])
    fixed = {scan.patient: scan.split for scan in scans if scan.split}
    splits = {**{scan.patient: TEST if scan.patient in tested else POOL for scan in scans}, **fixed}
    pool = [scan for scan in scans if splits[scan.patient] == POOL]
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
            split=splits[scan.patient],
            delineated=scan.is_delineated and (splits[scan.patient] != POOL or scan.files in kept),
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
