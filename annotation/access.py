"""Fetch and authorise in one call. Strangers are told nothing (404), members without the right get 403.

A right follows from the membership in the object's project; the predicates take (membership, object). What a
reader may see of a case is what their own reads started from and what they drew themselves, so nobody meets
another reader's delineation before their own is final.

Volumes and masks are asked for by handles, which belong to one read. To readers other reads do not exist
(404), not even earlier ones of their own once these are closed.
"""

from datetime import timedelta
from typing import Literal, NoReturn, TypeVar
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Model as Row
from django.db.models import QuerySet
from rules.predicates import Predicate
from rules.rulesets import RuleSet

from annotation import audit, clock, handles
from annotation.errors import Forbidden, NotFound
from annotation.models import (
    ENDED_STATES,
    Assignment,
    AssignmentRole,
    AssignmentState,
    Branch,
    Case,
    CaseState,
    Job,
    Mask,
    MaskKind,
    Membership,
    ModelState,
    Pin,
    Project,
    Purpose,
    ReadingSession,
    Role,
    StartFrom,
    Upload,
    UploadedFile,
    Volume,
)
from annotation.prepared import Prepared

User = AbstractBaseUser | AnonymousUser
LARGEST_ID = 2**63 - 1
PRE_ANNOTATED = (MaskKind.MODEL, MaskKind.ATLAS)
VIEW_DAYS = 7  # a finished read stays open to its reader for so long, whatever it was read for
Fetched = TypeVar("Fetched", bound=Row)


def is_closed(assignment: Assignment) -> bool:
    """A finished read closes to its reader, so that a later one of the same case is blind."""
    final = assignment.final_at
    return final is not None and final <= clock.now() - timedelta(days=VIEW_DAYS)


def _is_its_reader(membership: Membership, assignment: Assignment) -> bool:
    """A planned read is not known to anybody but leads."""
    return assignment.reader_id == membership.user_id and assignment.state != AssignmentState.PLANNED


def _reads_it(membership: Membership, assignment: Assignment) -> bool:
    ended = assignment.state in ENDED_STATES or is_closed(assignment)
    return _is_its_reader(membership, assignment) and not ended


def _has_kept_strokes(membership: Membership, assignment: Assignment) -> bool:
    """A reader whose case went back may still open what was kept of it."""
    ended = assignment.state in ENDED_STATES
    return ended and assignment.reader_id == membership.user_id and assignment.branches.exists()


def _is_a_review(_: Membership, assignment: Assignment) -> bool:
    return assignment.role == AssignmentRole.REVIEW


def _is_an_adjudication(_: Membership, assignment: Assignment) -> bool:
    return assignment.role == AssignmentRole.ADJUDICATE


def _discusses(membership: Membership, pin: Pin) -> bool:
    """Who dropped it; once that review has ended, the reader and whoever reviews the read now."""
    if membership.user_id == pin.review.reader_id:
        return _reads_it(membership, pin.review)
    if pin.review.state != AssignmentState.DONE:
        return False
    reviews = pin.assignment.reviews_of.filter(reader=membership.user_id, state=AssignmentState.OPEN)
    return _reads_it(membership, pin.assignment) or reviews.exists()


def _lies_under(read: Assignment, mask: Mask) -> bool:
    """The mask of the read, one that it judges, late strokes of it, or what one of these began from."""
    ids: set[int | None] = set()
    for one in (read, read.subject, read.rival if read.role == AssignmentRole.ADJUDICATE else None):
        if one is not None:
            ids |= {one.mask_id, one.mask.base_id, one.mask.base.base_id if one.mask.base else None}
    late = read.branches.values_list("mask", "mask__base", "mask__base__base")
    return mask.pk in ids or any(mask.pk in chain for chain in late)


def _is_offered(mask: Mask) -> bool:
    """What a read that may come next can begin from: a pre-annotation unblinds nobody."""
    model = mask.model
    is_usable = model is None or model.state != ModelState.REJECTED
    return mask.kind in PRE_ANNOTATED and is_usable


