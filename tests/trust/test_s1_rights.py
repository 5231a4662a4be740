"""S1: every route × every actor × every method, with ids that lie in the database.

Whatever changes nothing is asked in one world: what may be read, what is refused, methods that an address
does not know, and handles of other people's masks that the server itself has made. (What does change
something has a world of its own for each probe: tests.annotation.test_access.)
"""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse

from annotation import handles, signs, urls
from annotation.models import Membership, Project, Queue, Role
from tests.annotation.access_world import Row, World, begin_world
from tests.annotation.agreement.world import open_read
from tests.annotation.test_access import METHODS, TABLE
from tests.trust.figures import record

pytestmark = [pytest.mark.django_db, pytest.mark.trust]

ACTORS = ("anonymous", "olga", "otto", "root", "ben", "cem", "ana", "rui", "lea")
LEAST_PROBES = 1500
SLOW = {"schema", "docs"}  # the same bytes for everybody, and seconds each
NOT_ONES_OWN = {"ben", "cem", "otto", "olga", "root"}
ROUTES = {str(route.name): route for route in urls.urlpatterns}
PUBLIC = {row.name for row in TABLE if row.anonymous < 400}


@dataclass
class Count:
    """What was asked, and what was answered otherwise than it should have been."""

    probes: int = 0
    leaks: list[str] = field(default_factory=list)

    def asked(self, what: str, actor: str, answer: Any, *expected: int) -> None:
        self.probes += 1
        if answer.status_code not in expected:
            self.leaks.append(f"{what} by {actor}: {answer.status_code}, not {expected}")
        elif answer.status_code >= 400 and answer.content and not _is_a_sentence(answer):
            self.leaks.append(f"{what} by {actor}: more than a sentence: {answer.content[:200]!r}")


def _is_a_sentence(answer: HttpResponse) -> bool:
    return answer.status_code not in (401, 403, 404) or set(json.loads(answer.content)) == {"detail"}


@pytest.fixture
def world(
    ana: User, ben: User, rui: User, lea: User, otto: User, project: Project, other_project: Project
) -> World:
    """The table's world, with a second reader of ana's case, an administrator, and somebody of no project."""
    cem, olga = User.objects.create_user("cem"), User.objects.create_user("olga")
    root = User.objects.create_superuser("root")
    Membership.objects.create(project=project, user=cem, role=Role.ANNOTATOR)
    world = begin_world([ana, ben, cem, rui, lea, otto, olga, root], project, other_project)
    open_read(world.read.case, cem)
    return world


def _asked_as(row: Row) -> Iterator[str]:
    for actor in ACTORS:
        if row.is_harmless(actor) and (row.name not in SLOW or actor in ("anonymous", "lea")):
            yield actor


def _elsewhere(row: Row, world: World, actor: str) -> HttpResponse | None:
    """The same request for objects that do not exist; None where the address names none by number."""
    given = row.arguments(world)
    ids = {
        name: there for name, there in given.items() if name.endswith("_id") and not isinstance(there, str)
    }
    none = {name: uuid.UUID(int=7) if isinstance(there, uuid.UUID) else 10**6 for name, there in ids.items()}
    if not ids:
        return None
    return Row(row.name, row.method, lambda _: given | none, {}, row.body).send(world, actor)


def _all_is_well() -> None:
    """Workers are alive, however long this takes: their health is asked too."""
    for queue in Queue:
        signs.note_heartbeat(queue, "worker@test")


def _rows(world: World, count: Count) -> None:
    _all_is_well()
    for row in TABLE:
        for actor in _asked_as(row):
            with transaction.atomic():
                answer = row.send(world, actor)
                count.asked(row.words(), actor, answer, row.expected(actor))
                unknown = answer.status_code == 404 and actor not in row.allowed
                if unknown and (other := _elsewhere(row, world, actor)) is not None:
                    count.asked(f"{row.words()} elsewhere", actor, other, 404)
                    if other.content != answer.content:
                        count.leaks.append(
                            f"{row.words()} by {actor}: what exists is told from what does not"
                        )
                transaction.set_rollback(True)


def _other_methods(world: World, count: Count) -> None:
    """Methods that an address does not know, OPTIONS, and HEAD, which is a GET without a body."""
    first = {row.name: row for row in reversed(TABLE)}
    for name, route in ROUTES.items():
        view: Any = getattr(route.callback, "cls")  # noqa: B009 - set by as_view
        with transaction.atomic():
            url = reverse(name, kwargs=first[name].arguments(world))
            for actor in ACTORS:
                client = world.clients[actor]
                nobody = actor == "anonymous" and name not in PUBLIC
                for method in METHODS:
                    if not hasattr(view, method.lower()):
                        answer = getattr(client, method.lower())(url)
                        count.asked(f"{method} {name}", actor, answer, *((401,) if nobody else (403, 405)))
                answer = client.options(url)
                count.asked(f"OPTIONS {name}", actor, answer, *((401,) if nobody else (200, 204, 403)))
            transaction.set_rollback(True)


def _heads(world: World, count: Count) -> None:
    _all_is_well()
    for row in TABLE:
        if row.method == "GET" and row.name not in SLOW and row.body is None:
            for actor in ACTORS:
                with transaction.atomic():
                    world.actor = actor
                    answer = world.clients[actor].head(reverse(row.name, kwargs=row.arguments(world)))
                    count.asked(f"HEAD {row.words()}", actor, answer, row.expected(actor), 405)
                    transaction.set_rollback(True)
                    assert b"".join(answer) == b""


def _minted_handles(world: World, count: Count) -> None:
    """Handles that nobody could make up: of masks of other readers, in the names of those who ask."""
    masks = (world.read.mask_id, world.submitted.mask_id, world.review.mask_id)
    about_masks = [str(route.name) for route in urls.urlpatterns if "<str:mask_id>" in str(route.pattern)]
    assert len(about_masks) >= 5
    for actor in NOT_ONES_OWN:
        user = User.objects.get(username=actor)
        for number in (handles.LEAD, 1, 2):
            namer = handles.Namer(user.pk, number)
            for name in about_masks:
                for mask in masks:
                    given: dict[str, Any] = {"mask_id": namer.mask(mask)}
                    if "assignment_id" in str(ROUTES[name].pattern):
                        given["assignment_id"] = world.read.pk
                    answer = world.clients[actor].get(reverse(name, kwargs=given), {"from": 0, "to": 1})
                    count.asked(f"a minted handle at {name}", actor, answer, 404, 405)


def test_every_route_for_everybody(world: World) -> None:
    count = Count()
    _rows(world, count)
    _other_methods(world, count)
    _heads(world, count)
    _minted_handles(world, count)
    found = f"{count.probes} probes, {len(count.leaks)} leaks" + "".join(f"\n{one}" for one in count.leaks)
    met = count.probes >= LEAST_PROBES and not count.leaks
    record("S1", f"{len(ROUTES)} routes × {len(ACTORS)} actors × every method", found, met=met)
