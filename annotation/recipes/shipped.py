"""The recipes that come with the product, one JSON file per public data set."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from annotation import catalogue
from annotation.errors import Refused
from annotation.recipes import layouts, matching
from annotation.recipes.layouts import Recognised
from annotation.recipes.reading import recipe_of
from annotation.recipes.rules import Recipe

FOLDER = Path(__file__).with_name("data_sets")


@cache
def shipped() -> Mapping[str, Recipe]:
    """Return the shipped recipes by key."""
    read = [recipe_of(json.loads(path.read_text(encoding="utf-8"))) for path in sorted(FOLDER.glob("*.json"))]
    return {recipe.key: recipe for recipe in read}


def shipped_named(key: str) -> Recipe:
    """Raises Refused where there is none."""
    found = shipped().get(key)
    if found is None:
        raise Refused(f"There is no recipe “{key[:80]}”; choose one of {', '.join(shipped())}.")
    return found


def recognise(folder: Path) -> list[Recognised]:
    """Return the public data sets that a folder may be, the best explanation first."""
    return layouts.recognise(folder, [recipe for recipe in shipped().values() if not recipe.disabled])


def check_names(recipe: Recipe, names: Mapping[int, str], source: str) -> None:
    """Refuse a table of names beside a data set (value → name) that disagrees with its recipe, showing both.

    Redistributed tables are often wrong. A name agrees if the catalogue or the recipe knows it as the value's
    structure, or if that structure is the one most like it.
    """
    differing = [
        f"{value} is “{name[:60]}” there and {_shown(recipe, value)} here"
        for value, name in sorted(names.items())
        if not _agrees(recipe, value, name)
    ]
    missing = [
        f"{value} ({key}) is not in it" for value, key in recipe.labels.items() if key and value not in names
    ]
    if differing or missing:
        said = "; ".join([*differing, *missing][:6])
        raise Refused(
            f"{source} disagrees with the recipe of {recipe.title}: {said}. Nothing was imported: check "
            f"which data set this is, and take {source} away if it is the one that is wrong."
        )


def _agrees(recipe: Recipe, value: int, name: str) -> bool:
    if value in recipe.ignored:
        return name.strip().lower() == "ignore"
    if value not in recipe.labels:
        return False
    key = recipe.labels[value]
    if key is None:
        return True
    known = {catalogue.plain(other) for other in recipe.also_called.get(value, ())}
    return catalogue.plain(name) in known or matching.best(name) == key


def _shown(recipe: Recipe, value: int) -> str:
    return recipe.labels.get(value) or "nothing"
