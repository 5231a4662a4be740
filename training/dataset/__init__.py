"""Folders of scans and label maps as data sets: nnU-Net raw, or plain images/ and labels/.

Two layouts are read. nnU-Net's: `imagesTr/NAME_0000.nii.gz` (or `NAME.nii.gz`, as the Medical Segmentation
Decathlon has it), `labelsTr/NAME.nii.gz`, `dataset.json`, and if there is one a test set in `imagesTs/` and
`labelsTs/`. Plain: `images/NAME.nii.gz`, `labels/NAME.nii.gz`, `labels.json` or `dataset.json`, and, if there
is one, a test set in `test/images/` and `test/labels/`.

Besides the names of the labels, `dataset.json` may say

- `"annotated": {"NAME": ["liver", …]}`: which structures were looked at in a case. A structure that is not
  listed is *unknown* there, not absent. A case that is not listed has all structures annotated.
- `"patients": {"NAME": "patient 7"}`: whose scan it is, so that no patient is on both sides of a split.
- `"tolerances_mm": {"liver": 2.0}`: the tolerance of the surface Dice of a structure.

- `"channel_names": {"0": "MRI"}` (or the Decathlon's `"modality"`): what the scans are, CT if it is silent.

nnU-Net's `ignore` label, and the value 255 always, mark voxels that nobody looked at.
"""

from training.dataset.cases import convert, read_case
from training.dataset.folder import (
    CT,
    DEFAULT_TOLERANCE_MM,
    Dataset,
    DatasetCase,
    image_files,
    read_dataset,
    side_of,
    stem,
    structures_of,
)

__all__ = [
    "CT",
    "DEFAULT_TOLERANCE_MM",
    "Dataset",
    "DatasetCase",
    "convert",
    "image_files",
    "read_case",
    "read_dataset",
    "side_of",
    "stem",
    "structures_of",
]
