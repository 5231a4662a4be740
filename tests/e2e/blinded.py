"""A reader with a read of every kind, others' reads around them, and what of all this must not be told."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np
from django.contrib.auth.models import User

from annotation import chunks, corrections, handles, reviews, worklist
from annotation.chunks.grid import Voxels
from annotation.models import (
    AgreementScore,
    Assignment,
    CalibrationCase,
    Case,
    CaseState,
    ErrorCode,
    GoldCase,
    Mask,
    MaskKind,
    Model,
    Prediction,
    Project,
    Purpose,
    ReliabilityPlan,
    Role,
    StartFrom,
    Volume,
)
from tests.annotation.agreement.world import read_by
from tests.annotation.factories import make_branch, make_model, stroke
from tests.annotation.learning_loop import accept
from tests.e2e import own_project

READER = "vera"
CAST = {
    READER: Role.ANNOTATOR,
    "ottokar": Role.ANNOTATOR,
    "quirin": Role.ANNOTATOR,
    "xaver": Role.REVIEWER,
    "yolanda": Role.LEAD,
}
SEED = 77  # every case is the same phantom: nothing but what it is read for can differ
NAME = "hidden scan"
SOURCE = "board of the seven"
COMMENT, PIN = "The caudate lobe was forgotten.", "It runs into the colon."
LONG_AGO = timedelta(days=20)
# In the order in which the reader takes them; what the plan says then.
KINDS: dict[str, dict[str, float]] = {
    "second": {},
    "overlap": {"double_share": 1.0},
    "repeat": {"repeat_share": 1.0},
    "gold": {"gold_share": 1.0},
    "routine": {},
    "calibration": {},
}


@dataclass
class Stage:
    """The project, and reads by what they are: the reader's own kinds, and others'."""

    project: Project
    elsewhere: int
    model: Model
    reads: dict[str, int] = field(default_factory=dict)
    cases: int = 0

    def case(self) -> Case:
        self.cases += 1
        name = f"{NAME} {self.cases}"
        return own_project.add_case(self.project, self.model, SEED, name, corner=self.cases)

    def plan(self, **shares: float) -> None:
        rows = ReliabilityPlan.objects
        rows.update_or_create(project=self.project, defaults=own_project.NO_PLAN | shares)

    def claimed(self, name: str) -> Assignment:
        read = worklist.next_case(reader=User.objects.get(username=name), project=self.project)
        assert read is not None
        return read


def build() -> Stage:
    """Everything but the reader's own reads, which she takes herself."""
    project = own_project.begin("Blinded", CAST)
    elsewhere = own_project.begin("Elsewhere and unknown", {"yolanda": Role.LEAD})
    stage = Stage(project, elsewhere.pk, make_model(project))
    _former_read(stage)
    _reviewed_read(stage)
    _adjudication(stage)
    _first_of_a_pair(stage)
    GoldCase.objects.create(case=(gold := stage.case()), revision=accept(gold, truth()), source=SOURCE)
    return stage


def truth() -> Voxels:
    return np.roll(own_project.predicted(SEED), -1, axis=1)


def _former_read(stage: Stage) -> None:
    """Final for so long that it is closed, and can be repeated."""
    stage.plan()
    stage.case()
    read = stage.claimed(READER)
    stroke(read)
    corrections.submit(assignment=read, revision=1)
    for _ in range(2):
        own_project.pass_time(stage.project.pk, LONG_AGO)
    stage.reads["former"] = read.pk


def _reviewed_read(stage: Stage) -> None:
    stage.plan(review_share_first=1.0, review_share_least=1.0)
    stage.case()
    read = stage.claimed("quirin")
    stroke(read)
    corrections.submit(assignment=read, revision=1)
    xaver = User.objects.get(username="xaver")
    review = worklist.claim_review(reviewer=xaver, project=stage.project)
    assert review is not None
    point = [float(one) for one in read.case.volume.origin_lps]
    pin = reviews.drop_pin(
        assignment=review, structure="liver", point_lps=point, error_code=ErrorCode.LEAK, text=PIN
    )
    reviews.return_to_reader(assignment=review, revision=0, comment=COMMENT)
    stage.reads |= {"reviewed": read.pk, "review": review.pk, "pin": pin.pk}


def _adjudication(stage: Stage) -> None:
    case = stage.case()
    start = Prediction.objects.select_related("mask").get(case=case)
    drawn = chunks.read_layers(start.mask)
    for name, shift in (("quirin", 0), ("ottokar", 2)):
        read = read_by(case, User.objects.get(username=name), np.roll(drawn, shift, axis=1), start=start)
        stage.reads[f"of {name}"] = read.pk
    case.parts.update(reads_wanted=2)
    worklist.move(case.parts.get().pk, CaseState.ADJUDICATION)
    found = reviews.claim_adjudication(reader=User.objects.get(username="xaver"), project=stage.project)
    assert found is not None
    stage.reads["adjudication"] = found.pk


def _first_of_a_pair(stage: Stage) -> None:
    stage.plan(double_share=1.0)
    stage.case()
    read = stage.claimed("quirin")
    stroke(read)
    make_branch(read)
    corrections.submit(assignment=read, revision=1)
    own_project.pass_time(stage.project.pk)
    stage.reads["first of the pair"] = read.pk


