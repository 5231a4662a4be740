"""Regions are checked against predictions in which everything suspicious was put there by hand."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from training.labels import StructureSpec
from training.manifest import Case, Manifest
from training.phantom import STRUCTURES, make_phantom
from training.predict import Region, UncertaintyMap, Usual, guide, usual_volumes
from training.predict.drawn import measure

TUBE, BALL = 1, 2
SPECS = (
    StructureSpec("oesophagus", "oesophagus", 0, TUBE, 3.0),
    StructureSpec("liver", "liver", 0, BALL, 3.0),
)
SPACING = (1.0, 1.0, 2.0)
SHAPE = (90, 80, 60)
BIT = round(255 / np.log2(3))  # a coin toss, where three channels share the layer

Voxels = NDArray[np.uint8]


def tube_and_ball() -> Voxels:
    labels = np.zeros((1, *SHAPE), np.uint8)
    i, j, k = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    labels[0][((i - 20) ** 2 + (j - 20) ** 2 < 64) & (k >= 10) & (k < 50)] = TUBE
    labels[0][(i - 60) ** 2 + (j - 50) ** 2 + (2 * (k - 30)) ** 2 < 400] = BALL
    return labels


def border(labels: Voxels, value: int = BIT) -> Voxels:
    """A model of ordinary softness: a coin toss on the outermost voxels of every structure."""
    inner = np.zeros(labels.shape, np.bool_)
    for one in (TUBE, BALL):
        inner[0] |= ndimage.binary_erosion(labels[0] == one)
    return np.where((labels > 0) & ~inner, value, 0).astype(np.uint8)


def find(labels: Voxels, entropy: Voxels | None = None, **usual: Usual) -> tuple[Region, ...]:
    return guide(labels, border(labels) if entropy is None else entropy, SPACING, SPECS, usual)[1]


def of_kind(regions: Sequence[Region], kind: str) -> list[Region]:
    return [region for region in regions if region.kind == kind]


class TestMap:
    def found(self, entropy: Voxels, layers: int = 1) -> UncertaintyMap:
        specs = [StructureSpec(f"s{n}", f"s{n}", n, 1, 3.0) for n in range(layers)]
        return guide(np.zeros_like(entropy), entropy, SPACING, specs)[0]

    @pytest.mark.parametrize("shape", [(5, 4, 3), (128, 3, 3), (129, 3, 256), (300, 130, 2)])
    def test_cells_are_means_over_whole_blocks(self, shape: tuple[int, int, int]) -> None:
        entropy = np.random.default_rng(1).integers(0, 256, (1, *shape), np.uint8)
        found = self.found(entropy)
        assert max(found.values.shape) <= 128
        for cell in np.ndindex(*[min(n, 4) for n in found.values.shape]):
            # From the far end as well, where cells may be cut off by the scan's edge.
            for one in (cell, tuple(n - 1 - c for n, c in zip(found.values.shape, cell, strict=True))):
                block = entropy[0][
                    tuple(slice(f * c, f * c + f) for f, c in zip(found.factor, one, strict=True))
                ]
                assert found.values[one] == pytest.approx(block.mean(), abs=0.51)

    def test_the_most_unsure_layer_counts(self) -> None:
        entropy = np.zeros((2, 4, 4, 4), np.uint8)
        entropy[0, 0], entropy[1, 1] = 100, 200
        values = self.found(entropy, layers=2).values
        assert [int(values[i, 0, 0]) for i in range(3)] == [100, 200, 0]

    def test_a_coin_toss_is_255_whatever_the_number_of_structures(self) -> None:
        specs = [StructureSpec(f"s{n}", f"s{n}", 0, n, 3.0) for n in range(1, 104)]
        coin = np.full((1, 4, 4, 4), round(255 / np.log2(104)), np.uint8)
        values = guide(np.zeros_like(coin), coin, SPACING, specs)[0].values
        assert int(values.min()) >= 250
        values = guide(np.zeros_like(coin), np.full_like(coin, 255), SPACING, specs)[0].values
        assert int(values.min()) == 255


class TestUnsure:
    def test_an_ordinary_border_is_none(self) -> None:
        assert find(tube_and_ball()) == ()

    def test_nothing_drawn_and_sure_of_it(self) -> None:
        nothing = np.zeros((1, *SHAPE), np.uint8)
        assert find(nothing, nothing) == ()

    def test_the_lower_end_of_a_tube(self) -> None:
        labels = tube_and_ball()
        entropy = border(labels)
        entropy[0, 13:28, 13:28, 7:13] = BIT
        (region,) = find(labels, entropy)
        assert region.kind == "unsure"
        assert (region.layer, region.structure) == (0, TUBE)
        assert region.reason.startswith("unsure where the oesophagus ends at its lower end, ")
        assert region.uncertainty is not None
        assert 0.8 < region.uncertainty <= 1
        assert 1.0 < region.volume_ml < 5.0
        assert region.low is not None
        assert region.high is not None
        assert region.centre_ijk is not None
        for low, centre, high, (first, last) in zip(
            region.low, region.centre_ijk, region.high, ((13, 28), (13, 28), (7, 13)), strict=True
        ):
            assert low <= centre <= high
            assert first - 3 <= low < last
            assert first <= centre < last

    @pytest.mark.parametrize(
        ("at", "words"),
        [
            ((60, 50, 30), "unsure inside the liver"),
            ((80, 50, 30), "unsure about the border of the liver on its left side"),
            ((40, 50, 30), "unsure about the border of the liver on its right side"),
            ((60, 70, 30), "unsure about the border of the liver at its back"),
            ((60, 30, 30), "unsure about the border of the liver at its front"),
            ((60, 50, 40), "unsure where the liver ends at its upper end"),
        ],
    )
    def test_where_it_is_stands_in_the_reason(self, at: tuple[int, int, int], words: str) -> None:
        labels = tube_and_ball()
        entropy = border(labels)
        i, j, k = at
        entropy[0, i - 5 : i + 6, j - 5 : j + 6, k - 2 : k + 3] = BIT
        (region,) = find(labels, entropy)
        assert region.reason.startswith(words + ", ")
        assert region.structure == BALL

    def test_between_two_structures(self) -> None:
        labels = tube_and_ball()
        labels[0, 60:, 40:60, 20:40][labels[0, 60:, 40:60, 20:40] == BALL] = TUBE
        entropy = np.zeros_like(labels)
        entropy[0, 56:64, 44:56, 26:34] = BIT
        region = of_kind(find(labels, entropy), "unsure")[0]
        assert region.reason.startswith("unsure where the ")
        assert "oesophagus" in region.reason
        assert "meets the" in region.reason

    def test_far_from_everything(self) -> None:
        labels = tube_and_ball()
        entropy = border(labels)
        entropy[0, 2:12, 66:78, 2:8] = BIT
        (region,) = find(labels, entropy)
        assert (region.structure, region.reason[:39]) == (0, "unsure, and nothing is drawn within 10 ")

    def test_larger_and_less_sure_comes_first(self) -> None:
        labels = tube_and_ball()
        entropy = border(labels)
        entropy[0, 55:65, 45:55, 27:33] = BIT
        entropy[0, 15:25, 15:25, 20:40] = round(0.95 * BIT)
        entropy[0, 2:14, 64:78, 50:58] = round(0.8 * BIT)
        regions = find(labels, entropy)
        weights = [region.volume_ml * (region.uncertainty or 0) for region in regions]
        assert len(regions) == 3
        assert weights == sorted(weights, reverse=True)

    def test_a_long_region_is_cut_into_places_to_go_to(self) -> None:
        labels = np.zeros((1, 40, 40, 120), np.uint8)
        labels[0, 10:30, 10:30] = TUBE
        entropy = np.zeros_like(labels)
        entropy[0, 14:26, 14:26, 4:116] = BIT
        regions = find(labels, entropy)
        assert 3 <= len(regions) <= 8
        centres = np.array([region.centre_ijk for region in regions]) * SPACING
        apart = np.linalg.norm(centres[:, None] - centres[None], axis=2)
        assert apart[~np.eye(len(centres), dtype=bool)].min() >= 30.0
        whole = guide(labels, entropy, (0.8, 0.8, 0.5), SPECS)[1]
        assert len(whole) == 1
        assert sum(one.volume_ml for one in regions) == pytest.approx(112 * 144 * 2 / 1000, rel=0.35)

    def test_a_model_that_is_soft_everywhere_marks_nothing_but_the_softest(self) -> None:
        labels = tube_and_ball()
        soft = (ndimage.gaussian_filter((labels[0] > 0).astype(float), (2, 2, 1)))[None]
        p = soft.clip(1e-9, 1 - 1e-9)
        bits = -(p * np.log2(p) + (1 - p) * np.log2(1 - p))
        entropy = (bits * BIT).astype(np.uint8)
        assert len(find(labels, entropy)) <= 2
        entropy[0, 52:68, 42:58, 24:36] = BIT
        (inside, *_) = find(labels, entropy)
        assert inside.reason.startswith("unsure inside the liver")


class TestShape:
    def test_a_separate_piece(self) -> None:
        labels = tube_and_ball()
        labels[0, 5:15, 60:70, 40:45] = BALL
        (region,) = find(labels)
        assert region.kind == "piece"
        assert region.reason == "a separate piece of the liver, 1.0 mL"
        assert (region.low, region.high) == ((5, 60, 40), (14, 69, 44))
        assert region.uncertainty is None
        assert labels[0][region.centre_ijk] == BALL

    def test_many_pieces_are_counted(self) -> None:
        labels = tube_and_ball()
        for n in range(6):
            labels[0, 10 * n : 10 * n + 5 + n % 2, 70:76, 2:6] = BALL
        regions = of_kind(find(labels), "piece")
        assert len(regions) == 3
        assert {region.reason.split(" by ")[0] for region in regions} == {
            "piece 2 of 7",
            "piece 3 of 7",
            "piece 4 of 7",
        }

    def test_a_speck_is_none(self) -> None:
        labels = tube_and_ball()
        labels[0, 5:7, 60:62, 40] = BALL
        assert find(labels) == ()

    def test_a_missing_slice(self) -> None:
        labels = tube_and_ball()
        labels[0, :40, :, 33:35] = 0
        regions = find(labels)
        (gap,) = of_kind(regions, "gap")
        assert gap.reason == "the oesophagus is missing on 2 slices between slices that have it"
        assert gap.low is not None
        assert gap.high is not None
        assert (gap.low[2], gap.high[2]) == (33, 34)
        assert {region.kind for region in regions} == {"gap", "piece"}

    def test_a_jump_of_the_area(self) -> None:
        labels = tube_and_ball()
        labels[0, 12:23, :40, 30:50] = 0
        (jump,) = of_kind(find(labels), "jump")
        assert jump.centre_ijk is not None
        assert jump.centre_ijk[2] == 29
        larger, smaller = (int((labels[0, :40, :, k] == TUBE).sum()) / 100 for k in (29, 30))
        assert (
            jump.reason
            == f"the oesophagus has {larger:.1f} cm² on one slice and {smaller:.1f} cm² on the next"
        )

    def test_tapering_ends_are_no_jumps(self) -> None:
        assert of_kind(find(tube_and_ball()), "jump") == []

    def test_expected_and_not_drawn(self) -> None:
        labels = tube_and_ball()
        labels[labels == BALL] = 0
        assert find(labels) == ()
        (region,) = find(labels, liver=Usual(cases=20, drawn=19, low_ml=30.0, high_ml=40.0))
        assert region.reason == "no liver was drawn; 19 of 20 training cases have one"
        assert (region.kind, region.structure, region.centre_ijk, region.low) == ("missing", BALL, None, None)
        assert find(labels, liver=Usual(cases=20, drawn=12, low_ml=30.0, high_ml=40.0)) == ()
        assert find(labels, liver=Usual(cases=3, drawn=3, low_ml=30.0, high_ml=40.0)) == ()

    def test_an_unusual_volume(self) -> None:
        labels = tube_and_ball()
        volume = int((labels == BALL).sum()) * 2 / 1000
        assert find(labels, liver=Usual(9, 9, volume * 0.9, volume * 1.1)) == ()
        (large,) = find(labels, liver=Usual(9, 9, volume * 0.2, volume * 0.5))
        assert large.reason == (
            f"the liver has {volume:.1f} mL, more than usual "
            f"({volume * 0.2:.1f} mL to {volume * 0.5:.1f} mL in 9 training cases)"
        )
        (small,) = find(labels, liver=Usual(9, 9, volume * 2, volume * 3))
        assert "less than usual" in small.reason
        assert labels[0][small.centre_ijk] == BALL

    def test_what_the_scan_cuts_off_is_not_too_small(self) -> None:
        labels = tube_and_ball()[:, :, :, 30:]
        assert find(labels, np.zeros_like(labels), liver=Usual(9, 9, 500.0, 900.0)) == ()


def test_layers_are_looked_at_apart() -> None:
    labels = np.concatenate([tube_and_ball(), np.zeros((1, *SHAPE), np.uint8)])
    labels[1, 30:50, 30:50, 20:30] = 1
    specs = [*SPECS, StructureSpec("tumour", "tumour", 1, 1, 3.0)]
    entropy = np.zeros_like(labels)
    entropy[1, 33:47, 33:47, 22:28] = 255
    (region,) = guide(labels, entropy, SPACING, specs)[1]
    assert (region.layer, region.structure) == (1, 1)
    assert region.reason.startswith("unsure inside the tumour")


def test_regions_are_plain_values() -> None:
    labels = tube_and_ball()
    entropy = border(labels)
    entropy[0, 55:65, 45:55, 27:33] = BIT
    (region,) = find(labels, entropy)
    assert json.loads(json.dumps(region.to_dict()))["structure"] == BALL


def test_a_phantom_drawn_right_has_no_region() -> None:
    phantom = make_phantom(3)
    labels = phantom.labels[None]
    assert guide(labels, np.zeros_like(labels), phantom.image.geometry.spacing_mm, STRUCTURES)[1] == ()


class TestMeasure:
    def test_against_plain_counting(self) -> None:
        rng = np.random.default_rng(5)
        labels = ndimage.zoom(rng.integers(0, 4, (6, 5, 7), np.uint8), 4, order=0)
        found = measure(labels)
        assert sorted(found) == [1, 2, 3]
        for value, drawn in found.items():
            voxels = np.argwhere(labels == value)
            parts, count = ndimage.label(labels == value, np.ones((3, 3, 3)))
            sizes = sorted(np.bincount(parts.ravel())[1:].tolist(), reverse=True)
            assert (drawn.voxels, drawn.count) == (len(voxels), count)
            assert [piece.voxels for piece in drawn.pieces] == sizes[:4]
            assert drawn.low == tuple(voxels.min(0))
            assert drawn.high == tuple(voxels.max(0))
            assert drawn.middle == pytest.approx(voxels.mean(0))
            assert drawn.areas.tolist() == (labels == value).sum((0, 1)).tolist()
            assert all(labels[piece.centre] == value for piece in drawn.pieces)

    def test_nothing(self) -> None:
        assert measure(np.zeros((3, 3, 3), np.uint8)) == {}


def test_usual_volumes(tmp_path: Path) -> None:
    cases = []
    for n in range(5):
        labels = np.zeros((1, 20, 20, 20), np.uint8)
        labels[0, :10, :10, : n + 1] = TUBE
        if n < 2:
            labels[0, 15:, 15:, 15:] = BALL
        np.save(tmp_path / f"{n}.npy", labels)
        annotated = ("oesophagus", "liver") if n < 4 else ("oesophagus",)
        path = tmp_path / f"{n}.npy"
        cases.append(Case(str(n), path, (1.0, 1.0, 2.0), path, annotated))
    manifest = Manifest(SPECS, tuple(cases), (), None, 1.0, 0)
    usual = usual_volumes(manifest)
    assert (usual["oesophagus"].cases, usual["oesophagus"].drawn) == (5, 5)
    volumes = [0.2, 0.4, 0.6, 0.8, 1.0]
    assert usual["oesophagus"].low_ml == pytest.approx(np.percentile(volumes, 1))
    assert usual["oesophagus"].high_ml == pytest.approx(np.percentile(volumes, 99))
    assert (usual["liver"].cases, usual["liver"].drawn) == (4, 2)
    assert usual["liver"].high_ml == pytest.approx(0.25)
    cut = np.load(cases[0].labels)
    cut[..., 5:] = 255  # a part of this scan was read: it says nothing of how large a structure is
    np.save(cases[0].labels, cut)
    assert usual_volumes(manifest)["oesophagus"].cases == 4


# ── Sides and members ────────────────────────────────────────────────────────
PAIR = (
    StructureSpec("kidney_left", "Left kidney", 0, 1, 3.0, "left"),
    StructureSpec("kidney_right", "Right kidney", 0, 2, 3.0, "right"),
)


def kidneys(left_at: int, right_at: int) -> NDArray[np.uint8]:
    labels = np.zeros((1, 40, 20, 20), np.uint8)
    labels[0, left_at : left_at + 6, 5:12, 5:12] = 1
    labels[0, right_at : right_at + 6, 5:12, 5:12] = 2
    return labels


def kinds(labels: NDArray[np.uint8], disagreement: dict[str, float] | None = None) -> list[Region]:
    nothing = np.zeros_like(labels)
    return list(guide(labels, nothing, (2.0, 2.0, 2.0), PAIR, None, disagreement)[1])


def test_a_left_structure_to_the_right_of_its_counterpart_is_told_for_both() -> None:
    swapped = kinds(kidneys(left_at=4, right_at=28))
    assert [(one.kind, one.structure) for one in swapped] == [("sides", 1), ("sides", 2)]
    assert swapped[0].reason == (
        "the Left kidney lies to the right of the Right kidney: sides may be mixed up"
    )
    assert kinds(kidneys(left_at=28, right_at=4)) == []


def test_one_side_alone_is_on_no_wrong_side() -> None:
    labels = kidneys(left_at=4, right_at=28)
    labels[labels == 2] = 0
    assert kinds(labels) == []


def test_structures_on_which_the_members_differ_are_told_by_their_dice() -> None:
    labels = kidneys(left_at=28, right_at=4)
    [found] = kinds(labels, {"kidney_left": 0.4, "kidney_right": 0.1})
    assert (found.kind, found.structure) == ("disagreement", 1)
    assert found.reason == "the networks of the model differ on the Left kidney: their Dice is 0.60"
    assert found.volume_ml == pytest.approx(0.4 * 6 * 7 * 7 * 0.008, abs=1e-3)


def test_what_some_members_drew_and_the_model_did_not_has_no_place() -> None:
    labels = kidneys(left_at=28, right_at=4)
    labels[labels == 1] = 0
    [found] = kinds(labels, {"kidney_left": 1.0})
    assert (found.kind, found.centre_ijk, found.volume_ml) == ("disagreement", None, 0.0)
