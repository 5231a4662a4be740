"""Two sites out of OpenKBP: patients on one side alone, nothing copied."""

from pathlib import Path

import pytest

from bench.openkbp import read_openkbp
from bench.sites import TO_TRAIN, write_sites
from training.dataset import read_dataset


@pytest.mark.shared_data
def test_the_sites_are_data_sets_of_their_own(shared_data: Path, tmp_path: Path) -> None:
    whole = read_openkbp(shared_data / "openkbp")
    counts = write_sites(whole, tmp_path)
    first, second = (read_dataset(tmp_path / name) for name in TO_TRAIN)
    assert counts == {"first": (23, 8), "second": (10, 19)}
    for site, name in ((first, "first"), (second, "second")):
        assert (len(site.cases), len(site.scored_test)) == counts[name]
        assert site.structures == whole.structures
        assert all(case.image.is_symlink() for case in (*site.cases, *site.test))
    ids = [case.id for site in (first, second) for case in (*site.cases, *site.test)]
    assert sorted(ids) == sorted(case.id for case in (*whole.cases, *whole.test))
    drawn = {case.id: case.annotated for case in whole.cases}
    assert all(case.annotated == drawn[case.id] for case in first.cases)
