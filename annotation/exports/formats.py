"""How each format lays out its files. A format sees every delineation twice if it has to know all first."""

import json
import re
from pathlib import Path
from typing import Any

from pydicom import Dataset

from annotation.errors import Refused
from annotation.exports.contents import Content
from annotation.imaging.dicom import Pseudonyms
from annotation.imaging.segmentations import (
    ct_series,
    datasets,
    nifti_writer,
    original_series,
    rtstruct_writer,
    seg_nrrd_writer,
    seg_writer,
)
from annotation.imaging.segmentations.layers import Segment, Segmentation
from annotation.models import ExportFormat, MaskKind, Split
from annotation.original_uids import original_of

_NOT_KEPT = "its original UIDs are not kept, so that it names a series written anew, which lies beside it."


class Format:
    """Writes delineations one by one; `notes` says what the format could not hold.

    `original_uids`: drawings name the series that a scan came from, where that is kept. `licence` and
    `reference` are those of the data sets that cases came from, one line each.
    """

    surveys = False
    original_uids = False
    licence = ""
    reference = ""

    def __init__(self, name: str, segments: tuple[Segment, ...]) -> None:
        self.name, self.segments = name, segments
        self.notes: list[str] = []
        self._image_of: int | None = None

    def survey(self, content: Content) -> None:
        """Look at a delineation before anything is written."""

    def add(self, content: Content, folder: Path) -> None:
        """Write a delineation below `folder`."""
        raise NotImplementedError

    def finish(self, folder: Path) -> None:
        """Write what is known when all are through."""

    def _is_new(self, content: Content) -> bool:
        """Whether this is the first delineation of its case, and the case has an image to write."""
        is_new, self._image_of = self._image_of != content.case.pk, content.case.pk
        return is_new and content.has_image


class Nifti(Format):
    """`images/`, `labels/` (one folder per layer where there are more), each with its labels.json."""

    def __init__(self, name: str, segments: tuple[Segment, ...]) -> None:
        super().__init__(name, segments)
        self._layers = sorted({one.layer for one in segments})
        self._ignore = {
            layer: nifti_writer.ignore_value([one.value for one in segments if one.layer == layer])
            for layer in self._layers
        }
        self._not_drawn: list[dict[str, Any]] = []

    def add(self, content: Content, folder: Path) -> None:
        """Write one label map per layer; structures that were not looked at are left out of it."""
        if self._is_new(content):
            nifti_writer.write_image(_made(folder / "images") / f"{content.item.stem}.nii.gz", content.image)
        drawn = content.drawn
        for layer in self._layers:
            target = _made(folder / self._folder(layer)) / f"{content.item.name}.nii.gz"
            nifti_writer.write_layer(target, drawn, layer, self._ignore[layer])
        if content.not_looked_at:
            self._not_drawn.append({"case": content.item.name, "not_drawn": list(content.not_looked_at)})

    def finish(self, folder: Path) -> None:
        """Write which value stands for what, and what was not drawn in which case."""
        for layer in self._layers:
            names = {one.value: one.key for one in self.segments if one.layer == layer}
            table = nifti_writer.table(nifti_writer.with_ignored(names, self._ignore[layer]), self._not_drawn)
            _write_json(_made(folder / self._folder(layer)) / "labels.json", table)

    def _folder(self, layer: int) -> str:
        return "labels" if len(self._layers) == 1 else f"labels_layer_{layer}"


class Structures(Format):
    """A folder per case: `ct.nii.gz`, and `segmentations/` with a file for each structure looked at."""

    def add(self, content: Content, folder: Path) -> None:
        """Write a mask for each structure: empty where it is absent, no file where nobody looked."""
        case = _made(folder / content.item.stem)
        if self._is_new(content):
            nifti_writer.write_image(case / "ct.nii.gz", content.image)
        nifti_writer.write_each(case / f"segmentations{_tail(content)}", content.drawn)


class SegNrrd(Format):
    """`images/` as NIfTI, `segmentations/` as .seg.nrrd."""

    def add(self, content: Content, folder: Path) -> None:
        """Write all layers as one file."""
        if self._is_new(content):
            nifti_writer.write_image(_made(folder / "images") / f"{content.item.stem}.nii.gz", content.image)
        target = _made(folder / "segmentations") / f"{content.item.name}.seg.nrrd"
        seg_nrrd_writer.write(target, content.drawn)


class _Dicom(Format):
    """A folder per case: `ct/`, the series that is referred to, and one object for each delineation.

    Under original UIDs there is no `ct/`: the series is where it came from.
    """

    def __init__(self, name: str, segments: tuple[Segment, ...]) -> None:
        super().__init__(name, segments)
        self._series: list[Dataset] = []
        self._patients: dict[str, str] = {}

    def _placed(self, content: Content, folder: Path) -> tuple[Segmentation, list[Dataset]]:
        """Return what was drawn, and the headers of the series that it is to name, slice by slice."""
        original = original_of(content.case.volume_id) if self.original_uids else None
        if original is None:
            if self.original_uids:
                self.notes.append(f"{content.item.name}: {_NOT_KEPT}")
            return content.drawn, self._headers(content, folder)
        headers = original_series.headers_of(original, patient=self._patient(content))
        return original_series.turned_back(content.drawn, original), headers

    def _patient(self, content: Content) -> str:
        return self._patients.setdefault(content.case.patient_key, f"P{len(self._patients) + 1:04d}")

    def _headers(self, content: Content, folder: Path) -> list[Dataset]:
        if not content.has_image:
            raise Refused(
                f"Case {content.case.number} has delineations but no image, and DICOM refers to one; "
                "export as NIfTI or .seg.nrrd."
            )
        if self._is_new(content):
            volume = content.case.volume
            self._series = ct_series.write(
                folder / "ct",
                content.image,
                patient=self._patient(content),
                name=content.item.stem,
                known=Pseudonyms(volume.study_uid, volume.series_uid, volume.acquired_on),
            )
        return self._series


