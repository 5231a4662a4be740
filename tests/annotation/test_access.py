"""Every route × every actor. The routes come from the URLconf: a new one without a row here fails."""

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from annotation import access, dashboards, handles, urls, worklist
from annotation.errors import NotFound
from annotation.models import (
    Assignment,
    Model,
    ModelState,
    Project,
)
from tests.annotation.access_world import (
    Row,
    World,
    account_body,
    begin_world,
    dashboard,
    due_body,
    everyone,
    mask_row,
    of_bench,
    of_export,
    of_held,
    of_import,
    of_invitation,
    of_job,
    of_look,
    of_member,
    of_model,
    of_picture,
    of_pin,
    of_project,
    of_read,
    of_recipe,
    of_review,
    of_run,
    of_session,
    of_token,
    of_upload,
    of_uploaded_file,
    pin_body,
    priority_body,
    public,
    recipe_body,
    secret_body,
    step_body,
    stroke_body,
    with_map,
)
from tests.annotation.factories import (
    make_branch,
    make_case,
    make_model,
    make_prediction,
)

NAMES = [route.name for route in urls.urlpatterns]
NAMES_OF_OBJECTS = [route.name for route in urls.urlpatterns if "_id>" in str(route.pattern)]
ACTORS = ("anonymous", "otto", "ana", "ben", "rui", "lea")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@pytest.fixture
def world(
    ana: User, ben: User, rui: User, lea: User, otto: User, project: Project, other_project: Project
) -> World:
    return begin_world([ana, ben, rui, lea, otto], project, other_project)


