"""What the cases accepted since the last training are expected to add to the mean test Dice.

The models a project has made so far are points of its learning curve: on how many cases each was trained, and
what it reached on the test references that all of them were scored on. The curve is `training.curve`'s.
"""

from statistics import fmean

from django.db.models import Count, Q

from annotation.learning.policy import policy_of
from annotation.models import Model, ModelScore, Project, SnapshotUse, Split
from training.curve import FEWEST_SIZES, fit_curve

Key = tuple[int, str]  # of a reference and a structure in it


def forecast_gain(project: Project) -> float | None:
    """Mean test Dice at all accepted pool cases minus that at the cases of the newest training.

    None while models of the policy's network were trained on fewer than four different numbers of cases, or
    share no scored reference: nothing is extrapolated from less.
    """
    sizes = _sizes(project)
    if len(set(sizes.values())) < FEWEST_SIZES:
        return None
    scores = _scores(list(sizes))
    shared = set.intersection(*(set(scores.get(model, {})) for model in sizes))
    if not shared:
        return None
    points = [(size, _mean(scores[model], shared)) for model, size in sizes.items()]
    by_size = [(n, fmean(dice for size, dice in points if size == n)) for n in sorted(set(sizes.values()))]
    _, a, b = fit_curve([n for n, _ in by_size], [dice for _, dice in by_size])
    accepted = project.cases.filter(split=Split.POOL, accepted_revision__isnull=False).count()
    last = max(sizes.items())[1]
    if accepted <= last:
        return 0.0
    return float(a * (last**-b - accepted**-b))


def _sizes(project: Project) -> dict[int, int]:
    """Training cases of every model of the network that the next training uses."""
    trained_on = Count("run__snapshot__items", filter=Q(run__snapshot__items__use=SnapshotUse.TRAIN))
    models = Model.objects.filter(project=project, run__network=policy_of(project).network)
    found = models.annotate(trained_on=trained_on).filter(trained_on__gt=0)
    return dict(found.values_list("pk", "trained_on"))


def _scores(models: list[int]) -> dict[int, dict[Key, float]]:
    found: dict[int, dict[Key, float]] = {}
    rows = ModelScore.objects.filter(model__in=models, dice__isnull=False)
    for model, revision, structure, dice in rows.values_list("model", "revision", "structure", "dice"):
        found.setdefault(model, {})[revision, structure] = dice or 0.0
    return found


def _mean(scores: dict[Key, float], shared: set[Key]) -> float:
    """Every structure weighs the same."""
    names = {name for _, name in shared}
    return fmean(fmean(scores[key] for key in shared if key[1] == name) for name in names)
