"""Recipes that leads confirmed: a project's own, and those that other projects share."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from annotation.errors import Conflict, NotFound, Refused
from annotation.models import LabelRecipe, Project
from annotation.recipes.reading import recipe_of
from annotation.recipes.rules import Recipe
from annotation.recipes.shipped import shipped
from annotation.recipes.writing import json_of

_LONGEST_NAME = 120
MOST_RECIPES = 200


def recipes_for(project: Project) -> QuerySet[LabelRecipe]:
    """Return the project's recipes and those that others share, by name."""
    return LabelRecipe.objects.filter(Q(project=project) | Q(shared=True)).select_related("created_by")


def saved_recipe(project: Project, recipe_id: int) -> LabelRecipe:
    """Raises NotFound for what is neither the project's nor shared."""
    row = recipes_for(project).filter(pk=recipe_id).first()
    if row is None:
        raise NotFound("There is no such recipe.")
    return row


def recipe_for(project: Project, name: str) -> Recipe:
    """Return the recipe that an import names: the key of a data set, or the name of a saved one.

    The project's own comes first, then the shipped one, then one that is shared. Raises Refused.
    """
    rows = {row.project_id == project.pk: row for row in recipes_for(project).filter(name=name)}
    if True in rows:
        return recipe_of(rows[True].content)
    if name in shipped():
        return shipped()[name]
    if rows:
        return recipe_of(rows[False].content)
    raise Refused(
        f"There is no recipe “{name[:80]}” in this project; save one, or choose {', '.join(shipped())}."
    )


def save_recipe(
    *, project: Project, author: AbstractBaseUser, name: str, content: Any, shared: bool = False
) -> LabelRecipe:
    """Save a recipe under a name that is new in the project. Raises Refused or Conflict."""
    called, checked = _checked(name, content)
    if project.recipes.count() >= MOST_RECIPES:
        raise Refused(f"The project has {MOST_RECIPES} recipes; delete some of them.")
    try:
        with transaction.atomic():
            return LabelRecipe.objects.create(
                project=project, name=called, content=checked, shared=shared, created_by_id=author.pk
            )
    except IntegrityError as error:
        raise Conflict(f"The project has a recipe called “{called}” already; choose another name.") from error


def change_recipe(
    *, project: Project, recipe_id: int, name: str, content: Any, shared: bool = False
) -> LabelRecipe:
    """Replace a recipe of the project. What was imported by it stays as it is."""
    called, checked = _checked(name, content)
    row = _own(project, recipe_id)
    row.name, row.content, row.shared = called, checked, shared
    try:
        with transaction.atomic():
            row.save(update_fields=["name", "content", "shared", "updated_at"])
    except IntegrityError as error:
        raise Conflict(f"The project has a recipe called “{called}” already; choose another name.") from error
    return row


def delete_recipe(*, project: Project, recipe_id: int) -> None:
    """Delete a recipe of the project. What was imported by it stays as it is."""
    _own(project, recipe_id).delete()


def _own(project: Project, recipe_id: int) -> LabelRecipe:
    row = saved_recipe(project, recipe_id)
    if row.project_id != project.pk:
        raise Refused("This recipe belongs to another project; save a copy under a name of your own.")
    return row


def _checked(name: str, content: Any) -> tuple[str, dict[str, Any]]:
    called = name.strip()
    if not called or len(called) > _LONGEST_NAME:
        raise Refused(f"A recipe needs a name of 1 to {_LONGEST_NAME} letters.")
    recipe = recipe_of(content)
    layout = recipe.layout
    if layout.images or layout.labels or layout.beside or layout.refused:
        raise Refused("A saved recipe has no layout; it is chosen by name when files are imported.")
    return called, json_of(recipe)