def may_have_proposals(read: Assignment) -> bool:
    """Whether its reader may see what newer models make of the case: not where reads are compared.

    Repeats, gold, calibration and second reads stay with what they began from, and so do reads from scratch.
    """
    drawn_alone = read.role == AssignmentRole.ANNOTATE and read.purpose == Purpose.ROUTINE
    return drawn_alone and read.start_from == StartFrom.PREDICTION


def proposed_masks(read: Assignment) -> QuerySet[Mask]:
    """Pre-annotations that were made since the read began. Older ones would tell how often the case was
    predicted, which differs between reads that must look alike."""
    if not may_have_proposals(read):
        return Mask.objects.none()
    masks = Mask.objects.filter(case=read.case_id, kind__in=PRE_ANNOTATED, head__gte=1)
    newer = masks.filter(created_at__gt=read.created_at, prediction__isnull=False)
    return newer.exclude(model__state=ModelState.REJECTED)


is_member = Predicate(lambda membership, _: membership is not None)
is_lead = Predicate(lambda membership, _: membership.role == Role.LEAD)
is_reviewer = Predicate(lambda membership, _: membership.role == Role.REVIEWER)
reads_it = Predicate(_reads_it)
is_a_review = Predicate(_is_a_review)
is_an_adjudication = Predicate(_is_an_adjudication)
discusses = Predicate(_discusses)
is_its_reader = Predicate(_is_its_reader)
has_kept_strokes = Predicate(_has_kept_strokes)
kept_it = Predicate(lambda membership, branch: branch.assignment.reader_id == membership.user_id)
of_own_read = Predicate(lambda membership, session: _is_its_reader(membership, session.assignment))
started_it = Predicate(lambda membership, session: _reads_it(membership, session.assignment))

RIGHTS = RuleSet(
    {
        "project.read": is_member,
        "project.annotate": is_member,
        "project.review": is_reviewer | is_lead,
        "project.list_cases": is_lead,
        "project.manage": is_lead,
        "case.see": is_lead,
        "case.read": is_lead,
        "assignment.see": is_its_reader | is_lead,
        "assignment.read": reads_it | is_lead | has_kept_strokes,
        "assignment.keep": is_its_reader,
        "assignment.correct": reads_it,
        "assignment.propose": reads_it | is_lead,
        "assignment.submit": reads_it & ~is_a_review,
        "assignment.judge": reads_it & is_a_review,
        "assignment.adjudicate": reads_it & is_an_adjudication,
        "assignment.manage": is_lead,
        "session.see": of_own_read | is_lead,
        "session.ping": started_it,
        "branch.apply": kept_it,
        "pin.see": discusses | is_lead,
        "pin.discuss": discusses | is_lead,
        "job.read": is_lead,
        "job.cancel": is_lead,
    }
)

# What opening a read shows beside the read itself. A save, which is asked for all day, does without.
_OPENED = (
    "reader",
    "case__project",
    "mask__base",
    "start_revision__mask__model",
    "subject__mask__base",
    "subject__start_revision__mask__model",
)

_READ = Prepared(
    Assignment,
    lambda read: Assignment.objects.select_related("case__volume", "mask").filter(pk=read),
    read=int,
)
_OPENED_READ = Prepared(
    Assignment,
    lambda read: Assignment.objects.select_related("case__volume", "mask", *_OPENED).filter(pk=read),
    read=int,
)
_PLACE_AT_READ = Prepared(
    Membership,
    lambda user, read: Membership.objects.filter(user=user, active=True, project__cases__assignments=read),
    user=int,
    read=int,
)

ProjectRight = Literal["read", "annotate", "review", "list_cases", "manage"]
AssignmentRight = Literal["read", "keep", "correct", "propose", "submit", "judge", "adjudicate", "manage"]
JobRight = Literal["read", "cancel"]


def memberships(user: User) -> QuerySet[Membership]:
    """The user's projects, each with the role there."""
    return _memberships(user, 0).select_related("project").order_by("project__name")


