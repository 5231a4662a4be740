"""A study of five readers and three seniors, made through the worklist and the use cases of reads, reviews.

Sixty cases: twenty for calibration and thirty gold ones, which all five read, and two ordinary ones for each
reader, which a senior reviews and the reader reads again three weeks later. From their 40th case on, the
fourth reader's outlines grow. After each turn the score jobs are done, as a worker does them.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import numpy as np
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import F

from annotation import planning, reviews, worklist
from annotation.agreement import figures
from annotation.models import (
    Assignment,
    Case,
    Level,
    Mask,
    Membership,
    Project,
    Purpose,
    ReliabilityPlan,
    Role,
    StartFrom,
    Verdict,
)
from tests.annotation.agreement.world import draw, hand_in, work
from tests.annotation.factories import make_case, make_model, make_prediction
from tests.annotation.learning_loop import accept
from tests.flows.phantom_readers import BIASES_MM, DRIFTING, SHAPE, STRUCTURES, Floats, Simulation, labels

CALIBRATION, GOLD, ORDINARY = 20, 30, 2  # the last for each reader
DRIFT_FROM = 40  # the reader's own count of cases
TURNS_PER_ANALYSIS = 5
SENIORS = ("sam", "tess", "ute")
PLAN = planning.DraftPlan(
    calibration_cases=CALIBRATION,
    scratch_share=0.5,
    double_share=0.0,
    repeat_share=0.0,
    gold_share=0.0,
    review_share_first=1.0,
    review_share_least=1.0,
)


@dataclass
class Study:
    """The project, and what is true of it."""

    project: Project
    world: Simulation
    seed: int
    readers: dict[str, User] = field(default_factory=dict)
    seniors: list[User] = field(default_factory=list)
    truths: dict[int, Floats] = field(default_factory=dict)  # by case
    predictions: dict[int, Floats] = field(default_factory=dict)
    views: dict[tuple[str, int], Floats] = field(default_factory=dict)  # by reader and case
    met: dict[str, list[int]] = field(default_factory=dict)  # the cases of a reader, in their order
    first_verdicts: dict[str, list[Verdict]] = field(default_factory=dict)


def run(project: Project, seed: int, *, steady: bool = True) -> Study:
    """Do the whole study in an empty project with the structures of the phantoms."""
    study = Study(project, Simulation(np.random.default_rng(seed), steady), seed)
    _people(study)
    _cases(study)
    planning.change_plan(project=project, draft=replace(PLAN, seed=seed))
    _calibration(study)
    _ordinary(study)
    _weeks_pass(study)
    _round(study, ORDINARY, Purpose.REPEAT, repeat_share=1.0)
    _gold(study)
    figures.refresh(project, patient=False)
    return study


def _people(study: Study) -> None:
    for name in (*BIASES_MM, *SENIORS):
        user = User.objects.create_user(name)
        senior = name in SENIORS
        Membership.objects.create(
            project=study.project,
            user=user,
            role=Role.REVIEWER if senior else Role.ANNOTATOR,
            level=Level.EXPERT if senior else Level.JUNIOR,
        )
        if senior:
            study.seniors.append(user)
        else:
            study.readers[name], study.met[name], study.first_verdicts[name] = user, [], []


def _cases(study: Study) -> None:
    model = make_model(study.project)
    for _ in range(CALIBRATION + GOLD + ORDINARY * len(study.readers)):
        case = make_case(study.project, shape=SHAPE)
        truth = study.truths[case.pk] = study.world.truth()
        predicted = study.predictions[case.pk] = study.world.prediction(truth)
        mask = make_prediction(case, model, labels(predicted)).mask
        mask.annotated = list(STRUCTURES)
        mask.save()


# ── Rounds ───────────────────────────────────────────────────────────────────


def _calibration(study: Study) -> None:
    planning.draw_calibration(project=study.project)
    free = list(Case.objects.filter(project=study.project, calibration__isnull=True).order_by("number"))
    for case in free[:GOLD]:
        accept(case, labels(study.truths[case.pk]))
    golds = [planning.DraftGold(case.number, "phantom") for case in free[:GOLD]]
    planning.change_gold(project=study.project, drafts=golds)
    _round(study, CALIBRATION, Purpose.CALIBRATION)


def _ordinary(study: Study) -> None:
    _round(study, ORDINARY, Purpose.ROUTINE)
    for place in range(ORDINARY * len(study.readers)):
        returned = _review(study, study.seniors[place % len(study.seniors)], place)
        if returned is not None:
            _draw(study, returned, again=True)
            hand_in(returned)
            _review(study, study.seniors[(place + 1) % len(study.seniors)], 1)
    work(study.project)


def _gold(study: Study) -> None:
    _round(study, GOLD, Purpose.GOLD, gold_share=1.0)


def _round(study: Study, reads: int, purpose: Purpose, **shares: float) -> None:
    """Every reader claims, draws and hands in so many reads, turn by turn."""
    ReliabilityPlan.objects.filter(project=study.project).update(
        **({"repeat_share": 0.0, "gold_share": 0.0} | shares)
    )
    for turn in range(reads):
        if turn % TURNS_PER_ANALYSIS == 0:
            _analyse()
        for name, reader in study.readers.items():
            read = worklist.next_case(reader=reader, project=study.project)
            assert read is not None, f"{name} gets no {purpose} read"
            assert read.purpose == purpose
            _draw(study, read, again=purpose == Purpose.REPEAT)
            hand_in(read)
        work(study.project)


def _analyse() -> None:
    """Tell the database how large its tables are: all is one transaction, which no autovacuum sees into."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _draw(study: Study, read: Assignment, *, again: bool) -> None:
    """What the reader sees in the case, with the error of the day."""
    name, case = read.reader.get_username(), read.case_id
    if not again:
        study.met[name].append(case)
        drifted = name == DRIFTING and len(study.met[name]) >= DRIFT_FROM
        deck = f"{read.purpose} {read.start_from}"
        study.views[name, case] = study.world.view(name, study.truths[case], deck, drifted=drifted)
    prediction = study.predictions[case] if read.start_from == StartFrom.PREDICTION else None
    draw(read, labels(study.world.read(study.views[name, case], prediction)))


def _review(study: Study, senior: User, place: int) -> Assignment | None:
    """Of five reads one is returned (it is given back), one fixed, three accepted as they are."""
    review = worklist.claim_review(reviewer=senior, project=study.project)
    assert review is not None
    assert review.subject is not None
    verdict = (Verdict.RETURN, Verdict.ACCEPT, Verdict.FIX, Verdict.ACCEPT, Verdict.ACCEPT)[place % 5]
    said = study.first_verdicts[review.subject.reader.get_username()]
    if not review.subject.reviews_of.exclude(pk=review.pk).exists():
        said.append(verdict)
    if verdict == Verdict.RETURN:
        reviews.return_to_reader(assignment=review, revision=0, comment="Look at the lower poles again.")
        return review.subject
    if verdict == Verdict.FIX:
        draw(review, labels(study.truths[review.case_id]))
    head = Mask.objects.get(pk=review.mask_id).head
    reviews.accept(assignment=review, revision=head)
    return None


def _weeks_pass(study: Study) -> None:
    """All that was done was done three weeks earlier."""
    past = timedelta(days=21)
    Assignment.objects.filter(case__project=study.project).update(
        submitted_at=F("submitted_at") - past, final_at=F("final_at") - past, seen_at=F("seen_at") - past
    )
