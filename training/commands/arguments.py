"""Types of arguments that argparse checks."""

import argparse
import math
from typing import Any


def words(text: str) -> tuple[str, ...]:
    """Split a list written with commas; argparse refuses an empty one."""
    found = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    if not found:
        raise argparse.ArgumentTypeError("name at least one, with commas in between")
    return found


def sizes(text: str) -> tuple[int, ...]:
    """Read numbers written with commas."""
    try:
        return tuple(int(word) for word in words(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a list of whole numbers such as 6,12,24"
        ) from error


def whole_from(lowest: int) -> Any:
    """Return an argparse type: a whole number of at least `lowest`."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from error
        if value < lowest:
            raise argparse.ArgumentTypeError(f"must be at least {lowest}, not {value}")
        return value

    return read


def number_from(lowest: float) -> Any:
    """Return an argparse type: a number of at least `lowest`."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number") from error
        if not math.isfinite(value) or value < lowest:
            raise argparse.ArgumentTypeError(f"must be a number of at least {lowest:g}, not {text}")
        return value

    return read
