"""Our plans beside those of nnU-Net's own planner, on the same data (where nnunetv2 is installed).

What differs on purpose is written down in docs/reference/plan.md. Networks are built on torch's meta device:
the planner only asks how large their feature maps are.
"""

import contextlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import torch

from training.dataset import read_case, read_dataset
from training.labels import StructureSpec
from training.plan import Fingerprint, Intensities, Plan, Sample, configurations, take_fingerprint
from training.plan.schema import Shape, Triple
from training.resampling import resample, resample_labels

_EXPERIMENT = "nnunetv2.experiment_planning"
default = pytest.importorskip(f"{_EXPERIMENT}.experiment_planners.default_experiment_planner")
residual = pytest.importorskip(
    f"{_EXPERIMENT}.experiment_planners.residual_unets.residual_encoder_unet_planners"
)
extractor = pytest.importorskip(f"{_EXPERIMENT}.dataset_fingerprint.fingerprint_extractor")
readers = pytest.importorskip("nnunetv2.imageio.nibabel_reader_writer")
resampling = pytest.importorskip("nnunetv2.preprocessing.resampling.default_resampling")

HU = Intensities(-100.0, 300.0, 50.0, 80.0, 60.0, -900.0, 2000.0)

# spacing (mm), shape, spread of both among scans, scans, labels
DATA: dict[str, tuple[Triple, Shape, float, int, int]] = {
    "isotropic": ((1.5, 1.5, 1.5), (220, 200, 240), 0.05, 30, 8),
    "anisotropic": ((0.7, 0.7, 5.0), (512, 512, 40), 0.2, 20, 4),
    "thick slices": ((0.5, 0.5, 8.0), (512, 512, 18), 0.3, 15, 3),
    "sagittal": ((6.0, 0.8, 0.8), (24, 320, 320), 0.1, 12, 2),
    "tiny": ((1.0, 1.0, 1.0), (35, 51, 36), 0.1, 5, 3),
    "huge": ((0.4, 0.4, 0.5), (1024, 1024, 1500), 0.02, 60, 25),
    "many structures": ((0.8, 0.8, 1.0), (512, 512, 450), 0.25, 500, 105),
    "few scans": ((2.5, 2.5, 2.5), (160, 160, 130), 0.0, 2, 10),
}
PLANNERS: dict[str, tuple[str, str, float, Any]] = {
    "plain, 8 GB": ("plain_unet", "", 8.0, default.ExperimentPlanner),
    "plain, 24 GB": ("plain_unet", "", 24.0, default.ExperimentPlanner),
    "residual M": ("resenc_unet", "m", 8.0, residual.nnUNetPlannerResEncM),
    "residual L": ("resenc_unet", "l", 24.0, residual.nnUNetPlannerResEncL),
}


def fingerprint_of(spacing_mm: Triple, shape: Shape, spread: float, scans: int, labels: int) -> Fingerprint:
    rng = np.random.default_rng(5)
    spacings, shapes = [], []
    for _ in range(scans):
        factors = 1 + spread * rng.uniform(-1, 1, 6)
        x, y, z = (round(float(s * f), 3) for s, f in zip(spacing_mm, factors[:3], strict=True))
        i, j, k = (round(n * f) for n, f in zip(shape, factors[3:], strict=True))
        spacings.append((x, y, z))
        shapes.append((i, j, k))
    shares = ((0.9, *[0.1 / labels] * (labels - 1)),)
    return Fingerprint(tuple(spacings), tuple(shapes), 1.0, "CT", HU, shares)


def structures(labels: int) -> tuple[StructureSpec, ...]:
    return tuple(StructureSpec(f"s{v}", f"S {v}", 0, v, 3.0) for v in range(1, labels))