def membership_for(user: User, project_id: int, *, to: ProjectRight = "read") -> Membership:
    """The user's place in a project, with the project."""
    membership = _memberships(user, project_id).select_related("project").filter(project=project_id).first()
    if membership is None:
        audit.was_refused(user.pk, "project", project_id)
        raise NotFound("There is no such project, or you are not a member of it.")
    _authorise(membership, f"project.{to}", membership.project)
    return membership


def project_for(user: User, project_id: int, *, to: ProjectRight = "read") -> Project:
    return membership_for(user, project_id, to=to).project


def case_for(user: User, case_id: int) -> Case:
    cases = Case.objects.select_related("volume", "project")
    return _fetch(user, cases, case_id, path="cases", right="case.read")


def assignment_for(user: User, assignment_id: int, *, to: AssignmentRight = "read") -> Assignment:
    if assignment_id > LARGEST_ID:
        _denied(user, "assignment", assignment_id)
    membership = _PLACE_AT_READ.first(user=user.pk or 0, read=assignment_id)
    rows = _OPENED_READ if to == "read" else _READ
    read = rows.first(read=assignment_id) if membership is not None else None
    return _allowed(membership, read, f"assignment.{to}") or _denied(user, "assignment", assignment_id)


def session_for(user: User, session_id: int) -> ReadingSession:
    sessions = ReadingSession.objects.select_related("assignment__case")
    return _fetch(user, sessions, session_id, path="cases__assignments__sessions", right="session.ping")


def mask_for(user: User, handle: str) -> Mask:
    named = handles.unseal("mask", handle, user.pk or 0)
    mask = Mask.objects.select_related("case__volume", "model").filter(pk=named.row).first()
    if mask is not None and _may_see(user, mask.case, named.number, mask):
        audit.saw_case(user.pk, "mask", mask.pk, mask.case)
        return mask
    audit.was_refused(user.pk, "mask", named.row)
    raise NotFound("There is no such mask, or it is not yours to see.")


def branch_for(user: User, handle: str) -> Branch:
    mask_id = handles.unseal("mask", handle, user.pk or 0).row
    branches = Branch.objects.select_related("mask__case__volume", "assignment__case__volume")
    return _fetch(user, branches, mask_id, path="cases__masks__branch", right="branch.apply")


def pin_for(user: User, pin_id: int) -> Pin:
    pins = Pin.objects.select_related("assignment__case", "review")
    return _fetch(user, pins, pin_id, path="cases__assignments__pins", right="pin.discuss")


def may_name_authors(user: User, project_id: int) -> bool:
    """Leads see who drew what; to everybody else a name but their own would unblind somebody."""
    return _memberships(user, 0).filter(project=project_id, role=Role.LEAD).exists()


def volume_for(user: User, handle: str) -> Volume:
    named = handles.unseal("volume", handle, user.pk or 0)
    # Projects may share a volume; the read says through which of its cases it is seen.
    cases = Case.objects.select_related("volume").filter(
        volume=named.row, project__memberships__user=user.pk, project__memberships__active=True
    )
    for case in cases:
        if _may_see(user, case, named.number, None):
            audit.saw_case(user.pk, "volume", case.volume_id, case)
            return case.volume
    audit.was_refused(user.pk, "volume", named.row)
    raise NotFound("There is no such volume, or it is not yours to see.")


def namer_for(user: User, assignment: Assignment) -> handles.Namer:
    """What names the volume and the masks of a read to this user."""
    own = assignment.reader_id == user.pk
    return handles.Namer(user.pk or 0, assignment.sequence_no if own else handles.LEAD)


def knows_cases(user: User, project_id: int) -> bool:
    """Leads see numbers, names and purposes of cases; to readers they would tell two reads of one case."""
    return may_name_authors(user, project_id)


