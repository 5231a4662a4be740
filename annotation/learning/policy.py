"""When a project trains, from what, and what the gate forgives: read, and changed by a lead."""

from typing import Any

from django.db import transaction

from annotation.errors import Refused
from annotation.models import LearningPolicy, Project, StartWeights, Strategy, Unit
from training.acquire import WHOLE_ONLY

# The names of `training.networks`, which the web process cannot load.
NETWORKS = (
    "plain_unet",
    "resenc_unet",
    "attention_unet",
    "swin_unetr",
    "unetr",
    "segresnet",
    "highresnet",
    "vnet",
)
OF_PROJECT = ("retrain_after", "training_budget_s")


def policy_of(project: Project) -> LearningPolicy:
    """The project's policy; unsaved defaults where nobody has set any."""
    return LearningPolicy.objects.filter(project=project).first() or LearningPolicy(project=project)


@transaction.atomic
def change_policy(*, project: Project, changes: dict[str, Any]) -> LearningPolicy:
    """Change fields of the policy, or of the project those of `OF_PROJECT`; the next training follows them.

    Raises Refused for what contradicts itself.
    """
    locked = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    of_project = {name: value for name, value in changes.items() if name in OF_PROJECT}
    policy = policy_of(locked)
    for name in changes.keys() - of_project.keys():
        setattr(policy, name, changes[name])
    _check(policy)
    policy.save()
    for name, value in of_project.items():
        setattr(locked, name, value)
        setattr(project, name, value)
    if of_project:
        locked.save(update_fields=list(of_project))
    return policy


def _check(policy: LearningPolicy) -> None:
    if policy.network not in NETWORKS:
        raise Refused(f"There is no network {policy.network}. There are {', '.join(NETWORKS)}.")
    if policy.frozen_encoder and policy.weights == StartWeights.SCRATCH:
        raise Refused(
            "A frozen encoder keeps what the serving model has learned, so it needs a warm start. "
            "Start from the serving model, or train the encoder as well."
        )
    if policy.unit != Unit.VOLUME and policy.strategy in WHOLE_ONLY:
        raise Refused(
            f"The strategy “{Strategy(policy.strategy).label}” compares whole scans and chooses no "
            f"{Unit(policy.unit).label}. "
            "Take another strategy, or let readers read whole scans."
        )
