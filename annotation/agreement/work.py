"""What a score job does: one case after a read of it became final, or a whole project for a new metric."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from django.db import transaction
from django.db.models import Q, QuerySet

from annotation import jobs
from annotation.agreement import charts, crossed, figures, reads, scoring, staleness
from annotation.agreement.sides import Pair, Side, final_reads, pairs_of, read_sides
from annotation.agreement.stock import Stock
from annotation.errors import Conflict
from annotation.models import AgreementScore, Assignment, Case, Job, JobKind, Project, Queue
from training.metrics import METRIC_VERSION
from training.progress import OnProgress, Progress, ignore_progress

ALL = "all"
UNMEASURED = "The spacing of the scan is not known; nothing of it is measured until a lead gives it."


# ── Asked for, in the transaction that gives the reason ──────────────────────


def settled(read: Assignment) -> Job:
    """A read was handed in, or accepted: compare it with what there is. Scores of earlier states go."""
    mine = read.mask.revisions.filter(number=read.mask.head).values("pk")
    for side in ("a", "b"):
        old = AgreementScore.objects.filter(**{f"read_{side}": read}).exclude(
            **{f"revision_{side}__in": mine}
        )
        staleness.mark_stale(old)
    return request(read.case)


def reopened(read: Assignment) -> None:
    """A read is its reader's again, or nobody's: nothing that was measured of it counts."""
    if staleness.outdate(read):
        ids = {"case": read.case_id, "readers": [read.reader_id]}  # whose charts are drawn without it
        jobs.enqueue(kind=JobKind.SCORE, queue=Queue.SCORE, ids=ids, project=read.case.project)


def gold_changed(case: Case) -> Job:
    """The case has another gold answer, or none. Call it with the changed row's lock held."""
    staleness.outdate_gold(case)
    return request(case)


def predicted(case: Case) -> None:
    """A model's prediction of the case has come: reads that were handed in before it are compared with it."""
    if final_reads(case):
        request(case)


def request(case: Case) -> Job:
    """Score what is comparable in a case. Asking twice costs a look: what is scored already stays."""
    return jobs.enqueue(kind=JobKind.SCORE, queue=Queue.SCORE, ids={"case": case.pk}, project=case.project)


@transaction.atomic
def request_all(project: Project) -> Job:
    """Score whatever lacks a score by today's metric and tolerances. Raises Conflict while that runs."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    mine = Job.objects.filter(project=project, kind=JobKind.SCORE, ids__has_key=ALL)
    there = mine.filter(state__in=jobs.UNFINISHED).first()
    if there is not None:
        raise Conflict(
            f"Job {there.pk} already scores this project. Wait for its end, or cancel it.", job=there.pk
        )
    return jobs.enqueue(kind=JobKind.SCORE, queue=Queue.SCORE, ids={ALL: METRIC_VERSION}, project=project)


def awaited(case_id: int) -> bool:
    """Whether a job that has still to end will score what is comparable in a case."""
    left = Job.objects.filter(kind=JobKind.SCORE, state__in=jobs.UNFINISHED, project__cases=case_id)
    return left.filter(Q(ids__case=case_id) | Q(ids__has_key=ALL)).exists()


# ── Done by a worker ─────────────────────────────────────────────────────────


def run(job: Job, lease: jobs.Lease, on_progress: OnProgress = ignore_progress) -> None:
    """Do a score job. What was stored by an attempt that died is not done again.

    Neither progress nor result of a case's job say how much there was to compare: that would tell its reader
    whether others have read the case.
    """
    if ALL in job.ids:
        cases = _read_cases(job.project)
        total = cases.count()
        stored = 0
        for done, case in enumerate(cases.iterator(chunk_size=50)):
            on_progress(Progress("score", done, total, f"case {done + 1} of {total}"))
            step = partial(on_progress, Progress("score", done, total))
            stored += score_case(case, lease, step, complete=True)
        readers = set(
            Assignment.objects.filter(case__project=job.project, submitted_at__isnull=False).values_list(
                "reader", flat=True
            )
        )
        unmeasured = list(cases.filter(volume__spacing_known=False).values_list("number", flat=True))
        result = {"cases": total, "scores": stored, "metric_version": METRIC_VERSION}
        if unmeasured:
            result |= {"left_out": UNMEASURED, "left_out_cases": unmeasured}
    else:
        case = Case.objects.select_related("volume", "project").get(pk=job.ids["case"])
        score_case(case, lease, lambda: on_progress(Progress("score", 0, 1)))
        readers = {read.reader_id for read in final_reads(case)} | set(job.ids.get("readers", []))
        result = {} if case.volume.spacing_known else {"left_out": UNMEASURED}
    figures.refresh(job.project, step=lambda: on_progress(Progress("figures", 0, 1)))
    with transaction.atomic():
        jobs.finish(lease, result)
        charts.keep(job.project, readers)


def _read_cases(project: Project) -> QuerySet[Case]:
    read = Assignment.objects.filter(case__project=project, submitted_at__isnull=False).values("case")
    cases = Case.objects.filter(project=project, pk__in=read)
    return cases.select_related("volume", "project").order_by("number")


def score_case(case: Case, lease: jobs.Lease, step: Callable[[], None], *, complete: bool = False) -> int:
    """Compare and describe everything of one case that was not yet. Returns how many scores were stored.

    While the spacing of the scan is not known nothing is compared; reads are described without volumes.
    `complete`: also scores that were kept before all of today's figures were.
    """
    targets = scoring.targets_of(case.project_id)
    finals = read_sides(final_reads(case))
    measured = case.volume.spacing_known
    due = scoring.due(case, pairs_of(case), targets, complete=complete) if measured else []
    everybodys = measured and crossed.is_calibration(case)
    if not (due or everybodys or reads.lacking(case, finals)):
        return 0
    stock = Stock(case, _all_sides(finals, (one.pair for one in due)))
    stored: list[AgreementScore] = []
    for one in due:
        step()
        stored += scoring.store(
            case, one.pair, scoring.compare(one, stock, scoring.spacing_of(case.volume)), lease
        )
    step()
    reads.summarise(case, finals, stock, targets, lease)
    if everybodys:
        step()
        made = crossed.keep_spreads(case, finals, stock, targets, lease)
        if made + crossed.rate(case, finals, stock, targets, lease):
            figures.touch(case)
    return len(stored)


def _all_sides(finals: Iterable[Side], pairs: Iterable[Pair]) -> Iterator[Side]:
    known = list(finals)
    yield from known
    yield from reads.start_sides(side.read for side in known if side.read is not None).values()
    for pair in pairs:
        yield from (pair.a, pair.b)
