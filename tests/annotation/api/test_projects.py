"""Making a project, and what its lead changes about it."""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User

from annotation import corrections, projects
from annotation.models import (
    EditEvent,
    JobState,
    Mask,
    Membership,
    Model,
    Project,
    Requirement,
    Role,
    SchemaStructure,
    Structure,
    StructureGroup,
)
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out, assert_refused
from tests.annotation.factories import make_case, make_job, make_model, make_read, pack, stroke

URL = "/api/projects/"


@pytest.fixture
def ida(db: None) -> User:
    """Staff, and a member of nothing."""
    return User.objects.create_user("ida", password="ida", is_staff=True)


@pytest.fixture
def as_ida(ida: User) -> Browser:
    return Browser(ida)


def places(project: int) -> dict[str, tuple[int, int]]:
    rows = SchemaStructure.objects.filter(schema__project=project)
    return {key: (layer, value) for key, layer, value in rows.values_list("structure__key", "layer", "value")}


class TestCreating:
    def test_from_a_preset(self, as_ida: Browser, ida: User) -> None:
        wanted = next(one for one in as_ida.get("/api/presets/").json() if one["key"] == "amos")
        keys = [one["key"] for one in wanted["structures"]]
        made = as_ida.post(URL, {"name": "  AMOS   at home ", "structures": keys, "preset": "amos"})
        assert made.status_code == 201, made.content
        project = Project.objects.get(pk=made.json()["id"])
        assert project.name == "AMOS at home"
        assert places(project.pk)["prostate_or_uterus"] == (0, 15)
        assert places(project.pk)["spleen"] == (0, 1)
        member = Membership.objects.get(project=project)
        assert (member.user, member.role, member.level) == (ida, Role.LEAD, 3)
        shown = as_ida.get(f"{URL}{project.pk}/").json()
        assert (shown["role"], len(shown["structures"])) == ("lead", 15)
        assert [one["name"] for one in as_ida.get("/api/me/").json()["projects"]] == ["AMOS at home"]

    def test_own_structures_beside_known_ones(self, as_ida: Browser) -> None:
        names = ["orbit_left", "Lens-Lt", "PTV 56", "lens_left", "ptv  56"]
        made = as_ida.post(URL, {"name": "Eyes", "structures": names})
        assert places(made.json()["id"]) == {"orbit_left": (0, 1), "lens_left": (1, 2), "ptv_56": (0, 3)}
        assert Structure.objects.get(key="ptv_56").name == "PTV 56"

    def test_without_structures(self, as_ida: Browser) -> None:
        made = as_ida.post(URL, {"name": "Later", "structures": []})
        assert (made.status_code, places(made.json()["id"])) == (201, {})

    def test_a_permission_is_enough(self, as_ana: Browser, ana: User) -> None:
        body = {"name": "Mine", "structures": ["liver"]}
        assert_refused(as_ana.post(URL, body), 403, "may not create projects")
        assert as_ana.get("/api/me/").json()["may_create_projects"] is False
        ana.user_permissions.add(Permission.objects.get(codename="add_project"))
        assert as_ana.get("/api/me/").json()["may_create_projects"] is True
        assert as_ana.post(URL, body).status_code == 201

    @pytest.mark.parametrize(
        ("body", "status", "says"),
        [
            ({}, 400, "structures"),
            ({"name": " ", "structures": []}, 400, "name"),
            ({"name": "x" * 121, "structures": []}, 400, "name"),
            ({"name": "A", "structures": [""]}, 400, "1 to 120 characters"),
            ({"name": "A", "structures": ["x" * 121]}, 400, "characters"),
            ({"name": "A", "structures": "liver"}, 400, "structures"),
            ({"name": "A", "structures": ["a\tb\x07c"]}, 400, "does not fit"),
            ({"name": "A", "structures": [f"own {n}" for n in range(255)]}, 400, "254"),
            ({"name": "A", "structures": [], "preset": "lits"}, 400, "no preset"),
            ({"name": "abdomen", "structures": []}, 409, "already"),
        ],
    )
    def test_nothing_is_made_of_bad_input(
        self, project: Project, as_ida: Browser, body: dict[str, Any], status: int, says: str
    ) -> None:
        structures = Structure.objects.count()
        assert_refused(as_ida.post(URL, body), status, says)
        assert list(Project.objects.all()) == [project]
        assert Structure.objects.count() == structures

    def test_nobody_is_401(self, as_nobody: Browser) -> None:
        assert_refused(as_nobody.post(URL, {"name": "A", "structures": []}), 401)


