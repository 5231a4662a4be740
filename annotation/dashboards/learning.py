"""What the next label buys: the learning curve of the project's own models, and what goals would cost.

The fit is that of `annotation.learning.curves`. Structures come one by one, and all together (an empty key)
where each was scored at every size.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean, median
from typing import Annotated

from annotation.dashboards.progress import hours_per_case
from annotation.dashboards.tables import Says
from annotation.learning.curves import ALL, Fitted, fit
from annotation.learning.measured import METRICS, Alike, Measured, accepted_cases, alike
from annotation.models import Project, SchemaStructure, StructureGoal
from training.curve import Curve, Forecast
from training.raters import FEWEST_CASES

NEXT = 10  # cases whose gain is told
BEYOND = 2.0  # curves are drawn up to so many times what there is
STEPS = 24
OTHER_TOLERANCE = "Its surface Dice was measured at another tolerance than the one in force."

Structure = Annotated[str, Says("Key of the structure; empty = mean over those scored at every size")]
Metric = Annotated[str, Says("dice or surface_dice")]
_Bounds = tuple[float | None, float | None, float | None]
_Counts = tuple[int | None, int | None, int | None]


@dataclass(frozen=True)
class LearningPointRow:
    """One model in one structure: what it reached on the test cases of the curve."""

    structure: Structure
    metric: Metric
    model_id: Annotated[int, Says("Id of the model")]
    version: Annotated[int, Says("Version of the model")]
    state: Annotated[str, Says("candidate, serving, retired or rejected")]
    promoted: Annotated[bool, Says("Whether it serves or has served")]
    train_cases: Annotated[int, Says("Accepted cases that it was trained on", "cases")]
    mean: Annotated[float | None, Says("Mean over the test cases of the curve; empty = on no curve")]
    cases: Annotated[int, Says("Test cases that the mean rests on", "cases")]
    metric_version: Annotated[str, Says("Definition of the metric")]
    left_out: Annotated[str, Says("Why it is on no curve")]


@dataclass(frozen=True)
class LearningCurveRow:
    """One place of a fitted curve."""

    structure: Structure
    metric: Metric
    train_cases: Annotated[float, Says("Number of training cases", "cases")]
    value: Annotated[float, Says("Mean that the fitted curve gives them")]
    low: Annotated[float | None, Says("Lower end of the 95 % band (other test cases)")]
    high: Annotated[float | None, Says("Upper end of the 95 % band")]
    beyond: Annotated[bool, Says("Whether it lies beyond the largest training set: extrapolated")]


@dataclass(frozen=True)
class LearningForecastRow:
    """What more cases would buy in one structure."""

    structure: Structure
    metric: Metric
    models: Annotated[int, Says("Models on the curve", "models")]
    sizes: Annotated[int, Says("Different numbers of training cases among them", "sizes")]
    left_out: Annotated[int, Says("Models left out; learning_points says why", "models")]
    test_cases: Annotated[int, Says("Test cases that all of them were scored on, at one revision", "cases")]
    newer_tests: Annotated[int, Says("Test cases of the newest model that the others did not see", "cases")]
    now: Annotated[int, Says("Accepted cases there are to train on", "cases")]
    newest: Annotated[int | None, Says("Version of the newest model on the curve")]
    reached: Annotated[float | None, Says("Mean of the largest training set on the curve")]
    gain: Annotated[float | None, Says("What the next 10 cases are expected to add to the mean")]
    gain_low: Annotated[float | None, Says("Lower end of its 95 % interval (other test cases)")]
    gain_high: Annotated[float | None, Says("Upper end of its 95 % interval")]
    goal: Annotated[float | None, Says("Dice that a lead wants; empty = no goal")]
    more: Annotated[int | None, Says("Cases more that reach it; empty = none do, or not known", "cases")]
    more_low: Annotated[int | None, Says("Lower end of the 95 % interval of these", "cases")]
    more_high: Annotated[int | None, Says("Upper end; empty = no upper bound", "cases")]
    likelihood: Annotated[float | None, Says("Share of the bootstrap's curves that reach the goal")]
    minutes_per_case: Annotated[float | None, Says("Median of the newest accepted cases, reviews too", "min")]
    hours: Annotated[float | None, Says("Hours of readers and reviewers for these cases, at that", "h")]
    hours_low: Annotated[float | None, Says("The same for the lower end", "h")]
    hours_high: Annotated[float | None, Says("The same for the upper end", "h")]
    sentence: Annotated[str, Says("The forecast in words")]
    reason: Annotated[str, Says("Why there is no curve, no interval, or no forecast")]


def point_rows(project: Project, *, metric: str = "") -> list[LearningPointRow]:
    """Model by model, those on no curve once each."""
    found = alike(project)
    keys = [ALL, *names_of_structures(project)]
    rows = []
    for name in _metrics(metric):
        everywhere = _everywhere(found, name)
        for one in found.on_curve:
            rows += [_point(one, name, key, everywhere) for key in keys]
        rows += [_point(one, name, ALL, frozenset()) for one in found.left_out]
    return [row for row in rows if row.mean is not None or row.left_out]


def curve_rows(project: Project, *, metric: str = "") -> list[LearningCurveRow]:
    """Structure by structure, from the smallest training set to twice what there is."""
    found = alike(project)
    has_band = len(found.revisions) >= FEWEST_CASES
    now = accepted_cases(project)
    rows = []
    for name in _metrics(metric):
        fitted = fit(found, name)
        for key in (ALL, *names_of_structures(project)):
            curve = fitted.of(key)
            if curve is not None:
                rows += list(_places(curve, name, key, now, has_band))
    return rows


def forecast_rows(project: Project, *, metric: str = "") -> list[LearningForecastRow]:
    """Structure by structure, with a sentence for each."""
    found = alike(project)
    now = accepted_cases(project)
    hours = hours_per_case(project)
    minutes = 60 * median(hours) if hours else None
    goals = StructureGoal.objects.filter(project=project, dice__isnull=False)
    wanted = dict(goals.values_list("structure__key", "dice"))
    names = {ALL: "The mean of all structures", **names_of_structures(project)}
    rows = []
    for name in _metrics(metric):
        fitted = fit(found, name)
        for key, spoken in names.items():
            goal = wanted.get(key) if name == "dice" else None
            rows.append(_forecast(found, fitted, (name, key, spoken), (now, minutes, goal)))
    return rows


def names_of_structures(project: Project) -> dict[str, str]:
    """Spoken names by key, in the order of the schema."""
    entries = SchemaStructure.objects.filter(schema__project=project).order_by("layer", "value")
    return dict(entries.values_list("structure__key", "structure__name"))


def _metrics(metric: str) -> tuple[str, ...]:
    """hd95_mm is no figure of models."""
    return tuple(name for name in METRICS if metric in ("", name))


def _everywhere(found: Alike, metric: str) -> frozenset[str]:
    """Structures that every size has a figure for: those of the mean over all."""
    by_size: dict[int, set[str]] = {}
    for one in found.of(metric):
        known = {key for (_, key), value in one.scores[metric].items() if value is not None}
        by_size.setdefault(one.cases, set()).update(known)
    return frozenset.intersection(*map(frozenset, by_size.values())) if by_size else frozenset()


def _point(one: Measured, metric: str, key: str, everywhere: frozenset[str]) -> LearningPointRow:
    structures = everywhere if key == ALL else frozenset({key})
    values: dict[str, list[float]] = {}
    cases = set()
    for (revision, structure), value in one.scores[metric].items():
        if structure in structures and value is not None and not one.left_out:
            values.setdefault(structure, []).append(value)
            cases.add(revision)
    blunt = OTHER_TOLERANCE if not values and _is_blunt(one, metric, key) else ""
    return LearningPointRow(
        structure=key,
        metric=metric,
        model_id=one.model.pk,
        version=one.model.version,
        state=one.model.state,
        promoted=one.promoted,
        train_cases=one.cases,
        mean=fmean(fmean(each) for each in values.values()) if values else None,
        cases=len(cases),
        metric_version=one.model.metric_version,
        left_out=one.left_out or blunt,
    )


def _is_blunt(one: Measured, metric: str, key: str) -> bool:
    """Whether what the model has of a structure (of all) was measured at another tolerance."""
    if metric != "surface_dice":
        return False
    return key in one.blunt or (key == ALL and bool(one.blunt) and not one.scores[metric])


def _places(curve: Curve, metric: str, key: str, now: int, has_band: bool) -> Iterator[LearningCurveRow]:
    first, largest = min(curve.sizes), max(curve.sizes)
    last = BEYOND * max(largest, now)
    between = [first * (last / first) ** (step / STEPS) for step in range(STEPS + 1)]
    for place in sorted({*between, float(largest)}):
        low, high = curve.band(place) if has_band else (None, None)
        yield LearningCurveRow(key, metric, place, curve(place), low, high, place > largest)


def _forecast(
    found: Alike,
    fitted: Fitted,
    what: tuple[str, str, str],
    ahead: tuple[int, float | None, float | None],
) -> LearningForecastRow:
    """`what`: metric, key and spoken name; `ahead`: accepted cases, minutes of one, and the goal."""
    metric, key, spoken = what
    now, minutes, goal = ahead
    curve, reason = fitted.of(key), fitted.reason(key)
    on_curve = [one for one in found.on_curve if not _is_blunt(one, metric, key)]
    known = len(found.revisions) >= FEWEST_CASES
    told = None if curve is None or goal is None or goal >= 1 else curve.forecast(goal, now)
    gain, more = _bounds(curve, told, now, known)
    reason = f"An interval needs {FEWEST_CASES} test cases." if curve is not None and not known else reason
    return LearningForecastRow(
        structure=key,
        metric=metric,
        models=len(on_curve),
        sizes=len({one.cases for one in on_curve}),
        left_out=len(found.left_out) + len(found.on_curve) - len(on_curve),
        test_cases=len(found.revisions),
        newer_tests=found.newer_tests,
        now=now,
        newest=on_curve[-1].model.version if on_curve else None,
        reached=None if curve is None else curve.means[-1],
        gain=gain[0],
        gain_low=gain[1],
        gain_high=gain[2],
        goal=goal,
        more=more[0],
        more_low=more[1],
        more_high=more[2],
        likelihood=None if told is None or not known else told.likelihood,
        minutes_per_case=minutes,
        hours=_work(more[0], minutes),
        hours_low=_work(more[1], minutes),
        hours_high=_work(more[2], minutes),
        sentence=_sentence(spoken, told, _work(more[0], minutes), known),
        reason=reason,
    )


def _bounds(
    curve: Curve | None, told: Forecast | None, now: int, has_interval: bool
) -> tuple[_Bounds, _Counts]:
    """What the next cases buy, and how many the goal needs; where too little is known, without bounds."""
    gain: _Bounds = (None, None, None) if curve is None else curve.gain(NEXT, max(now, 1))
    more: _Counts = (None, None, None) if told is None else (told.more, told.low, told.high)
    return (gain, more) if has_interval else ((gain[0], None, None), (more[0], None, None))


def _work(cases: int | None, minutes: float | None) -> float | None:
    """Hours of readers."""
    return None if cases is None or minutes is None else cases * minutes / 60


def _sentence(spoken: str, told: Forecast | None, hours: float | None, has_interval: bool) -> str:
    if told is None:
        return ""
    goal = f"Dice {told.target:.2f}"
    if told.more == 0:
        return f"{spoken} reaches {goal} with the {told.now} cases there are."
    if told.more is None:
        chance = f": {told.likelihood:.0%} of the curves that fit do" if has_interval else ""
        return f"{spoken} does not reach {goal} by more cases alone{chance}."
    about = f"{spoken} reaches {goal} with about {told.more} more cases"
    cost = "" if hours is None else f", about {_hours(hours)} of readers and reviewers"
    return f"{about}{_interval(told) if has_interval else ''}{cost}."


def _interval(told: Forecast) -> str:
    if told.high is None:
        return (
            f" (at least {told.low}, no upper bound: {told.likelihood:.0%} of the curves that fit reach it)"
        )
    return f" (95 % interval {told.low} to {told.high})"


def _hours(hours: float) -> str:
    return f"{hours:.0f} hours" if hours >= 1.5 else f"{60 * hours:.0f} minutes"
