"""By which recipe labels are read: the one that is named, or that of the data set that a folder is."""

from dataclasses import dataclass
from pathlib import Path

from annotation.errors import Refused
from annotation.imaging.sidecars import table_in
from annotation.models import Project
from annotation.recipes import (
    Form,
    Recipe,
    Recognised,
    check_names,
    recipe_for,
    recipe_of,
    recognise,
    saved_recipe,
    shipped,
)

BY_ITSELF = ""
NONE = "none"
LEAST_EXPLAINED = 0.5  # of a folder's imaging files; below it a likeness of names is an accident
_MOST_TABLES = 20


@dataclass(frozen=True)
class Chosen:
    """What a folder is read by. `by_layout`: its files lie as the data set publishes them."""

    recipe: Recipe
    by_layout: bool


def recipe_named(project: Project, given: str) -> Recipe | None:
    """Return the recipe that was asked for: a data set's key, the number or name of a saved one.

    None: nothing was asked for, or nothing is wanted (`none`). Raises Refused, NotFound.
    """
    name = given.strip()
    if name in (BY_ITSELF, NONE):
        return None
    if name.isdecimal() and len(name) < 18:
        return recipe_of(saved_recipe(project, int(name)).content)
    key = name.replace("_", "-")
    return recipe_for(project, key if key in shipped() and not _is_saved(project, name) else name)


def _is_saved(project: Project, name: str) -> bool:
    return project.recipes.filter(name=name).exists()


def data_sets_in(folder: Path) -> list[Recognised]:
    """Return the data set that a folder is, or several that fit equally well; none: an unknown layout."""
    found = [one for one in recognise(folder) if one.explained >= LEAST_EXPLAINED]
    best = [(one.explained, one.labelled) for one in found[:1]]
    return [one for one in found if (one.explained, one.labelled) in best]


def chosen_for(folder: Path, asked: Recipe | None, *, given: str) -> Chosen | None:
    """Return what a folder is read by; None: by the names of its files and labels.

    Raises Refused where several data sets fit, where the labels were superseded, or where a dataset.json
    beside the files disagrees with the recipe.
    """
    if given.strip() == NONE:
        return None
    if asked is not None:
        there = (
            [one for one in recognise(folder) if one.recipe.key == asked.key] if asked.layout.images else []
        )
        return _checked(folder, asked, there[0] if there else None)
    found = data_sets_in(folder)
    if not found:
        return None
    if len(found) > 1:
        names = " or ".join(f"{one.recipe.title} ({one.recipe.key})" for one in found)
        raise Refused(
            f"The files lie as those of {names} do: choose a recipe, or “{NONE}” to read labels by names."
        )
    return _checked(folder, found[0].recipe, found[0])


def _checked(folder: Path, recipe: Recipe, found: Recognised | None) -> Chosen:
    if recipe.disabled:
        raise Refused(f"The recipe of {recipe.title} cannot be used: {recipe.disabled}")
    if "CT" not in recipe.modality:
        raise Refused(f"{recipe.title} holds {recipe.modality} scans; only CT is imported.")
    if found is not None and found.refused:
        raise Refused(found.refused)
    if recipe.form is Form.LABEL_MAP and recipe.layout.images:
        for path in sorted(folder.rglob("dataset.json"))[:_MOST_TABLES]:
            check_names(recipe, table_in(path), path.name)
    return Chosen(recipe, by_layout=found is not None)
