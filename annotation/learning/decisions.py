"""Which model serves: put into service by the gate, by a lead against the gate, or put back by a lead."""

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet

from annotation.errors import Conflict, NotFound, Refused
from annotation.learning.predictions import enqueue_predictions
from annotation.learning.runs import lock, serving_model
from annotation.models import GateVerdict, Model, ModelDecision, ModelState, Project

LONGEST_REASON = 1000


def serve(
    model: Model, *, verdict: GateVerdict, by: AbstractBaseUser | None = None, reason: str = ""
) -> None:
    """Make the model the one that serves, keep why, and have it predict what nobody has opened.

    Within the caller's transaction, which holds the project's lock.
    """
    before = serving_model(model.project)
    if before is not None:
        before.state = ModelState.RETIRED
        before.save(update_fields=["state"])
    model.state = ModelState.SERVING
    model.save(update_fields=["state"])
    ModelDecision.objects.create(
        model=model,
        verdict=verdict,
        instead_of=before,
        by_id=None if by is None else by.pk,
        reason=reason[:LONGEST_REASON],
    )
    enqueue_predictions(model)


@transaction.atomic
def promote(*, project: Project, version: int, by: AbstractBaseUser, reason: str) -> Model:
    """Put a model into service whatever the gate said. Raises Conflict when it serves already."""
    said, model = _said(reason), _locked(project, version)
    if model.state == ModelState.SERVING:
        raise Conflict(f"Model {version} serves already.")
    serve(model, verdict=GateVerdict.OVERRULED, by=by, reason=said)
    return model


@transaction.atomic
def roll_back(*, project: Project, by: AbstractBaseUser, reason: str, version: int) -> Model:
    """Put the model back that served before the one that serves now.

    `version` is that model's: a lead who looks at an old page puts no other one back. Raises Conflict then,
    and where nothing served before.
    """
    said, locked = _said(reason), lock(project)
    before = former_model(locked)
    if before is None:
        raise Conflict("No other model has served here, so there is none to go back to.")
    if before.version != version:
        raise Conflict(
            f"Meanwhile another model serves: going back would lead to model {before.version}. Look again."
        )
    serve(before, verdict=GateVerdict.ROLLED_BACK, by=by, reason=said)
    return before


def former_model(project: Project) -> Model | None:
    """What the serving model replaced when it was put into service; going back twice goes back further."""
    serving = serving_model(project)
    if serving is None:
        return None
    chosen = serving.decisions.filter(verdict__in=[GateVerdict.PROMOTED, GateVerdict.OVERRULED])
    decision = chosen.select_related("instead_of").last()
    if decision is not None:
        return decision.instead_of
    # Models from before decisions were kept.
    earlier = Model.objects.filter(project=project, version__lt=serving.version, state=ModelState.RETIRED)
    return earlier.order_by("-version").first()


def decisions(project: Project) -> QuerySet[ModelDecision]:
    """Every decision, the newest first."""
    rows = ModelDecision.objects.filter(model__project=project)
    return rows.select_related("model", "instead_of", "by").order_by("-pk")


def model_of(project: Project, version: int) -> Model:
    """Raises NotFound."""
    model = Model.objects.filter(project=project, version=version).first()
    if model is None:
        raise NotFound(f"The project has no model {version}.")
    return model


def _locked(project: Project, version: int) -> Model:
    return model_of(lock(project), version)


def _said(reason: str) -> str:
    said = " ".join(reason.split())
    if not said:
        raise Refused("Say why in a few words: whoever trusts this model later reads them.")
    if len(said) > LONGEST_REASON:
        raise Refused(f"The reason has {len(said)} characters; at most {LONGEST_REASON} are kept.")
    return said
