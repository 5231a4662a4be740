"""R10: hours of mixed use by readers, a reviewer, a lead and a monitor: nothing that is scarce grows."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from scipy import stats

from tests.trust.figures import record
from tests.trust.readers import Client, Reader
from tests.trust.scale import scaled
from tests.trust.seed import LEAD, REVIEWER
from tests.trust.stack import Stack, running
from tests.trust.test_r6_broker import until_a_worker_works

pytestmark = [pytest.mark.slow, pytest.mark.torture, pytest.mark.timeout(9000)]

WARM_UP_SHARE = 0.2
STROKES, EVERY_S = 12, 1.0
CASES_PER_READER_AND_HOUR = 600  # a read of seven strokes takes eight seconds
LEADS_PAGES = (
    "/api/projects/{project}/cases/",
    "/api/projects/{project}/dataset/",
    "/api/projects/{project}/agreement/structures/",
    "/api/projects/{project}/agreement/effort/",
    "/api/projects/{project}/reliability/",
    "/api/me/",
    "/healthz",
)
LEAST_SAMPLES = 20


@dataclass(frozen=True)
class Sample:
    """What the product holds at one moment."""

    memory_web_mb: float
    memory_workers_mb: float
    memory_valkey_mb: float
    connections: int
    open_files: int
    temporary_files: int
    queue: int


MOST_GROWTH = {
    "memory_web_mb": (0.10, 30.0),
    "memory_workers_mb": (0.10, 60.0),
    "memory_valkey_mb": (0.10, 10.0),
    "connections": (0.0, 3.0),
    "open_files": (0.10, 10.0),
    "temporary_files": (0.0, 3.0),
    "queue": (0.0, 5.0),
}
"""By how much of its median, or by how much at all, a figure may gain from the warm-up to the end."""


def test_mixed_use_for_hours() -> None:
    readers, seconds = int(scaled(10, 4)), scaled(7200, 60)
    cases = readers * (2 + int(CASES_PER_READER_AND_HOUR * seconds / 3600))
    with running(readers, cases, with_workers=True) as stack:
        until_a_worker_works(Reader(stack, "reader0"), stack)
        over = threading.Event()
        loops: list[Callable[[], None]] = [
            lambda name=f"reader{number}", number=number: read_on(Reader(stack, name, number), over)  # type: ignore[misc]
            for number in range(readers)
        ]
        loops += [lambda: review_on(stack, over), lambda: lead_on(stack, over)]
        with all_going(loops, over):
            samples = list(sampled(stack, seconds))
        done = stack.sql("SELECT count(*), (SELECT count(*) FROM annotation_review) FROM annotation_revision")
        failed = stack.sql("SELECT count(*) FROM annotation_job WHERE state = 'failed'")[0][0]
        restarted = list(stack.restarted)
    grown = {name: growth([getattr(one, name) for one in samples]) for name in MOST_GROWTH}
    too_much = [name for name, gained in grown.items() if gained > allowed(name, samples)]
    record(
        "R10",
        f"{readers} readers, a reviewer, a lead and a monitor for {seconds / 60:.1f} min",
        f"{done[0][0]} revisions, {done[0][1]} reviews, {failed} failed jobs, "
        f"{len(restarted)} restarts; gained: "
        + ", ".join(f"{name.replace('_', ' ')} {gained:+.1f}" for name, gained in grown.items()),
        met=not too_much and not failed and not restarted and done[0][0] > 0,
    )


def growth(values: list[float]) -> float:
    """What the Theil–Sen line through the samples gains from the end of the warm-up to the last of them."""
    steady = values[int(WARM_UP_SHARE * len(values)) :]
    return float(stats.theilslopes(steady).slope) * (len(steady) - 1)


def allowed(name: str, samples: list[Sample]) -> float:
    share, least = MOST_GROWTH[name]
    middle: float = sorted(getattr(one, name) for one in samples)[len(samples) // 2]
    return max(share * middle, least)


def sampled(stack: Stack, seconds: float) -> Iterator[Sample]:
    """At least twenty samples, at most one in ten seconds."""
    pause = min(10.0, seconds / LEAST_SAMPLES)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(pause)
        yield sample(stack)


def sample(stack: Stack) -> Sample:
    web = family(stack.processes.running["web"].pid)
    names = stack.processes.running.keys() - {"web", "beat"}
    workers = [one for name in names for one in family(stack.processes.running[name].pid)]
    temporary = [path for path in (stack.folder / "work").rglob("*") if path.is_file()]
    connections = stack.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
    return Sample(
        memory_web_mb=sum(memory_mb(one) for one in web),
        memory_workers_mb=sum(memory_mb(one) for one in workers),
        memory_valkey_mb=memory_mb(stack.server("valkey")),
        connections=connections[0][0],
        open_files=sum(one.num_fds() for one in [*web, *workers]),
        temporary_files=len(temporary),
        queue=stack.waiting_messages(),
    )


def family(pid: int) -> list[psutil.Process]:
    first = psutil.Process(pid)
    return [first, *first.children(recursive=True)]


def memory_mb(process: psutil.Process) -> float:
    """Its own share: pages that several processes have are divided among them."""
    maps = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii")
    return sum(int(line.split()[1]) for line in maps.splitlines() if line.startswith("Pss:")) / 1024


@contextlib.contextmanager
def all_going(loops: list[Callable[[], None]], over: threading.Event) -> Iterator[None]:
    failures: list[BaseException] = []

    def run(loop: Callable[[], None]) -> None:
        try:
            loop()
        except BaseException as error:
            failures.append(error)
            over.set()

    threads = [threading.Thread(target=run, args=(loop,)) for loop in loops]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
    if failures:
        raise failures[0]


# ── Who uses it ───────────────────────────────────────────────────────────────
def read_on(reader: Reader, over: threading.Event) -> None:
    """One case after the other: open, look, draw, sometimes leave it for a while, hand in."""
    while not over.is_set():
        reader.open()
        reader.client.get(f"/api/masks/{reader.mask}/")
        for _ in range(reader.rng.randint(2, STROKES)):
            if over.wait(EVERY_S * reader.rng.uniform(0.5, 1.5)):
                return
            reader.save()
        reader.hand_in()


def review_on(stack: Stack, over: threading.Event) -> None:
    """Accept most of what was handed in, and send every fourth back."""
    client, number = Client(stack, REVIEWER), 0
    wanted = {"project": stack.project, "role": "review", "with_read": True}
    while not over.wait(2 * EVERY_S):
        taken = client.send("/api/worklist/next/", wanted)
        assert taken.status == 200, taken
        if (read := taken.json["read"]) is None:
            continue
        number += 1
        client.get(f"/api/masks/{read['subject']['mask']['id']}/")
        verdict = {"verdict": "return" if number % 4 == 0 else "accept", "revision": read["mask"]["head"]}
        said = client.send(f"/api/assignments/{read['id']}/verdict/", verdict | {"comment": "See slice 12."})
        assert said.status == 200, said


def lead_on(stack: Stack, over: threading.Event) -> None:
    """Look at one page after the other, and have everything scored again now and then."""
    client, number = Client(stack, LEAD), 0
    while not over.wait(EVERY_S):
        page = LEADS_PAGES[number % len(LEADS_PAGES)].format(project=stack.project)
        seen = client.get(page)
        assert seen.status == 200 or page == "/healthz", (page, seen)
        number += 1
        if number % 60 == 0:  # refused while the last one goes on
            scoring = client.send(f"/api/projects/{stack.project}/scoring/", {})
            assert scoring.status in (202, 409), scoring
