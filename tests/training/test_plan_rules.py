"""nnU-Net's rules, each told again in the tests and checked on fingerprints of all kinds."""

import dataclasses
from math import ceil, prod

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.training.test_plan import CORD, LEFT, LIVER
from training.plan import Fingerprint, Intensities, Plan, configurations, plan_for
from training.plan.memory import augmentation, head_weights
from training.plan.rules import (
    PLAIN,
    RESIDUAL,
    architecture,
    axis_order,
    full_configuration,
    separate_z,
    target_spacing,
)
from training.plan.schema import Shape, Triple
from training.plan.topology import Architecture, feature_map_voxels, topology
from training.progress import TrainingError

HU = Intensities(-50.0, 250.0, 90.0, 50.0, 92.0, -200.0, 400.0)
SHARES = ((0.95, 0.04, 0.01), (0.99, 0.01))
REFERENCE = 560e6
CASES = settings(max_examples=30)

spacings = st.tuples(*[st.floats(0.3, 6.0)] * 3)
extents_mm = st.tuples(*[st.floats(20.0, 700.0)] * 3)


def made(*scans: tuple[Triple, Shape], modality: str = "CT", relative_size: float = 1.0) -> Fingerprint:
    return Fingerprint(
        tuple(spacing for spacing, _ in scans),
        tuple(shape for _, shape in scans),
        relative_size,
        modality,
        HU,
        SHARES,
    )


def sized(spacing_mm: Triple, extent_mm: Triple) -> Shape:
    i, j, k = (max(16, round(mm / s)) for mm, s in zip(extent_mm, spacing_mm, strict=True))
    return i, j, k


@st.composite
def fingerprints(draw: st.DrawFn) -> Fingerprint:
    spacing, extent = draw(spacings), draw(extents_mm)
    scans = []
    for _ in range(draw(st.integers(1, 4))):
        factor = draw(st.floats(0.8, 1.25))
        own = spacing[0] * factor, spacing[1], spacing[2]
        scans.append((own, sized(own, extent)))
    return made(*scans)


def plans(of: Fingerprint, memory_gb: float = 8, network: str = "plain_unet") -> dict[str, Plan]:
    return configurations(of, (LIVER, LEFT, CORD), budget_s=60, memory_gb=memory_gb, network=network)


def estimate(plan: Plan) -> int:
    """Add up what every convolution puts out, layer by layer, as somebody who draws the network would."""
    arguments = plan.network_args
    sizes, size = [], np.array(plan.patch_size)
    for stride in arguments["strides"]:
        size = size // stride
        sizes.append(int(size.prod()))
    total = 0
    for features, blocks, voxels in zip(arguments["features"], arguments["blocks"], sizes, strict=True):
        for _ in range(blocks):
            total += features * voxels
    for features, blocks, voxels in zip(
        arguments["features"], arguments["decoder_blocks"], sizes, strict=False
    ):
        total += features * voxels  # transposed convolution
        for _ in range(blocks):
            total += features * voxels
    return total + len(plan.channels) * sizes[0]


# ── Spacing and axes ──────────────────────────────────────────────────────────
@CASES
@given(fingerprints())
def test_the_spacing_is_the_median_unless_an_axis_is_coarse_and_short(of: Fingerprint) -> None:
    median, shape = np.median(of.spacings_mm, axis=0), np.median(of.shapes, axis=0)
    found = target_spacing(of)
    coarse = [
        axis
        for axis in range(3)
        if median[axis] > 3 * np.delete(median, axis).max() and shape[axis] * 3 < np.delete(shape, axis).min()
    ]
    for axis in range(3):
        if axis in coarse:
            tenth = np.percentile([s[axis] for s in of.spacings_mm], 10)
            assert found[axis] == pytest.approx(max(tenth, np.delete(median, axis).max()), abs=2e-5)
        else:
            assert found[axis] == median[axis]


def test_thick_slices_take_the_thinnest_tenth_but_are_never_finer_than_the_plane() -> None:
    thick = [((1.0, 1.0, float(mm)), (200, 200, 20)) for mm in (2, 5, 6, 7, 8)]
    assert target_spacing(made(*thick))[2] == pytest.approx(np.percentile([2, 5, 6, 7, 8], 10))
    mixed = [((1.0, 1.0, mm), (200, 200, 20)) for mm in (0.5, 0.5, 5.0, 6.0, 7.0)]
    assert target_spacing(made(*mixed)) == (1.0, 1.0, 1.0 + 1e-5)
    long = [((1.0, 1.0, float(mm)), (200, 200, 90)) for mm in (2, 5, 6, 7, 8)]
    assert target_spacing(made(*long))[2] == 6.0


