"""Two sites out of real scans: OpenKBP's patients told apart by how thick their slices are.

    python -m bench.sites WORK
    python -m training fit auto WORK/first --out WORK/model --steps 400 --val test
    python -m training adapt WORK/model/model WORK/second --first WORK/first --out WORK/adapted --steps 150

The scans of 3 mm and those of 2.5 mm come from different scanner settings (their planes are 600 and 500 or
650 mm wide). At the second site few are delineated: ten to train on, all others to test on. The folders hold
links to the scans and a dataset.json; no scan is copied.

With --phantom the sites are synthetic: at the second slices are twice as thick, HU are 0.8 times theirs
plus 60, and there is noise of 40 HU.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import nibabel as nib
import numpy as np

from bench.openkbp import TOLERANCE_MM, read_openkbp
from training.dataset import Dataset, DatasetCase
from training.phantom import STRUCTURES, make_phantom
from training.volume import Volume, write_nifti

THICK_MM = 2.75
TO_TRAIN = {"first": 23, "second": 10}
PHANTOMS = {"first": (12, 8), "second": (6, 8)}  # to train and to test on
EDGE_MM = 6.0


def write_sites(dataset: Dataset, work: Path) -> dict[str, tuple[int, int]]:
    """Write both data sets; return how many scans each has to train and to test on."""
    counts = {}
    for name, to_train in TO_TRAIN.items():
        cases = [case for case in (*dataset.cases, *dataset.test) if _site(case) == name]
        _write(work / name, dataset, cases[:to_train], cases[to_train:])
        counts[name] = to_train, len(cases) - to_train
    return counts


def write_phantoms(work: Path) -> dict[str, tuple[int, int]]:
    """Write both synthetic sites; return how many scans each has to train and to test on."""
    generator, seed = np.random.default_rng(0), 0
    for name, (to_train, to_test) in PHANTOMS.items():
        for number in range(to_train + to_test):
            _write_phantom(
                work / name / ("test" if number >= to_train else ""), seed, name == "second", generator
            )
            seed += 1
        names = {str(spec.value): spec.key for spec in STRUCTURES}
        (work / name / "labels.json").write_text(json.dumps(names))
    return PHANTOMS


def _write_phantom(folder: Path, seed: int, other: bool, generator: np.random.Generator) -> None:
    edges = (EDGE_MM, EDGE_MM, EDGE_MM * (1 + other))
    shape = round(288 / edges[0]), round(288 / edges[1]), round(192 / edges[2])
    phantom = make_phantom(seed, shape=shape, spacing_mm=edges)
    voxels = phantom.image.voxels
    if other:
        noise = generator.normal(0, 40, voxels.shape)
        voxels = (voxels * 0.8 + 60 + noise).astype(np.int16)
    for kind, array in (("images", voxels), ("labels", phantom.labels)):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        write_nifti(folder / kind / f"phantom-{seed:03}.nii.gz", Volume(array, phantom.geometry))


def _site(case: DatasetCase) -> str:
    thickness_mm = nib.load(case.image).header.get_zooms()[2]  # type: ignore[attr-defined]
    return "first" if thickness_mm > THICK_MM else "second"


def _write(folder: Path, dataset: Dataset, train: Iterable[DatasetCase], test: Iterable[DatasetCase]) -> None:
    annotated = {}
    for cases, images, labels in ((train, "imagesTr", "labelsTr"), (test, "imagesTs", "labelsTs")):
        for case in cases:
            annotated[case.id] = list(case.annotated)
            _link(folder / images / f"{case.id}_0000.nii.gz", case.image)
            if case.labels is not None:
                _link(folder / labels / f"{case.id}.nii.gz", case.labels)
    content = {
        "channel_names": {"0": "CT"},
        "labels": {"background": 0} | {spec.key: spec.value for spec in dataset.structures},
        "file_ending": ".nii.gz",
        "annotated": annotated,
        "tolerances_mm": {spec.key: TOLERANCE_MM for spec in dataset.structures},
    }
    (folder / "dataset.json").write_text(json.dumps(content, indent=1))


def _link(path: Path, target: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(target)


if __name__ == "__main__":
    place = Path(sys.argv[1])
    written = write_phantoms(place) if "--phantom" in sys.argv[2:] else write_sites(read_openkbp(), place)
    for site, (trained, tested) in written.items():
        print(f"{site}: {trained} scans to train on, {tested} to test on")
