"""A running product for the browser: web and worker processes on the test database, and a real Chromium.

The project is small (phantoms of 48×48×32 voxels) and its first model is trained by the worker before the
tests begin. Failed tests leave a screenshot in `test-results/`.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from urllib.request import urlopen

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import setup_databases, teardown_databases
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Error,
    Page,
    StorageState,
    ViewportSize,
    expect,
    sync_playwright,
)
from pytest_django.plugin import DjangoDbBlocker

from annotation import catalogue, learning
from annotation.models import (
    Assignment,
    LabelSchema,
    LearningPolicy,
    Membership,
    Model,
    ModelState,
    Project,
    Role,
    SchemaStructure,
)
from backend.processes import Processes
from backend.services import free_port
from tests.e2e.browser import FLAGS, NONE_TO_BE_HAD, installed
from tests.e2e.cases import FEWEST, MOST_TAKEN, free_all, phantom_case, ready, top_up
from training.phantom import STRUCTURES

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "test-results"
CAST = {"ana": Role.ANNOTATOR, "ben": Role.ANNOTATOR, "rui": Role.REVIEWER, "lea": Role.LEAD}
DELINEATED, FROZEN, POOL = 2, 2, FEWEST + MOST_TAKEN
BUDGET_S, SELDOM = 4, 100  # a training by itself would be in the way of tests about other things
MODEL_SECONDS, PREDICTED_SECONDS = 240, 240
FAILED_BEFORE = pytest.StashKey[int]()
WINDOW: ViewportSize = {"width": 1440, "height": 900}
PATIENCE_MS = 30_000
"""A slow machine is no failure."""
expect.set_options(timeout=PATIENCE_MS)


@dataclass(frozen=True)
class Stack:
    """The running product: its address and its project."""

    url: str
    project: int
    blocker: DjangoDbBlocker
    processes: Processes

    def get(self, page: Page, path: str) -> Any:
        """What the API answers to whoever is signed in on `page`."""
        answer = page.request.get(self.url + path)
        assert answer.ok, (path, answer.status, answer.text()[:300])
        return answer.json()

    def set_policy(self, *, retrain_after: int, budget_s: int, margin: float = 0.01) -> None:
        """After how many accepted cases a training begins, its length, and what the gate forgives."""
        policy = {"retrain_after": retrain_after, "training_budget_s": budget_s}

        def keep() -> None:
            Project.objects.filter(pk=self.project).update(**policy)
            LearningPolicy.objects.update_or_create(project_id=self.project, defaults={"margin": margin})

        self.in_database(keep)

    def in_database(self, work: Callable[[], Any]) -> Any:
        """The result of `work`, which may use the ORM."""

        def connected() -> Any:
            with self.blocker.unblock(), contextlib.closing(connection):
                return work()

        # Playwright keeps an event loop in this thread, where the ORM refuses to work.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(connected).result()

    def kill_web(self) -> None:
        """End the web server as a power cut would: no request is finished, nothing is said."""
        process = self.processes.running.pop("web")
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def start_web(self) -> None:
        """Start the web server again at the same address."""
        port = urlsplit(self.url).port
        assert port is not None
        self.processes.start("web", _web(port))
        _wait(lambda: _answers(self.url), self.processes, 60, "the web server")


@pytest.fixture(scope="session")
def stack(
    django_db_modify_db_settings: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    """Web and worker on the test database, with the first model served; of parallel workers each has one."""
    logs = tmp_path_factory.mktemp("logs")
    with django_db_blocker.unblock():
        databases = setup_databases(verbosity=0, interactive=False)
        project = _seed()
        database = _test_database_url()
    os.environ["DATABASE_URL"] = database
    port = free_port()
    processes = Processes(logs)
    try:
        processes.start("web", _web(port))
        processes.start("worker", _worker())
        url = f"http://127.0.0.1:{port}"
        _wait(lambda: _answers(url), processes, 60, "the web server")
        with django_db_blocker.unblock():
            _wait(lambda: _serving(project), processes, MODEL_SECONDS, "the first model")
        yield Stack(url, project, django_db_blocker, processes)
    finally:
        processes.stop()
        _drop(django_db_blocker, databases)


def _seed() -> int:
    catalogue.load()
    project = Project.objects.create(name="Small phantoms", training_budget_s=BUDGET_S, retrain_after=SELDOM)
    for name, role in CAST.items():
        user = User.objects.create_user(name, password=name)
        Membership.objects.create(project=project, user=user, role=role)
    schema = LabelSchema.objects.create(project=project)
    for spec in STRUCTURES:
        structure = catalogue.structure_named(spec.key)
        SchemaStructure.objects.create(schema=schema, structure=structure, layer=spec.layer, value=spec.value)
    for number in range(DELINEATED + FROZEN + POOL):
        delineated = number < DELINEATED + FROZEN
        phantom_case(
            project,
            number,
            split="test" if DELINEATED <= number < DELINEATED + FROZEN else "pool",
            annotated=tuple(spec.key for spec in STRUCTURES) if delineated else (),
        )
    learning.request_run(project=project, requested_by=None)
    return project.pk


def _test_database_url() -> str:
    parts = urlsplit(os.environ["DATABASE_URL"])
    return urlunsplit(parts._replace(path="/" + str(connection.settings_dict["NAME"])))


def _web(port: int) -> list[str]:
    options = ["--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "8", "--timeout", "120"]
    return [sys.executable, "-m", "gunicorn", "backend.wsgi:application", *options]


def _worker() -> list[str]:
    queues = ["-Q", "io,score,infer,train", "-P", "solo", "-l", "INFO", "-n", "e2e@%h"]
    return [sys.executable, "-m", "celery", "-A", "backend", "--quiet", "worker", *queues]


def _answers(url: str) -> bool:
    try:
        urlopen(f"{url}/sign-in", timeout=5).close()  # noqa: S310  # our own server
    except OSError:
        return False
    return True


def _serving(project: int) -> bool:
    return Model.objects.filter(project=project, state=ModelState.SERVING).exists()


def _wait(condition: Callable[[], bool], processes: Processes, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        processes.check()
        if condition():
            return
        time.sleep(0.5)
    logs = "".join((path.read_text()[-2000:]) for path in processes.log_folder.glob("*.log"))
    raise AssertionError(f"{what} was not there after {seconds:.0f} s:\n{logs}")


def _drop(blocker: DjangoDbBlocker, databases: Any) -> None:
    """The test database can be dropped only when the ended processes' connections are gone."""
    with blocker.unblock():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        teardown_databases(databases, verbosity=0)


