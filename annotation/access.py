"""Fetch and authorise in one call. Strangers are told nothing (404), members without the right get 403.

A right follows from the membership in the object's project; the predicates take (membership, object). What a
reader may see of a case is what their own reads started from and what they drew themselves, so nobody meets
another reader's delineation before their own is final.
"""

from typing import Literal, TypeVar

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Model as Row
from django.db.models import QuerySet
from rules.predicates import Predicate
from rules.rulesets import RuleSet

from annotation.errors import Forbidden, NotFound
from annotation.models import (
    Assignment,
    AssignmentRole,
    AssignmentState,
    Branch,
    Case,
    CaseState,
    Job,
    Mask,
    Membership,
    ModelState,
    Project,
    ReadingSession,
    Role,
    Split,
    Volume,
)

User = AbstractBaseUser | AnonymousUser
LARGEST_ID = 2**63 - 1
Fetched = TypeVar("Fetched", bound=Row)


def _reads_it(membership: Membership, assignment: Assignment) -> bool:
    return assignment.reader_id == membership.user_id and assignment.state != AssignmentState.RELEASED


def _has_kept_strokes(membership: Membership, assignment: Assignment) -> bool:
    """A reader whose case went back may still open what was kept of it."""
    return assignment.reader_id == membership.user_id and assignment.branches.exists()


def _is_a_review(_: Membership, assignment: Assignment) -> bool:
    return assignment.role == AssignmentRole.REVIEW


def _lies_under_own_read(membership: Membership, mask: Mask) -> bool:
    """The mask of one of the member's reads, what that began from, or what that in turn began from."""
    own = Assignment.objects.filter(reader=membership.user_id, case=mask.case_id).exclude(
        state=AssignmentState.RELEASED
    )
    ids = own.values_list("mask", "mask__base", "mask__base__base")
    return any(mask.pk in chain for chain in ids)


def _is_own_branch(membership: Membership, mask: Mask) -> bool:
    """Strokes that the member drew too late, or what they were drawn on."""
    own = Branch.objects.filter(assignment__reader=membership.user_id, mask__case=mask.case_id)
    ids = own.values_list("mask", "mask__base", "mask__base__base", "assignment__mask")
    return any(mask.pk in chain for chain in ids)


def _is_offered(_: Membership, mask: Mask) -> bool:
    """What a model drew on a case that anybody may claim next: nobody has read it, nobody is unblinded."""
    case = mask.case
    ready = case.state == CaseState.READY and case.split == Split.POOL
    return ready and mask.model is not None and mask.model.state != ModelState.REJECTED


is_member = Predicate(lambda membership, _: membership is not None)
is_lead = Predicate(lambda membership, _: membership.role == Role.LEAD)
is_reviewer = Predicate(lambda membership, _: membership.role == Role.REVIEWER)
reads_it = Predicate(_reads_it)
is_a_review = Predicate(_is_a_review)
is_its_reader = Predicate(lambda membership, assignment: assignment.reader_id == membership.user_id)
has_kept_strokes = Predicate(_has_kept_strokes)
lies_under_own_read = Predicate(_lies_under_own_read)
is_own_branch = Predicate(_is_own_branch)
is_offered = Predicate(_is_offered)
kept_it = Predicate(lambda membership, branch: branch.assignment.reader_id == membership.user_id)
started_it = Predicate(lambda membership, session: _reads_it(membership, session.assignment))

RIGHTS = RuleSet(
    {
        "project.read": is_member,
        "project.annotate": is_member,
        "project.review": is_reviewer | is_lead,
        "project.list_cases": is_reviewer | is_lead,
        "project.manage": is_lead,
        "case.read": is_lead | is_reviewer,
        "volume.read": is_member,
        "assignment.read": reads_it | is_lead | has_kept_strokes,
        "assignment.keep": is_its_reader,
        "assignment.correct": reads_it,
        "assignment.submit": reads_it & ~is_a_review,
        "assignment.judge": reads_it & is_a_review,
        "session.ping": started_it,
        "mask.read": is_lead | lies_under_own_read | is_own_branch | is_offered,
        "branch.apply": kept_it,
        "job.read": is_member,
        "job.cancel": is_lead,
    }
)

