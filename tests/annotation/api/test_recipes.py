"""Recipes over the API: shipped, saved, proposed; and copies of one scan."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotation import recipes
from annotation.imaging.signature import signature_of
from annotation.models import LabelRecipe, Project, Split
from tests.annotation.factories import make_case
from training.phantom import make_phantom

pytestmark = pytest.mark.django_db
CONTENT = {"format": 1, "key": "ours", "title": "Ours", "labels": {"1": "liver"}}


@pytest.fixture
def lead(client: Client, lea: User) -> Client:
    client.force_login(lea)
    return client


def url(project: Project, tail: str = "") -> str:
    return f"/api/projects/{project.pk}/recipes/{tail}"


def test_shipped_recipes_say_licence_and_citation(lead: Client) -> None:
    rows = {row["key"]: row for row in lead.get("/api/recipes/").json()}
    assert len(rows) == 25
    lits = rows["lits"]
    assert (lits["licence"], lits["non_commercial"], lits["no_derivatives"]) == (
        "CC BY-NC-ND 4.0",
        True,
        True,
    )
    assert lits["citation"].startswith("Bilic")
    assert rows["word"]["structures"][2] == "kidney_left"
    assert rows["medseg-ivc"]["disabled"]
    whole = lead.get("/api/recipes/kits23/").json()
    assert whole["content"]["rules"][0]["rule"] == "contain"
    assert lead.get("/api/recipes/nothing/").status_code == 404


def test_a_recipe_is_saved_changed_listed_and_deleted(lead: Client, project: Project) -> None:
    made = lead.post(url(project), {"name": "Ours", "content": CONTENT}, "application/json")
    assert made.status_code == 201, made.content
    row = made.json()
    assert (row["own"], row["shared"], row["created_by"]) == (True, False, "lea")
    changed = {"name": "Theirs", "content": CONTENT | {"labels": {"3": "spleen"}}, "shared": True}
    assert lead.put(url(project, f"{row['id']}/"), changed, "application/json").json()["shared"]
    assert [one["name"] for one in lead.get(url(project)).json()] == ["Theirs"]
    assert lead.get(url(project, f"{row['id']}/")).json()["content"]["labels"] == {"3": "spleen"}
    assert lead.delete(url(project, f"{row['id']}/")).status_code == 204
    assert not LabelRecipe.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "A", "content": CONTENT | {"labels": {"x": "liver"}}}, 400),
        ({"name": "A", "content": "text"}, 400),
        ({"name": "A"}, 400),
        ({"content": CONTENT}, 400),
        ({"name": "Taken", "content": CONTENT}, 409),
    ],
)
def test_what_cannot_be_saved(
    lead: Client, project: Project, lea: User, body: dict[str, Any], status: int
) -> None:
    recipes.save_recipe(project=project, author=lea, name="Taken", content=CONTENT)
    assert lead.post(url(project), body, "application/json").status_code == status
    assert LabelRecipe.objects.count() == 1


def test_proposals_for_incoming_names(lead: Client, project: Project) -> None:
    names = ["Liver", "kidny left", "parotid", "nothing like it"]
    answer = lead.post(url(project, "proposals/"), {"names": names}, "application/json")
    rows = answer.json()
    assert [row["name"] for row in rows] == names
    assert rows[0]["candidates"][0] == {"key": "liver", "name": "Liver", "how": "exact", "confidence": 1.0}
    assert (rows[1]["candidates"][0]["key"], rows[1]["candidates"][0]["how"]) == ("kidney_left", "fuzzy")
    assert rows[2]["candidates"] == []
    assert rows[2]["hint"].startswith("Which side is it")
    assert rows[3]["hint"]
    many = {"names": ["x"] * 1001}
    assert lead.post(url(project, "proposals/"), many, "application/json").status_code == 400


def test_copies_say_nothing_of_other_projects_but_that_there_is_one(
    lead: Client, project: Project, other_project: Project
) -> None:
    of = signature_of(make_phantom(1, shape=(64, 64, 32), spacing_mm=(4.5, 4.5, 6.0)).image)
    for where, split in ((project, Split.POOL), (project, Split.TEST), (other_project, Split.POOL)):
        recipes.add_signature(make_case(where, split=split).volume, of, recipes.Search(of).found())
    rows = lead.get(f"/api/projects/{project.pk}/copies/").json()
    assert [(r["case"], r["other"], r["other_split"], r["split_apart"]) for r in rows] == [
        (1, 2, "test", True),
        (1, None, None, False),
        (2, None, None, False),
    ]
    assert rows[0]["same_slices"] == 1.0
