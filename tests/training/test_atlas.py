"""Labels from labelled scans: where they belong, from those who know them, alike each time, stoppable."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from training.atlas import FINEST_MM, MOST_VOXELS, Options, propagate, working_grid
from training.labelled import Atlas, describe, nearest
from training.labels import IGNORE, StructureSpec
from training.phantom import STRUCTURES, make_phantom
from training.progress import Cancelled, Progress, TrainingError
from training.volume import read_label_map, read_nifti

SHAPE, SPACING = (32, 32, 22), (9.0, 9.0, 9.0)
QUICK = Options(steps=5, budget_s=None)
KEYS = tuple(spec.key for spec in STRUCTURES)


def patient(seed: int, *, keys: tuple[str, ...] = KEYS) -> Atlas:
    phantom = make_phantom(seed, shape=SHAPE, spacing_mm=SPACING)
    return Atlas(phantom.image.voxels, SPACING, phantom.labels[None], keys)


def dice(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float(2 * (one & other).sum() / max(1, one.sum() + other.sum()))


@pytest.fixture(scope="module")
def target() -> Atlas:
    return patient(1)


def test_a_scan_that_was_shifted_gets_its_own_labels(target: Atlas) -> None:
    moved = np.roll(target.image, (2, -1, 2), (0, 1, 2))
    labels = np.roll(target.labels, (2, -1, 2), (1, 2, 3))
    found = propagate(target.image, SPACING, [Atlas(moved, SPACING, labels, KEYS)], STRUCTURES, QUICK)
    assert found.labels.shape == target.labels.shape
    assert found.labels.dtype == np.uint8
    assert found.annotated == KEYS
    assert dice(found.labels == 1, target.labels == 1) > 0.85, "the liver"
    assert 0 < found.uncertainty < 1
    assert set(found.structure_uncertainty) <= set(KEYS)
    assert found.entropy.shape == found.labels.shape


def test_another_patient_agrees_on_most_of_it_and_the_same_seed_says_the_same(target: Atlas) -> None:
    atlases = [patient(2)]
    told: list[Progress] = []
    found = propagate(target.image, SPACING, atlases, STRUCTURES, QUICK, on_progress=told.append)
    again = propagate(target.image, SPACING, atlases, STRUCTURES, QUICK)
    assert np.array_equal(found.labels, again.labels)
    assert np.array_equal(found.entropy, again.entropy)
    assert dice(found.labels == 1, target.labels == 1) > 0.4
    assert [one.done for one in told] == [0, 1]


def test_who_has_a_structure_not_annotated_does_not_vote_it_down(target: Atlas) -> None:
    blind = target.labels.copy()
    blind[blind == 2] = 0
    unaware = Atlas(target.image, SPACING, blind, tuple(key for key in KEYS if key != "spleen"))
    ignoring = Atlas(target.image, SPACING, np.full_like(target.labels, IGNORE), KEYS)
    options = Options(budget_s=0.0, is_weighted=False)
    found = propagate(target.image, SPACING, [target, unaware, ignoring], STRUCTURES, options)
    assert dice(found.labels == 2, target.labels == 2) > 0.8
    partly = propagate(target.image, SPACING, [unaware], STRUCTURES, options)
    assert "spleen" not in partly.annotated
    assert not np.any(partly.labels == 2)


def test_without_anybody_who_knows_there_is_nothing_to_propagate(target: Atlas) -> None:
    for atlases in ([], [patient(2, keys=())]):
        with pytest.raises(TrainingError, match="No labelled scan"):
            propagate(target.image, SPACING, atlases, STRUCTURES, QUICK)


def test_it_stops_when_asked_to(target: Atlas) -> None:
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 4

    with pytest.raises(Cancelled):
        propagate(target.image, SPACING, [patient(2)], STRUCTURES, QUICK, should_stop=stop)


def test_a_budget_ends_the_laying_early_and_there_are_labels_all_the_same(target: Atlas) -> None:
    options = Options(budget_s=0.0)
    found = propagate(target.image, SPACING, [target], STRUCTURES, options)
    assert dice(found.labels == 1, target.labels == 1) > 0.5


@pytest.mark.parametrize(
    ("shape", "spacing"),
    [((512, 512, 600), (0.8, 0.8, 0.8)), ((40, 40, 28), (7.0, 7.0, 7.0)), ((3000, 10, 10), (0.5, 1.0, 5.0))],
)
def test_the_working_grid_is_bounded_and_covers_the_scan(
    shape: tuple[int, int, int], spacing: tuple[float, float, float]
) -> None:
    grid, mm = working_grid(shape, spacing)
    assert np.prod(grid) <= MOST_VOXELS
    assert np.allclose(np.array(grid) * mm, np.array(shape) * spacing)
    assert all(n <= most for n, most in zip(grid, shape, strict=True))
    assert all(own >= min(FINEST_MM, given) * 0.8 for own, given in zip(mm, spacing, strict=True))


def test_the_nearest_scans_are_those_that_look_alike() -> None:
    thin, thick = np.full((30, 30, 20), -1000, np.int16), np.full((30, 30, 20), -1000, np.int16)
    thin[10:20, 10:20], thick[2:28, 2:28] = 40, 40
    like = np.roll(thin, 1, 0)
    features = {name: describe(one, SPACING) for name, one in (("thick", thick), ("like", like))}
    assert nearest(describe(thin, SPACING), features, 1) == ["like"]
    assert nearest(describe(thin, SPACING), features, 5) == ["like", "thick"]
    assert np.isfinite(describe(np.full((5, 5, 5), -1000, np.int16), SPACING)).all(), "nothing but air"


@pytest.mark.slow
@pytest.mark.shared_data
def test_a_real_patient_gets_mandible_and_brainstem_from_another(shared_data: Path) -> None:
    from_, to = (
        (
            read_nifti(shared_data / "openkbp/train" / f"{name}_ct.nii.gz"),
            read_label_map(shared_data / "openkbp/train" / f"{name}_oar.nii.gz").voxels[None],
        )
        for name in ("pt_021", "pt_004")
    )
    (scan, labels), (target, truth) = from_, to
    structures = tuple(StructureSpec(f"s{value}", f"s{value}", 0, value, 2.0) for value in (1, 7))
    atlas = Atlas(scan.voxels, scan.geometry.spacing_mm, labels, ("s1", "s7"))
    found = propagate(target.voxels, target.geometry.spacing_mm, [atlas], structures, Options(budget_s=None))
    for value in (1, 7):
        assert dice(found.labels == value, truth == value) > 0.4
