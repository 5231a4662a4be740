"""Two hundred readers ask for their next case at the same moment, over the network."""

import json
import os
import secrets
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from bench import ready  # noqa: F401

# isort: split
from django.contrib.auth.models import User
from django.db import connection

from annotation.models import Assignment, Membership, Project, Role
from bench.busy import serve
from bench.table import Row, percentile_ms
from bench.world import client_of

CLAIMERS, WARM = 200, 40
BUDGET_MS = 10.0
WAIT_S = 120.0

Answer = tuple[int, int, float]  # status, read, seconds


def rows(project: Project) -> Iterator[Row]:
    """Claim once each, after some others did: a server that runs. Needs more cases than readers."""
    sessions = [_signed_in(project, number) for number in range(WARM + CLAIMERS)]
    with serve() as port:
        url = f"http://127.0.0.1:{port}/api/worklist/next/"
        with ThreadPoolExecutor(8) as pool:  # each has the page open: a session's first request is noted
            list(pool.map(partial(_open, f"http://127.0.0.1:{port}/api/me/"), sessions))
        _all_at_once(url, project, sessions[:WARM])  # every thread of the server knows its queries afterwards
        web, database = _spent(_servers()), _spent_by_postgres()
        begun = perf_counter()
        answers = _all_at_once(url, project, sessions[WARM:])
        wall = perf_counter() - begun
        web, database = _spent(_servers()) - web, _spent_by_postgres() - database
        yield from _told(project, answers, wall, web, database)


def _told(project: Project, answers: list[Answer], wall: float, web: float, database: float) -> Iterator[Row]:
    count = project.cases.count()
    each = 1000 * (web + database) / CLAIMERS
    yield Row(
        f"{CLAIMERS} readers claim at once, {count} cases: processor time of the server for each",
        f"{each:.1f} ms ({1000 * web / CLAIMERS:.1f} web, {1000 * database / CLAIMERS:.1f} Postgres)",
        f"≤ {BUDGET_MS:.0f} ms",
        each <= BUDGET_MS,
    )
    times = [seconds for _, _, seconds in answers]
    parts = [f"p{percent} {percentile_ms(times, percent):.0f}" for percent in (50, 95, 99)]
    yield Row(
        "… until each has its case, wall",
        f"{', '.join(parts)}, last {1000 * max(times):.0f} ms; all in {wall:.1f} s",
        "—",
        None,
    )
    yield _once(answers)


def _once(answers: list[Answer]) -> Row:
    """The blind second reads of a pair are meant to be of one case; nothing else is."""
    refused = Counter(status for status, _, _ in answers if status not in (200, 201))
    reads = Assignment.objects.filter(pk__in=[read for _, read, _ in answers if read])
    firsts = reads.filter(rival__isnull=True)
    double = firsts.count() - firsts.values("part").distinct().count()
    told = f"{double} of {reads.count()} reads" + (f"; refused: {dict(refused)}" if refused else "")
    return Row("… the same case twice", told, "never", not double and reads.count() == CLAIMERS)


def _all_at_once(url: str, project: Project, sessions: list[str]) -> list[Answer]:
    gate = threading.Barrier(len(sessions))
    body = json.dumps({"project": project.pk, "role": "annotate"}).encode()

    def claim(session: str) -> Answer:
        gate.wait(WAIT_S)
        begun = perf_counter()
        status, read = _post(url, session, body)
        return status, read, perf_counter() - begun

    with ThreadPoolExecutor(len(sessions)) as pool:
        return list(pool.map(claim, sessions))


def _signed_in(project: Project, number: int) -> str:
    user, _ = User.objects.get_or_create(username=f"claimer{number}")
    Membership.objects.get_or_create(project=project, user=user, defaults={"role": Role.ANNOTATOR})
    return client_of(user.username).cookies["sessionid"].value


def _open(url: str, session: str) -> None:
    with urlopen(Request(url, headers={"Cookie": f"sessionid={session}"}), timeout=WAIT_S) as answer:  # noqa: S310
        answer.read()


def _post(url: str, session: str, body: bytes) -> tuple[int, int]:
    token = secrets.token_hex(16)
    headers = {
        "Cookie": f"sessionid={session}; csrftoken={token}",
        "X-CSRFToken": token,
        "Content-Type": "application/json",
    }
    try:
        with urlopen(Request(url, body, headers), timeout=WAIT_S) as answer:  # noqa: S310  # our own server
            return answer.status, int(json.load(answer)["assignment"] or 0)
    except HTTPError as refused:
        return refused.code, 0


# ── Processor time ───────────────────────────────────────────────────────────


def _servers() -> set[int]:
    """The web server: what this process began, and what that began."""
    found, left = set(), [os.getpid()]
    while left:
        children = _children(left.pop())
        found |= children
        left += children
    return found


def _children(pid: int) -> set[int]:
    return {int(path.name) for path in Path("/proc").glob("[0-9]*") if _stat(path)[1:2] == [str(pid)]}


def _spent(pids: Iterable[int]) -> float:
    """Seconds of processor time of these processes."""
    return sum(_ticks(_stat(Path(f"/proc/{pid}")), 11, 12) for pid in pids)


def _spent_by_postgres() -> float:
    """Seconds of all processes of the cluster, those that have ended among them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        row: Sequence[Any] = cursor.fetchone() or (0,)
    postmaster = int(_stat(Path(f"/proc/{row[0]}"))[1])
    own = _ticks(_stat(Path(f"/proc/{postmaster}")), 11, 12, 13, 14)
    return own + _spent(_children(postmaster))


def _ticks(stat: list[str], *places: int) -> float:
    return sum(int(stat[place]) for place in places if len(stat) > place) / os.sysconf("SC_CLK_TCK")


def _stat(process: Path) -> list[str]:
    """The fields after the name, from the state on; empty for a process that has ended."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