def prepare(stage: Stage, kind: str) -> None:
    """See to it that the reader's next read is of this kind."""
    if kind in ("overlap", "routine"):
        stage.case()
    if kind == "calibration":
        case = stage.case()
        CalibrationCase.objects.create(case=case, start_from=StartFrom.PREDICTION)
        worklist.settle(case)
    stage.plan(**KINDS[kind])


def taken(stage: Stage, kind: str, read: int) -> None:
    """The reader has it, and it is what it was to be."""
    purpose = Assignment.objects.get(pk=read).purpose
    assert purpose == (Purpose.OVERLAP if kind == "second" else kind), (kind, purpose)
    stage.reads[kind] = read
    if kind == "overlap":
        stage.reads["planned"] = Assignment.objects.get(rival=read).pk


# ── What must not be told ────────────────────────────────────────────────────


@dataclass(frozen=True)
class Secrets:
    """Of other reads, and of what the own ones are for."""

    words: frozenset[str]
    handles: frozenset[str]
    aliases: frozenset[str]

    def told(self, text: str) -> set[str]:
        """Those that the text holds."""
        small = text.lower()
        found = {word for word in self.words if word.lower() in small}
        # A handle may stand in an address, an ETag, a key: wherever a long word may.
        found |= self.handles & set(re.findall(r"[\w-]{40,}", text))
        return found | (self.aliases & set(re.findall(r"\b[2-9A-Z]{6}\b", text)))


def secrets_of(stage: Stage) -> Secrets:
    reads = Assignment.objects.filter(case__project=stage.project)
    own = reads.filter(pk__in=[stage.reads[kind] for kind in KINDS])
    own_ids = set(own.values_list("pk", flat=True))
    names = set(CAST) - {READER}
    cases = Case.objects.filter(project=stage.project)
    words = names | {NAME, SOURCE, COMMENT, PIN, "Elsewhere and unknown"}
    words |= {f"case {number:04}" for number in cases.values_list("number", flat=True)}
    for volume in Volume.objects.filter(cases__project=stage.project):
        words |= {volume.store_key, volume.content_sha256[:16]}
    scores = AgreementScore.objects.filter(case__project=stage.project, dice__gt=0, dice__lt=1)
    # Round figures stand in many an answer.
    figures = {str(dice)[:8] for dice in scores.values_list("dice", flat=True)}
    words |= {figure for figure in figures if len(figure) == 8}
    aliases = frozenset(reads.exclude(pk__in=own_ids).values_list("alias", flat=True))
    return Secrets(frozenset(words), frozenset(_handles(stage, own_ids)), aliases)


def _handles(stage: Stage, own: set[int]) -> set[str]:
    """Every handle of everybody, but those of the reader's own open reads."""
    masks = list(Mask.objects.filter(case__project=stage.project).values_list("pk", flat=True))
    volumes = list(Volume.objects.filter(cases__project=stage.project).values_list("pk", flat=True))
    users = User.objects.filter(username__in=CAST)
    namers = [handles.Namer(user.pk, number) for user in users for number in range(4)]
    found = {namer.mask(one) for namer in namers for one in masks}
    found |= {namer.volume(one) for namer in namers for one in volumes}
    return found - set(_own_handles(own))


def _own_handles(own: set[int]) -> Iterator[str]:
    for read in Assignment.objects.filter(pk__in=own).select_related("mask", "case"):
        namer = handles.Namer(read.reader_id, read.sequence_no)
        yield namer.volume(read.case.volume_id)
        yield namer.mask(read.mask_id)
        if read.mask.base_id is not None:
            yield namer.mask(read.mask.base_id)


def swapped(stage: Stage) -> dict[str, str]:
    """Handles that are real, but not for the reader to use; by what they are of."""
    theirs = Assignment.objects.select_related("mask", "case").get(pk=stage.reads["first of the pair"])
    former = Assignment.objects.select_related("mask", "case").get(pk=stage.reads["former"])
    lead = handles.Namer(User.objects.get(username="yolanda").pk, handles.LEAD)
    quirin = handles.Namer(theirs.reader_id, theirs.sequence_no)
    mine = handles.Namer(former.reader_id, former.sequence_no)
    branch = Mask.objects.filter(branch__assignment=theirs).get()
    gold = GoldCase.objects.select_related("revision").get(case__project=stage.project).revision.mask_id
    assert Mask.objects.get(pk=gold).kind == MaskKind.IMPORTED
    return {
        "their mask": quirin.mask(theirs.mask_id),
        "their branch": quirin.mask(branch.pk),
        "their volume": quirin.volume(theirs.case.volume_id),
        "lead mask": lead.mask(theirs.mask_id),
        "lead gold": lead.mask(gold),
        "lead volume": lead.volume(theirs.case.volume_id),
        "former mask": mine.mask(former.mask_id),
        "former volume": mine.volume(former.case.volume_id),
        "crossed mask": handles.Namer(mine.user, 2).mask(former.mask_id),
        "number": str(theirs.mask_id),
    }