class DicomSeg(_Dicom):
    """DICOM SEG, BINARY, coded by SNOMED CT."""

    def add(self, content: Content, folder: Path) -> None:
        """Write one SEG; where every structure is absent there is none, which the notes say."""
        case = _made(folder / content.item.stem)
        drawn, headers = self._placed(content, case)
        model = content.revision.mask.model
        made_by = (
            f"Delineate model {model.version}"
            if model and content.revision.mask.kind == MaskKind.MODEL
            else ""
        )
        path = case / f"seg{_tail(content)}.dcm"
        if not seg_writer.write(path, drawn, headers, made_by=made_by):
            self.notes.append(f"{content.item.name} has no voxel in any structure; a SEG cannot say so.")


class Rtstruct(_Dicom):
    """RTSTRUCT, closed planar contours."""

    def add(self, content: Content, folder: Path) -> None:
        """Write one structure set; a structure without a voxel is an ROI without contours."""
        case = _made(folder / content.item.stem)
        drawn, headers = self._placed(content, case)
        rtstruct_writer.write(case / f"rtstruct{_tail(content)}.dcm", drawn, headers)


class _Dataset(Format):
    """A data set with one label map per case, in which all layers are one."""

    surveys = True
    prefix = ""

    def __init__(self, name: str, segments: tuple[Segment, ...]) -> None:
        super().__init__(name, segments)
        self._keys = tuple(one.key for one in segments)
        self._seen: set[datasets.Combination] = set()
        self._ignoring = False
        self._values: datasets.Values | None = None
        self._names: dict[str, list[str]] = {split: [] for split in Split.values}
        slug = "".join(re.findall(r"[0-9A-Za-z]+", name.title())) or "Project"
        self._root = f"{self.prefix}_{slug}"

    def survey(self, content: Content) -> None:
        """Note which structures share voxels, and whether anything is unknown."""
        if not content.has_image:
            raise Refused(
                f"Case {content.case.number} has delineations but no image, which this format needs; "
                "export as NIfTI or .seg.nrrd."
            )
        self._seen |= datasets.combinations(content.known)
        self._ignoring |= bool(datasets.unknown(content.known, content.looked_at).any())

    def values(self) -> datasets.Values:
        """The numbering, fixed when the first delineation is written."""
        if self._values is None:
            self._values = datasets.values_for(self._keys, self._seen, ignoring=self._ignoring)
        return self._values

    def add(self, content: Content, folder: Path) -> None:
        """Write image and label map; what cannot be known of a voxel makes it one to ignore."""
        part = "Ts" if content.item.split == Split.TEST else "Tr"
        self._names[content.item.split].append(content.item.name)
        values = self.values()
        ignored = datasets.unknown(content.known, content.looked_at)
        labels = datasets.flat(content.known, values, ignored)
        root = folder / self._root
        name = content.item.name
        nifti_writer.write_image(_made(root / f"images{part}") / self.image_name(name), content.image)
        nifti_writer.write_labels(_made(root / f"labels{part}") / f"{name}.nii.gz", labels, content.found)

    def image_name(self, name: str) -> str:
        """The file name of an image."""
        return f"{name}.nii.gz"

    def _about(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "description": f"Exported from {self.name}",
            "reference": self.reference,
            "licence": self.licence,
        }


class NnUnet(_Dataset):
    """nnU-Net v2's raw data set; structures that share voxels become regions."""

    prefix = "Dataset001"

    def image_name(self, name: str) -> str:
        """The only channel is 0000."""
        return f"{name}_0000.nii.gz"

    def finish(self, folder: Path) -> None:
        """Write dataset.json and, where there are validation cases, splits_final.json."""
        training = self._names[Split.POOL] + self._names[Split.VALIDATION]
        root = _made(folder / self._root)
        table = datasets.nnunet_json(self.values(), cases=len(training), about=self._about())
        _write_json(root / "dataset.json", table)
        if self._names[Split.VALIDATION]:
            split = {"train": self._names[Split.POOL], "val": self._names[Split.VALIDATION]}
            _write_json(root / "splits_final.json", [split])


class Decathlon(_Dataset):
    """The Medical Segmentation Decathlon's layout."""

    prefix = "Task01"

    def values(self) -> datasets.Values:
        """As of the others, but no two structures may share voxels."""
        values = super().values()
        datasets.check_no_regions(values)
        return values

    def finish(self, folder: Path) -> None:
        """Write dataset.json."""
        training = self._names[Split.POOL] + self._names[Split.VALIDATION]
        table = datasets.decathlon_json(
            self.values(), training=training, test=self._names[Split.TEST], about=self._about()
        )
        _write_json(_made(folder / self._root) / "dataset.json", table)


FORMATS: dict[str, type[Format]] = {
    ExportFormat.NIFTI.value: Nifti,
    ExportFormat.STRUCTURES.value: Structures,
    ExportFormat.NNUNET.value: NnUnet,
    ExportFormat.DECATHLON.value: Decathlon,
    ExportFormat.SEG_NRRD.value: SegNrrd,
    ExportFormat.DICOM_SEG.value: DicomSeg,
    ExportFormat.RTSTRUCT.value: Rtstruct,
}


def _tail(content: Content) -> str:
    return content.item.name.removeprefix(content.item.stem)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
