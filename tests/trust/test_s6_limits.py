"""S6: guessing passwords, tokens and links, and asking too often; nobody who reads or saves is held up."""

import statistics
import time
from typing import Any

import pytest
from django.conf import settings as configured
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from annotation import urls
from annotation.api.throttling import count
from annotation.models import Project, Upload
from backend.attempts import CODE
from tests.annotation.access_world import World, begin_world
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_refused
from tests.annotation.test_access import TABLE
from tests.trust.figures import record

pytestmark = [pytest.mark.django_db, pytest.mark.trust]

LOGIN = "/_allauth/browser/v1/auth/login"
TRIES, PAIRS = 20, 4
LIMITED = {route.name: getattr(route.callback, "cls").limit  # noqa: B009 - set by as_view
           for route in urls.urlpatterns
           if getattr(getattr(route.callback, "cls"), "limit", "")}  # fmt: skip  # noqa: B009
# What readers do all day.
NEVER = {"revisions", "undo", "restore", "branches", "apply_branch", "looked", "measurements", "completed",
         "judged", "ping", "sessions", "submit", "next", "mask", "zarr", "verdict", "pins"}  # fmt: skip
NOWHERE = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://127.0.0.1:1/0",
    }
}


def _try(name: str, password: str, address: str = "10.0.0.1", **headers: str) -> Any:
    client = Client(REMOTE_ADDR=address, headers=headers or None)
    return client.post(LOGIN, {"username": name, "password": password}, "application/json")


def test_guessing_a_password_ends(ana: User) -> None:
    answers = [_try("ana", f"wrong {number}") for number in range(TRIES)]
    before = next(n for n, answer in enumerate(answers) if answer.status_code == 429)
    locked = _try("ana", "ana")
    assert locked.status_code == 429, "the right password told from a wrong one while nobody may try"
    assert locked.json()["errors"][0]["code"] == CODE
    assert int(locked.headers["Retry-After"]) > 0
    elsewhere = _try("ana", "ana", "10.0.0.2")
    met = before <= 10 and all(answer.status_code == 429 for answer in answers[before:])
    found = f"429 after {before}, from another address {elsewhere.status_code}"
    record("S6", f"{TRIES} wrong passwords for one name", found, met=met and elsewhere.status_code == 429)


def test_guessing_for_many_names_from_one_address_ends(ana: User) -> None:
    answers = [_try(f"name{number}", "password").status_code for number in range(TRIES)]
    neighbour = _try("ana", "ana", "10.0.0.2").status_code
    before = answers.index(429)
    found = f"429 after {before}; a neighbour signs in: {neighbour}"
    met = before <= 10 and set(answers[before:]) == {429} and neighbour == 200
    record("S6", f"{TRIES} names from one address", found, met=met)


def test_an_address_that_was_made_up_counts_for_nothing(ana: User) -> None:
    answers = [
        _try(f"name{number}", "password", **{"X-Forwarded-For": f"10.1.1.{number}"}).status_code
        for number in range(TRIES)
    ]
    record("S6", f"{TRIES} made-up addresses", f"429 after {answers.index(429)}", met=answers[-1] == 429)


