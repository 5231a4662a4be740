"""What is kept of one scan: where it came from, what its header said, what was noticed, copies of it."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from annotation.imaging import signature
from annotation.models import Case, CaseSource, DataSource, ScanCopy, ShownStructures


@dataclass(frozen=True)
class Copy:
    """Another case that shows the same scan; of another project no more is said than that there is one."""

    number: int | None
    split: str | None
    same_slices: float
    same_look: float
    certain: bool


@dataclass(frozen=True)
class Kept:
    """All of it. `same_patient` are numbers of other cases; structures are keys, of the accepted delineation.

    `shown` is None as long as nobody has looked which of the annotated structures the delineation shows.
    `acquired_on` is shifted by the patient's own number of days.
    """

    case: Case
    source: DataSource | None
    acquired_on: date | None
    same_patient: list[int]
    copies: list[Copy]
    annotated: list[str]
    shown: list[str] | None


def kept_of(case: Case) -> Kept:
    """Of a case with its volume; five queries."""
    source = CaseSource.objects.filter(case=case).select_related("source").first()
    others = Case.objects.filter(project=case.project_id, patient_key=case.patient_key).exclude(pk=case.pk)
    revision = case.accepted_revision
    annotated = sorted(revision.mask.annotated) if revision is not None else []
    shown = ShownStructures.objects.filter(revision=revision).first() if revision is not None else None
    return Kept(
        case=case,
        source=source.source if source is not None else None,
        acquired_on=case.volume.acquired_on,
        same_patient=list(others.order_by("number").values_list("number", flat=True)),
        copies=_copies(case),
        annotated=annotated,
        shown=None if shown is None else [key for key in annotated if key in shown.keys],
    )


def _copies(case: Case) -> list[Copy]:
    pairs = ScanCopy.objects.filter(Q(first=case.volume_id) | Q(second=case.volume_id))
    other_of = {pair.first_id + pair.second_id - case.volume_id: pair for pair in pairs}
    found = []
    for other in Case.objects.filter(volume__in=list(other_of)).order_by("project", "number"):
        pair = other_of[other.volume_id]
        is_ours = other.project_id == case.project_id
        found.append(
            Copy(
                number=other.number if is_ours else None,
                split=other.split if is_ours else None,
                same_slices=pair.same_slices,
                same_look=pair.same_look,
                certain=signature.is_certain(pair.same_slices, pair.same_look),
            )
        )
    return found
