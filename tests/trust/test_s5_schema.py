"""S5: what the OpenAPI schema promises, asked with made-up requests as each role: no fault, nothing unsaid.

Path parameters name what exists, so that requests come as far as a reader's do. Each request is undone.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from annotation import signs, team, urls
from annotation.models import Project, Queue
from tests.annotation.access_world import Row, World, begin_world
from tests.annotation.test_access import TABLE
from tests.trust.figures import record
from tests.trust.scale import scaled

pytestmark = pytest.mark.django_db
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
ONLY = os.environ.get("DELINEATE_OPERATIONS", "")
EXAMPLES = 50
UNASKED = {"schema", "docs"}  # the schema itself


@dataclass
class Found:
    """How much was asked and what was wrong."""

    operations: int = 0
    requests: Counter[int] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def world(
    ana: User, ben: User, rui: User, lea: User, otto: User, project: Project, other_project: Project
) -> Iterator[World]:
    """Requests through WSGI leave the test's connection open."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield begin_world([ana, ben, rui, lea, otto], project, other_project)
    for signal in signals:
        signal.connect(close_old_connections)


def _rows() -> dict[tuple[str, str], Row]:
    """The first row of each address and method."""
    rows: dict[tuple[str, str], Row] = {}
    for route in urls.urlpatterns:
        path = "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(route.pattern))
        for row in TABLE:
            if row.name == route.name and row.name not in UNASKED:
                rows.setdefault((path, row.method), row)
    return rows


def _ask(operation: Any, row: Row, world: World, token: str, examples: int, found: Found) -> None:
    headers = {"Authorization": f"Token {token}"} if token else {}
    names = {name: str(value) for name, value in row.arguments(world).items()}

    def one(case: Any) -> None:
        with transaction.atomic():
            response = case.call(headers=headers)
            transaction.set_rollback(True)
        found.requests[response.status_code] += 1
        try:
            case.validate_response(response, checks=CHECKS)
        except (FailureGroup, Failure) as failure:
            key = f"{operation.method.upper()} {operation.path} {response.status_code}"
            found.faults.setdefault(key, str(failure)[:600] + f"\n{case.as_curl_command()[:400]}")

    how = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        if mode == GenerationMode.NEGATIVE and not operation.body:
            continue
        strategy = operation.as_strategy(generation_mode=mode, path_parameters=names)
        try:
            seed(20)(how(given(case=strategy)(one)))()
        except Unsatisfiable:
            continue


def _asked(world: World, actors: dict[str, int], found: Found) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/schema/?format=json", get_wsgi_application())
    rows = _rows()
    tokens = {
        name: team.make_token(user=User.objects.get(username=name), name="trial", days=1).secret
        for name in actors
        if name
    }
    results: Any = schema.get_all_operations()
    for result in results:
        operation = result.ok()
        row = rows.get((operation.path, operation.method.upper()))
        if row is None or ONLY not in operation.path:
            continue
        found.operations += 1
        for actor, examples in actors.items():
            cache.clear()
            for queue in Queue:
                signs.note_heartbeat(queue, "worker@here")
            world.actor = actor or "ana"
            with transaction.atomic():
                _ask(operation, row, world, tokens.get(actor, ""), examples, found)
                transaction.set_rollback(True)


def _record(actors: dict[str, int], found: Found) -> None:
    answers = ", ".join(f"{code}: {n}" for code, n in sorted(found.requests.items()))
    faults = "".join(f"\n{where}: {what}" for where, what in found.faults.items())
    what = f"{found.operations} operations of the OpenAPI schema as {len(actors)} roles"
    count = f"{found.requests.total()} requests ({answers}), {len(found.faults)} faults or unsaid answers"
    record("S5", what, count + faults, met=not found.faults)


@pytest.mark.trust
def test_a_few_requests_for_each_operation(world: World) -> None:
    found, actors = Found(), {"lea": 2, "ana": 1}
    _asked(world, actors, found)
    assert found.operations > 150 or ONLY
    _record(actors, found)


@pytest.mark.torture
@pytest.mark.timeout(7200)
def test_fifty_requests_for_each_operation_as_each_role(world: World) -> None:
    most = round(scaled(EXAMPLES, 2))
    found, actors = Found(), dict.fromkeys(("", "otto", "ana", "ben", "rui", "lea"), most)
    _asked(world, actors, found)
    _record(actors, found)