TABLE = [
    public("health", 200),
    public("schema", 200),
    public("docs", 200),
    public("csrf", 204),
    Row("me", "GET", lambda _: {}, everyone(200), stranger=200),
    Row("me", "PATCH", lambda _: {}, everyone(200), stranger=200, body=lambda _: {"name": "A"}, note="own"),
    Row("tokens", "GET", lambda _: {}, everyone(200), stranger=200),
    Row("tokens", "POST", lambda _: {}, everyone(201), stranger=201, body=lambda _: {"name": "script"}),
    Row("token", "DELETE", of_token, {"ana": 204}, others=404, note="ana's"),
    Row(
        "open_invitation",
        "POST",
        lambda _: {},
        everyone(200),
        body=secret_body,
        stranger=200,
        anonymous=200,
        note="whoever has the link",
    ),
    Row("accept_invitation", "POST", lambda _: {}, everyone(409), body=secret_body, stranger=201),
    Row("sign_up", "POST", lambda _: {}, everyone(409), body=account_body, stranger=409, anonymous=201),
    Row("presets", "GET", lambda _: {}, everyone(200), stranger=200),
    Row("structures", "GET", lambda _: {}, everyone(200), stranger=200),
    Row(
        "layout", "POST", lambda _: {}, everyone(200), body=lambda _: {"structures": ["liver"]}, stranger=200
    ),
    Row("projects", "POST", lambda _: {}, {"root": 400}, stranger=403, note="staff alone; 400: no name"),
    Row("project_structures", "POST", of_project, {"lea": 201}, body=lambda _: {"structures": ["aorta"]}),
    Row(
        "project_structure",
        "DELETE",
        lambda w: {**of_project(w), "key": "liver"},
        {"lea": 409},
        note="409: it was drawn",
    ),
    Row(
        "project_structure",
        "PATCH",
        lambda w: {**of_project(w), "key": "liver"},
        {"lea": 200},
        body=lambda _: {"priority": 1},
    ),
    Row("audit", "GET", of_project, {"lea": 200}),
    Row("audit_file", "GET", of_project, {"lea": 200}),
    Row("members", "GET", of_project, {"lea": 200}),
    Row("member", "PATCH", of_member, {"lea": 200}, body=lambda _: {"level": 2}),
    Row("invitations", "GET", of_project, {"lea": 200}),
    Row("invitations", "POST", of_project, {"lea": 201}, body=lambda _: {"role": "annotator"}),
    Row("invitation", "DELETE", of_invitation, {"lea": 204}),
    Row("project", "GET", of_project, everyone(200)),
    Row("project", "PATCH", of_project, {"lea": 200}, body=lambda _: {"retrain_after": 3}),
    Row("cases", "GET", of_project, {"lea": 200}),
    Row("cases", "POST", of_project, {"lea": 400}, note="400: no image"),
    Row("shipped_recipes", "GET", lambda _: {}, everyone(200), stranger=200),
    Row("shipped_recipe", "GET", lambda _: {"key": "lits"}, everyone(200), stranger=200),
    Row("recipes", "GET", of_project, {"lea": 200}),
    Row("recipes", "POST", of_project, {"lea": 201}, body=recipe_body),
    Row("recipe", "GET", of_recipe, {"lea": 200}),
    Row("recipe", "PUT", of_recipe, {"lea": 200}, body=recipe_body),
    Row("recipe", "DELETE", of_recipe, {"lea": 204}),
    Row("recipe_proposals", "POST", of_project, {"lea": 200}, body=lambda _: {"names": ["Liver"]}),
    Row("copies", "GET", of_project, {"lea": 200}),
    Row("case", "GET", lambda w: {"case_id": w.read.case_id}, {"lea": 200}, others=404),
    Row("dataset", "GET", of_project, {"lea": 200}),
    Row("dataset_cases", "GET", of_project, {"lea": 200}),
    Row("sites", "PUT", of_project, {"lea": 400}, note="400: which cases"),
    Row("splits", "GET", of_project, {"lea": 200}),
    Row("split_preview", "POST", of_project, {"lea": 400}, note="400: by which method"),
    Row("split_apply", "POST", of_project, {"lea": 400}, note="400: the same"),
    Row("import_settings", "GET", of_project, {"lea": 200}),
    Row("import_settings", "PATCH", of_project, {"lea": 400}, note="400: nothing to change"),
    Row("imports", "GET", of_project, {"lea": 200}),
    Row("imports", "POST", of_project, {"lea": 400}, note="400: no folder"),
    Row("import", "GET", of_import, {"lea": 200}),
    Row("import_file", "GET", of_import, {"lea": 200}),
    Row("looks", "POST", of_project, {"lea": 400}, note="400: no folder"),
    Row("look", "GET", of_look, {"lea": 200}),
    Row("uploads", "GET", of_project, {"lea": 200}),
    Row("uploads", "POST", of_project, {"lea": 201}),
    Row("upload", "GET", of_upload, {"lea": 200}, others=404),
    Row("upload", "DELETE", of_upload, {"lea": 204}, others=404),
    Row("upload_import", "POST", of_upload, {"lea": 409}, others=404, note="409: not all there"),
    Row("upload_files", "POST", of_upload, {"lea": 400}, others=404, note="400: not by the protocol"),
    Row("uploaded_file", "GET", of_uploaded_file, {"lea": 400}, others=404, note="400: not by the protocol"),
    Row("uploaded_file", "PATCH", of_uploaded_file, {"lea": 400}, others=404, note="400: the same"),
    Row("preferences", "GET", lambda _: {}, everyone(200), stranger=200),
    Row("preferences", "PUT", lambda _: {}, everyone(200), stranger=200, note="one's own"),
    Row("guideline", "GET", of_project, everyone(200)),
    Row("guideline", "PUT", of_project, {"lea": 200}, body=lambda _: {"base_version": 0, "text": "Draw."}),
    Row("guideline_versions", "GET", of_project, everyone(200)),
    Row("guideline_version", "GET", lambda w: {**of_project(w), "version": 0}, everyone(200)),
    Row("guideline_images", "POST", of_project, {"lea": 400}, note="400: no picture"),
    Row("guideline_image", "GET", of_picture, everyone(200)),
    Row("runs", "GET", of_project, {"lea": 200}),
    Row("run", "GET", of_run, {"lea": 200}, others=404),
    Row("runs", "POST", of_project, {"lea": 400}, note="400: nothing accepted yet"),
    Row("queries", "GET", of_project, {"lea": 200}),
    Row("storage", "GET", of_project, {"lea": 200}),
    Row("storage", "PUT", of_project, {"lea": 200}, body=lambda _: {"limit": 2**40}),
    Row("deletions", "GET", of_project, {"lea": 200}),
    Row("deletions", "POST", of_project, {"lea": 400}, note="400: whom, and why"),
    Row("deletion_preview", "GET", lambda w: {**of_project(w), "number": w.read.case.number}, {"lea": 200}),
    Row("exports", "GET", of_project, {"lea": 200}),
    Row("exports", "POST", of_project, {"lea": 400}, note="400: in which format"),
    Row("export", "GET", of_export, {"lea": 200}),
    Row("export", "DELETE", of_export, {"lea": 204}),
    Row("export_file", "GET", of_export, {"lea": 409}, note="409: it has no file"),
    Row("benches", "GET", of_project, {"lea": 200}),
    Row("benches", "POST", of_project, {"lea": 400}, note="400: which networks"),
    Row("bench", "GET", of_bench, {"lea": 200}),
    Row("bench_stop", "POST", of_bench, {"lea": 200}),
    Row("bench_resume", "POST", of_bench, {"lea": 409}, note="409: it goes on"),
    Row("what_if", "GET", of_project, {"lea": 200}),
    Row("what_if", "POST", of_project, {"lea": 400}, note="400: of what"),
    Row("agreement_structures", "GET", of_project, {"lea": 200}),
    Row("agreement_matrix", "GET", of_project, {"lea": 200}),
    Row("agreement_volumes", "GET", of_project, {"lea": 400}, note="400: of whom"),
    Row("agreement_anchoring", "GET", of_project, {"lea": 200}),
    Row("agreement_drift", "GET", of_project, {"lea": 200}),
    Row("agreement_calibration", "GET", of_project, {"lea": 200}),
    Row("agreement_effort", "GET", of_project, {"lea": 200}),
    Row("agreement_months", "GET", of_project, {"lea": 200}),
    Row("scoring", "GET", of_project, {"lea": 200}),
    Row("scoring", "POST", of_project, {"lea": 202}),
    Row("agreement_cases", "GET", of_project, {"lea": 400}, note="400: of what"),
    Row("dashboard_overview", "GET", of_project, {"lea": 200}),
    Row("report", "GET", of_project, {"lea": 200}),
    Row("own_reading", "GET", of_project, everyone(200), note="one's own"),
    *(dashboard(name, source) for name, source in dashboards.SOURCES.items()),
    Row("assignments", "GET", of_project, {"lea": 200}),
    Row("assignments", "POST", of_project, {"lea": 400}, note="400: no cases"),
    Row("reliability", "GET", of_project, {"lea": 200}),
    Row("reliability", "PUT", of_project, {"lea": 400}, note="400: no plan"),
    Row("reliability_forecast", "POST", of_project, {"lea": 400}, note="400: no plan"),
    Row("policy", "GET", of_project, {"lea": 200}),
    Row("policy", "PATCH", of_project, {"lea": 400}, note="400: nothing to change"),
    Row("goals", "GET", of_project, {"lea": 200}),
    Row("goals", "PUT", of_project, {"lea": 400}, note="400: no list"),
    Row("goals", "PATCH", of_project, {"lea": 400}, note="400: of which structure"),
    Row("decisions", "GET", of_project, {"lea": 200}),
    Row("rollback", "POST", of_project, {"lea": 400}, note="400: no reason"),
    Row("comparison", "GET", of_model, {"lea": 200}),
    Row("promotion", "POST", of_model, {"lea": 400}, note="400: no reason"),
    Row("model_card", "GET", of_model, {"lea": 200}),
    Row("model_card", "PATCH", of_model, {"lea": 400}, note="400: nothing to change"),
    Row("model_folder", "GET", of_model, {"lea": 404}, note="404: this model's folder is not in the store"),
    Row("model_network", "GET", of_model, {"lea": 404}, note="404: this model has no such file"),
    Row("model_imports", "POST", of_project, {"lea": 400}, note="400: no file"),
    Row("groups", "GET", of_project, {"lea": 200}),
    Row("groups", "PUT", of_project, {"lea": 400}, note="400: no list"),
    Row("tolerances", "GET", of_project, {"lea": 200}),
    Row("tolerances", "PUT", of_project, {"lea": 400}, note="400: of what"),
    Row("requirements", "GET", of_project, {"lea": 200}),
    Row("requirements", "PUT", of_project, {"lea": 400}, note="400: no list"),
    Row("calibration", "GET", of_project, {"lea": 200}),
    Row("calibration", "PUT", of_project, {"lea": 400}, note="400: no list"),
    Row("calibration", "POST", of_project, {"lea": 400}, note="400: no plan"),
    Row("gold", "GET", of_project, {"lea": 200}),
    Row("gold", "PUT", of_project, {"lea": 400}, note="400: no list"),
    Row("job", "GET", of_job, {"lea": 200}, others=404),
    Row("cancel", "POST", of_job, {"lea": 409}, others=404, note="409: it is over already"),
    Row("retry", "POST", of_job, {"root": 409}, others=404, note="staff alone; 409: it succeeded"),
    Row("operations", "GET", lambda _: {}, {"root": 200}, stranger=403, note="staff alone"),
    Row("worklist", "GET", lambda _: {}, everyone(200), body=lambda w: {"project": w.project.pk}),
    Row(
        "next",
        "POST",
        lambda _: {},
        everyone(200),
        body=lambda w: {"project": w.project.pk, "role": "annotate"},
        note="a case",
    ),
    Row(
        "next",
        "POST",
        lambda _: {},
        {"rui": 200, "lea": 200},
        body=lambda w: {"project": w.project.pk, "role": "review"},
        note="a review",
    ),
    Row("upcoming", "GET", lambda _: {}, everyone(200), body=lambda w: {"project": w.project.pk}),
    Row("assignment", "GET", of_read, {"ana": 200, "lea": 200}, note="a read"),
    Row("assignment", "GET", of_review, {"rui": 200, "lea": 200}, note="a review"),
    Row("sessions", "POST", of_read, {"ana": 201}),
    Row("revisions", "POST", of_read, {"ana": 201}, body=stroke_body),
    Row("branches", "POST", of_read, {"ana": 201}, body=stroke_body),
    Row("restore", "POST", of_read, {"ana": 201}, body=lambda w: {**step_body(w), "revision": 0}),
    # Allowed, and nothing is there to take back.
    Row("undo", "POST", of_read, {"ana": 400}, body=lambda w: {**step_body(w), "revision": 1}),
    Row("proposals", "GET", of_read, {"ana": 200, "lea": 200}),
    # The read began from the newest there is: its reader is told so, and nobody has asked for another.
    Row("proposals", "POST", of_read, {"ana": 409, "lea": 202}),
    Row("proposals", "DELETE", of_read, {"ana": 404, "lea": 404}),
    Row("proposal_branch", "POST", of_read, {"ana": 404}, body=lambda w: w.mask("open read") | {"mask": "x"}),
    Row("predictions", "GET", lambda w: {"case_id": w.read.case_id}, {"lea": 200}, others=404),
    Row("case_release", "POST", of_held, {"lea": 200}, others=404),
    Row("case_removal", "POST", of_held, {"lea": 204}, others=404),
    Row("case_slice", "GET", lambda w: {**of_held(w), "k": 10**6}, {"lea": 404}, others=404, note="no such"),
    Row("case_spacing", "POST", of_held, {"lea": 400}, others=404, note="400: which spacing"),
    Row(
        "atlases", "POST", of_project, {"lea": 400}, body=lambda _: {"cases": []}, note="nothing is labelled"
    ),
    Row("looked", "PUT", of_read, {"ana": 200}),
    Row("measurements", "PATCH", of_read, {"ana": 200}, body=lambda _: {}),
    Row("completed", "PUT", of_review, {"rui": 200}, body=lambda _: {"structures": []}, note="a review"),
    Row("completed", "PUT", of_read, {}, body=lambda _: {"structures": []}, note="a read"),
    Row("judged", "GET", of_review, {"rui": 200}),
    Row("judged", "PUT", of_review, {"rui": 200}, body=lambda _: {"structures": []}),
    Row("pins", "GET", of_read, {"ana": 200, "lea": 200}, note="a read"),
    Row("pins", "GET", of_review, {"rui": 200, "lea": 200}, note="a review"),
    Row("pins", "POST", of_read, {}, body=pin_body, note="a read"),
    Row("pins", "POST", of_review, {"rui": 201}, body=pin_body, note="a review"),
    Row("pin", "PATCH", of_pin, {"rui": 200, "lea": 200}, body=lambda _: {"state": "resolved"}, others=404),
    Row("pin", "DELETE", of_pin, {"rui": 204, "lea": 409}, others=404, note="409: not her own"),
    Row("pin_notes", "POST", of_pin, {"rui": 201, "lea": 201}, body=lambda _: {"text": "Why?"}, others=404),
    Row("components", "GET", of_review, {}, note="no adjudication"),
    Row("adjudicate", "POST", of_review, {}, note="no adjudication"),
    Row("due", "PUT", of_project, {"lea": 200}, body=due_body),
    Row("priority", "PUT", of_project, {"lea": 200}, body=priority_body),
    Row("adjudications", "GET", of_project, {"rui": 200, "lea": 200}),
    Row("adjudications", "POST", of_project, {"rui": 200, "lea": 200}),
    Row("apply_branch", "POST", lambda w: w.branch, {"ana": 201, "lea": 403}, body=step_body, others=404),
    Row("submit", "POST", of_read, {"ana": 200}, body=lambda _: {"revision": 0}, note="a read"),
    Row("submit", "POST", of_review, {}, body=lambda _: {"revision": 0}, note="a review"),
    Row("release", "POST", of_read, {"ana": 200}),
    Row("skip", "POST", of_read, {"ana": 200}, body=lambda _: {"reason": "Cut off."}),
    Row("unsubmit", "POST", of_read, {"ana": 200}, note="not handed in: nothing to do"),
    Row("take_over", "POST", of_read, {"lea": 200}),
    Row(
        "verdict",
        "POST",
        of_review,
        {"rui": 200},
        body=lambda _: {"verdict": "accept", "comment": "", "revision": 1},
        note="a review",
    ),
    Row(
        "verdict",
        "POST",
        of_read,
        {},
        body=lambda _: {"verdict": "accept", "comment": "", "revision": 0},
        note="a read",
    ),
    Row("ping", "POST", of_session, {"ana": 200}, body=lambda _: {"visible": True}),
    mask_row("open read", "ana", "lea"),
    mask_row("prediction under the open read", "ana", "lea"),
    mask_row("submitted read", "ana", "rui", "lea"),
    mask_row("prediction under the submitted read", "ana", "rui", "lea"),
    mask_row("review", "rui", "lea"),
    Row("mask_revisions", "GET", lambda w: w.mask("open read"), {"ana": 200, "lea": 200}, others=404),
    Row(
        "mask_revisions",
        "GET",
        lambda w: w.mask("review"),
        {"rui": 200, "lea": 200},
        others=404,
        note="review",
    ),
    Row(
        "difference",
        "GET",
        lambda w: w.mask("submitted read"),
        {"ana": 200, "rui": 200, "lea": 200},
        body=lambda _: {"from": 0, "to": 1},
        others=404,
    ),
    Row(
        "regions",
        "GET",
        lambda w: w.mask("prediction under the open read"),
        {"ana": 200, "lea": 200},
        others=404,
    ),
    Row("uncertainty", "GET", with_map, {"ana": 200, "lea": 200}, others=404),
    Row("zarr", "GET", lambda w: w.zarr, {"ana": 200, "lea": 200}, others=404),
]


