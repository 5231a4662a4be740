"""What if another strategy had chosen? A replay on the project's own accepted cases, as a job.

The replay itself needs torch and lives with the tasks; here it is asked for, and what it reads is frozen.
"""

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from numpy.typing import NDArray

from annotation import chunks, ingest, jobs
from annotation.errors import Conflict, Refused
from annotation.learning.manifests import spacing_of, structures_of
from annotation.learning.policy import policy_of
from annotation.learning.runs import lock
from annotation.models import (
    Case,
    CaseState,
    Job,
    JobKind,
    JobState,
    Project,
    Queue,
    Revision,
    Split,
    Strategy,
)
from training.labels import StructureSpec
from training.manifest import Case as TrainingCase
from training.progress import OnProgress, Progress

FEWEST = 4
LOOPS = 3
MOST_MINUTES = 24 * 60


@dataclass(frozen=True)
class WhatIf:
    """What to replay: strategies on the accepted cases of the pool, a number of seconds per training."""

    strategies: tuple[str, ...]
    seeds: int
    seconds: int
    start: int
    query: int
    budget: int

    @property
    def trainings(self) -> int:
        """How many trainings that makes; the first of a seed serves all strategies."""
        return self.seeds * (1 + len(self.strategies) * ceil((self.budget - self.start) / self.query))

    @property
    def minutes(self) -> float:
        """What the trainings take; predicting in between comes on top."""
        return self.trainings * self.seconds / 60


@dataclass(frozen=True)
class Frozen:
    """What a replay reads: arrays on disk, as training reads them."""

    structures: tuple[StructureSpec, ...]
    pool: tuple[TrainingCase, ...]
    test: tuple[TrainingCase, ...]


@dataclass(frozen=True)
class Answer:
    """What could be asked, what was, and what the newest finished replay found."""

    usual: WhatIf
    job: Job | None
    asked: WhatIf | None
    figures: dict[str, Any] | None


def what_if(project: Project) -> Answer:
    """Everything there is to show."""
    job, finished = latest(project), latest(project, (JobState.SUCCEEDED,))
    return Answer(
        usual(project), job, what_if_of(job) if job else None, finished.result if finished else None
    )


def usual(project: Project) -> WhatIf:
    """A small replay: the project's strategy against random ones, in LOOPS queries, for minutes."""
    count = _accepted(project, (Split.POOL,)).count()
    start = max(1, count // 4)
    query = max(1, ceil((count - start) / LOOPS))
    own = policy_of(project).strategy
    strategies = tuple(dict.fromkeys((own, Strategy.FG_RANDOM.value, Strategy.RANDOM.value)))
    return WhatIf(strategies, 2, 30, start, query, max(count, start + 1))


def request_what_if(*, project: Project, strategies: Sequence[str], seeds: int, seconds: int) -> Job:
    """Put a replay in the queue. Raises Conflict while one waits or runs, Refused when it cannot be done."""
    with transaction.atomic():
        lock(project)
        if latest(project, states=jobs.UNFINISHED) is not None:
            raise Conflict("Strategies are compared already. Wait for the end, or cancel it.")
        small = usual(project)
        wanted = WhatIf(
            tuple(dict.fromkeys(strategies)), seeds, seconds, small.start, small.query, small.budget
        )
        if wanted.minutes > MOST_MINUTES:
            raise Refused(
                f"That would take {wanted.minutes / 60:.0f} hours of training. Ask for fewer strategies, "
                "seeds or seconds: a day at the most."
            )
        pool, test = _frozen(project)
        ids = {"order": asdict(wanted), "pool": pool, "test": test}
        return jobs.enqueue(kind=JobKind.SIMULATE, queue=Queue.TRAIN, ids=ids, project=project)


def latest(project: Project, states: Sequence[str] = JobState.values) -> Job | None:
    """The newest replay in one of these states."""
    return (
        Job.objects.filter(project=project, kind=JobKind.SIMULATE, state__in=states).order_by("-pk").first()
    )


def what_if_of(job: Job) -> WhatIf:
    """What a job was asked to replay."""
    order = dict(job.ids["order"])
    return WhatIf(tuple(order.pop("strategies")), **order)


def what_if_folder(job: Job) -> Path:
    """Where a machine keeps a replay until it is over."""
    return _root() / f"simulate-{job.pk}"


def tidy_what_ifs() -> None:
    """Remove what this machine keeps of replays that are over."""
    folders = {int(path.name.removeprefix("simulate-")): path for path in _root().glob("simulate-*")}
    over = Job.objects.filter(pk__in=folders).exclude(state__in=jobs.UNFINISHED)
    for pk in over.values_list("pk", flat=True):
        shutil.rmtree(folders[pk], ignore_errors=True)


def _root() -> Path:
    return Path(settings.WORK_ROOT)


def frozen_for(job: Job, folder: Path, on_progress: OnProgress) -> Frozen:
    """Write what was accepted when the replay was asked for below `folder`; what is there already stays."""
    folder.mkdir(parents=True, exist_ok=True)
    pairs = [*job.ids["pool"], *job.ids["test"]]
    written = []
    for done, (case, revision) in enumerate(pairs):
        on_progress(Progress("preparing", done, len(pairs), f"reading case {done + 1} of {len(pairs)}"))
        written.append(_written(case, revision, folder))
    many = len(job.ids["pool"])
    return Frozen(structures_of(job.project_id), tuple(written[:many]), tuple(written[many:]))


def _accepted(project: Project, splits: Sequence[str]) -> QuerySet[Case]:
    """Those that were read as a whole: a replay reads whole cases."""
    whole = Case.objects.filter(project=project, state=CaseState.ACCEPTED, region__isnull=True)
    return whole.filter(split__in=splits, volume__spacing_known=True).order_by("number")


def _frozen(project: Project) -> tuple[list[list[int]], list[list[int]]]:
    """Case and accepted revision of what is read and of what scores the trainings."""
    pool, test = (
        [list(pair) for pair in _accepted(project, splits).values_list("pk", "accepted_revision")]
        for splits in ((Split.POOL,), (Split.TEST, Split.VALIDATION))
    )
    if len(pool) < FEWEST:
        raise Refused(
            f"At least {FEWEST} accepted cases of the pool are needed to choose among; there are {len(pool)}."
        )
    if not test:
        raise Refused("Accept a case of the test or validation split first: the trainings are scored on it.")
    return pool, test


def _written(case_id: int, revision_id: int, folder: Path) -> TrainingCase:
    case = Case.objects.select_related("volume").get(pk=case_id)
    revision = Revision.objects.select_related("mask").get(pk=revision_id)
    image, labels = folder / f"volume-{case.volume_id}.npy", folder / f"revision-{revision_id}.npy"
    if not image.exists():
        _save(image, ingest.read_voxels(case.volume))
    if not labels.exists():
        _save(labels, chunks.read_layers(revision.mask, revision.number))
    return TrainingCase(str(case_id), image, spacing_of(case.volume), labels, tuple(revision.mask.annotated))


def _save(path: Path, array: NDArray[np.generic]) -> None:
    """A half-written file never has the final name."""
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        np.save(file, array, allow_pickle=False)
    unfinished.replace(path)
