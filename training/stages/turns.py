"""What processes that train together do one after the other."""

from collections.abc import Callable
from typing import TypeVar

from training.fit import World

Made = TypeVar("Made")


def first_then_all(world: World, make: Callable[[], Made]) -> Made:
    """Return what `make` gives: the first process makes files, which the others then find."""
    if not world.first:
        world.wait()
    made = make()
    if world.first:
        world.wait()
    return made