@pytest.fixture(scope="module", autouse=True)
def fresh_cases(stack: Stack) -> None:
    """Nobody reads a case that an earlier module left, failed or not, and there are cases to take."""
    project = Project(pk=stack.project)
    stack.set_policy(retrain_after=SELDOM, budget_s=BUDGET_S)
    stack.in_database(free_all)
    stack.in_database(lambda: top_up(project))

    def enough() -> bool:
        return bool(stack.in_database(lambda: ready(project)) >= MOST_TAKEN)

    _wait(enough, stack.processes, PREDICTED_SECONDS, "a case to take")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The Chromium that `python -m tests.e2e.browser` finds."""
    executable = installed()
    if executable is None:
        pytest.fail(NONE_TO_BE_HAD, pytrace=False)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=str(executable), headless=True, args=FLAGS)
        yield launched
        launched.close()


SignIn = Callable[[str], Page]


@pytest.fixture(scope="session")
def seen() -> set[str]:
    """Who has signed in through the page: nobody has to do so for each test."""
    return set()


@pytest.fixture
def sign_in(
    stack: Stack, browser: Browser, seen: set[str], request: pytest.FixtureRequest
) -> Iterator[SignIn]:
    """Open a browser of their own for somebody of the cast, signed in: the first time through the page."""
    contexts: dict[str, BrowserContext] = {}

    def open_for(name: str) -> Page:
        contexts[name] = browser.new_context(viewport=WINDOW, base_url=stack.url)
        page = contexts[name].new_page()
        page.set_default_timeout(PATIENCE_MS)
        if name in seen:
            _give_session(contexts[name], name, stack)
            page.goto("/")
            page.wait_for_url(lambda url: urlsplit(url).path != "/")
        else:
            _sign_in_through(page, name)
            seen.add(name)
        return page

    yield open_for
    _close(contexts, request)


def _sign_in_through(page: Page, name: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password", exact=True).fill(name)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "sign-in" not in url)


def _give_session(context: BrowserContext, name: str, stack: Stack) -> None:
    """A session of its own, as signing in makes it."""

    def begin() -> str:
        client = Client()
        client.force_login(User.objects.get(username=name), backend=settings.AUTHENTICATION_BACKENDS[-1])
        return client.cookies[settings.SESSION_COOKIE_NAME].value

    key = stack.in_database(begin)
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": stack.url}])


def _close(contexts: dict[str, BrowserContext], request: pytest.FixtureRequest) -> None:
    """Close the browsers of a test; of one that failed, keep what they showed."""
    failed = request.session.testsfailed > request.node.session.stash.get(FAILED_BEFORE, 0)
    for name, context in contexts.items():
        if failed:
            RESULTS.mkdir(exist_ok=True)
            for number, page in enumerate(context.pages):
                # A page that was killed has nothing to show.
                with contextlib.suppress(Error):
                    page.screenshot(path=RESULTS / f"{request.node.name}-{name}-{number}.png", timeout=5000)
        context.close()
    request.node.session.stash[FAILED_BEFORE] = request.session.testsfailed


@dataclass(frozen=True)
class Reading:
    """A read that the tests of one module share, and the cookies that its reader has."""

    stack: Stack
    reader: str
    cookies: StorageState
    assignment: int
    mask: str
    seed: int
    """Of the phantom that is read."""

    @property
    def address(self) -> str:
        return f"{self.stack.url}/annotate/{self.assignment}?debug"

    def get(self, page: Page) -> Any:
        return self.stack.get(page, f"/api/assignments/{self.assignment}/")


@pytest.fixture(scope="module")
def reading(stack: Stack, browser: Browser, fresh_cases: None, request: pytest.FixtureRequest) -> Reading:
    """The next case of the reader whom the module names in `READER`."""
    reader = str(request.module.READER)
    context = browser.new_context(viewport=WINDOW, base_url=stack.url)
    _give_session(context, reader, stack)
    context.request.get("/api/csrf/")
    token = next(cookie["value"] for cookie in context.cookies() if cookie["name"] == "csrftoken")
    headers = {"X-CSRFToken": token, "Referer": stack.url}
    claim = {"project": stack.project, "role": "annotate"}
    claimed = context.request.post("/api/worklist/next/", data=claim, headers=headers)
    assert claimed.ok, claimed.text()
    assignment = claimed.json()["assignment"]
    assert assignment is not None, "no case is left for these tests"
    about = context.request.get(f"/api/assignments/{assignment}/").json()
    cookies = context.storage_state()
    context.close()
    # Blind readers are not told which case it is.
    name = stack.in_database(lambda: Assignment.objects.get(pk=assignment).case.name)
    seed = int(name.split()[-1]) - 1
    return Reading(stack, reader, cookies, assignment, about["mask"]["id"], seed)


Open = Callable[..., Page]


@pytest.fixture
def seat(reading: Reading, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Open]:
    """Open a browser that is signed in as the reader; another name is another computer."""
    contexts: dict[str, BrowserContext] = {}

    def sit_down(name: str = "here") -> Page:
        if name not in contexts:
            contexts[name] = browser.new_context(
                viewport=WINDOW, base_url=reading.stack.url, storage_state=reading.cookies
            )
            contexts[name].set_default_timeout(PATIENCE_MS)
        return contexts[name].new_page()

    yield sit_down
    _close(contexts, request)
