"""Recipes that leads save: their own, shared ones, and nobody else's."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from annotation import recipes
from annotation.errors import Conflict, NotFound, Refused
from annotation.models import LabelRecipe, Project

pytestmark = pytest.mark.django_db
CONTENT = {"format": 1, "key": "ours", "title": "Ours", "labels": {"2": "spleen", "10": "liver"}}


def save(project: Project, lead: User, name: str = "Ours", **more: Any) -> LabelRecipe:
    return recipes.save_recipe(project=project, author=lead, name=name, content=CONTENT, **more)


def test_what_is_saved_can_be_named_by_an_import(project: Project, lea: User) -> None:
    save(project, lea)
    assert recipes.recipe_for(project, "Ours").labels == {2: "spleen", 10: "liver"}
    assert recipes.recipe_for(project, "word") == recipes.shipped()["word"]
    with pytest.raises(Refused, match="There is no recipe “theirs” in this project"):
        recipes.recipe_for(project, "theirs")


def test_the_projects_own_goes_before_a_shipped_and_a_shared_one(
    project: Project, other_project: Project, lea: User, otto: User
) -> None:
    save(other_project, otto, "word", shared=True)
    assert recipes.recipe_for(project, "word").title == "WORD v0.1.0"
    save(project, lea, "word")
    assert recipes.recipe_for(project, "word").title == "Ours"


def test_only_shared_recipes_are_seen_elsewhere_and_none_is_changed_there(
    project: Project, other_project: Project, lea: User, otto: User
) -> None:
    own, shared = save(project, lea), save(project, lea, "For all", shared=True)
    assert list(recipes.recipes_for(other_project)) == [shared]
    assert recipes.recipe_for(other_project, "For all").title == "Ours"
    with pytest.raises(NotFound):
        recipes.saved_recipe(other_project, own.pk)
    with pytest.raises(NotFound):
        recipes.delete_recipe(project=other_project, recipe_id=own.pk)
    with pytest.raises(Refused, match="belongs to another project"):
        recipes.delete_recipe(project=other_project, recipe_id=shared.pk)


def test_a_name_is_used_once_in_a_project(project: Project, other_project: Project, lea: User) -> None:
    save(project, lea)
    save(other_project, lea)
    with pytest.raises(Conflict, match="called “Ours” already"):
        save(project, lea, " Ours ")
    second = save(project, lea, "Second")
    with pytest.raises(Conflict):
        recipes.change_recipe(project=project, recipe_id=second.pk, name="Ours", content=CONTENT)


def test_changing_keeps_what_was(project: Project, lea: User) -> None:
    row = save(project, lea)
    changed = CONTENT | {"labels": {"1": "liver"}}
    recipes.change_recipe(project=project, recipe_id=row.pk, name="Ours", content=changed, shared=True)
    row.refresh_from_db()
    assert (row.content["labels"], row.shared) == ({"1": "liver"}, True)
    recipes.delete_recipe(project=project, recipe_id=row.pk)
    events: Any = LabelRecipe._meta.get_field("events").related_model
    assert list(events.objects.order_by("pgh_id").values_list("pgh_label", flat=True)) == [
        *("insert", "update", "delete"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("", CONTENT, "needs a name"),
        ("x" * 121, CONTENT, "needs a name"),
        ("A", [], "The recipe is not a table"),
        ("A", CONTENT | {"labels": {"0": "liver"}}, "0 is the background"),
        ("A", CONTENT | {"layout": {"images": ["{a}{b}{c}.nii"]}}, "A saved recipe has no layout"),
    ],
)
def test_what_cannot_be_saved(project: Project, lea: User, name: str, content: Any, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        recipes.save_recipe(project=project, author=lea, name=name, content=content)
    assert not LabelRecipe.objects.exists()
