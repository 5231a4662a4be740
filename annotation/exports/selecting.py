"""Which delineations an export holds: frozen, by their revisions, when it is asked for."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Q

from annotation.errors import NotFound, Refused
from annotation.models import (
    Assignment,
    AssignmentRole,
    AssignmentState,
    Case,
    CaseState,
    ExportFormat,
    ExportWhat,
    Mask,
    MaskKind,
    Model,
    Project,
    Revision,
    SchemaStructure,
    SnapshotItem,
    Split,
)

_FINAL = (AssignmentState.SUBMITTED, AssignmentState.DONE)


@dataclass(frozen=True)
class Order:
    """What was asked for. Empty splits, readers or structures = all; `model` is a version.

    `round` is the model whose prediction reads began from, by its version; 0: from no model's; None = all.
    `original_uids`: DICOM names the series that the scans came from, where the project keeps that.
    """

    form: str
    what: str = ExportWhat.ACCEPTED.value
    splits: tuple[str, ...] = ()
    readers: tuple[str, ...] = ()
    structures: tuple[str, ...] = ()
    model: int | None = None
    original_uids: bool = False
    round: int | None = None

    def selection(self) -> dict[str, Any]:
        """What the manifest and the list say of it."""
        return {key: value for key, value in asdict(self).items() if key not in ("form", "what")}


@dataclass(frozen=True)
class Item:
    """One delineation: a case at a revision, and whose read it was; `name` is what its files are called."""

    case: int
    revision: int
    name: str
    stem: str
    split: str
    reader: str = ""
    alias: str = ""


def chosen(project: Project, order: Order) -> list[Item]:
    """Return what an order selects, by case number. Raises Refused where it names what is not there."""
    _check(project, order)
    pairs = _PAIRS[order.what](project, order)
    left_out = set(without_spacing(project, order))
    placed = [pair for pair in pairs if pair[0].number not in left_out]
    if pairs and not placed:
        raise Refused(
            "The spacing of every case that matches is not known, so that nothing could say where its voxels "
            "lie. Give the spacing, or export as tables."
        )
    items = _named(sorted(placed, key=lambda pair: (pair[0].number, pair[2], pair[1])))
    if not items:
        raise Refused("Nothing matches: no delineation of this project is of that kind. Choose more splits.")
    return items


def without_spacing(project: Project, order: Order) -> list[int]:
    """Return the numbers of cases that an export leaves out: files would claim a spacing nobody knows."""
    if order.form == ExportFormat.TABLES:
        return []
    unknown = _of_splits(project.cases.filter(volume__spacing_known=False), order)
    return list(unknown.order_by("number").values_list("number", flat=True))


def keys_of(project: Project, order: Order) -> tuple[str, ...]:
    """Return the keys of the structures to export, in the schema's order."""
    entries = SchemaStructure.objects.filter(schema__project=project).order_by("layer", "value")
    keys = entries.values_list("structure__key", flat=True)
    return tuple(key for key in keys if not order.structures or key in order.structures)


Pair = tuple[Case, int, str, str]  # case, revision id, reader, split that counts here


def _accepted(project: Project, order: Order) -> list[Pair]:
    cases = project.cases.filter(state=CaseState.ACCEPTED, accepted_revision__isnull=False)
    if order.readers:
        drawn = Q(accepted_revision__mask__author__username__in=order.readers)
        parts = Q(parts__accepted_revision__mask__author__username__in=order.readers)
        cases = cases.filter(pk__in=project.cases.filter(drawn | parts).values("pk"))
    if order.round is not None:
        composed = Q(accepted_revision__mask__kind=MaskKind.COMPOSED)
        whole = ~composed & _of_round("accepted_revision__mask", order)
        part = composed & Q(parts__accepted_revision__isnull=False)
        part &= _of_round("parts__accepted_revision__mask", order)
        cases = cases.filter(pk__in=project.cases.filter(whole | part).values("pk"))
    found = _of_splits(cases, order).select_related("accepted_revision")
    return [(case, case.accepted_revision_id or 0, "", case.split) for case in found]


def _reads(project: Project, order: Order) -> list[Pair]:
    reads = Assignment.objects.filter(
        case__in=_of_splits(project.cases.all(), order), role=AssignmentRole.ANNOTATE, state__in=_FINAL
    )
    if order.readers:
        reads = reads.filter(reader__username__in=order.readers)
    if order.round is not None:
        reads = reads.filter(_of_round("mask", order))
    reads = reads.select_related("case", "reader", "mask").order_by("sequence_no", "pk")
    pairs = []
    for read in reads:
        revision = _head_of(read.mask)
        if revision is not None:
            pairs.append((read.case, revision, read.reader.username, read.case.split))
    return pairs


