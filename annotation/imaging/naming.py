"""What name and folder of an image file say about it: image or label map, which case, which split."""

import re
from collections.abc import Sequence
from enum import Enum
from pathlib import PurePosixPath

LABEL_SUFFIXES = frozenset(
    {"seg", "segmentation", "label", "labels", "labelmap", "mask", "masks"}
    | {"oar", "oars", "ptv", "ptvs", "roi", "rois", "gt", "contours", "structures"}
)
LABEL_PREFIXES = frozenset(["seg", "segmentation", "label", "labels", "mask", "tissue"])
IMAGE_WORDS = frozenset(["ct", "image", "img", "scan", "volume"])
CHANNEL = "0000"  # nnU-Net numbers the channels of an image

_LAYER = re.compile(r"_layer_(\d{1,3})$")  # a folder for each layer of label maps, as exports have them
_LABEL_FOLDERS = frozenset(["labels", "label", "masks", "mask", "segmentations", "segmentation", "seg"])
_IMAGE_FOLDERS = frozenset(["images", "image", "imgs", "ct", "scans", "volumes"])
_TEST_FOLDERS = frozenset(["val", "valid", "validation", "test", "testing", "ts", "va"])
_PARTS = ("tr", "ts", "va")  # imagesTr, labelsTs, …
_PLAIN_FOLDERS = (
    _LABEL_FOLDERS
    | _IMAGE_FOLDERS
    | _TEST_FOLDERS
    | frozenset(["nifti", "nii", "nrrd", "nrrds", "data", "train", "training", "tr"])
)


class Kind(Enum):
    """What a file is for."""

    IMAGE = "image"
    LABELS = "label map"


def stem(name: str) -> str:
    """Return an image file's name without its ending (.nii.gz, .nrrd, .mha, …)."""
    return re.sub(r"\.(nii(\.gz)?|nrrd|nhdr|mha|mhd)$", "", name, flags=re.IGNORECASE)


def words(name: str) -> list[str]:
    """Split a stem at underscores, hyphens, dots and blanks."""
    return [word for word in re.split(r"[_\-. ]+", name) if word]


def is_idle(word: str) -> bool:
    """Tell whether a word says what kind of file it is, or counts, but names nothing."""
    return word.lower() in LABEL_SUFFIXES | LABEL_PREFIXES | IMAGE_WORDS or word.isdigit()


def without_label_words(folder: str) -> str:
    """Return what a folder's name says beside being one of label maps: pt_1 of pt_1_seg."""
    parts = words(folder)
    if parts and parts[-1].lower() in LABEL_SUFFIXES | _LABEL_FOLDERS:
        parts = parts[:-1]
    if parts and parts[0].lower() in LABEL_PREFIXES:
        parts = parts[1:]
    return "_".join(parts)


def kind_by_name(path: PurePosixPath, suffixes: frozenset[str]) -> Kind | None:
    """Tell an image from a label map by file name first, then by folder; None when neither says.

    `path` is relative to the imported folder; `suffixes` are further ends of label maps' names.
    """
    parts = [word.lower() for word in words(stem(path.name))]
    if parts and (parts[-1] in LABEL_SUFFIXES | suffixes or parts[0] in LABEL_PREFIXES):
        return Kind.LABELS
    if parts and (parts[-1] in IMAGE_WORDS or parts[0] in IMAGE_WORDS):
        return Kind.IMAGE
    for folder in reversed(path.parent.parts):
        base, _ = _without_part(folder)
        if base in _LABEL_FOLDERS:
            return Kind.LABELS
        if base in _IMAGE_FOLDERS:
            return Kind.IMAGE
    return Kind.IMAGE if parts and parts[-1] == CHANNEL else None


def only_sorts(folder: str) -> bool:
    """Tell whether a folder only sorts files (masks, test, nifti …): it names neither case nor reader."""
    return _without_part(folder)[0] in _PLAIN_FOLDERS


def group_of(path: PurePosixPath) -> tuple[str, ...]:
    """Return the folders of a file without those that only sort images from labels.

    imagesTr/a.nii.gz and labelsTr/a.nii.gz are of one group, ("tr",); imagesTs/b.nii.gz is of another.
    """
    group: list[str] = []
    for folder in path.parent.parts:
        base, part = _without_part(folder)
        if base not in _LABEL_FOLDERS | _IMAGE_FOLDERS:
            group.append(folder)
        elif part:
            group.append(part)
    return tuple(group)


def case_stem(path: PurePosixPath, suffixes: frozenset[str], *, channels: bool) -> str:
    """Return what image and label map of a case have in common: the stem without such words at its ends.

    Empty when nothing is left (ct.nii.gz). With `channels` the files end in a channel number, which goes too.
    """
    parts = words(stem(path.name))
    ends = LABEL_SUFFIXES | IMAGE_WORDS | suffixes | ({CHANNEL} if channels else set())
    if parts and parts[-1].lower() in ends:
        parts = parts[:-1]
    if parts and parts[0].lower() in LABEL_PREFIXES | IMAGE_WORDS:
        parts = parts[1:]
    return "_".join(parts)


def label_suffix(path: PurePosixPath) -> str:
    """Return the last word of a label map's name, in lower case: `oar` of pt_002_oar.nii.gz."""
    parts = words(stem(path.name))
    return parts[-1].lower() if parts else ""


def layer_of(path: PurePosixPath) -> int | None:
    """Return which layer of its scan a label map is, by its folder (labels_layer_1); None: it is no layer."""
    found = _LAYER.search(path.parent.name.lower())
    return int(found[1]) if found and _without_part(path.parent.name)[0] in _LABEL_FOLDERS else None


def scan_name(path: PurePosixPath, stem_of_case: str, root: str) -> str:
    """Return what to call a case: its stem, else the nearest folder that says more than “images”."""
    if stem_of_case:
        return stem_of_case
    for folder in reversed(path.parent.parts):
        if _without_part(folder)[0] not in _PLAIN_FOLDERS:
            return folder
    return root


def patient_of(name: str) -> str:
    """Return what stands for the patient in a case's name: BIDS's sub-…, else the whole name."""
    found = re.match(r"sub[-_]?[0-9A-Za-z]+", name)
    return found.group() if found and name.lower().startswith("sub-") else name


def is_test(folders: Sequence[str]) -> bool:
    """Tell whether one of the folders sets its cases apart for testing (val, test, imagesTs, …)."""
    for folder in folders:
        base, part = _without_part(folder)
        if base in _TEST_FOLDERS or part in _TEST_FOLDERS:
            return True
    return False


def _without_part(folder: str) -> tuple[str, str]:
    """Split imagesTr into images and tr, take _layer_1 off; any other folder comes back in lower case."""
    lower = _LAYER.sub("", folder.lower())
    for part in _PARTS:
        base = lower.removesuffix(part).rstrip("_-")
        if base != lower and base in _LABEL_FOLDERS | _IMAGE_FOLDERS:
            return base, part
    return lower, ""
