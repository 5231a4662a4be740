"""The shared project's cases: nobody reads one, and there are some to take."""

from annotation import ingest, learning, worklist
from annotation.models import Assignment, AssignmentRole, AssignmentState, Case, CaseState, Project
from training.phantom import make_phantom

SHAPE, SPACING_MM = (48, 48, 32), (6.0, 6.0, 6.0)
FEWEST, MOST_TAKEN = 8, 4  # cases that nobody has opened when a module begins; that it may need at once


def phantom_case(
    project: Project, number: int, *, split: str = "pool", annotated: tuple[str, ...] = ()
) -> Case:
    """Add the phantom of this number; with `annotated`, its delineation too."""
    phantom = make_phantom(number, shape=SHAPE, spacing_mm=SPACING_MM)
    return ingest.add_case(
        project=project,
        volume=phantom.image,
        name=f"small {number + 1}",
        patient_key=f"small-{number + 1}",
        split=split,
        labels=phantom.labels[None] if annotated else None,
        annotated=annotated,
    )


def free_all() -> None:
    """End every read and review that has begun, and forget who gave what back."""
    begun = (AssignmentState.OPEN, AssignmentState.RETURNED, AssignmentState.PLANNED)
    for read in Assignment.objects.filter(role=AssignmentRole.ANNOTATE, state__in=begun):
        worklist.take_over(assignment=read)
    for review in Assignment.objects.filter(
        role=AssignmentRole.REVIEW, state=AssignmentState.OPEN, mask__head=0
    ):
        worklist.release(assignment=review)
    # What a reader gave back comes to that reader last, whatever its date.
    given_back = Assignment.objects.filter(role=AssignmentRole.ANNOTATE, state=AssignmentState.RELEASED)
    given_back.update(state=AssignmentState.WITHDRAWN)
    Case.objects.update(due_at=None)


def top_up(project: Project) -> None:
    """Add phantoms until there are cases enough that nobody has opened; the worker then predicts them."""
    unopened = project.cases.filter(split="pool", state__in=(CaseState.WAITING, CaseState.READY)).count()
    first = project.cases.count()
    for number in range(first, first + FEWEST - unopened):
        phantom_case(project, number)
    learning.enqueue_predictions_if_due(project)


def ready(project: Project) -> int:
    """How many cases a reader can take."""
    return project.cases.filter(split="pool", state=CaseState.READY).count()
