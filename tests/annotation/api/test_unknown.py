"""Addresses that nobody knows, faults, and the one way in."""

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory

from backend.page import NOT_FOR_YOU, failed, forbidden, not_found
from tests.annotation.api.guard import assert_refused


@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
@pytest.mark.parametrize(
    "path", ["/api/nothing/", "/api/projects/x/", "/api/masks/1/2/", "/_allauth/nothing"]
)
def test_an_unknown_address_of_the_api_is_a_sentence(method: str, path: str) -> None:
    answer = getattr(Client(), method)(path)
    assert_refused(answer, 404, path)


def test_without_its_slash() -> None:
    assert_refused(Client().get("/api/nothing"), 404, "end with a slash")
    assert Client().get("/api/me").status_code == 301


def test_people_get_a_page() -> None:
    assert b"<h1>" in Client().get("/static/nothing").content
    request = RequestFactory().get("/static/nothing")
    assert b"<h1>" in not_found(request, Exception()).content
    assert b"<h1>" in failed(request).content


def test_a_fault_is_a_sentence() -> None:
    request = RequestFactory().get("/api/me/")
    for answer, status in ((failed(request), 500), (forbidden(request, Exception()), 403)):
        assert (answer.status_code, b"detail" in answer.content) == (status, True)


class TestAdmin:
    """Nobody signs in but where attempts are counted."""

    def test_its_form_takes_no_password(self, db: None) -> None:
        User.objects.create_superuser("root", password="root")
        for address in ("/admin/", "/admin/annotation/case/"):
            answer = Client().get(address, follow=True)
            assert answer.redirect_chain[-1][0].startswith("/sign-in?next=")
        answer = Client().post("/admin/login/?next=/admin/", {"username": "root", "password": "root"})
        assert (answer.status_code, answer["Location"]) == (302, "/sign-in?next=%2Fadmin%2F")

    def test_whoever_is_staff_gets_in(self, db: None) -> None:
        client = Client()
        client.force_login(User.objects.create_superuser("root", password="root"))
        assert client.get("/admin/").status_code == 200

    def test_whoever_is_not_is_told(self, ana: User) -> None:
        client = Client()
        client.force_login(ana)
        answer = client.get("/admin/", follow=True)
        assert (answer.status_code, answer.content.decode()) == (403, NOT_FOR_YOU)

    def test_attempts_are_limited(self, ana: User) -> None:
        client = Client()
        login = "/_allauth/browser/v1/auth/login"
        answers = [
            client.post(login, {"username": "ana", "password": "wrong"}, "application/json").json()
            for _ in range(12)
        ]
        codes = [answer["errors"][0]["code"] for answer in answers]
        assert codes[0] == "username_password_mismatch"
        assert codes[-1] == "too_many_login_attempts"
