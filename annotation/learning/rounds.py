"""When the next training starts by itself: after enough cases, after enough time, or for enough to gain."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from annotation import clock
from annotation.learning.gain import forecast_gain
from annotation.learning.policy import policy_of
from annotation.learning.runs import (
    accepted_since_last_run,
    last_run,
    lock,
    request_run,
    unfinished_training,
)
from annotation.models import LearningPolicy, Project, TrainingRun, Trigger


@dataclass(frozen=True)
class NextRound:
    """What the next training waits for. `gain` is None where it cannot be told, `at` where no clock runs."""

    new: int
    gain: float | None
    at: datetime | None
    due: Trigger | None
    sentence: str


def request_run_if_due(project: Project) -> TrainingRun | None:
    """Request a run once the policy asks for one. Safe at any time, for any number of callers at once."""
    with transaction.atomic():
        locked = lock(project)
        if unfinished_training(locked) is not None:
            return None
        due = _due(locked, policy_of(locked), accepted_since_last_run(locked))
        return None if due is None else request_run(project=locked, requested_by=None, trigger=due)


def next_round(project: Project) -> NextRound:
    """For the lead: whether and why the next training starts."""
    policy, new = policy_of(project), accepted_since_last_run(project)
    gain = forecast_gain(project)
    at = _at(project, policy) if policy.automatic and new else None
    due = _due(project, policy, new)
    return NextRound(new, gain, at, due, _sentence(project, policy, new, gain))


def _due(project: Project, policy: LearningPolicy, new: int) -> Trigger | None:
    """Nothing starts a training by itself of what has been learned already."""
    if not policy.automatic or new == 0:
        return None
    if new >= project.retrain_after:
        return Trigger.COUNT
    at = _at(project, policy)
    if at is not None and at <= clock.now():
        return Trigger.SCHEDULE
    if policy.forecast_gain is not None:
        gain = forecast_gain(project)
        if gain is not None and gain >= policy.forecast_gain:
            return Trigger.GAIN
    return None


def _at(project: Project, policy: LearningPolicy) -> datetime | None:
    """When the clock starts a training; without any training yet, at once."""
    if policy.every_hours is None:
        return None
    last = last_run(project)
    return clock.now() if last is None else last.created_at + timedelta(hours=policy.every_hours)


def _sentence(project: Project, policy: LearningPolicy, new: int, gain: float | None) -> str:
    accepted = f"{new} case{'' if new == 1 else 's'} accepted since the last training."
    if not policy.automatic:
        return f"{accepted} Trainings start by hand alone."
    ways = [f"after {project.retrain_after}"]
    if policy.every_hours is not None:
        ways.append(f"{policy.every_hours} h after the last one")
    if policy.forecast_gain is not None:
        told = "cannot be told yet" if gain is None else f"is {gain:.3f} now"
        ways.append(f"when {policy.forecast_gain:.3f} Dice is to be gained, which {told}")
    return f"{accepted} The next one starts {', or '.join(ways)}."
