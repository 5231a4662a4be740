"""How much slower the web answers while a worker trains, is killed and goes on, or predicts beside it.

The worker is a real one, and the product's own: it takes its jobs from the queue. Readers' requests go over
HTTP; a save is one brush stamp, as the browser sends it. Idle times are taken before and after, in one run.

Beside these stand figures of MONAI Label 0.8.5 on two such cores, under other load and so rather too high:
while it trained (two iterations of 96³ voxels, in a process of its own) it answered within 430 ms; while it
predicted 96³ voxels its list of cases took 26.1 s, for an inference runs in the process that answers.
"""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import perf_counter
from urllib.request import Request, urlopen

from backend.services import free_port
from bench import ready  # noqa: F401

# isort: split
from django.conf import settings
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from annotation import catalogue, ingest, jobs, learning
from annotation.models import Job, JobKind, JobState, LabelSchema, Project, SchemaStructure
from bench.table import Row, hand_over, median_ms, percentile_ms
from bench.world import client_of, disc, make_project, save_form
from training.phantom import STRUCTURES, make_phantom

READER = "reader0"
ROUNDS = 60  # of one save and two requests
PAUSE_S = 0.05
LEARNED, TESTED, WAITING = 3, 1, 40  # phantoms; the last are more than there is time to predict
BUDGET_S, LEASE_S = 90, 10
PATIENCE_S = 240
MOST = 1.2


@dataclass
class Times:
    """Seconds of requests for the worklist, and of saves."""

    looks: list[float] = field(default_factory=list)
    saves: list[float] = field(default_factory=list)


class Reader:
    """Somebody who corrects a case of 512×512×320 voxels and looks at the worklist, over HTTP."""

    def __init__(self, project: Project, port: int) -> None:
        client, token = client_of(READER), secrets.token_hex(16)
        order = {"project": project.pk, "role": "annotate"}
        read = client.post("/api/worklist/next/", order, "application/json").json()["assignment"]
        here = f"http://127.0.0.1:{port}"
        self.worklist = f"{here}/api/worklist/?project={project.pk}"
        self.revisions = f"{here}/api/assignments/{read}/revisions/"
        cookies = f"sessionid={client.cookies['sessionid'].value}; csrftoken={token}"
        self.headers = {"Cookie": cookies, "X-CSRFToken": token}
        self.saved = 0

    def look(self) -> float:
        return _answered(Request(self.worklist, headers=self.headers))  # noqa: S310 - our own server

    def save(self) -> float:
        stamp = disc(100 + self.saved % 100, (200 + self.saved % 100, 240), 12, 1 + self.saved % 15)
        body = encode_multipart(BOUNDARY, save_form(self.saved, stamp))
        headers = self.headers | {"Content-Type": MULTIPART_CONTENT}
        took = _answered(Request(self.revisions, data=body, headers=headers, method="POST"))  # noqa: S310
        self.saved += 1
        return took

    def goes_on(self, more: Callable[[], bool] = lambda: False) -> Times:
        """So many rounds, and as long as there is `more`; the clock's sweep runs meanwhile, as beat would."""
        times, rounds = Times(), 0
        while rounds < ROUNDS or more():
            for work, into in ((self.look, times.looks), (self.save, times.saves), (self.look, times.looks)):
                into.append(work())
                time.sleep(PAUSE_S)
            rounds += 1
            if rounds % 5 == 0:
                jobs.sweep()
        return times


def main() -> None:
    hand_over(_rows())


def _rows() -> Iterator[Row]:
    settings.JOB_LEASE_SECONDS = LEASE_S
    project, study = make_project("busy", 50), _study()
    with serve() as port:
        reader = Reader(project, port)
        reader.goes_on()
        idle = reader.goes_on()
        run = learning.request_run(project=study, requested_by=None)
        with _worker() as killed:
            _when(lambda: _trains(run.job_id, 1), "the training")
            training = reader.goes_on()
            killed.send_signal(signal.SIGKILL)
            killed.wait()
            with _worker():
                resuming = reader.goes_on(lambda: not _trains(run.job_id, 2))
                _when(lambda: _predicts(study), "the predictions")
                predicting = reader.goes_on()
                if not _predicts(study):
                    raise RuntimeError("the predictions ended before the measurement")
        again = reader.goes_on()
    idle = Times(idle.looks + again.looks, idle.saves + again.saves)
    for busy, words in (
        (training, "trains (MONAI Label: a request up to 430 ms)"),
        (resuming, "is killed in a training and another goes on"),
        (predicting, "predicts (MONAI Label: a request 26 100 ms)"),
    ):
        yield _row(f"a request while a worker {words}", idle.looks, busy.looks)
        yield _row(f"a save while a worker {words}", idle.saves, busy.saves)


