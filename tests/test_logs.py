"""Lines of the log: what they say and what not, and one id from a request to the job that it began."""

import json
import logging
import logging.config
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import current_app
from django.contrib.auth.models import User
from django.test import Client

from annotation import jobs, signs
from annotation.models import Job, JobKind, Project, Queue
from backend import logs
from tests.processes import Worker, wait_until


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines() if line.startswith("{")]


@pytest.fixture
def written(caplog: pytest.LogCaptureFixture) -> Any:
    """What requests logged, as the JSON formatter writes it."""
    caplog.handler.addFilter(logs.Origin())
    made = logging.config.DictConfigurator(logs.configuration("json", "INFO"))
    formatter = made.configure_formatter(made.config["formatters"]["json"])
    caplog.set_level(logging.INFO)
    return lambda: [json.loads(formatter.format(record)) for record in caplog.records]


@pytest.mark.django_db
class TestRequests:
    def test_one_line_says_route_status_time_and_who(self, lea: User, project: Project, written: Any) -> None:
        client = Client()
        client.force_login(lea)
        answer = client.get(
            f"/api/projects/{project.pk}/", {"q": "Mustermann"}, headers={"x-request-id": "a.b-1"}
        )
        (line,) = [one for one in written() if one["logger"] == "backend.request_log"]
        assert answer.headers["X-Request-ID"] == line["request_id"] == "a.b-1"
        assert (line["method"], line["route"], line["status"], line["user"]) == (
            "GET",
            "project",
            200,
            lea.pk,
        )
        assert line["ms"] > 0
        assert line["level"] == "INFO"
        assert "Mustermann" not in json.dumps(written())
        assert "lea" not in json.dumps(line)

    @pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a\tb", "ü", '"}{"'])
    def test_an_id_that_a_log_cannot_bear_is_replaced(self, given: str) -> None:
        answer = Client().get("/api/me/", headers={"x-request-id": given})
        own = answer.headers["X-Request-ID"]
        assert own != given
        assert len(own) == 32

    def test_probes_write_nothing(self, written: Any) -> None:
        for address in ("/livez", "/readyz", "/metrics"):
            Client().get(address)
        assert [one for one in written() if one["logger"].startswith("backend")] == []

    def test_a_refused_address_is_logged_without_what_was_searched(self, written: Any) -> None:
        Client().get("/api/nothing/", {"name": "Mustermann"})
        assert "Mustermann" not in json.dumps(written())


def test_text_names_the_request_and_the_job(capsys: pytest.CaptureFixture[str]) -> None:
    configured = logs.configuration("text", "INFO")
    record = logging.LogRecord("a", logging.INFO, "f", 1, "said", None, None)
    request, job = logs.request_id.set("abc"), logs.job_id.set(7)
    try:
        logs.Origin().filter(record)
    finally:
        logs.request_id.reset(request)
        logs.job_id.reset(job)
    text = logging.Formatter(**{"fmt": configured["formatters"]["text"]["format"], "style": "{"}).format(
        record
    )
    assert text.endswith("INFO a said [request abc] [job 7]")


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_a_job_is_followed_from_its_request_to_the_workers_log(
    project: Project, tmp_path: Path, settings: Any
) -> None:
    """The job is refused, as its folder is gone: that takes a second and goes all the way."""
    broker = redis.Redis.from_url(settings.CELERY_BROKER_URL)
    broker.flushdb()
    log, sign = tmp_path / "worker.log", tmp_path / "sign"
    token = logs.request_id.set("from-the-request")
    try:
        job = jobs.enqueue(
            kind=JobKind.IMPORT, queue=Queue.IO, ids={"folder": str(tmp_path / "gone")}, project=project
        )
    finally:
        logs.request_id.reset(token)
    current_app.signature(
        "annotation.tasks.worker_heartbeat", kwargs={"queue": "score"}, immutable=True
    ).apply_async(queue="score")
    with Worker(log, pool="prefork", LOG_FORMAT="json", WORKER_SIGN=str(sign)) as worker:
        wait_until(lambda: Job.objects.get(pk=job.pk).finished_at is not None, "the end of the job", log)
        wait_until(lambda: "score" in signs.read().heartbeats_s, "the heartbeat", log)
        wait_until(lambda: any(one.queues for one in signs.read().workers), "the worker's own sign", log)
        (known,) = signs.read().workers
        assert known.name.startswith("test@")
        assert set(known.queues) == set(Queue)
        assert known.worked_s is not None
        wait_until(
            lambda: '"task": "annotation.tasks.import"' in log.read_text(), "the line of the task", log
        )
        assert sign.read_text() == "idle"
        worker.stop(15)
    assert signs.read().workers == ()
    (line,) = [one for one in lines(log) if one.get("task") == "annotation.tasks.import"]
    assert (line["request_id"], line["job_id"], line["state"]) == ("from-the-request", job.pk, "SUCCESS")
    assert not [one for one in lines(log) if "worker_heartbeat" in one["message"] and one["level"] == "INFO"]