@pytest.mark.parametrize(
    ("row", "actor"),
    [
        pytest.param(row, actor, id=f"{row.words()} {actor}")
        for row in TABLE
        for actor in ACTORS
        if not row.is_harmless(actor)
    ],
)
def test_who_may_do_what(world: World, row: Row, actor: str) -> None:
    """Where something is changed, each in a world of its own; tests.trust.test_s1_rights asks the rest."""
    answer = row.send(world, actor)
    assert answer.status_code == row.expected(actor), (actor, answer.content[:300])


def test_every_route_and_method_has_a_row() -> None:
    described = {(row.name, row.method) for row in TABLE}
    offered = {
        (route.name, method)
        for route in urls.urlpatterns
        for method in METHODS
        if hasattr(getattr(route.callback, "cls"), method.lower())  # noqa: B009 - set by as_view
    }
    assert described == offered
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("row", [row for row in TABLE if row.name in NAMES_OF_OBJECTS], ids=Row.words)
def test_ids_that_do_not_exist(world: World, row: Row) -> None:
    given = row.arguments(world)
    ids = {name: there for name, there in given.items() if name.endswith("_id")}
    for number in (0, 10**6, 2**63, 10**40):
        other = {
            name: uuid.UUID(int=number % 2**128) if isinstance(ids[name], uuid.UUID) else number
            for name in ids
        }
        url = reverse(row.name, kwargs=given | other)
        answer = getattr(world.clients["lea"], row.method.lower())(url)
        assert answer.status_code == 404, number