@given(spacings)
def test_the_coarsest_axis_comes_first(spacing_mm: Triple) -> None:
    order = axis_order(spacing_mm)
    assert sorted(order) == [0, 1, 2]
    assert spacing_mm[order[0]] == max(spacing_mm)


def test_axes_alike_are_ordered_from_the_slices_inwards() -> None:
    assert axis_order((1.0, 1.0, 1.0)) == (2, 1, 0)
    assert axis_order((5.0, 1.0, 1.0)) == (0, 2, 1)


def test_slices_are_resampled_singly_where_one_axis_is_much_coarser() -> None:
    assert separate_z((1.0, 1.0, 3.1))
    assert not separate_z((1.0, 1.0, 3.0))
    assert not separate_z((3.1, 1.0, 3.1))


# ── Patch, depth and batch ────────────────────────────────────────────────────
@CASES
@given(fingerprints(), st.sampled_from((4.0, 8.0, 24.0)), st.sampled_from(("plain_unet", "resenc_unet")))
def test_a_patch_fits_the_memory_and_is_no_larger_than_it_must_be(
    of: Fingerprint, memory_gb: float, network: str
) -> None:
    for plan in plans(of, memory_gb, network).values():
        multiple = np.prod(plan.network_args["strides"], axis=0)
        assert (np.asarray(plan.patch_size) % multiple == 0).all()
        shape = np.asarray(of.median_mm) / plan.spacing_mm
        for axis, edge in enumerate(plan.patch_size):
            assert edge < shape[axis] + multiple[axis] + 2  # the scan, padded so that it can be halved
        if network == "plain_unet":
            assert estimate(plan) <= REFERENCE * memory_gb / 8
            most = round(REFERENCE * memory_gb / 8 / estimate(plan) * 2)
            assert 2 <= plan.batch_size <= max(most, 2)
            dataset = len(of.shapes) * shape.prod()
            seen = plan.batch_size * prod(plan.patch_size)
            assert plan.batch_size == 2 or seen <= 0.06 * dataset + prod(plan.patch_size)


@CASES
@given(fingerprints())
def test_features_double_up_to_320_and_kernels_widen_once_and_for_all(of: Fingerprint) -> None:
    for plan in plans(of).values():
        arguments = plan.network_args
        stages = len(arguments["strides"])
        assert arguments["features"] == [min(32 * 2**stage, 320) for stage in range(stages)]
        assert arguments["blocks"] == [2] * stages
        assert arguments["decoder_blocks"] == [2] * (stages - 1)
        assert len(plan.deep_supervision) == stages - 1
        kernels = np.array(arguments["kernels"])
        assert set(kernels.ravel()) <= {1, 3}
        assert (np.diff(kernels, axis=0) >= 0).all()
        assert (kernels[-1] == 3).all()


@CASES
@given(spacings, st.tuples(*[st.integers(4, 300)] * 3))
def test_an_axis_is_halved_while_it_is_long_and_as_fine_as_the_finest(
    spacing_mm: Triple, patch: Shape
) -> None:
    found = topology(spacing_mm, patch)
    spacing, size = np.array(spacing_mm), np.array(patch, float)
    assert found.strides[0] == [1, 1, 1]
    for stride, kernel in zip(found.strides[1:], found.kernels, strict=False):
        long = size >= 8
        fine = spacing < 2 * spacing[long].min()
        assert stride == [2 if halved else 1 for halved in long & fine]
        near = spacing < 2 * spacing.min()
        assert all(k == 3 for k, is_near in zip(kernel, near, strict=True) if is_near)
        spacing, size = spacing * stride, np.ceil(size / stride)
    could = (size >= 8) & (spacing < 2 * spacing[size >= 8].min(initial=np.inf))
    assert not could.any() or (could.sum() == 1 and size[could][0] < 12)
    assert found.patch == [ceil(n / m) * m for n, m in zip(patch, found.multiple, strict=True)]


@CASES
@given(fingerprints())
def test_how_the_axes_are_called_changes_nothing(of: Fingerprint) -> None:
    spacing = target_spacing(of)
    apart = [
        abs(a / b - 1)
        for a, b in ((spacing[0], spacing[1]), (spacing[1], spacing[2]), (spacing[0], spacing[2]))
    ]
    assume(min(apart) > 0.01)
    one = full_configuration(of, PLAIN, 8, 4)
    turned = Fingerprint(
        tuple((k, i, j) for i, j, k in of.spacings_mm),
        tuple((k, i, j) for i, j, k in of.shapes),
        of.relative_size,
        of.modality,
        of.intensities,
        of.shares,
    )
    other = full_configuration(turned, PLAIN, 8, 4)
    assert prod(other.patch_size) == pytest.approx(prod(one.patch_size), rel=0.35)
    assert other.spacing_mm == (one.spacing_mm[2], one.spacing_mm[0], one.spacing_mm[1])
    assert other.axis_order[0] == (one.axis_order[0] + 1) % 3