def _training(project: Project, order: Order) -> list[Pair]:
    model = _model(project, order)
    if model.run is None:
        raise Refused(f"Model {model.version} came from elsewhere; what it was trained on is not known here.")
    items = SnapshotItem.objects.filter(
        snapshot=model.run.snapshot_id, case__in=_of_splits(project.cases.all(), order)
    )
    return [
        (item.case, item.revision_id, "", Split.POOL if item.use == "train" else item.use)
        for item in items.select_related("case")
    ]


def _predictions(project: Project, order: Order) -> list[Pair]:
    masks = Mask.objects.filter(
        model=_model(project, order),
        kind=MaskKind.MODEL,
        case__in=_of_splits(project.cases.all(), order),
    )
    found = ((mask, _head_of(mask)) for mask in masks.select_related("case"))
    return [(mask.case, revision, "", mask.case.split) for mask, revision in found if revision is not None]


_PAIRS = {
    ExportWhat.ACCEPTED.value: _accepted,
    ExportWhat.READS.value: _reads,
    ExportWhat.TRAINING.value: _training,
    ExportWhat.PREDICTIONS.value: _predictions,
}


def _check(project: Project, order: Order) -> None:
    if order.form not in ExportFormat.values or order.what not in ExportWhat.values:
        raise Refused("Choose a format and what to export.")
    if strange := set(order.splits) - set(Split.values):
        raise Refused(f"There is no split {min(strange)}; choose of {', '.join(Split.values)}.")
    if strange := set(order.structures) - set(keys_of(project, Order(order.form))):
        raise Refused(f"The project has no structure {min(strange)}.")
    if not keys_of(project, order):
        raise Refused("The project has no structures yet; there is nothing to export.")
    _check_original_uids(project, order)
    members = set(project.memberships.values_list("user__username", flat=True))
    if strange := set(order.readers) - members:
        raise Refused(f"{min(strange)} is not in this project's team.")
    of_model = order.what in (ExportWhat.TRAINING, ExportWhat.PREDICTIONS)
    if of_model != (order.model is not None):
        raise Refused("Say which model is meant." if of_model else "A model is not part of this selection.")
    if order.readers and of_model:
        raise Refused("A model's delineations have no readers; leave the readers out.")
    _check_round(project, order)


def _check_round(project: Project, order: Order) -> None:
    if order.round is not None and order.model is not None:
        raise Refused("A round is of reads; leave it out where a model's delineations are exported.")
    if order.round and not project.models.filter(version=order.round).exists():
        raise NotFound(f"There is no model {order.round}, so no round began from it.")


def _check_original_uids(project: Project, order: Order) -> None:
    if order.original_uids and order.form not in (ExportFormat.DICOM_SEG, ExportFormat.RTSTRUCT):
        raise Refused("Only DICOM SEG and RTSTRUCT can name original UIDs; choose one of them.")
    if order.original_uids and not project.keeps_uids:
        raise Refused(
            "This project does not keep original UIDs. A lead can switch that on, for series that are "
            "imported from then on."
        )


def _of_splits(cases: Any, order: Order) -> Any:
    return cases.filter(split__in=order.splits) if order.splits else cases


def _of_round(mask: str, order: Order) -> Q:
    """Return the condition that a mask began from the round's model, or (0) from none."""
    if order.round:
        return Q((f"{mask}__base__model__version", order.round))
    return Q((f"{mask}__base__model__isnull", True))


def _model(project: Project, order: Order) -> Model:
    model = Model.objects.select_related("run").filter(project=project, version=order.model or 0).first()
    if model is None:
        raise NotFound(f"There is no model {order.model}.")
    return model


def _head_of(mask: Mask) -> int | None:
    """Return the newest revision of a mask; where it never got one of its own, that of its base."""
    number, owner = (mask.head, mask.pk) if mask.head else (mask.base_revision, mask.base_id)
    found = Revision.objects.filter(mask=owner, number=number).values_list("pk", flat=True)
    return found.first()


def _named(pairs: Iterable[Pair]) -> list[Item]:
    """Name the files: by the case's number, readers by one of their own, repeats counted."""
    pairs = list(pairs)
    readers = {reader: f"r{n}" for n, reader in enumerate(sorted({p[2] for p in pairs} - {""}), start=1)}
    seen: Counter[tuple[int, str]] = Counter()
    items = []
    for case, revision, reader, split in pairs:
        seen[case.pk, reader] += 1
        stem, alias = f"case_{case.number:04d}", readers.get(reader, "")
        again = f"_{seen[case.pk, reader]}" if seen[case.pk, reader] > 1 else ""
        name = f"{stem}_{alias}{again}" if alias else stem
        items.append(Item(case.pk, revision, name, stem, str(split), reader, alias))
    return items
