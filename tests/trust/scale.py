"""How much of a long test is done: DELINEATE_TORTURE_SCALE shortens durations and counts alike."""

import os

VARIABLE = "DELINEATE_TORTURE_SCALE"


def scale() -> float:
    """1 = the whole test, as docs/reference/trust.md promises it."""
    return float(os.environ.get(VARIABLE, "1"))


def scaled(whole: float, least: float) -> float:
    """`whole` times the scale, though not less than `least`."""
    return max(least, whole * scale())
