"""Tiny copies of public data sets: the true folders, names and numbers; the scans are made up."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import SimpleITK
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

SHAPE = (16, 12, 8)


@dataclass(frozen=True)
class Mini:
    """A data set in small. `labels`: value, or name of a mask, → the key that has to come out.

    `value_files`: path of a label map → its values. `mask_files`: path of masks → the names to put into it.
    """

    recipe: str
    case: str
    images: tuple[str, ...]
    value_files: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    mask_files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: Mapping[Any, str] = field(default_factory=dict)
    second_layer: frozenset[str] = frozenset()
    both: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    left_out: tuple[Any, ...] = ()
    split: str = ""
    series: str = ""
    reader: str = ""
    extra: tuple[str, ...] = ()
    affine: Any = None


def label_array(values: Iterable[int]) -> NDArray[np.uint8]:
    """Every value on a row of voxels of its own, as many as its place, the first three times."""
    labels = np.zeros(SHAPE, np.uint8)
    for place, value in enumerate(values):
        labels[place % 16, (place // 16) * 2, : 3 + place % 5] = value
    return labels


def mask_array(place: int) -> NDArray[np.uint8]:
    return np.asarray(label_array(range(1, place + 2)) == place + 1, np.uint8)


def write(mini: Mini, root: Path) -> Path:
    """Write a miniature below `root` and return the folder that somebody would choose."""
    for path in (*mini.images, *mini.extra):
        write_one(root / path, np.full(SHAPE, -1000, np.int16), mini.affine)
    for path, values in mini.value_files.items():
        write_one(root / path, label_array(values), mini.affine)
    for pattern, names in mini.mask_files.items():
        for place, name in enumerate(names):
            write_one(root / pattern.format(name), mask_array(place), mini.affine)
    return root


def write_with_scans(mini: Mini, root: Path) -> Path:
    """Write a miniature whose scans can be imported: no two of them alike."""
    write(mini, root)
    for seed, path in enumerate(mini.images):
        if path.endswith(".csv"):
            indices = np.arange(0, 128**3, 1009)
            lines = [f"{index},{value}" for index, value in zip(indices, indices % 2000 + 1, strict=True)]
            (root / path).write_text("\n".join([",data", *lines]) + "\n")
            (root / path).with_name("voxel_dimensions.csv").write_text("3.9\n3.9\n2.5\n")
        elif not path.endswith(".dcm"):
            hu = np.random.default_rng(seed).integers(-1000, 1500, SHAPE)
            write_one(root / path, hu.astype(np.int16), mini.affine)
    return root


def write_one(path: Path, voxels: NDArray[Any], affine: Any = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.name.endswith((".nii", ".nii.gz")):
        nib.save(nib.Nifti1Image(voxels, np.diag([-1.0, -1.0, 2.0, 1.0]) if affine is None else affine), path)
    elif path.suffix == ".nrrd":
        SimpleITK.WriteImage(SimpleITK.GetImageFromArray(voxels.T), str(path))
    elif path.suffix == ".dcm":
        numbers = [int(number) for number in re.findall(r"\d+", path.stem)]
        _write_dicom(path, numbers[0] if path.stem.startswith("i") else numbers[-1])
    elif path.suffix == ".png":
        slice_at = int("".join(c for c in path.stem if c.isdigit())[-2:]) % SHAPE[2]
        Image.fromarray(voxels[:, :, slice_at].T).save(path)
    else:
        indices = np.flatnonzero(voxels.ravel() > 0)
        path.write_text("\n".join([",data", *(f"{index}," for index in indices)]) + "\n")


def _write_dicom(path: Path, number: int) -> None:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = CTImageStorage, generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    file.SOPClassUID, file.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
    file.Modality, file.SeriesInstanceUID = "CT", "1.2.3"
    file.ImagePositionPatient, file.ImageOrientationPatient = [0, 0, 2 * number], [1, 0, 0, 0, 1, 0]
    file.PixelSpacing, file.InstanceNumber = [1, 1], number
    file.Rows, file.Columns = SHAPE[1], SHAPE[0]
    file.BitsAllocated, file.BitsStored, file.HighBit = 16, 16, 15
    file.PixelRepresentation, file.SamplesPerPixel = 1, 1
    file.PhotometricInterpretation, file.RescaleSlope, file.RescaleIntercept = "MONOCHROME2", 1, -1000
    stored = np.random.default_rng(number).integers(0, 2000, (SHAPE[1], SHAPE[0]))
    file.PixelData = stored.astype(np.int16).tobytes()
    file.save_as(path, enforce_file_format=True)


def msd(task: str, name: str, labels: dict[int, str], **more: Any) -> Mini:
    return Mini(
        recipe=more.pop("recipe"),
        case=str(int("".join(c for c in name if c.isdigit()))),
        images=(f"{task}/imagesTr/{name}.nii.gz", f"{task}/imagesTs/{name.replace('1', '2')}.nii.gz"),
        value_files={f"{task}/labelsTr/{name}.nii.gz": tuple(labels)},
        labels=labels,
        split="pool",
        extra=(f"{task}/imagesTr/._{name}.nii.gz",),
        **more,
    )


ABDOMEN = ("spleen", "kidney_right", "kidney_left", "gallbladder", "esophagus", "liver", "stomach", "aorta")
VEINS = (*ABDOMEN, "inferior_vena_cava")
FLARE = (
    *("liver", "kidney_right", "spleen", "pancreas", "aorta", "inferior_vena_cava"),
    *("adrenal_gland_right", "adrenal_gland_left", "gallbladder", "esophagus", "stomach", "duodenum"),
    "kidney_left",
)
WORD = (
    *("liver", "spleen", "kidney_left", "kidney_right", "stomach", "gallbladder", "esophagus", "pancreas"),
    *("duodenum", "colon", "intestine", "adrenal_gland", "rectum", "urinary_bladder"),
    *("femur_head_left", "femur_head_right"),
)
BTCV = (*VEINS, "portal_vein_and_splenic_vein", "pancreas", "adrenal_gland_right", "adrenal_gland_left")
AMOS = (
    *(*VEINS, "pancreas", "adrenal_gland_right", "adrenal_gland_left", "duodenum"),
    *("urinary_bladder", "prostate_or_uterus"),
)


def numbered(names: Iterable[str]) -> dict[int, str]:
    return dict(enumerate(names, start=1))


def label_map(recipe: str, case: str, image: str, label: str, names: Iterable[str], **more: Any) -> Mini:
    labels = numbered(names)
    return Mini(recipe, case, (image,), {label: tuple(labels)}, labels=labels, **more)


def total(recipe: str, image: str, labels: dict[str, str]) -> Mini:
    files = {"s0011/segmentations/{}.nii.gz": tuple(labels)}
    return Mini(recipe, "s0011", (f"s0011/{image}.nii.gz",), mask_files=files, labels=labels)


HEAD_AND_NECK = {
    "Brain": "brain",
    "Brainstem": "brainstem",
    "Spinal-Cord": "spinal_cord",
    "Parotid-Lt": "parotid_gland_left",
    "Parotid-Rt": "parotid_gland_right",
    "Submandibular-Rt": "submandibular_gland_right",
    "Lens-Lt": "lens_left",
    "Orbit-Lt": "orbit_left",
    "Spinal-Canal": "spinal_canal",
}
LIVER_AND_TUMOUR = {1: "liver", 2: "liver_tumor"}
IN_LIVER: Mapping[str, tuple[int, ...]] = {"liver": (1, 2)}

MINIATURES = (
    label_map(
        "ct-org",
        "7",
        "OrganSegmentations/volume-7.nii.gz",
        "OrganSegmentations/labels-7.nii.gz",
        ("liver", "urinary_bladder", "lung", "kidney", "bone", "brain"),
    ),
    Mini(
        "lits",
        "27",
        ("Training Batch 1/volume-27.nii", "Test Data/test-volume-27.nii"),
        {"Training Batch 1/segmentation-27.nii": (1, 2)},
        labels=LIVER_AND_TUMOUR,
        second_layer=frozenset({"liver_tumor"}),
        both=IN_LIVER,
    ),
    label_map(
        "abdomenct-1k",
        "219",
        "AbdomenCT-1K-ImagePart1/Case_00219_0000.nii.gz",
        "Mask/Case_00219.nii.gz",
        ("liver", "kidney", "spleen", "pancreas"),
    ),
    label_map(
        "word",
        "2",
        "WORD-V0.1.0/imagesVal/word_0002.nii.gz",
        "WORD-V0.1.0/labelsVal/word_0002.nii.gz",
        WORD,
        split="validation",
    ),
    label_map(
        "btcv-abdomen",
        "40",
        "RawData/Training/img/img0040.nii.gz",
        "RawData/Training/label/label0040.nii.gz",
        BTCV,
    ),
    label_map(
        "btcv-cervix",
        "0507688",
        "FixedData/Training/img/0507688-Image.nii.gz",
        "FixedDataV2/Training/label/0507688-Mask.nii.gz",
        ("urinary_bladder", "uterus", "rectum", "small_bowel"),
        split="pool",
    ),
    label_map(
        "amos22",
        "9",
        "amos22/imagesVa/amos_0009.nii.gz",
        "amos22/labelsVa/amos_0009.nii.gz",
        AMOS,
        split="validation",
    ),
    Mini(
        "amos22",
        "507",
        ("amos22/imagesTr/amos_0507.nii.gz",),
        {"amos22/labelsTr/amos_0507.nii.gz": tuple(range(1, 14))},
        labels=numbered(AMOS),
        unknown=frozenset({"urinary_bladder", "prostate_or_uterus"}),
        split="pool",
    ),
    Mini(
        "chaos-ct",
        "16",
        tuple(f"CHAOS_Train_Sets/Train_Sets/CT/16/DICOM_anon/i{n:04d},0000b.dcm" for n in range(8)),
        {f"CHAOS_Train_Sets/Train_Sets/CT/16/Ground/liver_GT_{n:03d}.png": (255,) for n in range(8)},
        labels={255: "liver"},
    ),
    Mini(
        "chaos-mr",
        "1",
        (*(f"CHAOS_Train_Sets/Train_Sets/MR/1/T2SPIR/DICOM_anon/IMG-0002-{n:05d}.dcm" for n in range(8)),),
        {
            f"CHAOS_Train_Sets/Train_Sets/MR/1/T2SPIR/Ground/IMG-0002-{n:05d}.png": (63, 126, 189, 252)
            for n in range(8)
        },
        labels={63: "liver", 126: "kidney_right", 189: "kidney_left", 252: "spleen"},
        series="T2SPIR",
    ),
    Mini(
        "tcia-tv-deepmind",
        "0522c0659",
        ("nrrds/test/oncologist/0522c0659/CT_IMAGE.nrrd",),
        mask_files={
            "nrrds/test/oncologist/0522c0659/segmentations/{}.nrrd": tuple(
                name.replace("-", "_") for name in HEAD_AND_NECK
            )
        },
        labels={name.replace("-", "_"): key for name, key in HEAD_AND_NECK.items()},
        second_layer=frozenset({"brainstem", "lens_left", "spinal_canal"}),
        split="test",
        reader="oncologist",
    ),
    total(
        "totalsegmentator-v1",
        "ct",
        {
            "spleen": "spleen",
            "heart_atrium_left": "heart_atrium_left",
            "vertebrae_L1": "vertebrae_l1",
            "rib_left_7": "rib_7_left",
            "iliac_vena_right": "iliac_vena_right",
            "face": "face",
            "lung_middle_lobe_right": "lung_middle_lobe_right",
        },
    ),
    total(
        "totalsegmentator-v2",
        "ct",
        {
            "spleen": "spleen",
            "heart": "heart",
            "skull": "skull",
            "prostate": "prostate",
            "spinal_cord": "spinal_cord",
            "vertebrae_S1": "vertebrae_s1",
            "kidney_cyst_left": "kidney_cyst_left",
            "rib_right_12": "rib_12_right",
        },
    ),
    total(
        "totalsegmentator-mr",
        "mri",
        {"spleen": "spleen", "liver": "liver", "prostate": "prostate", "vertebrae": "vertebrae"},
    ),
    msd(
        "Task03_Liver",
        "liver_17",
        LIVER_AND_TUMOUR,
        recipe="msd-liver",
        second_layer=frozenset({"liver_tumor"}),
        both=IN_LIVER,
    ),
    msd("Task06_Lung", "lung_001", {1: "lung_tumor"}, recipe="msd-lung"),
    msd(
        "Task07_Pancreas",
        "pancreas_001",
        {1: "pancreas", 2: "pancreas_tumor"},
        recipe="msd-pancreas",
        second_layer=frozenset({"pancreas_tumor"}),
        both={"pancreas": (1, 2)},
    ),
    msd(
        "Task08_HepaticVessel",
        "hepaticvessel_001",
        {1: "hepatic_vessel", 2: "liver_tumor"},
        recipe="msd-hepaticvessel",
    ),
    msd("Task09_Spleen", "spleen_10", {1: "spleen"}, recipe="msd-spleen"),
    msd("Task10_Colon", "colon_001", {1: "colon_tumor"}, recipe="msd-colon"),
    label_map(
        "medseg-liver-segments",
        "5",
        "img/img5.nii.gz",
        "mask/mask5.nii.gz",
        [f"liver_segment_{n}" for n in range(1, 9)],
    ),
    Mini(
        "openkbp",
        "201",
        ("provided-data/validation-pats/pt_201/ct.csv",),
        mask_files={
            "provided-data/validation-pats/pt_201/{}.csv": (
                "Brainstem",
                "SpinalCord",
                "RightParotid",
                "PTV70",
            )
        },
        labels={
            "Brainstem": "brainstem",
            "SpinalCord": "spinal_cord",
            "RightParotid": "parotid_gland_right",
        },
        left_out=("PTV70",),
        split="validation",
        extra=("provided-data/validation-pats/pt_201/possible_dose_mask.csv",),
    ),
    label_map(
        "flare22",
        "3",
        "Training/FLARE22_LabeledCase50/images/FLARE22_Tr_0003_0000.nii.gz",
        "Training/FLARE22_LabeledCase50/labels/FLARE22_Tr_0003.nii.gz",
        FLARE,
    ),
    Mini(
        "flare23",
        "12",
        ("imagesTr2200/FLARE23_0012_0000.nii.gz", "unlabeledTr1800/FLARE23_2201.nii.gz"),
        {"labelsTr2200/FLARE23_0012.nii.gz": (1, 3, 14)},
        labels=numbered((*FLARE, "abdominal_tumor")),
        second_layer=frozenset({"abdominal_tumor"}),
        unknown=frozenset(FLARE) - {"liver", "spleen"},
    ),
    Mini(
        "kits23",
        "15",
        ("dataset/case_00015/imaging.nii.gz",),
        {"dataset/case_00015/segmentation.nii.gz": (1, 2, 3)},
        labels={1: "kidney", 2: "kidney_tumor", 3: "kidney_cyst"},
        second_layer=frozenset({"kidney_tumor", "kidney_cyst"}),
        both={"kidney": (1, 2, 3)},
        extra=("dataset/case_00015/instances/kidney_instance-1_annotation-1.nii.gz",),
        # Slice, row, column; no origin.
        affine=np.array([[0.0, 0, -0.8, 0], [0, -0.8, 0, 0], [-3.0, 0, 0, 0], [0, 0, 0, 1]]),
    ),
)
