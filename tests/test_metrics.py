"""/livez, /readyz and /metrics: who gets them, what they count; several web processes count together."""

import json
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from prometheus_client.parser import text_string_to_metric_families

from annotation import signs
from annotation.models import JobKind, JobState, Project
from backend import metrics, probes
from tests.annotation.factories import make_case, make_job, make_model, make_read, pack
from tests.processes import ROOT, environment

Told = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(text: str) -> Told:
    """Samples by name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(told: Told, name: str, **labels: str) -> float:
    return told.get((name, frozenset(labels.items())), 0.0)


def scrape(client: Client | None = None) -> Told:
    answer = (client or Client()).get("/metrics")
    assert answer.status_code == 200
    return read(answer.content.decode())


def save_form() -> dict[str, Any]:
    """One stroke on a mask that nobody drew on before."""
    meta = {"base_revision": 0, "key": str(uuid.uuid4()), "session": None, "events": []}
    edits = SimpleUploadedFile("edits.gz", pack([(0, 1, [(0, 5, 1)])]))
    return {"meta": json.dumps(meta), "edits": edits}


@pytest.mark.django_db
class TestDoors:
    def test_probes_are_answered_whatever_the_host(self) -> None:
        for address in ("/livez", "/readyz"):
            answer = Client().get(address, headers={"host": "10.1.2.3:8000"})
            assert (answer.status_code, answer.content) == (200, b"ok\n")
        assert Client().get("/sign-in", headers={"host": "10.1.2.3:8000"}).status_code == 400

    def test_without_a_token_only_this_machine_may_look(self) -> None:
        assert Client().get("/metrics").status_code == 200
        assert Client().get("/metrics", REMOTE_ADDR="10.1.2.3").status_code == 404
        assert Client().get("/metrics", headers={"x-forwarded-for": "10.1.2.3"}).status_code == 404
        assert Client().get("/metrics", REMOTE_ADDR="").status_code == 404

    def test_with_a_token_only_who_has_it(self, settings: Any) -> None:
        settings.METRICS_TOKEN = "s3cret"
        for sent, status in (
            ("Bearer s3cret", 200),
            ("bearer s3cret", 200),
            ("Bearer s3cre", 404),
            ("Token s3cret", 404),
            ("", 404),
            ("Bearer ü", 404),
        ):
            answer = Client().get("/metrics", headers={"authorization": sent}, REMOTE_ADDR="10.1.2.3")
            assert answer.status_code == status, sent

    def test_nothing_but_reading(self) -> None:
        assert Client().post("/metrics").status_code == 405
        assert Client().head("/livez").status_code == 200

    def test_not_ready_without_a_database(self, settings: Any) -> None:
        code = (
            "import django; django.setup()\n"
            "from django.test import Client\n"
            "c = Client(); print(c.get('/livez').status_code, c.get('/readyz').status_code)\n"
            "told = c.get('/metrics').content.decode()\n"
            "print('delineate_up{part=\"database\"} 0.0' in told, 'delineate_cases' in told)"
        )
        away = environment(DATABASE_URL="postgres://nobody@127.0.0.1:1/none")
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=away, capture_output=True, text=True, check=True
        )
        assert done.stdout.split() == ["200", "503", "True", "False"]


@pytest.mark.django_db
class TestWhatIsTold:
    def test_requests_by_route_not_by_address(self, lea: User, project: Project) -> None:
        client = Client()
        client.force_login(lea)
        before = scrape()
        for number in (project.pk, 10**6):
            client.get(f"/api/projects/{number}/")
        after = scrape()
        for status in ("200", "404"):
            labels = {"method": "GET", "route": "project", "status": status}
            name = "delineate_http_requests_total"
            assert value(after, name, **labels) == value(before, name, **labels) + 1
        seconds = value(after, "delineate_http_request_seconds_count", method="GET", route="project")
        assert (
            seconds
            == value(before, "delineate_http_request_seconds_count", method="GET", route="project") + 2
        )

    def test_made_up_addresses_and_methods_make_no_new_labels(self) -> None:
        for number in range(5):
            Client().get(f"/api/nothing/{number}/")
            Client().generic(f"BREW{number}", "/api/me/")
        labels = {dict(labels).get("method", "GET") for _, labels in scrape()}
        assert labels <= {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "other"}
        routes = {dict(labels)["route"] for _, labels in scrape() if "route" in dict(labels)}
        assert not [route for route in routes if "/" in route]

    def test_saves_by_outcome(self, ana: User, project: Project) -> None:
        make_model(project)
        read_of_ana = make_read(ana, project)
        client = Client()
        client.force_login(ana)
        before = scrape()
        address = f"/api/assignments/{read_of_ana.pk}/revisions/"
        statuses = [client.post(address, save_form()).status_code for _ in range(2)]
        assert statuses == [201, 409]
        assert client.post(address, {}).status_code == 400
        after = scrape()
        for outcome in ("stored", "conflict", "refused"):
            name = "delineate_saves_total"
            assert value(after, name, outcome=outcome) == value(before, name, outcome=outcome) + 1, outcome

    def test_how_things_stand(self, project: Project) -> None:
        make_job(project, kind=JobKind.SCORE, state=JobState.FAILED)
        make_case(project)
        signs.note_heartbeat("io", "worker@a")
        signs.note_worker("worker@a", ("io",), "0.1.0")
        signs.note_backup(2048)
        told = scrape()
        assert value(told, "delineate_jobs", kind="score", state="failed") == 1
        assert sum(number for (name, _), number in told.items() if name == "delineate_cases") == 1
        assert value(told, "delineate_up", part="broker") == value(told, "delineate_up", part="store") == 1
        assert value(told, "delineate_backup_bytes") == 2048
        assert value(told, "delineate_disk_free_bytes", disk="store") > 0
        assert value(told, "delineate_database_bytes") > 10**6
        assert value(told, "delineate_queue_seen_seconds", queue="io") < 30
        assert ("delineate_queue_seen_seconds", frozenset({("queue", "train")})) not in told
        assert ("delineate_worker_alive_seconds", frozenset({("worker", "worker@a")})) in told

    def test_nobody_is_named(self, ana: User, project: Project) -> None:
        client = Client()
        client.force_login(ana)
        client.get("/api/me/")
        text = Client().get("/metrics").content.decode()
        assert "ana" not in re.findall(r"[a-z]+", text)
        assert project.name not in text


def test_a_broker_that_is_away_is_told_as_down(db: None, settings: Any) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    told = read(metrics.exposition().decode())
    assert value(told, "delineate_up", part="database") == 1
    assert told[("delineate_up", frozenset({("part", "broker")}))] == 0


def test_ipv6_and_mapped_addresses() -> None:
    for address, may in (("::1", True), ("2001:db8::1", False), ("127.0.0.8", True)):
        request = RequestFactory().get("/metrics", REMOTE_ADDR=address)
        assert probes.may_see_metrics(request) is may, address


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Two web processes behind one address, as in production."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "backend.wsgi:application", "-c", "python:backend.webserver"]
    own = environment(WEB_WORKERS="2", LOG_FORMAT="json", TMPDIR=str(tmp_path))
    own.pop("PROMETHEUS_MULTIPROC_DIR", None)
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--bind", f"127.0.0.1:{port}"], cwd=ROOT, env=own, stdout=log, stderr=log
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(f"{address}/livez", tmp_path / "log")
        yield address
    finally:
        process.terminate()
        process.wait(20)
    assert not list(tmp_path.glob("delineate-metrics-*")), "the folder of the counts stayed behind"


def _wait(address: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(address, timeout=5).close()  # noqa: S310  # our own server
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text()[-2000:])


@pytest.mark.django_db(transaction=True)
def test_several_web_processes_count_together(server: str, tmp_path: Path) -> None:
    for _ in range(20):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{server}/api/me/", timeout=60)  # noqa: S310  # our own server
        refused.value.close()
    with urllib.request.urlopen(f"{server}/metrics", timeout=10) as answer:  # noqa: S310  # our own server
        told = read(answer.read().decode())
    assert value(told, "delineate_http_requests_total", method="GET", route="me", status="401") == 20
    pids = {path.stem.split("_")[-1] for path in tmp_path.glob("delineate-metrics-*/*.db")}
    assert len(pids) >= 2, "one process answered everything, so this shows nothing"
    assert '"route": "me"' in (tmp_path / "log").read_text()
