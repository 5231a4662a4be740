"""OpenKBP as an nnU-Net raw data set: 48 training cases, and 12 to predict."""

import json
import shutil
from collections.abc import Sequence

import numpy as np

from bench.nnunet.settings import Settings
from bench.nnunet.unknown import boxes, hide
from bench.openkbp import read_openkbp
from training.dataset import Dataset, DatasetCase, read_case
from training.volume import Volume, write_nifti

LANDMARKS = ("RightParotid", "LeftParotid")


def convert(settings: Settings) -> None:
    """Write scans, label maps and `dataset.json`, unless they are there already."""
    if (settings.raw / "dataset.json").is_file():
        print(f"The data set is in {settings.raw} already.")
        return
    shutil.rmtree(settings.raw, ignore_errors=True)
    for folder in ("imagesTr", "labelsTr", "imagesTs"):
        (settings.raw / folder).mkdir(parents=True)
    dataset = read_openkbp(settings.data)
    _write_training(dataset, settings)
    for case in dataset.test:
        image, _ = read_case(dataset, case)
        write_nifti(settings.raw / "imagesTs" / f"{case.id}_0000.nii.gz", image)
    labels = {"background": 0} | {s.key: s.value for s in dataset.structures}
    if settings.unknown == "ignore":
        labels["ignore"] = ignore_value(dataset)
    content = {
        "channel_names": {"0": "CT"},
        "labels": labels,
        "numTraining": len(dataset.cases),
        "file_ending": ".nii.gz",
    }
    (settings.raw / "dataset.json").write_text(json.dumps(content, indent=1))


def ignore_value(dataset: Dataset) -> int:
    """nnU-Net wants the ignore label to be the highest."""
    return max(s.value for s in dataset.structures) + 1


def _write_training(dataset: Dataset, settings: Settings) -> None:
    by_key = {s.key: s.value for s in dataset.structures}
    landmarks = (by_key[LANDMARKS[0]], by_key[LANDMARKS[1]])
    read = {case.id: _read(dataset, case) for case in dataset.cases}
    known = boxes(
        ((labels.voxels, labels.geometry.spacing_mm) for _, labels in read.values()),
        by_key.values(),
        landmarks,
    )
    shares = []
    for case in dataset.cases:
        image, labels = read[case.id]
        missing = [value for key, value in by_key.items() if key not in case.annotated]
        if missing and settings.unknown == "ignore":
            voxels = hide(
                labels.voxels,
                labels.geometry.spacing_mm,
                missing,
                known,
                landmarks,
                ignore_value(dataset),
            )
            shares.append(float((voxels == ignore_value(dataset)).mean()))
            labels = Volume(voxels, labels.geometry)
        write_nifti(settings.raw / "imagesTr" / f"{case.id}_0000.nii.gz", image)
        write_nifti(settings.raw / "labelsTr" / f"{case.id}.nii.gz", labels)
    _say_unknown(dataset.cases, by_key, shares)


def _read(dataset: Dataset, case: DatasetCase) -> tuple[Volume, Volume]:
    image, labels = read_case(dataset, case)
    assert labels is not None  # noqa: S101 - every case of OpenKBP has a delineation
    return image, Volume(labels[0], image.geometry)


def _say_unknown(cases: Sequence[DatasetCase], by_key: dict[str, int], shares: list[float]) -> None:
    full = sum(len(case.annotated) == len(by_key) for case in cases)
    print(f"{full} of {len(cases)} training cases have every organ drawn.")
    if shares:
        print(
            f"In the others the background where the missing organ can lie is nnU-Net's ignore label: "
            f"{100 * np.mean(shares):.1f} % of the voxels of such a case."
        )
    else:
        print("In the others the missing organ counts as background (nnU-Net has no marginal loss).")
