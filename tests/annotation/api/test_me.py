from django.contrib.auth.models import User
from django.test import Client

from annotation.models import Membership, Project, Role
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_refused


def test_name_and_projects_with_roles(
    ana: User, project: Project, other_project: Project, as_ana: Browser
) -> None:
    Membership.objects.create(project=other_project, user=ana, role=Role.REVIEWER)
    answer = as_ana.get("/api/me/")
    assert answer.json() == {
        "username": "ana",
        "name": "ana",
        "may_create_projects": False,
        "must_set_up_second_factor": False,
        "may_operate": False,
        "projects": [
            {"id": project.pk, "name": "Abdomen", "role": "annotator"},
            {"id": other_project.pk, "name": "Elsewhere", "role": "reviewer"},
        ],
    }


def test_the_full_name_where_there_is_one(ana: User, as_ana: Browser) -> None:
    User.objects.filter(pk=ana.pk).update(first_name="Ana", last_name="Sousa")
    me = as_ana.get("/api/me/").json()
    assert (me["name"], me["projects"]) == ("Ana Sousa", [])


def test_another_name(ana: User, as_ana: Browser) -> None:
    User.objects.filter(pk=ana.pk).update(first_name="Ana", last_name="Sousa")
    assert as_ana.patch("/api/me/", {"name": "  Ana  Sousa Prado "}).json()["name"] == "Ana Sousa Prado"
    assert as_ana.get("/api/me/").json()["name"] == "Ana Sousa Prado"
    assert as_ana.patch("/api/me/", {"name": ""}).json()["name"] == "ana"
    for body in ({}, {"name": "x" * 151}, {"name": None}):
        assert_refused(as_ana.patch("/api/me/", body), 400, "name")


def test_another_password(ana: User, as_ana: Browser) -> None:
    """Every other session ends, this one goes on."""
    elsewhere = Browser(ana)
    url = "/_allauth/browser/v1/account/password/change"
    wrong = as_ana.post(url, {"current_password": "no", "new_password": "correct horse battery"})
    weak = as_ana.post(url, {"current_password": "ana", "new_password": "short"})
    assert (wrong.status_code, weak.status_code) == (400, 400)
    changed = as_ana.post(url, {"current_password": "ana", "new_password": "correct horse battery"})
    assert changed.status_code == 200, changed.content
    assert as_ana.get("/api/me/").status_code == 200
    assert elsewhere.get("/api/me/").status_code == 401
    assert Client().login(username="ana", password="correct horse battery")


def test_nobody_is_401_with_a_challenge(as_nobody: Browser) -> None:
    answer = as_nobody.get("/api/me/")
    assert_refused(answer, 401)
    assert answer.headers["WWW-Authenticate"] == "Token"


def test_csrf_cookie_without_signing_in(db: None) -> None:
    client = Client()
    answer = client.get("/api/csrf/")
    assert (answer.status_code, answer.content) == (204, b"")
    assert client.cookies["csrftoken"].value


def test_signing_in_and_acting_like_the_browser_does(ana: User, project: Project) -> None:
    client = Client(enforce_csrf_checks=True)
    client.get("/api/csrf/")
    token = {"X-CSRFToken": client.cookies["csrftoken"].value}
    body = {"username": "ana", "password": "ana"}
    login = "/_allauth/browser/v1/auth/login"
    assert client.post(login, body, "application/json", headers=token).status_code == 200
    token = {"X-CSRFToken": client.cookies["csrftoken"].value}
    body = {"project": str(project.pk), "role": "annotate"}
    url = "/api/worklist/next/"
    assert client.post(url, body, "application/json", headers=token).status_code == 200
    assert client.post(url, body, "application/json").status_code == 403