# What opening a read shows beside the read itself. A save, which is asked for all day, does without.
_OPENED = (
    "case__project",
    "mask__base",
    "start_revision__mask__model",
    "subject__mask__base",
    "subject__start_revision__mask__model",
)

ProjectRight = Literal["read", "annotate", "review", "list_cases", "manage"]
AssignmentRight = Literal["read", "keep", "correct", "submit", "judge"]
JobRight = Literal["read", "cancel"]


def memberships(user: User) -> QuerySet[Membership]:
    """The user's projects, each with the role there."""
    return _memberships(user, 0).select_related("project").order_by("project__name")


def membership_for(user: User, project_id: int, *, to: ProjectRight = "read") -> Membership:
    """The user's place in a project, with the project."""
    membership = _memberships(user, project_id).select_related("project").filter(project=project_id).first()
    if membership is None:
        raise NotFound("There is no such project, or you are not a member of it.")
    _authorise(membership, f"project.{to}", membership.project)
    return membership


def project_for(user: User, project_id: int, *, to: ProjectRight = "read") -> Project:
    return membership_for(user, project_id, to=to).project


def case_for(user: User, case_id: int) -> Case:
    cases = Case.objects.select_related("volume", "project")
    return _fetch(user, cases, case_id, path="cases", right="case.read")


def assignment_for(user: User, assignment_id: int, *, to: AssignmentRight = "read") -> Assignment:
    assignments = Assignment.objects.select_related("case__volume", "mask")
    if to == "read":
        assignments = assignments.select_related(*_OPENED)
    return _fetch(user, assignments, assignment_id, path="cases__assignments", right=f"assignment.{to}")


def session_for(user: User, session_id: int) -> ReadingSession:
    sessions = ReadingSession.objects.select_related("assignment__case")
    return _fetch(user, sessions, session_id, path="cases__assignments__sessions", right="session.ping")


def mask_for(user: User, mask_id: int) -> Mask:
    masks = Mask.objects.select_related("case__volume", "model")
    return _fetch(user, masks, mask_id, path="cases__masks", right="mask.read")


def branch_for(user: User, mask_id: int) -> Branch:
    branches = Branch.objects.select_related("mask__case__volume", "assignment__case__volume")
    return _fetch(user, branches, mask_id, path="cases__masks__branch", right="branch.apply")


def may_name_authors(user: User, project_id: int) -> bool:
    """Leads see who drew what; to everybody else a name but their own would unblind somebody."""
    return _memberships(user, 0).filter(project=project_id, role=Role.LEAD).exists()


def volume_for(user: User, volume_id: int) -> Volume:
    return _fetch(user, Volume.objects.all(), volume_id, path="cases__volume", right="volume.read")


def job_for(user: User, job_id: int, *, to: JobRight = "read") -> Job:
    return _fetch(user, Job.objects.select_related("project"), job_id, path="jobs", right=f"job.{to}")


def _memberships(user: User, sought: int) -> QuerySet[Membership]:
    """The user's memberships; none where the id that is looked for is larger than the database can hold."""
    if sought > LARGEST_ID:
        return Membership.objects.none()
    return Membership.objects.filter(user=user.pk)


def _fetch(user: User, rows: QuerySet[Fetched], pk: int, *, path: str, right: str) -> Fetched:
    """The row, if the user is a member of a project that it belongs to along `path` and has the right."""
    membership = _memberships(user, pk).filter(**{f"project__{path}": pk}).first()
    row = rows.filter(pk=pk).first() if membership is not None else None
    if membership is None or row is None:
        raise NotFound(f"There is no such {right.partition('.')[0]}, or it is not yours to see.")
    _authorise(membership, right, row)
    return row


def _authorise(membership: Membership, right: str, row: Row) -> None:
    if not RIGHTS[right].test(membership, row):
        raise Forbidden(f"Your role in this project ({membership.role}) does not allow this.")