class Theirs:
    """nnU-Net's plans for a fingerprint, written where its planner looks for it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.name = "Dataset001_ours"
        self.raw, self.ready = folder / "raw", folder / "preprocessed"
        for place in (self.raw / self.name / "imagesTr", self.raw / self.name / "labelsTr"):
            place.mkdir(parents=True)
        (self.ready / self.name).mkdir(parents=True)
        for module in ("paths", "utilities.dataset_name_id_conversion"):
            loaded = pytest.importorskip(f"nnunetv2.{module}")
            for variable, value in (("raw", self.raw), ("preprocessed", self.ready), ("results", folder)):
                monkeypatch.setattr(loaded, f"nnUNet_{variable}", str(value), raising=False)
        monkeypatch.setattr(default, "nnUNet_raw", str(self.raw))
        monkeypatch.setattr(default, "nnUNet_preprocessed", str(self.ready))

    def plans(self, of: Fingerprint, labels: int, planner: Any, memory_gb: float) -> dict[str, Any]:
        voxels = nib.Nifti1Image(np.zeros((2, 2, 2), np.int16), np.eye(4))
        nib.save(voxels, self.raw / self.name / "imagesTr" / "a_0000.nii.gz")
        nib.save(voxels, self.raw / self.name / "labelsTr" / "a.nii.gz")
        about = {
            "channel_names": {"0": "CT"},
            "labels": {"background": 0} | {f"s{v}": v for v in range(1, labels)},
            "numTraining": len(of.shapes),
            "file_ending": ".nii.gz",
        }
        (self.raw / self.name / "dataset.json").write_text(json.dumps(about))
        hu = {
            "mean": HU.mean,
            "median": HU.median,
            "std": HU.std,
            "min": HU.minimum,
            "max": HU.maximum,
            "percentile_99_5": HU.upper,
            "percentile_00_5": HU.lower,
        }
        found = {
            "spacings": [s[::-1] for s in of.spacings_mm],  # (k, j, i), as its readers give them
            "shapes_after_crop": [s[::-1] for s in of.shapes],
            "foreground_intensity_properties_per_channel": {"0": hu},
            "median_relative_size_after_cropping": of.relative_size,
        }
        (self.ready / self.name / "dataset_fingerprint.json").write_text(json.dumps(found))
        with contextlib.redirect_stdout(io.StringIO()), torch.device("meta"):
            content: dict[str, Any] = planner(self.name, gpu_memory_target_in_gb=memory_gb).plan_experiment()
        return content


@pytest.fixture
def theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Theirs:
    return Theirs(tmp_path, monkeypatch)


def canonical(values: Sequence[Any], forward: Sequence[int]) -> list[Any]:
    """Return what nnU-Net lists in its transposed (k, j, i) order as (i, j, k); 1 where it lists two axes."""
    result: list[Any] = [1] * 3
    for value, axis in zip(values, forward[3 - len(values) :], strict=True):
        result[2 - axis] = value
    return result


def described(plan: Plan) -> dict[str, Any]:
    names = ("strides", "kernels", "features", "blocks", "decoder_blocks")
    return {name: plan.network_args[name] for name in names} | {
        "patch": list(plan.patch_size),
        "batch": plan.batch_size,
        "spacing": [round(s, 9) for s in plan.spacing_mm],
        "batch_dice": plan.loss_args["batch_dice"],
        "orders": (plan.resampling.image_order, plan.resampling.label_order, plan.resampling.logits_order),
        "between": plan.resampling.out_of_plane_order,
        "scheme": plan.normalisation.scheme,
    }


def described_theirs(plan: dict[str, Any], forward: Sequence[int]) -> dict[str, Any]:
    network = plan["architecture"]["arch_kwargs"]
    orders = (f"resampling_fn_{name}_kwargs" for name in ("data", "seg", "probabilities"))
    return {
        "strides": [canonical(s, forward) for s in network["strides"]],
        "kernels": [canonical(k, forward) for k in network["kernel_sizes"]],
        "features": list(network["features_per_stage"]),
        "blocks": list(network.get("n_blocks_per_stage", network.get("n_conv_per_stage"))),
        "decoder_blocks": list(network["n_conv_per_stage_decoder"]),
        "patch": canonical(plan["patch_size"], forward),
        "batch": plan["batch_size"],
        "spacing": [round(float(s), 9) for s in canonical(plan["spacing"], forward)],
        "batch_dice": plan["batch_dice"],
        "orders": tuple(plan[name]["order"] for name in orders),
        "between": plan["resampling_fn_data_kwargs"]["order_z"],
        "scheme": {"CTNormalization": "ct"}[plan["normalization_schemes"][0]],
    }


@pytest.mark.parametrize("planner", PLANNERS)
@pytest.mark.parametrize("data", DATA)
def test_our_plan_is_nnu_nets(theirs: Theirs, data: str, planner: str) -> None:
    labels = DATA[data][-1]
    of = fingerprint_of(*DATA[data])
    network, preset, memory_gb, kind = PLANNERS[planner]
    ours = configurations(
        of, structures(labels), budget_s=0, network=network, preset=preset, memory_gb=memory_gb, flat=True
    )
    expected = theirs.plans(of, labels, kind, memory_gb)
    forward = expected["transpose_forward"]
    assert ours["full"].axis_order == tuple(2 - axis for axis in forward)
    known = {"full": "3d_fullres", "low": "3d_lowres", "2d": "2d"}
    found = {mine: expected["configurations"].get(name) for mine, name in known.items()}
    wanted = {mine: described_theirs(plan, forward) for mine, plan in found.items() if plan}
    slices = ours["full"].spacing_mm[ours["full"].axis_order[0]]
    wanted["2d"]["spacing"] = [round(slices, 9) if mm == 1 else mm for mm in wanted["2d"]["spacing"]]
    assert {name: described(plan) for name, plan in ours.items()} == wanted


def test_our_fingerprint_is_nnu_nets(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    for folder in ("images", "labels"):
        (tmp_path / folder).mkdir()
    for number, (shape, edge) in enumerate([((24, 20, 12), 1.5), ((30, 22, 9), 2.0), ((26, 26, 10), 1.7)]):
        affine = np.diag([-edge, -edge, 4.0, 1.0])
        hu = rng.normal(40, 150, shape).astype(np.int16)
        hu[:3], hu[:, -4:] = 0, 0  # an empty border
        labels = np.zeros(shape, np.uint8)
        labels[6:15, 5:12, 2:8] = 1
        labels[16:20, 5:12, 2:8] = 2
        nib.save(nib.Nifti1Image(hu, affine), tmp_path / "images" / f"{number}.nii.gz")
        nib.save(nib.Nifti1Image(labels, affine), tmp_path / "labels" / f"{number}.nii.gz")
    (tmp_path / "labels.json").write_text('{"1": "liver", "2": "spleen"}')
    dataset = read_dataset(tmp_path)
    ours = take_fingerprint(
        (
            Sample(image.voxels, labels, image.geometry.spacing_mm, frozenset(case.annotated))
            for case in dataset.cases
            for image, labels in [read_case(dataset, case)]
            if labels is not None
        ),
        dataset.structures,
    )
    draws = 200_000
    expected = [
        extractor.DatasetFingerprintExtractor.analyze_case(
            [str(case.image)], str(case.labels), readers.NibabelIO, draws
        )
        for case in dataset.cases
    ]
    assert ours.shapes == tuple(tuple(int(n) for n in shape[::-1]) for shape, *_ in expected)
    for found, (_, spacing, *_rest) in zip(ours.spacings_mm, expected, strict=True):
        assert found == pytest.approx(tuple(spacing[::-1]), abs=1e-6)
    assert ours.relative_size == pytest.approx(np.median([size for *_rest, size in expected]))
    drawn = np.concatenate([channels[0] for _, _, channels, *_rest in expected])
    found_hu = ours.intensities
    error = drawn.std() / np.sqrt(len(drawn))
    assert found_hu.mean == pytest.approx(drawn.mean(), abs=6 * error)
    assert found_hu.std == pytest.approx(drawn.std(), rel=0.01)
    lower, median, upper = np.percentile(drawn, (0.5, 50, 99.5))
    assert (found_hu.lower, found_hu.median, found_hu.upper) == pytest.approx((lower, median, upper), abs=6)


def test_scans_are_resampled_as_nnu_net_does_it() -> None:
    rng = np.random.default_rng(0)
    image = rng.normal(size=(1, 14, 21, 17))
    shape = (20, 16, 25)
    expected = resampling.resample_data_or_seg(image, shape, is_seg=False, order=3)
    np.testing.assert_allclose(resample(image[0], shape, order=3), expected[0], atol=1e-5)
    thick = resampling.resample_data_or_seg(
        image, shape, is_seg=False, axis=0, order=3, do_separate_z=True, order_z=0
    )
    ours = resample(resample(image[0], (14, 16, 25), order=3), shape, order=0)
    # nnU-Net keeps each slice within its own range, we keep the scan within its range.
    inside = (thick[0] > expected.min()) & (thick[0] < expected.max())
    apart = np.abs(ours - thick[0])[inside]
    assert np.quantile(apart, 0.98) < 1e-5


def test_labels_are_resampled_as_nnu_net_does_it_but_for_voxels_that_no_value_holds_half_of() -> None:
    labels = np.zeros((20, 20, 20), np.uint8)
    labels[3:10, 4:15, 5:14], labels[10:16, 4:15, 5:14] = 1, 2
    shape = (27, 31, 16)
    expected = resampling.resample_data_or_seg(labels[None], shape, is_seg=True, order=1)[0]
    assert (resample_labels(labels, shape) == expected).mean() > 0.99
