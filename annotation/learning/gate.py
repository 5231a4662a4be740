"""The gate: what its comparison says, in one sentence a project lead can act on, and as figures to keep."""

from dataclasses import asdict
from typing import Any

from training.compare import Comparison, Decision, Difference

PROMOTED, REJECTED = "promoted", "rejected"


def first(version: int, test_cases: int) -> dict[str, Any]:
    """There is nothing to compare with: the first model serves."""
    checked = (
        f"Its scores on {_count(test_cases, 'test case')} are the bar for the next one."
        if test_cases
        else "No test case is accepted yet, so its quality is unknown: accept test cases to measure models."
    )
    return {"decision": PROMOTED, "sentence": f"Model {version} is the first model and serves. {checked}"}


def decide(version: int, serving: int, comparison: Comparison, names: dict[str, str]) -> dict[str, Any]:
    """Promoted or rejected, why, and the figures. `names` gives the spoken name of each structure key."""
    rejected = comparison.decision in (Decision.WORSE, Decision.NOT_BETTER)
    return {
        "decision": REJECTED if rejected else PROMOTED,
        "sentence": _sentence(version, serving, comparison, names),
        "compared_with": serving,
        "margin": comparison.margin,
        "overall": None if comparison.overall is None else asdict(comparison.overall),
        "structures": {key: asdict(difference) for key, difference in comparison.structures.items()},
        "worse": list(comparison.worse),
    }


def _sentence(version: int, serving: int, comparison: Comparison, names: dict[str, str]) -> str:
    if comparison.overall is None:
        return (
            f"Model {version} serves without a comparison: no accepted test case shows a structure that both "
            f"it and model {serving} were scored on. Accept test cases to compare models."
        )
    if comparison.decision is Decision.WORSE:
        reasons = ", ".join(
            f"{names.get(key, key)} {_figure(comparison.structures[key])}" for key in comparison.worse
        )
        verb = "is" if len(comparison.worse) == 1 else "are"
        bound = f"{verb} below the allowed −{comparison.margin:.3f}."
        return f"Model {version} was not promoted: {reasons} {bound}"
    overall = f"mean test Dice {_figure(comparison.overall)} against model {serving}"
    on = f"on {_count(comparison.overall.cases, 'test case')}"
    if comparison.decision is Decision.NOT_BETTER:
        return f"Model {version} was not promoted: {overall} {on} is no gain."
    return f"Model {version} serves: {overall} {on}, and no structure is clearly worse."


def _figure(difference: Difference) -> str:
    low, high = _signed(difference.low), _signed(difference.high)
    return f"{_signed(difference.mean)} (95 % CI {low}…{high})"


def _signed(value: float) -> str:
    """With a true minus sign, as in print; what rounds to nothing has no sign."""
    text = f"{abs(value):.3f}"
    if text == "0.000":
        return text
    return f"+{text}" if value > 0 else f"−{text}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
