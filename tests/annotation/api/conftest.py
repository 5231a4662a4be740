"""Signed-in browsers, and reads to work on."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from annotation.models import Assignment, Project
from tests.annotation.factories import make_model, make_read, make_review, make_submitted


class Browser:
    """A signed-in user's requests; JSON unless told otherwise."""

    def __init__(self, user: User | None = None) -> None:
        self.client = Client()
        if user is not None:
            self.client.force_login(user)

    def get(
        self, url: str, query: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ) -> Any:
        return self.client.get(url, query or {}, headers=headers or {})

    def post(self, url: str, body: object = None) -> Any:
        return self.client.post(url, json.dumps(body if body is not None else {}), "application/json")

    def patch(self, url: str, body: object) -> Any:
        return self.client.patch(url, json.dumps(body), "application/json")

    def put(self, url: str, body: object) -> Any:
        return self.client.put(url, json.dumps(body), "application/json")

    def upload(self, url: str, parts: dict[str, Any]) -> Any:
        return self.client.post(url, parts)


@pytest.fixture
def as_ana(ana: User) -> Browser:
    return Browser(ana)


@pytest.fixture
def as_ben(ben: User) -> Browser:
    return Browser(ben)


@pytest.fixture
def as_rui(rui: User) -> Browser:
    return Browser(rui)


@pytest.fixture
def as_lea(lea: User) -> Browser:
    return Browser(lea)


@pytest.fixture
def as_otto(otto: User, other_project: Project) -> Browser:
    return Browser(otto)


@pytest.fixture
def as_nobody(db: None) -> Browser:
    return Browser()


@pytest.fixture
def read(ana: User, project: Project) -> Assignment:
    """ana's open read over a prediction."""
    make_model(project)
    return make_read(ana, project)


@pytest.fixture
def submitted(ana: User, project: Project) -> Assignment:
    make_model(project)
    return make_submitted(ana, project)


@pytest.fixture
def review(rui: User, submitted: Assignment) -> Assignment:
    return make_review(rui, submitted)
