"""What the cases accepted since the newest training are expected to add to the mean test Dice."""

from annotation.learning.curves import ALL, fit
from annotation.learning.measured import accepted_cases, alike
from annotation.learning.policy import policy_of
from annotation.models import Project


def forecast_gain(project: Project) -> float | None:
    """Mean test Dice at all accepted pool cases minus that at the cases of the newest model on the curve.

    The curve is the one that *What labels buy* shows, of models of the policy's network. None where there is
    none: fewer than four different numbers of training cases, or no structure scored at each of them.
    """
    found = alike(project, network=policy_of(project).network)
    curve = fit(found, "dice", draws=0).of(ALL)
    if curve is None:
        return None
    newest, now = found.on_curve[-1].cases, accepted_cases(project)
    return max(0.0, curve(now) - curve(newest)) if now > newest else 0.0
