"""The gate: what its comparison says, in one sentence a project lead can act on, and as figures to keep."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from training.compare import Comparison, Decision, Difference, judge

PROMOTED, REJECTED, CANDIDATE = "promoted", "rejected", "candidate"
MOST_NAMED = 4


@dataclass(frozen=True)
class Compared:
    """Two models on the same frozen references: `cases` are the numbers of the test cases."""

    version: int
    serving: int
    dice: Comparison
    surface: Comparison
    cases: tuple[int, ...]
    snapshot_sha256: str
    identical: bool = False

    @property
    def decision(self) -> Decision:
        return Decision.NOT_BETTER if self.identical else judge(self.dice, self.surface)


def first(version: int, test_cases: int) -> dict[str, Any]:
    """There is nothing to compare with: the first model serves."""
    checked = (
        f"Its scores on {_count(test_cases, 'test case')} are the bar for the next one."
        if test_cases
        else "No test case is accepted yet, so its quality is unknown: accept test cases to measure models."
    )
    return {"decision": PROMOTED, "sentence": f"Model {version} is the first model and serves. {checked}"}


def unmeasured(version: int) -> dict[str, Any]:
    """A model that was made to be compared waits for a lead, even where nothing serves yet."""
    return {
        "decision": CANDIDATE,
        "sentence": f"Model {version} was made to compare networks. No model serves to compare it with; "
        "a lead may put it into service.",
    }


COMPARING = "was made to compare networks"
IMPORTED = "was imported"


def decide(
    compared: Compared, names: Mapping[str, str], *, automatic: bool = True, origin: str = COMPARING
) -> dict[str, Any]:
    """Promoted, rejected or left to a lead; why, and the figures. `names`: what structures are called.

    `origin` says why it is left to a lead.
    """
    rejected = compared.decision in (Decision.WORSE, Decision.NOT_BETTER)
    verdict = (REJECTED if rejected else PROMOTED) if automatic else CANDIDATE
    sentence = _sentence(compared, names) if automatic else _left_to_a_lead(compared, names, origin)
    return {"decision": verdict, "sentence": sentence, **figures(compared)}


def figures(compared: Compared) -> dict[str, Any]:
    """What was compared, as JSON; the Dice stands by itself, the surface Dice under `surface`."""
    return {
        "compared_with": compared.serving,
        "margin": compared.dice.margin,
        "cases": list(compared.cases),
        "snapshot_sha256": compared.snapshot_sha256,
        **_measure(compared.dice),
        "surface": _measure(compared.surface),
    }


def _measure(comparison: Comparison) -> dict[str, Any]:
    return {
        "overall": None if comparison.overall is None else asdict(comparison.overall),
        "structures": {key: asdict(difference) for key, difference in comparison.structures.items()},
        "worse": list(comparison.worse),
        "doubtful": list(comparison.doubtful),
    }


def _sentence(compared: Compared, names: Mapping[str, str]) -> str:
    version, serving, overall = compared.version, compared.serving, compared.dice.overall
    if compared.identical:
        return f"Model {version} was not promoted: its weights are those of model {serving}."
    if overall is None:
        return (
            f"Model {version} serves without a comparison: no accepted test case shows a structure that both "
            f"it and model {serving} were scored on. Accept test cases to compare models."
        )
    if compared.decision is Decision.WORSE:
        return f"Model {version} was not promoted: {_losses(compared, names)}"
    gain = _gain(compared, overall)
    if compared.decision is Decision.NOT_BETTER:
        return f"Model {version} was not promoted: {gain} is no gain."
    return f"Model {version} serves: {gain}, and no structure is clearly worse.{_doubts(compared, names)}"


def _left_to_a_lead(compared: Compared, names: Mapping[str, str], origin: str) -> str:
    opening = f"Model {compared.version} {origin}, so a lead decides"
    if compared.identical:
        return f"{opening}: its weights are those of model {compared.serving}."
    if compared.dice.overall is None:
        return f"{opening}: no test case tells it from model {compared.serving}."
    gain = _gain(compared, compared.dice.overall)
    lost = f" {_losses(compared, names)}" if compared.decision is Decision.WORSE else ""
    return f"{opening}: {gain}.{lost}{_doubts(compared, names)}"


def _gain(compared: Compared, overall: Difference) -> str:
    return (
        f"mean test Dice {_figure(overall)} against model {compared.serving} "
        f"on {_count(overall.cases, 'test case')}"
    )


def _losses(compared: Compared, names: Mapping[str, str]) -> str:
    reasons = _named(compared.dice, compared.dice.worse, names, "")
    reasons += _named(compared.surface, compared.surface.worse, names, " surface Dice")
    verb = "is" if len(reasons) == 1 else "are"
    return f"{_listed(reasons)} {verb} below the allowed −{compared.dice.margin:.3f}."


def _doubts(compared: Compared, names: Mapping[str, str]) -> str:
    doubts = _named(compared.dice, compared.dice.doubtful, names, "")
    doubts += _named(compared.surface, compared.surface.doubtful, names, " surface Dice")
    return f" Chance may explain {_listed(doubts)}: more test cases would tell." if doubts else ""


def _named(
    comparison: Comparison, keys: tuple[str, ...], names: Mapping[str, str], what: str
) -> list[tuple[float, str]]:
    return [
        (
            comparison.structures[key].mean,
            f"{names.get(key, key)}{what} {_figure(comparison.structures[key])}",
        )
        for key in keys
    ]


def _listed(losses: list[tuple[float, str]]) -> str:
    """The greatest losses first; the page shows them all."""
    texts = [text for _, text in sorted(losses, key=lambda loss: round(loss[0], 6))]
    more = len(texts) - MOST_NAMED
    return ", ".join(texts[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


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
