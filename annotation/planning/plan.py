"""The reliability plan of a project: what it says, and which plans cannot be carried out."""

from dataclasses import asdict, dataclass, fields, replace

from django.db import transaction

from annotation import access, worklist
from annotation.errors import Refused
from annotation.models import Case, Project, ReliabilityPlan, Split


@dataclass(frozen=True)
class DraftPlan:
    """A plan that may not be stored yet; the fields and defaults are those of `ReliabilityPlan`."""

    calibration_cases: int = 15
    scratch_share: float = 0.5
    double_share: float = 0.10
    repeat_share: float = 0.05
    washout_days: int = 14
    gold_share: float = 0.05
    review_share_first: float = 1.0
    review_share_least: float = 0.2
    review_window: int = 20
    seed: int = 0


SHARES = (
    "scratch_share",
    "double_share",
    "repeat_share",
    "gold_share",
    "review_share_first",
    "review_share_least",
)


def draft_of(project: Project) -> DraftPlan | None:
    """What the project's plan says; None = it has none, so that every read is routine and reviewed."""
    plan = worklist.plan_of(project)
    if plan is None:
        return None
    return DraftPlan(**{field.name: getattr(plan, field.name) for field in fields(DraftPlan)})


def usual(project: Project) -> DraftPlan:
    """What a study of so many cases usually reads; of a small one at most a third is for calibration."""
    cases, draft = cases_to_read(project), DraftPlan()
    return replace(draft, calibration_cases=min(draft.calibration_cases, cases // 3)) if cases else draft


@transaction.atomic
def change_plan(*, project: Project, draft: DraftPlan) -> DraftPlan:
    """Put a plan into force; it steers reads from now on. Raises Refused for one that nobody can follow."""
    check(draft, readers=len(worklist.readers(project)), cases=cases_to_read(project))
    ReliabilityPlan.objects.update_or_create(project=project, defaults=asdict(draft))
    return draft


def cases_to_read(project: Project) -> int:
    return Case.objects.filter(project=project, split=Split.POOL).count()


def check(draft: DraftPlan, *, readers: int, cases: int) -> None:
    """Refuse what so many annotators could not carry out with so many cases, with the reason."""
    for name in SHARES:
        if not 0 <= getattr(draft, name) <= 1:
            raise Refused(f"{name} is a share: it lies between 0 and 1.")
    special = draft.double_share + draft.repeat_share + draft.gold_share
    if special > 1:
        raise Refused(f"Second, repeated and gold reads are {special:.0%} of all reads; 100 % is the most.")
    if draft.review_share_least > draft.review_share_first:
        raise Refused(
            "The share of reads that are reviewed falls: its least value cannot be above the first."
        )
    if draft.review_window < 1:
        raise Refused("The share that is reviewed follows from one review at least.")
    if draft.washout_days < access.VIEW_DAYS:
        raise Refused(
            f"A reader can look at a finished read for {access.VIEW_DAYS} days, "
            f"so it can be repeated after {access.VIEW_DAYS} days at the earliest."
        )
    _check_people_and_cases(draft, readers, cases)


def _check_people_and_cases(draft: DraftPlan, readers: int, cases: int) -> None:
    if draft.double_share > 0 and readers < 2:
        raise Refused(
            f"Active annotators in this project: {readers}. Second reads need two of them: invite somebody, "
            "or plan no second reads."
        )
    if draft.calibration_cases > cases > 0:
        raise Refused(
            f"The project has {cases} {'case' if cases == 1 else 'cases'} to read; "
            f"it cannot set {draft.calibration_cases} apart."
        )