def _row(what: str, idle: list[float], busy: list[float]) -> Row:
    before, during = median_ms(idle), median_ms(busy)
    return Row(
        what,
        f"× {during / before:.2f} ({before:.1f} → {during:.1f} ms, p95 {percentile_ms(busy, 95):.1f})",
        f"≤ × {MOST} of idle",
        during <= MOST * before,
    )


def _answered(request: Request) -> float:
    """Seconds until the whole answer is here. Raises HTTPError where it is a refusal."""
    started = perf_counter()
    with urlopen(request, timeout=60) as answer:  # noqa: S310 - our own server
        answer.read()
    return perf_counter() - started


# ── What the worker does ──────────────────────────────────────────────────────
def _study() -> Project:
    """Phantoms of 96×96×64 voxels: some to learn from, one to test on, many that wait for a model."""
    project = Project.objects.create(name="meanwhile", training_budget_s=BUDGET_S, retrain_after=1000)
    schema = LabelSchema.objects.create(project=project)
    for spec in STRUCTURES:
        structure = catalogue.structure_named(spec.key)
        SchemaStructure.objects.create(schema=schema, structure=structure, layer=spec.layer, value=spec.value)
    for number in range(LEARNED + TESTED + WAITING):
        drawn, phantom = number < LEARNED + TESTED, make_phantom(number)
        ingest.add_case(
            project=project,
            volume=phantom.image,
            name=f"phantom {number}",
            patient_key=f"phantom {number}",
            split="test" if LEARNED <= number < LEARNED + TESTED else "pool",
            labels=phantom.labels[None] if drawn else None,
            annotated=[spec.key for spec in STRUCTURES] if drawn else [],
        )
    return project


def _trains(job: int, claim: int) -> bool:
    """Whether the holder of the n-th claim has reported a step."""
    jobs.sweep()
    row = Job.objects.get(pk=job)
    if row.state not in jobs.UNFINISHED:
        raise RuntimeError(f"the training is over already: {row.state} {row.error}")
    return row.fence == claim and row.progress.get("stage") == "train"


def _predicts(project: Project) -> bool:
    jobs.sweep()
    running = project.jobs.filter(kind=JobKind.PREDICT, state=JobState.RUNNING)
    return running.exclude(progress={}).exists()


def _when(there: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not there():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not begin within {PATIENCE_S} s")
        time.sleep(0.5)


@contextlib.contextmanager
def _worker() -> Iterator["subprocess.Popen[bytes]"]:
    """A worker for training and predicting, one thing at a time."""
    command = [sys.executable, "-m", "celery", "-A", "backend", "--quiet", "worker", "-Q", "io,infer,train"]
    nowhere = subprocess.DEVNULL
    worker = subprocess.Popen(
        [*command, "-P", "solo", "-l", "ERROR", "-n", f"busy{secrets.token_hex(4)}@%h"],
        env=os.environ | {"JOB_LEASE_SECONDS": str(LEASE_S)},
        stdout=nowhere,
        stderr=nowhere,
    )
    try:
        yield worker
    finally:
        worker.kill()
        worker.wait()


@contextlib.contextmanager
def serve(*, apart: bool = False) -> Iterator[int]:
    """A gunicorn of our own on a free port; `apart`: in a session of its own."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "backend.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "2", "--threads", "4", "--graceful-timeout", "10", "--log-level", "error"]
    server = subprocess.Popen(command, start_new_session=apart)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                urlopen(f"http://127.0.0.1:{port}/api/csrf/", timeout=5).close()
                break
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(20)


if __name__ == "__main__":
    main()
