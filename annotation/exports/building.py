"""An export is built: every delineation through its format into a sink, then the manifest."""

import json
import re
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.utils import timezone

from annotation.exports.contents import Content, content_of, segments_of
from annotation.exports.formats import FORMATS, Format
from annotation.exports.packing import Sink
from annotation.exports.selecting import Item, Order, keys_of, without_spacing
from annotation.exports.tables import Tables
from annotation.imaging.segmentations.layers import Segment
from annotation.models import AgreementScore, CaseSource, ExportFormat, Model, Project, SchemaStructure
from training.metrics import METRIC_VERSION
from training.progress import OnProgress, Progress
from training.version import VERSION

MANIFEST = "manifest.json"
_NO_DERIVATIVES = re.compile(r"\bND\b|no[- ]?deriv", re.IGNORECASE)
_NOT_LOOKED_AT = "absent is not the same as not annotated: structures under not_looked_at are unknown"


def build(
    *,
    project: Project,
    order: Order,
    items: Sequence[Item],
    by: str,
    sink: Sink,
    work: Path,
    on_progress: OnProgress,
) -> dict[str, Any]:
    """Write the delineations and the manifest into a sink, one case in memory at a time; return the manifest.

    `work` is a folder for files on their way. Raises Refused where a format cannot hold a delineation.
    """
    segments = segments_of(project.pk, keys_of(project, order))
    form = _format(order, project.name, segments)
    sources = _sources(items)
    form.licence, form.reference = _licences(sources, items), _citations(sources)
    passes = 2 if form.surveys else 1
    clock = _Clock(len(items) * passes, on_progress)
    if form.surveys:
        for item in items:
            clock.step("surveying", f"looking at {item.name}")
            form.survey(content_of(item, segments))
    listed = []
    with tempfile.TemporaryDirectory(dir=work, prefix="case-") as place:
        folder = Path(place)
        for item in items:
            clock.step("exporting", f"writing {item.name}")
            content = content_of(item, segments)
            form.add(content, folder)
            sink.take(folder)
            listed.append(_listed(content))
        form.finish(folder)
        manifest = _manifest(project, order, items, by, form, sources, listed)
        sink.take(folder)
        manifest["files"] = [asdict(file) for file in sink.files]
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False), encoding="utf-8")
        sink.take(folder)
    clock.end()
    return manifest


class _Clock:
    """Tells how far the work is, and how long the rest takes at the pace so far."""

    def __init__(self, total: int, on_progress: OnProgress) -> None:
        self._total, self._done, self._report = total, 0, on_progress
        self._began = time.monotonic()

    def step(self, stage: str, message: str) -> None:
        spent = time.monotonic() - self._began
        left = spent / self._done * (self._total - self._done) if self._done else None
        self._report(Progress(stage, self._done, self._total, message, left))
        self._done += 1

    def end(self) -> None:
        self._report(Progress("exporting", self._total, self._total))


def _format(order: Order, name: str, segments: tuple[Segment, ...]) -> Format:
    if order.form == ExportFormat.TABLES:
        return Tables(name, segments)
    form = FORMATS[order.form](name, segments)
    form.original_uids = order.original_uids
    return form


def _manifest(
    project: Project,
    order: Order,
    items: Sequence[Item],
    by: str,
    form: Format,
    sources: Sequence[dict[str, Any]],
    listed: list[dict[str, Any]],
) -> dict[str, Any]:
    return {
        "made_with": f"Delineate {VERSION}",
        "project": project.name,
        "format": order.form,
        "what": order.what,
        "selection": order.selection(),
        "exported_at": timezone.now().isoformat(timespec="seconds"),
        "exported_by": by,
        "structures": _structures(project, form.segments),
        "readers": {item.alias: item.reader for item in items if item.alias},
        "models": _models(project, listed),
        "sources": sources,
        "metric_versions": _metric_versions(items),
        "notes": [_NOT_LOOKED_AT, *form.notes, *_left_out(project, order), *_not_to_be_altered(sources)],
        "delineations": listed,
    }