def _may_see(user: User, case: Case, number: int, mask: Mask | None) -> bool:
    """Whether a handle opens: for leads always, for a reader while the read that it belongs to is open."""
    membership = _memberships(user, 0).filter(project=case.project_id).first()
    if membership is None or membership.role == Role.LEAD:
        return membership is not None
    if case.state == CaseState.HELD:
        return False
    reads = Assignment.objects.filter(reader=membership.user_id, case=case, sequence_no=number)
    read = reads.select_related("mask__base", "subject__mask__base", "rival__mask__base").first()
    if read is None or read.state == AssignmentState.PLANNED:
        # Nobody but `upcoming` names a read that has not begun.
        return number != handles.LEAD and (mask is None or _is_offered(mask))
    if not _reads_it(membership, read) and not _has_kept_strokes(membership, read):
        return False
    return mask is None or _lies_under(read, mask) or _is_proposed(membership, read, mask)


def _is_proposed(membership: Membership, read: Assignment, mask: Mask) -> bool:
    is_pre_annotation = mask.kind in PRE_ANNOTATED and _reads_it(membership, read)
    return is_pre_annotation and proposed_masks(read).filter(pk=mask.pk).exists()


def job_for(user: User, job_id: int, *, to: JobRight = "read") -> Job:
    """A job, for leads; to everybody else there are none, so that nobody can count what was asked for."""
    jobs = Job.objects.select_related("project")
    try:
        return _fetch(user, jobs, job_id, path="jobs", right=f"job.{to}")
    except Forbidden as refused:
        raise NotFound("There is no such job, or it is not yours to see.") from refused


def upload_for(user: User, upload_id: UUID) -> Upload:
    """Files on their way, for leads."""
    upload = Upload.objects.filter(pk=upload_id).first()
    return upload if upload is not None and _manages(user, upload) else _no_upload(user)


def uploaded_file_for(user: User, file_id: UUID) -> UploadedFile:
    """One of them, with its upload."""
    file = UploadedFile.objects.select_related("upload").filter(pk=file_id).first()
    return file if file is not None and _manages(user, file.upload) else _no_upload(user)


def _manages(user: User, upload: Upload) -> bool:
    return _memberships(user, 0).filter(project=upload.project_id, role=Role.LEAD).exists()


def _no_upload(user: User) -> NoReturn:
    """To everybody but leads there are no uploads: how much a project gets is not for readers to count."""
    audit.was_refused(user.pk, "upload")
    raise NotFound("There is no such upload, or it is not yours to see.")


def _memberships(user: User, sought: int) -> QuerySet[Membership]:
    """The user's memberships; none where the id that is looked for is larger than the database can hold."""
    if sought > LARGEST_ID:
        return Membership.objects.none()
    return Membership.objects.filter(user=user.pk, active=True)


def _fetch(user: User, rows: QuerySet[Fetched], pk: int, *, path: str, right: str) -> Fetched:
    """The row, if the user is a member of a project that it belongs to along `path` and has the right."""
    membership = _memberships(user, pk).filter(**{f"project__{path}": pk}).first()
    row = rows.filter(pk=pk).first() if membership is not None else None
    return _allowed(membership, row, right) or _denied(user, right.partition(".")[0], pk)


def _allowed(membership: Membership | None, row: Fetched | None, right: str) -> Fetched | None:
    """The row; None where it must not be known that there is one."""
    noun = right.partition(".")[0]
    see = f"{noun}.see"
    if (
        membership is not None
        and row is not None
        and (see not in RIGHTS or RIGHTS[see].test(membership, row))
    ):
        _authorise(membership, right, row)
        return row
    return None


def _denied(user: User, noun: str, pk: int) -> NoReturn:
    audit.was_refused(user.pk, noun, pk)
    raise NotFound(f"There is no such {noun}, or it is not yours to see.")


def _authorise(membership: Membership, right: str, row: Row) -> None:
    noun = right.partition(".")[0]
    if RIGHTS[right].test(membership, row):
        audit.saw(membership, noun, row)
    else:
        audit.was_refused(membership.user_id, noun, row.pk)
        raise Forbidden(f"Your role in this project ({membership.role}) does not allow this.")