class TestChanging:
    def test_name_budget_and_layout(self, project: Project, as_lea: Browser) -> None:
        changed = {"name": "Upper abdomen", "training_budget_s": 600, "hanging": "single"}
        body = as_lea.patch(f"{URL}{project.pk}/", changed).json()
        assert {name: body[name] for name in changed} == changed

    def test_its_own_name_again(self, project: Project, as_lea: Browser) -> None:
        assert as_lea.patch(f"{URL}{project.pk}/", {"name": "Abdomen"}).status_code == 200

    def test_anothers_name(self, project: Project, other_project: Project, as_lea: Browser) -> None:
        assert_refused(as_lea.patch(f"{URL}{project.pk}/", {"name": "elsewhere"}), 409, "already")

    @pytest.mark.parametrize(
        "body", [{"name": ""}, {"name": " "}, {"training_budget_s": 9}, {"training_budget_s": 10**9}]
    )
    def test_bad_input(self, project: Project, as_lea: Browser, body: dict[str, Any]) -> None:
        assert_refused(as_lea.patch(f"{URL}{project.pk}/", body), 400)


class TestStructures:
    @pytest.fixture
    def url(self, project: Project) -> str:
        return f"{URL}{project.pk}/structures/"

    def test_adding_moves_nothing(self, project: Project, url: str, as_lea: Browser) -> None:
        before = places(project.pk)
        answer = as_lea.post(url, {"structures": ["kidney_tumor", "liver", "aorta"]})
        assert answer.status_code == 201
        assert [one["key"] for one in answer.json()] == ["kidney_tumor", "aorta"]
        after = places(project.pk)
        assert {key: after[key] for key in before} == before
        assert after["kidney_tumor"] == (1, 4), "it lies inside the kidney"
        assert after["aorta"] == (0, 5)

    def test_an_open_read_says_nothing_about_it(
        self, project: Project, url: str, as_lea: Browser, ana: User
    ) -> None:
        read = make_read(ana, project)
        stroke(read)
        as_lea.post(url, {"structures": ["aorta"]})
        read.refresh_from_db()
        corrections.submit(assignment=read, revision=1)
        assert sorted(Mask.objects.get(pk=read.mask_id).annotated) == ["kidney_left", "liver", "spleen"]

    def test_a_structure_that_nothing_refers_to(self, project: Project, url: str, as_lea: Browser) -> None:
        assert as_lea.client.delete(f"{url}spleen/").status_code == 204
        assert "spleen" not in places(project.pk)
        assert_refused(as_lea.client.delete(f"{url}spleen/"), 404, "no structure called spleen")

    def refused(self, url: str, as_lea: Browser, says: str) -> None:
        before = SchemaStructure.objects.count()
        assert_refused(as_lea.client.delete(f"{url}liver/"), 409, says)
        assert SchemaStructure.objects.count() == before

    def test_one_that_was_drawn_stays(self, project: Project, url: str, as_lea: Browser, ana: User) -> None:
        read = make_read(ana, project)
        self.refused(url, as_lea, "cases are open")
        corrections.save(
            assignment=read,
            base_revision=0,
            key=uuid.uuid4(),
            edits=pack([(0, 1, [(0, 5, 1)])]),
            events=[corrections.Event("brush", 1, 0, 5, 0)],
        )
        assert EditEvent.objects.exists()
        self.refused(url, as_lea, "it has delineations")

    def test_one_that_was_looked_at_stays(self, project: Project, url: str, as_lea: Browser) -> None:
        Mask.objects.create(case=make_case(project), kind="imported", annotated=["liver"])
        self.refused(url, as_lea, "it has delineations")

    def test_one_that_a_model_knows_stays(self, project: Project, url: str, as_lea: Browser) -> None:
        model = make_model(project)
        Model.objects.filter(pk=model.pk).update(plan={"channels": ["background:0", "liver"]})
        self.refused(url, as_lea, "a model has learned it")

    def test_one_that_is_being_learned_stays(self, project: Project, url: str, as_lea: Browser) -> None:
        make_job(project, state=JobState.RUNNING)
        self.refused(url, as_lea, "a training is under way")

    def test_one_that_the_plan_names_stays(self, project: Project, url: str, as_lea: Browser) -> None:
        group = StructureGroup.objects.create(project=project, name="Upper", structures=["liver"])
        self.refused(url, as_lea, "the group Upper")
        group.delete()
        Requirement.objects.create(
            project=project, structure="liver", metric="dice", threshold=0.9, comparator="inter"
        )
        self.refused(url, as_lea, "a requirement")

    def test_it_is_audited(self, project: Project, url: str, as_lea: Browser, lea: User) -> None:
        entry = SchemaStructure.objects.get(schema__project=project, structure__key="spleen")
        events: Any = entry.events.model  # type: ignore[attr-defined]  # pghistory's
        as_lea.client.delete(f"{url}spleen/")
        gone = events.objects.get(pgh_obj_id=entry.pk, pgh_label="delete")
        assert gone.pgh_context.metadata["user"] == lea.pk

    def test_who_is_kept_out(self, url: str, as_nobody: Browser, as_otto: Browser, as_ana: Browser) -> None:
        assert_kept_out(url, method="post", nobody=as_nobody, stranger=as_otto, wrong_role=as_ana)
        for browser, status in ((as_nobody, 401), (as_otto, 404), (as_ana, 403)):
            assert_refused(browser.client.delete(f"{url}liver/"), status)


