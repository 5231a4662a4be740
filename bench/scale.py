"""A hundred thousand cases: what opening, saving, claiming and pages of leads cost, and what a row weighs.

`python -m bench scale` (minutes; only by name). DELINEATE_SCALE_CASES: another number of cases.
"""

import os
from collections.abc import Iterator
from time import perf_counter

from bench import ready  # noqa: F401

# isort: split
from django.db import connection
from django.urls import reverse

from annotation import dashboards, handles
from annotation.models import Assignment, Project
from bench.table import Row, hand_over, median_ms, percentile_ms, seconds
from bench.world import add_real_case, client_of, disc, make_project, organ_mask, save_form, user_of

CASES = int(os.environ.get("DELINEATE_SCALE_CASES", "100000"))
SAVES, CLAIMS, PAGES = 60, 30, 5
LEAD = "reader39"
Sizes = dict[str, int]


def main() -> None:
    hand_over(_rows())


def _rows() -> Iterator[Row]:
    empty, began = _sizes(), perf_counter()
    project = make_project("a hundred thousand cases", CASES)
    yield Row(f"{CASES} cases made", f"{perf_counter() - began:.0f} s", "—", None)
    _settle()
    filled = _sizes()
    yield from _weights("per case", empty, filled, CASES)
    yield from _saves(project)
    yield from _weights("per save of one stroke", filled, _sizes(), SAVES)
    claims = [_claim(project, f"reader{number}") for number in range(1, CLAIMS + 1)]
    yield _timed("next case", claims, 10)
    taken = Assignment.objects.filter(case__project=project)
    double = taken.count() - taken.values("case").distinct().count()
    yield Row("… the same case twice", f"{double} of {taken.count()}", "never", double == 0)
    yield from _opening(project)
    project.memberships.filter(user__username=LEAD).update(role="lead")
    yield from _pages(project)


def _settle() -> None:
    """As a database is that was not filled a moment ago: known to the planner, tidied up, and on the disk."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def _saves(project: Project) -> Iterator[Row]:
    client = client_of("reader0")
    order = {"project": project.pk, "role": "annotate"}
    read = client.post("/api/worklist/next/", order, "application/json").json()["assignment"]
    url, times = f"/api/assignments/{read}/revisions/", []
    for number in range(SAVES):
        form = save_form(number, disc(100 + number, (200 + number, 240), 12, 1 + number % 15))
        started = perf_counter()
        answer = client.post(url, form)
        times.append(perf_counter() - started)
        if answer.status_code != 201:
            raise RuntimeError(f"a save answered {answer.status_code}: {answer.content[:300]!r}")
    yield _timed("save of one stroke", times[10:], 20)


def _claim(project: Project, reader: str) -> float:
    client = client_of(reader)
    client.get("/api/me/")
    order = {"project": project.pk, "role": "annotate"}
    return seconds(lambda: client.post("/api/worklist/next/", order, "application/json"))


def _opening(project: Project) -> Iterator[Row]:
    read = Assignment.objects.filter(case__project=project, reader__username="reader1").latest("pk")
    client = client_of("reader1")
    times = [seconds(lambda: client.get(f"/api/assignments/{read.pk}/")) for _ in range(20)]
    yield _timed("open: the read", times, 100)
    before = _sizes()
    mask = organ_mask(add_real_case(project, (512, 512, 40)))
    yield from _weights("per whole mask of 15 organs (512×512×40)", before, _sizes(), 1)
    project.memberships.filter(user__username="reader2").update(role="lead")
    namer = handles.Namer(user_of("reader2").pk, handles.LEAD)
    client = client_of("reader2")
    address = f"/api/masks/{namer.mask(mask.pk)}/"
    get = lambda: client.get(address, headers={"accept-encoding": "zstd"})  # noqa: E731
    yield _timed("open: a mask of 15 organs", [seconds(get) for _ in range(10)], 300)


def _pages(project: Project) -> Iterator[Row]:
    client = client_of(LEAD)
    named = {name: f"dashboard_{name}" for name, source in dashboards.SOURCES.items() if not source.must}
    routes = {"project": "project", "cases": "cases", "dataset": "dataset", "dataset cases": "dataset_cases"}
    del named["dataset_scans"]  # a file of all cases: nothing on a page
    for name, route in (routes | named).items():
        url = reverse(route, kwargs={"project_id": project.pk})
        statuses: set[int] = set()

        def ask(url: str = url, seen: set[int] = statuses) -> None:
            seen.add(client.get(url).status_code)

        ask()
        times = [seconds(ask) for _ in range(PAGES)]
        row = _timed(f"page of leads: {name}", times, 300)
        yield row if statuses == {200} else Row(row.work, f"answers {sorted(statuses)}", row.budget, False)


def _timed(work: str, times_s: list[float], most_ms: float) -> Row:
    middle = median_ms(times_s)
    told = f"{middle:.1f} ms (p95 {percentile_ms(times_s, 95):.1f})"
    return Row(f"{work}, at {CASES} cases", told, f"≤ {most_ms:.0f} ms", middle <= most_ms)


def _sizes() -> Sizes:
    """Bytes of every table of ours, its indexes and long values with it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_total_relation_size(oid) FROM pg_class"
            " WHERE relkind = 'r' AND relname LIKE 'annotation\\_%%'"
        )
        return dict(cursor.fetchall())


def _weights(what: str, before: Sizes, after: Sizes, count: int) -> Iterator[Row]:
    """Tables that grew by more than a byte for each, the heaviest first."""
    grown = {table: after[table] - before.get(table, 0) for table in after}
    for table, size in sorted(grown.items(), key=lambda one: -one[1]):
        if size > count:
            yield Row(f"bytes {what}: {table.removeprefix('annotation_')}", f"{size / count:.0f}", "—", None)


if __name__ == "__main__":
    main()
