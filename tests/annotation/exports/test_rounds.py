"""An export of one round: what began from the prediction of one model, or from none."""

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from annotation import chunks, exports
from annotation.errors import NotFound, Refused
from annotation.models import (
    Case,
    CaseState,
    ExportFormat,
    ExportWhat,
    Mask,
    MaskKind,
    ModelState,
    Project,
    Revision,
    RevisionKind,
)
from tests.annotation.factories import make_model, make_submitted

pytestmark = pytest.mark.django_db


@pytest.fixture
def rounds(scene: Project, ana: User, ben: User) -> Project:
    """Case 5 was read from scratch by ana, case 6 from model 1 by ben, case 7 from model 2 by ana."""
    make_submitted(ana, scene)
    first = make_model(scene)
    make_submitted(ben, scene)
    first.state = ModelState.RETIRED
    first.save()
    make_model(scene)
    make_submitted(ana, scene)
    return scene


def numbers(
    project: Project, what: ExportWhat, round: int | None, readers: tuple[str, ...] = ()
) -> list[str]:
    order = exports.Order(ExportFormat.NIFTI, what, readers=readers, round=round)
    return [item.stem for item in exports.chosen(project, order)]


def test_reads_of_a_round(rounds: Project) -> None:
    assert numbers(rounds, ExportWhat.READS, None) == ["case_0005", "case_0006", "case_0007"]
    assert numbers(rounds, ExportWhat.READS, 0) == ["case_0005"]
    assert numbers(rounds, ExportWhat.READS, 1) == ["case_0006"]
    assert numbers(rounds, ExportWhat.READS, 2, readers=("ana",)) == ["case_0007"]
    with pytest.raises(Refused, match="Nothing matches"):
        numbers(rounds, ExportWhat.READS, 2, readers=("ben",))


def accept(case: Case, revision: Revision) -> None:
    case.accepted_revision, case.accepted_at, case.state = revision, timezone.now(), CaseState.ACCEPTED
    case.save()


def test_accepted_delineations_of_a_round(rounds: Project) -> None:
    for case in rounds.cases.filter(number__gte=5):
        mask = case.assignments.get().mask
        accept(case, Revision.objects.get(mask=mask, number=mask.head))
    assert numbers(rounds, ExportWhat.ACCEPTED, 1) == ["case_0006"]
    imported = ["case_0001", "case_0002", "case_0003", "case_0004"]
    assert numbers(rounds, ExportWhat.ACCEPTED, 0) == [*imported, "case_0005"]


def test_a_case_put_together_of_parts_is_of_their_rounds(rounds: Project) -> None:
    case = rounds.cases.get(number=6)
    read = case.assignments.get().mask
    part = case.parts.get()
    part.accepted_revision, part.state = Revision.objects.get(mask=read, number=read.head), CaseState.ACCEPTED
    part.save()
    labels = np.zeros((2, *case.volume.shape), np.uint8)
    whole = Mask.objects.create(case=case, kind=MaskKind.COMPOSED, annotated=["liver"])
    accept(case, chunks.write_labels(mask=whole, labels=labels, kind=RevisionKind.MERGE))
    assert numbers(rounds, ExportWhat.ACCEPTED, 1) == ["case_0006"]
    assert "case_0006" not in numbers(rounds, ExportWhat.ACCEPTED, 0)
    own = Mask.objects.create(case=case, kind=MaskKind.IMPORTED, annotated=["liver"])
    accept(case, chunks.write_labels(mask=own, labels=labels, kind=RevisionKind.IMPORT))
    assert "case_0006" in numbers(rounds, ExportWhat.ACCEPTED, 0), "its parts are not what was accepted"


def test_what_is_no_round_is_a_sentence(rounds: Project) -> None:
    with pytest.raises(NotFound, match="no round began from it"):
        numbers(rounds, ExportWhat.READS, 9)
    order = exports.Order(ExportFormat.NIFTI, ExportWhat.PREDICTIONS, model=1, round=1)
    with pytest.raises(Refused, match="A round is of reads"):
        exports.chosen(rounds, order)
