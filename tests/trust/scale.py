"""How much of a long test is done: DELINEATE_TORTURE_SCALE shortens durations and counts alike."""

import os

VARIABLE = "DELINEATE_TORTURE_SCALE"
_shortened: set[str] = set()


def scale() -> float:
    """1 = the whole test, as docs/reference/trust.md promises it."""
    return float(os.environ.get(VARIABLE, "1"))


def scaled(whole: float, least: float) -> float:
    """`whole` times the scale, though not less than `least`; the figures of this test say so."""
    done = max(least, whole * scale())
    if done < whole:
        _shortened.add(_this_test())
    return done


def scale_of_this_test() -> float:
    """The scale where the test that runs asked for it and did less than the whole, else 1."""
    return scale() if _this_test() in _shortened else 1.0


def _this_test() -> str:
    """As pytest names it, without what it is doing of it: setup, call or teardown."""
    return os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
