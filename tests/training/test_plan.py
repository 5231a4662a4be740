"""The plan follows from the fingerprint by rules that can be checked by hand."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.labels import IGNORE, StructureSpec
from training.plan import Fingerprint, Intensities, Normalisation, Plan, channel_table, plan_for
from training.plan.processor import (
    BATCH_SIZE,
    MAX_PATCH_VOXELS,
    MIN_COVER,
    MIN_PATCH_VOXELS,
    STEP_S,
    VOXELS_PER_S,
    WEIGHT_POWER,
)
from training.progress import TrainingError

LIVER = StructureSpec("liver", "Liver", 0, 5, 3.0)
LEFT = StructureSpec("kidney_left", "Left kidney", 0, 9, 3.0, "left")

CORD = StructureSpec("spinal_cord", "Spinal cord", 1, 1, 2.0)
PATCH_VOXELS = STEP_S * VOXELS_PER_S / BATCH_SIZE


def fingerprint(
    spacing_mm: tuple[float, float, float] = (3.0, 3.0, 3.0),
    median_mm: tuple[float, float, float] = (288.0, 288.0, 192.0),
) -> Fingerprint:
    x, y, z = (max(1, round(mm / s)) for mm, s in zip(median_mm, spacing_mm, strict=True))
    intensities = Intensities(-50.0, 250.0, 90.0, 50.0, 92.0, -200.0, 400.0)
    shares = ((0.95, 0.04, 0.01), (0.99, 0.01))
    return Fingerprint((spacing_mm,), ((x, y, z),), 1.0, "CT", intensities, shares)


def plan(of: Fingerprint | None = None, structures: tuple[StructureSpec, ...] = (LIVER, LEFT, CORD)) -> Plan:
    return plan_for(of or fingerprint(), structures, budget_s=60)


def test_patch_spacing_and_pooling_by_hand() -> None:
    made = plan()
    assert made.spacing_mm == (3.0, 3.0, 3.0)
    assert made.patch_size == (48, 48, 48)
    assert made.network_args["strides"] == [[1, 1, 1]] + [[2, 2, 2]] * 3


def test_a_large_scan_is_seen_more_coarsely() -> None:
    made = plan(fingerprint((0.8, 0.8, 2.0), (410.0, 410.0, 400.0)))
    shape = [mm / s for mm, s in zip((410.0, 410.0, 400.0), made.spacing_mm, strict=True)]
    assert MIN_COVER * 0.9 < PATCH_VOXELS / np.prod(shape) < MIN_COVER * 1.15
    assert max(made.spacing_mm) <= 2.1 * min(made.spacing_mm)


def test_a_thick_slice_axis_is_pooled_later() -> None:
    made = plan(fingerprint((1.0, 1.0, 5.0), (128.0, 128.0, 100.0)))
    assert made.network_args["strides"][1] == [2, 2, 1]
    assert made.patch_size[2] <= 20


@given(
    spacing_mm=st.tuples(*[st.floats(0.3, 6.0)] * 3),
    extent_mm=st.tuples(*[st.floats(20.0, 600.0)] * 3),
)
def test_every_plan_can_be_computed(
    spacing_mm: tuple[float, float, float], extent_mm: tuple[float, float, float]
) -> None:
    made = plan(fingerprint(spacing_mm, extent_mm))
    multiple = np.prod(made.network_args["strides"], axis=0)
    assert (np.asarray(made.patch_size) % multiple == 0).all()
    assert np.prod(made.patch_size) <= 1.6 * PATCH_VOXELS
    assert min(made.spacing_mm) >= min(spacing_mm) - 1e-9


@pytest.mark.parametrize("step_s", [0.1, 0.25, 1.0])
def test_the_patch_follows_the_time_of_a_step_and_the_speed_of_the_machine(step_s: float) -> None:
    large = fingerprint((1.0, 1.0, 1.0), (400.0, 400.0, 400.0))
    made = plan_for(large, (LIVER, LEFT, CORD), budget_s=60, step_s=step_s, voxels_per_s=2e6)
    assert made.batch_size * np.prod(made.patch_size) == pytest.approx(step_s * 2e6, rel=0.25)


def test_a_longer_training_has_larger_patches_and_more_of_them() -> None:
    large = fingerprint((1.0, 1.0, 1.0), (400.0, 400.0, 400.0))

    def patch_voxels(budget_s: float) -> float:
        made = plan_for(large, (LIVER, LEFT, CORD), budget_s=budget_s)
        assert made.budget_s == budget_s
        return float(np.prod(made.patch_size))

    assert patch_voxels(0) == patch_voxels(60) == patch_voxels(300)
    assert patch_voxels(1200) == pytest.approx(2 * patch_voxels(300), rel=0.25)
    assert patch_voxels(4800) == pytest.approx(4 * patch_voxels(300), rel=0.25)
    assert patch_voxels(1e6) == patch_voxels(4800)


def test_a_patch_has_bounds_whatever_the_machine() -> None:
    large = fingerprint((1.0, 1.0, 1.0), (400.0, 400.0, 400.0))
    for voxels_per_s, bound in ((1.0, MIN_PATCH_VOXELS), (1e12, MAX_PATCH_VOXELS)):
        made = plan_for(large, (LIVER, LEFT, CORD), budget_s=60, voxels_per_s=voxels_per_s)
        assert made.batch_size * np.prod(made.patch_size) == pytest.approx(bound, rel=0.3)


def test_a_residual_network_has_its_own_blocks_and_others_their_own_arguments() -> None:
    def with_network(name: str) -> Plan:
        return plan_for(fingerprint(), (LIVER, LEFT, CORD), budget_s=60, network=name)

    assert with_network("resenc_unet").network_args["blocks"] == [1, 3, 4, 6]
    assert with_network("resenc_unet").network_args["decoder_blocks"] == [1] * 3
    other = with_network("swin_unetr")
    assert (other.network, other.network_args, other.patch_size) == ("swin_unetr", {}, (64, 64, 64))
    flat = fingerprint((1.0, 1.0, 5.0), (128.0, 128.0, 100.0))
    patch = plan_for(flat, (LIVER, LEFT, CORD), budget_s=60, network="unetr").patch_size
    assert all(edge % 32 == 0 for edge in patch)


def test_channels_are_one_group_per_layer_and_rare_structures_weigh_more() -> None:
    made = plan()
    assert made.channels == ("background:0", "liver", "kidney_left", "background:1", "spinal_cord")
    assert made.layers == ((5, 9), (1,))
    background, liver, kidney = made.class_weights[0]
    assert background == 1.0 < liver < kidney
    assert made.class_weights[0][1] == pytest.approx((0.95 / 0.04) ** WEIGHT_POWER, rel=1e-3)


def test_scans_are_mirrored_only_where_no_structure_has_a_side() -> None:
    assert plan().mirror_axes == ()
    assert plan(structures=(LIVER, CORD)).mirror_axes == (0,)


def test_values_become_channels_and_what_was_not_annotated_joins_the_background() -> None:
    table = channel_table(plan(), 0, frozenset({"kidney_left"}))
    assert [table[v] for v in (0, 5, 9, IGNORE, 77)] == [0, 0, 2, IGNORE, IGNORE]
    assert channel_table(plan(), 1, frozenset({"spinal_cord"}))[1] == 1


def test_a_plan_is_json_and_back() -> None:
    made = plan()
    assert Plan.from_json(made.to_json()) == made
    assert Plan.from_dict(json.loads(json.dumps(made.to_dict()))) == made


def test_an_unreadable_plan_is_refused() -> None:
    for text in ("{", "[]", json.dumps({"version": 1}), json.dumps(plan().to_dict() | {"version": 1})):
        with pytest.raises(TrainingError, match="plan"):
            Plan.from_json(text)


def test_a_child_keeps_the_grid_of_its_parent() -> None:
    parent = plan()
    other = fingerprint((2.0, 2.0, 2.0), (200.0, 200.0, 200.0))
    child = plan_for(other, (LIVER, LEFT), budget_s=60, parent=parent)
    assert child.spacing_mm == parent.spacing_mm
    assert child.patch_size == parent.patch_size
    assert child.normalisation == parent.normalisation
    assert child.network_args == parent.network_args
    assert child.channels == ("background:0", "liver", "kidney_left")
    assert child.learning_rate < parent.learning_rate


def test_a_child_turns_its_patches_as_far_as_the_parents_patch_allows() -> None:
    of = fingerprint((0.6, 0.6, 6.0), (300.0, 300.0, 144.0))
    cube = fingerprint((1.0, 1.0, 1.0), (200.0, 200.0, 200.0))
    parent = plan_for(of, (LIVER, LEFT, CORD), budget_s=60, memory_gb=8)
    child = plan_for(cube, (LIVER, LEFT, CORD), budget_s=60, memory_gb=8, parent=parent)
    assert (child.patch_size, child.batch_size) == (parent.patch_size, parent.batch_size)
    assert child.deep_supervision == parent.deep_supervision
    assert [s.args["dummy_2d"] for s in child.augmentation if "dummy_2d" in s.args] == [True, True]


@pytest.mark.parametrize(("std", "contrast"), [(400.0, 1.0), (50.0, 2.0)])
def test_soft_tissues_differ_by_a_unit_per_100_hu_or_more(std: float, contrast: float) -> None:
    """Wide intensities must not squeeze them; narrow ones already give them room."""
    wide = Normalisation("ct_soft_tissue", -1000.0, 1500.0, 100.0, std)
    air, fat, water, organ, bone, metal = wide(np.array([-3000, -60, 0, 40, 1400, 3000], np.int16))
    assert organ - fat == pytest.approx(contrast)
    assert air == pytest.approx(wide.air)
    assert air < fat < water < organ < bone < metal
    plain = dataclasses.replace(wide, scheme="ct")
    assert metal - bone == pytest.approx(float(np.diff(plain(np.array([1400, 1500])))[0]))


def test_normalisation_clips_and_scales() -> None:
    normalisation = plan().normalisation
    np.testing.assert_allclose(
        normalisation(np.array([-1000, 90, 3000], np.int16)), [-2.8, 0.0, 3.2], rtol=1e-6
    )
    assert normalisation.air == pytest.approx(-2.8)
    assert dataclasses.asdict(normalisation) == {
        "scheme": "ct_soft_tissue",
        "lower": -50.0,
        "upper": 250.0,
        "mean": 90.0,
        "std": 50.0,
    }