def test_a_case_by_itself(world: World, ana: User, rui: User, lea: User, otto: User) -> None:
    case = world.read.case
    assert access.case_for(lea, case.pk) == case
    for reader in (ana, rui, otto):
        with pytest.raises(NotFound):
            access.case_for(reader, case.pk)


class TestBlinding:
    def test_nobody_learns_the_other_sides_name(self, world: World) -> None:
        url = reverse("assignment", kwargs=of_review(world))
        assert "ana" not in _words(world.clients["rui"].get(url))
        rui = world.clients["rui"].get(reverse("worklist"), {"project": world.project.pk})
        assert "ana" not in _words(rui)
        verdict = {"verdict": "return", "comment": "Too large.", "revision": 1}
        url = reverse("verdict", kwargs=of_review(world))
        assert world.clients["rui"].post(url, verdict, "application/json").status_code == 200
        for url, query in (
            (reverse("assignment", kwargs={"assignment_id": world.submitted.pk}), {}),
            (reverse("worklist"), {"project": world.project.pk}),
        ):
            answer = world.clients["ana"].get(url, query)
            assert "rui" not in _words(answer)
            assert b"Too large." in answer.content

    def test_a_given_back_read_shows_nothing_any_more(self, world: World, ben: User) -> None:
        worklist.release(assignment=world.read)
        for url in (
            reverse("assignment", kwargs=of_read(world)),
            reverse("mask", kwargs=world.mask("open read")),
        ):
            assert world.clients["ana"].get(url).status_code in (403, 404)
        prediction = reverse("mask", kwargs=world.mask("prediction under the open read"))
        assert world.clients["ana"].get(prediction).status_code == 404

    def test_a_case_that_waits_shows_its_prediction_and_nothing_else(self, world: World, ben: User) -> None:
        case = make_case(world.project)
        model = make_model(world.project, state=ModelState.CANDIDATE)
        offered = make_prediction(case, model).mask
        namer = handles.Namer(ben.pk, 1)
        url = reverse("mask", kwargs={"mask_id": namer.mask(offered.pk)})
        assert world.clients["ben"].get(url).status_code == 200
        for other in ("otto", "ana", "lea"):
            assert world.clients[other].get(url).status_code == 404
        drawn = reverse("mask", kwargs={"mask_id": namer.mask(world.read.mask_id)})
        assert world.clients["ben"].get(drawn).status_code == 404
        Model.objects.filter(pk=model.pk).update(state=ModelState.REJECTED)
        assert world.clients["ben"].get(url).status_code == 404

    def test_kept_strokes_stay_open_to_their_reader_alone(self, world: World, ben: User) -> None:
        worklist.release(assignment=world.read)
        assert worklist.next_case(reader=ben, project=world.project) is not None
        branch = make_branch(world.read)
        for url in (
            reverse("assignment", kwargs=of_read(world)),
            reverse("mask", kwargs={"mask_id": world.named(world.read).mask(branch.mask_id)}),
            reverse("mask", kwargs=world.mask("prediction under the open read")),
        ):
            assert world.clients["ana"].get(url).status_code == 200
            assert world.clients["rui"].get(url).status_code == 404
        taken = Assignment.objects.get(case=world.read.case, reader=ben)
        namer = access.namer_for(ben, taken)
        assert world.clients["ben"].get(reverse("mask", args=[namer.mask(taken.mask_id)])).status_code == 200
        assert world.clients["ben"].get(reverse("mask", args=[namer.mask(branch.mask_id)])).status_code == 404
        forged = world.named(world.read).mask(taken.mask_id)
        assert world.clients["ana"].get(reverse("mask", args=[forged])).status_code == 404
        assert world.clients["ana"].get(reverse("assignment", args=[taken.pk])).status_code == 404

    def test_names_in_the_history_of_a_mask(self, world: World) -> None:
        for actor, named in (("ana", True), ("rui", False), ("lea", True)):
            world.actor = actor
            url = reverse("mask_revisions", kwargs=world.mask("submitted read"))
            authors = {one["author"] for one in world.clients[actor].get(url).json()}
            assert authors == ({"ana"} if named else {None})

    def test_the_lead_sees_who_reads(self, world: World) -> None:
        rows = world.clients["lea"].get(reverse("cases", kwargs=of_project(world))).json()["results"]
        assert {row["reader"] for row in rows} == {"ana"}


def _words(answer: Any) -> set[str]:
    """Every string value of a JSON answer, whole: a name inside “kidney” is none."""
    assert answer.status_code == 200
    words: set[str] = set()

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list):
            for one in value:
                collect(one)
        elif isinstance(value, str):
            words.update(value.split())

    collect(answer.json())
    return words