def test_behind_a_proxy_the_address_is_the_one_that_it_saw(ana: User, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    forged = [
        _try(f"name{number}", "password", **{"X-Forwarded-For": f"10.1.1.{number}, 10.2.2.2"}).status_code
        for number in range(TRIES)
    ]
    assert forged[-1] == 429
    assert _try("ana", "ana", **{"X-Forwarded-For": "10.3.3.3"}).status_code == 200, "another's failures"


def test_no_account_is_told_from_none(ana: User, settings: Any) -> None:
    """By the words and by the work: how long the processor is busy, which a full machine does not change."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    ana.set_password("a long enough password")
    ana.save()
    spent: dict[str, list[float]] = {"ana": [], "nobody": []}
    words: set[str] = set()
    for _ in range(PAIRS):
        for name, times in spent.items():
            cache.clear()
            begun = time.thread_time()
            answer = _try(name, "wrong password")
            times.append(time.thread_time() - begun)
            words.add(f"{answer.status_code} {answer.content.decode()}")
    known, unknown = (statistics.median(times) for times in spent.values())
    ratio = max(known, unknown) / min(known, unknown)
    found = f"{len(words)} answer, work 1 : {ratio:.2f}"
    record(
        "S6", "a wrong password for a known and an unknown name", found, met=len(words) == 1 and ratio < 1.5
    )


def test_guessing_tokens_and_links_ends() -> None:
    tokens = [
        Client(headers={"Authorization": f"Token dl_{n}"}).get("/api/me/").status_code for n in range(25)
    ]
    page = Client()
    links = [
        page.post("/api/invitations/open/", {"token": f"x{n}"}, "application/json").status_code
        for n in range(65)
    ]
    found = f"429 after {tokens.index(429)} tokens, {links.index(429)} links"
    record("S6", "guessed tokens and links", found, met=tokens[-1] == 429 and links[-1] == 429)


@pytest.fixture
def world(
    ana: User, ben: User, rui: User, lea: User, otto: User, project: Project, other_project: Project
) -> World:
    return begin_world([ana, ben, rui, lea, otto], project, other_project)


def test_everything_limited_answers_429_and_says_when_to_ask_again(world: World, lea: User) -> None:
    met = 0
    for name, limit in LIMITED.items():
        most, seconds = configured.REQUEST_LIMITS[limit]
        row = next(row for row in TABLE if row.name == name and row.method == "POST")
        cache.clear()
        count(f"{limit}:{lea.pk}", seconds)
        cache.incr(f"counted:{limit}:{lea.pk}", most)
        answer = row.send(world, "lea")
        assert answer.status_code == 429, name
        assert 0 < int(answer.headers["Retry-After"]) <= seconds
        assert answer.json()["detail"].endswith(".")  # type: ignore[attr-defined]  # of the test client
        other = row.send(world, "ben")
        assert other.status_code in (403, 404, 201), "another's requests were counted"
        met += 1
    assert set(LIMITED.values()) == set(configured.REQUEST_LIMITS), "a limit that nothing has"
    record("S6", "routes that begin costly work", f"{met} of {len(LIMITED)} answer 429", met=met >= 9)


def test_reading_and_saving_are_never_held_up() -> None:
    names = {route.name for route in urls.urlpatterns}
    assert names >= NEVER
    assert not NEVER & set(LIMITED)


def test_a_thousand_uploads(project: Project, lea: User, settings: Any) -> None:
    """The count is made to begin near the limit: 300 rows would take a while."""
    lead, url = Browser(lea), reverse("uploads", kwargs={"project_id": project.pk})
    most, seconds = settings.REQUEST_LIMITS["upload"]
    for _ in range(most - 3):
        count(f"upload:{lea.pk}", seconds)
    answers = [lead.post(url).status_code for _ in range(6)]
    found = f"429 after {most}"
    met = answers == [201] * 3 + [429] * 3 and Upload.objects.count() == 3 and most <= 1000
    record("S6", "1 000 uploads in an hour", found, met=met)


def test_without_the_cache_nobody_stands_still(project: Project, lea: User, settings: Any) -> None:
    settings.CACHES = NOWHERE
    answer = Browser(lea).post(reverse("uploads", kwargs={"project_id": project.pk}))
    assert answer.status_code == 201


def test_a_limit_is_a_sentence(project: Project, lea: User, settings: Any) -> None:
    settings.REQUEST_LIMITS = settings.REQUEST_LIMITS | {"upload": (1, 60)}
    lead, url = Browser(lea), reverse("uploads", kwargs={"project_id": project.pk})
    assert lead.post(url).status_code == 201
    assert_refused(lead.post(url), 429, "too often")
    assert lead.get(url).status_code == 200
