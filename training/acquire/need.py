"""How much a structure needs further cases: goals say what is wanted, the last model what is reached."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

LEAST = 0.1
"""Weight of a structure whose goal is reached, or that has none while others have: it is not forgotten."""


@dataclass(frozen=True)
class Goal:
    """What is wanted of a structure: a test Dice, a number of accepted cases that show it, or both."""

    dice: float | None = None
    cases: int | None = None


@dataclass(frozen=True)
class Reached:
    """What is there: the serving model's test Dice (None = not known) and accepted cases that show it."""

    dice: float | None = None
    cases: int = 0


def need_of(
    structures: Iterable[str], goals: Mapping[str, Goal], reached: Mapping[str, Reached]
) -> dict[str, float]:
    """Return the weight of each structure: its larger lack, of Dice or of cases, but LEAST at the least.

    A lack is what is missing as a share of the goal; a Dice that nobody knows lacks all. Without any goal all
    weigh 1.
    """
    if not goals:
        return dict.fromkeys(structures, 1.0)
    return {
        key: max(LEAST, _lack(goals[key], reached.get(key, Reached()))) if key in goals else LEAST
        for key in structures
    }


def _lack(goal: Goal, there: Reached) -> float:
    lacks = [0.0]
    if goal.dice is not None:
        lacks.append((goal.dice - (there.dice or 0.0)) / goal.dice)
    if goal.cases:
        lacks.append(1 - there.cases / goal.cases)
    return max(lacks)
