"""Volumes and scores of what is exported, as CSV and Parquet."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from annotation.exports.contents import Content
from annotation.exports.formats import Format
from annotation.exports.selecting import Item
from annotation.imaging.segmentations.layers import Segment
from annotation.models import AgreementScore, ModelScore
from training.metrics import METRIC_VERSION, overlaps_of

_TEXT, _NUMBER, _COUNT, _BOOL = pa.string(), pa.float64(), pa.int64(), pa.bool_()
VOLUMES = {
    "name": _TEXT,
    "case": _COUNT,
    "split": _TEXT,
    "revision": _COUNT,
    "drawn_by": _TEXT,
    "reader": _TEXT,
    "structure": _TEXT,
    "looked_at": _BOOL,
    "voxels": _COUNT,
    "volume_ml": _NUMBER,
}
SCORES = {
    "case": _COUNT,
    "structure": _TEXT,
    "kind": _TEXT,
    "revision_a": _COUNT,
    "revision_b": _COUNT,
    "reader_a": _TEXT,
    "reader_b": _TEXT,
    "model": _COUNT,
    "start_a": _TEXT,
    "start_b": _TEXT,
    "tolerance_mm": _NUMBER,
    "dice": _NUMBER,
    "jaccard": _NUMBER,
    "precision": _NUMBER,
    "recall": _NUMBER,
    "specificity": _NUMBER,
    "volume_similarity": _NUMBER,
    "surface_dice": _NUMBER,
    "hd95_mm": _NUMBER,
    "hd_mm": _NUMBER,
    "asd_a_to_b_mm": _NUMBER,
    "asd_b_to_a_mm": _NUMBER,
    "assd_mm": _NUMBER,
    "centre_distance_mm": _NUMBER,
    "volume_a_ml": _NUMBER,
    "volume_b_ml": _NUMBER,
    "undefined": _TEXT,
    "stale": _BOOL,
    "metric_version": _TEXT,
}
MODEL = "model vs accepted"
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Row = dict[str, Any]


class Tables(Format):
    """`volumes` (a row per delineation and structure) and `scores` (of the exported revisions)."""

    def __init__(self, name: str, segments: tuple[Segment, ...]) -> None:
        super().__init__(name, segments)
        self._volumes: list[Row] = []
        self._items: list[Item] = []

    def add(self, content: Content, folder: Path) -> None:
        """Count voxels. A structure that nobody looked at has no volume, which is not 0."""
        self._items.append(content.item)
        volume = content.case.volume
        voxel_ml = float(np.prod(volume.spacing_mm)) / 1000 if volume.spacing_known else None
        for segment in self.segments:
            looked = segment.key in content.looked_at
            voxels = int(content.found.mask(segment).sum()) if looked else None
            self._volumes.append(
                {
                    "name": content.item.name,
                    "case": content.case.number,
                    "split": content.item.split,
                    "revision": content.item.revision,
                    "drawn_by": content.revision.mask.kind,
                    "reader": content.item.reader or None,
                    "structure": segment.key,
                    "looked_at": looked,
                    "voxels": voxels,
                    "volume_ml": None if voxels is None or voxel_ml is None else voxels * voxel_ml,
                }
            )

    def finish(self, folder: Path) -> None:
        """Write both tables in both forms."""
        keys = {segment.key for segment in self.segments}
        rows = [*_agreement(self._items, keys), *_models(self._items, keys)]
        for name, columns, table in (("volumes", VOLUMES, self._volumes), ("scores", SCORES, rows)):
            _write_csv(folder / f"{name}.csv", columns, table)
            schema = pa.schema(list(columns.items()))
            made = pa.Table.from_pylist([{key: row.get(key) for key in columns} for row in table], schema)
            pq.write_table(made, folder / f"{name}.parquet", compression="zstd")


def _agreement(items: Sequence[Item], keys: set[str]) -> Iterator[Row]:
    revisions = [item.revision for item in items]
    scores = AgreementScore.objects.filter(
        revision_a__in=revisions, revision_b__in=revisions, group__structure__in=keys
    )
    for score in scores.select_related("group", "case", "reader_a", "reader_b", "model").order_by("pk"):
        yield {
            "case": score.case.number,
            "structure": score.group.structure,
            "kind": score.group.kind,
            "reader_a": score.reader_a.username if score.reader_a else None,
            "reader_b": score.reader_b.username if score.reader_b else None,
            "model": score.model.version if score.model else None,
            "revision_a": score.revision_a_id,
            "revision_b": score.revision_b_id,
            "metric_version": score.group.metric_version,
            **{key: getattr(score, key) for key in _SAME},
            **asdict(overlaps_of(score.dice, score.volume_a_ml, score.volume_b_ml)),
        }


_SAME = (
    *("start_a", "start_b", "tolerance_mm", "dice", "specificity", "surface_dice", "hd95_mm", "hd_mm"),
    *("asd_a_to_b_mm", "asd_b_to_a_mm", "assd_mm", "centre_distance_mm"),
    *("volume_a_ml", "volume_b_ml", "undefined", "stale"),
)


def _models(items: Sequence[Item], keys: set[str]) -> Iterator[Row]:
    """What models reached on the exported revisions."""
    scores = ModelScore.objects.filter(revision__in=[item.revision for item in items], structure__in=keys)
    for score in scores.select_related("model", "case").order_by("pk"):
        yield {
            "case": score.case.number,
            "structure": score.structure,
            "kind": MODEL,
            "revision_b": score.revision_id,
            "model": score.model.version,
            "tolerance_mm": score.tolerance_mm,
            "dice": score.dice,
            "surface_dice": score.surface_dice,
            "metric_version": score.model.metric_version or METRIC_VERSION,
        }


def _write_csv(path: Path, columns: dict[str, Any], rows: Sequence[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for row in rows:
            writer.writerow([_cell(row.get(key)) for key in columns])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return str(value)