def test_a_usual_ct_gives_the_patch_that_is_known_from_nnu_net() -> None:
    plan = plans(made(*[((0.8, 0.8, 1.0), (500, 500, 400))] * 100))["full"]
    assert plan.patch_size == (128, 128, 128)
    assert plan.batch_size == 2
    assert plan.network_args["strides"] == [[1, 1, 1], *[[2, 2, 2]] * 5]
    assert plan.network_args["features"] == [32, 64, 128, 256, 320, 320]


def test_values_of_feature_maps_by_hand() -> None:
    plain = Architecture(False, [2, 4], [2, 2], [2])
    # 2 × 2 × 64 + 2 × 4 × 8 down, (1 + 2) × 2 × 64 up, 3 × 64 in the head
    assert feature_map_voxels(plain, (4, 4, 4), [[1, 1, 1], [2, 2, 2]], 3) == 256 + 64 + 384 + 192
    residual = Architecture(True, [2, 4], [1, 3], [1])
    # stem 2 × 64; 2 × 2 × 64; (6 + projection) × 4 × 8; (1 + 1) × 2 × 64 up; the head
    expected = 128 + 256 + 7 * 32 + 256 + 192
    assert feature_map_voxels(residual, (4, 4, 4), [[1, 1, 1], [2, 2, 2]], 3) == expected


def test_residual_presets_have_their_own_blocks_and_memory() -> None:
    large = made(*[((0.8, 0.8, 1.0), (500, 500, 400))] * 100)

    def preset(name: str) -> Plan:
        return plan_for(large, (LIVER,), budget_s=1, network="resenc_unet", preset=name)

    sizes = [prod(preset(name).patch_size) for name in ("m", "l", "xl")]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == 3
    assert preset("l").network_args["blocks"][:4] == [1, 3, 4, 6]
    assert set(preset("l").network_args["decoder_blocks"]) == {1}
    assert [RESIDUAL[name].reference_gb for name in ("m", "l", "xl")] == [8, 24, 40]
    assert architecture(2, residual=True, first=32, most=320).blocks == [1, 3]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"preset": "l"}, "belongs to resenc_unet"),
        ({"network": "resenc_unet", "preset": "s"}, "no preset s of resenc_unet; known are m, l, xl"),
        ({"memory_gb": 0}, "memory_gb must be above 0"),
        ({"step_s": float("nan")}, "step_s must be above 0"),
        ({"memory_gb": 8, "step_s": 1.0}, "not both"),
        ({"memory_gb": 1e-4}, "too little for the smallest patch"),
    ],
)
def test_what_cannot_be_planned_is_said(arguments: dict[str, float], sentence: str) -> None:
    of = made(((1.0, 1.0, 1.0), (200, 200, 200)))
    with pytest.raises(TrainingError, match=sentence):
        plan_for(of, (LIVER,), budget_s=1, **arguments)  # type: ignore[arg-type]  # a table of mistakes


def test_scans_too_small_for_a_u_net_are_refused_for_a_graphics_card_and_planned_for_a_processor() -> None:
    tiny = made(((1.0, 1.0, 1.0), (7, 7, 7)))
    with pytest.raises(TrainingError, match="7 × 7 × 7 voxels is too small for a U-Net"):
        plan_for(tiny, (LIVER,), budget_s=1, memory_gb=8)
    assert len(plan_for(tiny, (LIVER,), budget_s=1).network_args["strides"]) == 3


# ── The low-resolution configuration ──────────────────────────────────────────
@CASES
@given(fingerprints(), st.sampled_from((3.0, 8.0)))
def test_low_resolution_is_there_when_a_patch_covers_less_than_a_quarter(
    of: Fingerprint, memory_gb: float
) -> None:
    found = plans(of, memory_gb)
    full = found["full"]
    cover = prod(full.patch_size) / np.prod(np.asarray(of.median_mm) / full.spacing_mm)
    if cover > 0.26:
        assert "low" not in found
    if "low" not in found:
        assert not full.loss_args["batch_dice"]
        return
    low = found["low"]
    assert (full.loss_args["batch_dice"], low.loss_args["batch_dice"]) == (True, False)
    assert cover < 0.26
    coarser = np.asarray(low.spacing_mm) / full.spacing_mm
    assert (coarser >= 1).all()
    assert coarser.prod() > 1.9
    assert prod(low.patch_size) / np.prod(np.asarray(of.median_mm) / low.spacing_mm) > 0.24
    untouched = coarser == 1
    if untouched.any():  # only an axis that is still more than about twice as coarse as others
        assert max(full.spacing_mm) / min(low.spacing_mm) > 1.9


