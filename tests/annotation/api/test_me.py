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
        "projects": [
            {"id": project.pk, "name": "Abdomen", "role": "annotator"},
            {"id": other_project.pk, "name": "Elsewhere", "role": "reviewer"},
        ],
    }


def test_the_full_name_where_there_is_one(ana: User, as_ana: Browser) -> None:
    User.objects.filter(pk=ana.pk).update(first_name="Ana", last_name="Sousa")
    assert as_ana.get("/api/me/").json() == {"username": "ana", "name": "Ana Sousa", "projects": []}


def test_nobody_is_401_with_a_challenge(as_nobody: Browser) -> None:
    answer = as_nobody.get("/api/me/")
    assert_refused(answer, 401)
    assert answer.headers["WWW-Authenticate"] == "Session"


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
