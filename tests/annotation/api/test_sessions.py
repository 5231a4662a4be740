from datetime import timedelta

import pytest
from django.utils import timezone

from annotation import corrections
from annotation.models import Assignment, ReadingSession
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out, assert_refused


def sessions(read: Assignment) -> str:
    return f"/api/assignments/{read.pk}/sessions/"


@pytest.fixture
def ping(read: Assignment) -> str:
    session = corrections.start_session(assignment=read)
    ReadingSession.objects.update(last_seen_at=timezone.now() - timedelta(seconds=20.5))
    return f"/api/sessions/{session.pk}/ping/"


def test_a_session_starts(read: Assignment, as_ana: Browser) -> None:
    answer = as_ana.post(sessions(read))
    assert answer.status_code == 201
    assert answer.json() == {"id": ReadingSession.objects.get(assignment=read).pk}


def test_not_on_a_submitted_read(submitted: Assignment, as_ana: Browser) -> None:
    assert_refused(as_ana.post(sessions(submitted)), 409)


def test_a_ping_counts_the_servers_seconds(read: Assignment, ping: str, as_ana: Browser) -> None:
    Assignment.objects.update(lease_until=timezone.now())
    body = as_ana.post(ping, {"visible": True}).json()
    assert body["active_seconds"] == 20
    read.refresh_from_db()
    assert body["lease_until"] == read.lease_until.isoformat().replace("+00:00", "Z")
    assert read.lease_until > timezone.now() + timedelta(seconds=115)


def test_a_hidden_page_counts_nothing(ping: str, as_ana: Browser) -> None:
    assert as_ana.post(ping, {"visible": False}).json()["active_seconds"] == 0


@pytest.mark.parametrize("body", [{"visible": "perhaps"}, {"visible": None}, [1]])
def test_a_wrong_body(ping: str, as_ana: Browser, body: object) -> None:
    assert_refused(as_ana.post(ping, body), 400)


def test_who_is_kept_out(
    read: Assignment, ping: str, as_nobody: Browser, as_otto: Browser, as_ben: Browser, as_lea: Browser
) -> None:
    for url in (sessions(read), ping):
        assert_kept_out(url, method="post", nobody=as_nobody, stranger=as_otto, unaware=as_ben)
        assert_kept_out(url, method="post", nobody=as_nobody, stranger=as_otto, wrong_role=as_lea)