def _left_out(project: Project, order: Order) -> list[str]:
    """Say which cases would have claimed a spacing that nobody knows."""
    numbers = without_spacing(project, order)
    named = ", ".join(map(str, numbers))
    return [f"left out, because their spacing is not known: cases {named}"] if numbers else []


def _listed(content: Content) -> dict[str, Any]:
    """What the manifest says of a delineation."""
    mask, item = content.revision.mask, content.item
    began = mask.base.model if mask.base is not None else None
    return {
        "name": item.name,
        "case": content.case.number,
        "split": item.split,
        "revision": content.revision.pk,
        "revision_number": content.revision.number,
        "sha256": content.revision.sha256,
        "drawn_by": mask.kind,
        "reader": item.alias,
        "model": mask.model.version if mask.model else None,
        "began_from_model": began.version if began else None,
        "guideline_version": content.revision.guideline_version,
        "looked_at": list(content.looked_at),
        "not_looked_at": list(content.not_looked_at),
        "region_ijk": content.case.region,
    }


def _structures(project: Project, segments: Sequence[Segment]) -> list[dict[str, Any]]:
    entries = SchemaStructure.objects.filter(schema__project=project).select_related("structure", "schema")
    by_key = {entry.structure.key: entry for entry in entries}
    return [
        {
            "key": one.key,
            "name": one.name,
            "layer": one.layer,
            "value": one.value,
            "side": by_key[one.key].structure.side,
            "snomed_ct": by_key[one.key].structure.snomed_code,
            "colour": one.colour,
            "tolerance_mm": by_key[one.key].tolerance_mm,
        }
        for one in segments
    ]


def _models(project: Project, listed: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The models that drew, or that readers began from."""
    named = {one[key] for one in listed for key in ("model", "began_from_model")} - {None}
    models = Model.objects.filter(project=project, version__in=named).order_by("version")
    return [
        {"version": model.version, "weights_sha256": model.weights_sha256, "licence": model.licence}
        for model in models
    ]


def _sources(items: Sequence[Item]) -> list[dict[str, Any]]:
    """The data sets that cases came from, with the numbers of these: to be cited, licences to be kept."""
    rows = CaseSource.objects.filter(case__in={item.case for item in items}).select_related("source", "case")
    found: dict[int, dict[str, Any]] = {}
    for row in rows.order_by("source__title", "source", "case__number"):
        source = row.source
        about = found.setdefault(
            source.pk,
            {
                "title": source.title,
                "licence": source.licence,
                "citation": source.citation,
                "non_commercial": source.non_commercial,
                "no_derivatives": bool(_NO_DERIVATIVES.search(source.licence)),
                "cases": [],
            },
        )
        about["cases"].append(row.case.number)
    return list(found.values())


def _licences(sources: Sequence[dict[str, Any]], items: Sequence[Item]) -> str:
    """Return the licences of the data sets in one line; nothing where no case came from one."""
    said = [f"{one['title']}: {one['licence'] or 'not known'}" for one in sources]
    known = sum(len(one["cases"]) for one in sources)
    others = ["other cases: not stated"] if 0 < known < len({item.case for item in items}) else []
    return "; ".join([*said, *others])


def _citations(sources: Sequence[dict[str, Any]]) -> str:
    return "; ".join(one["citation"] for one in sources if one["citation"])


def _not_to_be_altered(sources: Sequence[dict[str, Any]]) -> list[str]:
    """Say which data sets may not be passed on altered, as labels drawn on them or corrected are."""
    titles = [one["title"] for one in sources if one["no_derivatives"]]
    return [
        f"{title} has a licence without derivatives: what was drawn or changed here may not be passed on "
        "without its authors' leave"
        for title in titles
    ]


def _metric_versions(items: Sequence[Item]) -> list[str]:
    revisions = [item.revision for item in items]
    scores = AgreementScore.objects.filter(revision_a__in=revisions, revision_b__in=revisions)
    kept = set(scores.order_by().values_list("group__metric_version", flat=True))
    return sorted(kept | {METRIC_VERSION})