# ── Way of training ───────────────────────────────────────────────────────────
def test_heads_weigh_half_as_much_each_and_the_last_nothing() -> None:
    assert head_weights(5) == pytest.approx((8 / 15, 4 / 15, 2 / 15, 1 / 15, 0))
    assert head_weights(1) == (1.0,)
    assert head_weights(0) == ()


def test_a_flat_patch_is_turned_in_its_plane_alone() -> None:
    flat = plans(made(*[((0.6, 0.6, 6.0), (500, 500, 24))] * 20))["full"]
    assert max(flat.patch_size) / flat.patch_size[2] > 3
    assert flat.axis_order[0] == 2
    assert [s.args["dummy_2d"] for s in flat.augmentation if "dummy_2d" in s.args] == [True, True]
    assert flat.augmentation[0].args["rotation_deg"] == 180
    assert flat.resampling.separate_z
    cube = plans(made(((1.0, 1.0, 1.0), (200, 200, 200))))["full"]
    assert cube.augmentation == augmentation(dummy_2d=False)
    assert cube.augmentation[0].args["rotation_deg"] == 30


def test_sides_switch_mirroring_off() -> None:
    of = made(((1.0, 1.0, 1.0), (90, 90, 90)))
    assert plan_for(of, (LIVER, LEFT), budget_s=1, memory_gb=8).mirror_axes == ()
    assert plan_for(of, (LIVER,), budget_s=1, memory_gb=8).mirror_axes == (0, 1, 2)


def test_the_training_is_nnu_nets() -> None:
    plan = plans(made(((1.0, 1.0, 1.0), (90, 90, 90))))["full"]
    assert (plan.optimiser, plan.optimiser_args) == ("sgd", {"momentum": 0.99, "nesterov": True})
    assert (plan.learning_rate, plan.weight_decay, plan.clip_norm) == (0.01, 3e-5, 12)
    assert (plan.epoch_steps, plan.max_steps) == (250, 250_000)
    assert (plan.sampler, plan.sampler_args) == ("foreground", {"share": 0.33})
    orders = plan.resampling
    assert (orders.image_order, orders.label_order, orders.logits_order) == (3, 1, 1)
    assert orders.out_of_plane_order == 0
    names = [step.name for step in plan.augmentation]
    assert names == [
        "spatial",
        "noise",
        "blur",
        "brightness",
        "contrast",
        "low_resolution",
        "gamma",
        "gamma",
        "mirror",
    ]


@pytest.mark.parametrize(
    ("modality", "relative_size", "scheme"),
    [("CT", 0.5, "ct"), ("MRI", 0.9, "z_score"), ("T1", 0.7, "z_score_nonzero")],
)
def test_only_ct_is_normalised_by_all_scans(modality: str, relative_size: float, scheme: str) -> None:
    of = made(((1.0, 1.0, 1.0), (90, 90, 90)), modality=modality, relative_size=relative_size)
    assert plan_for(of, (LIVER,), budget_s=1, memory_gb=8).normalisation.scheme == scheme
    for_a_processor = plan_for(of, (LIVER,), budget_s=1).normalisation.scheme
    assert for_a_processor == ("ct_soft_tissue" if scheme == "ct" else scheme)


def test_each_scan_is_normalised_by_itself_where_the_scheme_says_so() -> None:
    normalisation = plan_for(
        made(((1.0, 1.0, 1.0), (90, 90, 90)), modality="MRI"), (LIVER,), budget_s=1
    ).normalisation
    found = normalisation(np.array([0, 10, 20, 30], np.int16))
    assert (found.mean(), found.std()) == pytest.approx((0, 1), abs=1e-6)
    nonzero = dataclasses.replace(normalisation, scheme="z_score_nonzero")
    np.testing.assert_allclose(nonzero(np.array([0, 10, 30])), [0, -1, 1])
    assert not nonzero(np.zeros(3)).any()
    with pytest.raises(TrainingError, match="no normalisation called x"):
        dataclasses.replace(normalisation, scheme="x")(np.zeros(3))