class TestCatalogue:
    def test_found_by_words_region_and_side(self, as_ana: Browser) -> None:
        answer = as_ana.get("/api/structures/", {"search": "kidney", "side": "left"}).json()
        assert answer["results"][0]["key"] == "kidney_left"
        assert {"key": "head_neck", "name": "head and neck"} in answer["regions"]
        heads = as_ana.get("/api/structures/", {"region": "head_neck", "side": "none"}).json()["results"]
        assert {"brain", "mandible"} <= {one["key"] for one in heads}
        assert all(one["side"] == "" for one in heads)

    @pytest.mark.parametrize("query", [{"region": "moon"}, {"side": "up"}, {"search": "x" * 101}])
    def test_bad_questions(self, as_ana: Browser, query: dict[str, str]) -> None:
        assert_refused(as_ana.get("/api/structures/", query), 400)

    def test_presets_say_where_they_are_from(self, as_ana: Browser) -> None:
        presets = as_ana.get("/api/presets/").json()
        assert len(presets) == len(projects.presets())
        head = next(one for one in presets if one["key"] == "head_neck_21")
        cord = next(one for one in head["structures"] if one["key"] == "spinal_cord")
        assert (cord["layer"], cord["because"]) == (1, "shares voxels with Spinal canal, which is on layer 1")
        assert "Nikolov" in head["source"]

    def test_a_layout_stores_nothing(self, as_ana: Browser) -> None:
        answer = as_ana.post("/api/structures/layout/", {"structures": ["PTV 56", "liver"], "preset": "amos"})
        assert [(one["name"], one["value"]) for one in answer.json()] == [("PTV 56", 1), ("Liver", 6)]
        assert not Structure.objects.exists()
