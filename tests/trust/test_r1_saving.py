"""R1 and R3: many readers save at the same time, and every save that was acknowledged is there, once."""

import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from tests.trust.figures import record
from tests.trust.readers import Reader, at_once, opened, percentile, working
from tests.trust.scale import scaled
from tests.trust.stack import Stack, running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

STALE_EVERY = 5
WARM_UP_SHARE, MOST_GROWTH = 0.2, 1.10
MOST_P95_S = 1.0


@pytest.fixture(scope="module")
def small() -> Iterator[Stack]:
    with running(5, 6) as stack:
        yield stack


@pytest.fixture(scope="module")
def readers(small: Stack) -> list[Reader]:
    return opened(small, 5)


@pytest.mark.trust
def test_a_few_readers_save_at_once(readers: list[Reader]) -> None:
    check_saving(readers, saves=5)


@pytest.mark.torture
def test_twenty_readers_save_at_once() -> None:
    count = int(scaled(20, 5))
    with running(count, count) as stack:
        check_saving(opened(stack, count), saves=int(scaled(25, 5)))


def check_saving(readers: list[Reader], *, saves: int) -> None:
    stale: list[int] = []
    races: list[list[int]] = []

    def work(reader: Reader) -> None:
        for number in range(1, saves + 1):
            reader.save()
            if number % STALE_EVERY == 0:
                late = reader.send(reader.next_stroke(), reader.head - 1, str(uuid.uuid4()))
                stale.append(late.status if late.json.get("head") == reader.head else -1)
                races.append(race(reader))

    at_once(readers, work)
    wanted = sum(len(reader.saved) for reader in readers)
    stored = sum(reader.stored() for reader in readers)
    equal = [reader.is_equal() for reader in readers]
    lost = sum(len(reader.lost()) for reader in readers)
    clean = all(statuses == [201, 409] for statuses in races)
    record(
        "R1",
        f"{len(readers)} readers × {saves} saves at once, and {len(races)} pairs sent at the same instant",
        f"{wanted} acknowledged, {stored} stored, {lost} lost; {sum(equal)} of {len(equal)} masks "
        f"byte-equal; {stale.count(409)} of {len(stale)} stale saves 409; of each pair one stored, one 409: "
        f"{sum(statuses == [201, 409] for statuses in races)} of {len(races)}",
        met=stored == wanted and not lost and all(equal) and set(stale) == {409} and clean and bool(races),
    )


def race(reader: Reader) -> list[int]:
    """Two computers of one reader save on the same revision at the same instant; returns their statuses."""
    strokes = [reader.next_stroke(), reader.next_stroke()]
    keys = [str(uuid.uuid4()), str(uuid.uuid4())]
    start, sent = threading.Barrier(2), time.monotonic()

    def send(number: int) -> tuple[int, int, str]:
        start.wait()
        answer = reader.send(strokes[number], reader.head, keys[number])
        said = answer.json if answer.status == 201 else {}
        return answer.status, said.get("revision", 0), said.get("sha256", "")

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(send, range(2)))
    for number, (status, revision, sha256) in enumerate(answers):
        if status == 201:
            reader.note_saved(strokes[number], keys[number], revision, sha256, sent)
    return sorted(status for status, _, _ in answers)


@pytest.mark.trust
def test_a_save_that_is_sent_twice_is_one_revision(readers: list[Reader]) -> None:
    """R3: the second copy comes at the same instant, or after the answer; the answer is the same."""
    pairs = 200
    same = [0] * len(readers)
    before = sum(reader.stored() for reader in readers)

    def work(reader: Reader) -> None:
        for number in range(pairs // len(readers)):
            same[readers.index(reader)] += sent_twice(reader, at_once=number % 2 == 0)

    at_once(readers, work)
    made = sum(reader.stored() for reader in readers) - before
    equal = all(reader.is_equal() for reader in readers)
    record(
        "R3",
        f"{pairs} saves, each sent twice with one key, half of them at the same instant",
        f"{made} revisions, {sum(same)} pairs with one answer, masks {'' if equal else 'not '}byte-equal",
        met=made == pairs == sum(same) and equal,
    )


def sent_twice(reader: Reader, *, at_once: bool) -> bool:
    stroke, key, base, sent = reader.next_stroke(), str(uuid.uuid4()), reader.head, time.monotonic()
    if at_once:
        with ThreadPoolExecutor(2) as pool:
            both = list(pool.map(lambda _: reader.send(stroke, base, key), range(2)))
    else:
        both = [reader.send(stroke, base, key) for _ in range(2)]
    first, second = sorted(both, key=lambda answer: -answer.status)
    reader.note_saved(stroke, key, first.json["revision"], first.json["sha256"], sent)
    alike = all(first.json[name] == second.json[name] for name in ("revision", "sha256"))
    return (first.status, second.status) == (201, 200) and alike


@pytest.mark.torture
def test_fifty_readers_for_ten_minutes() -> None:
    count, seconds = int(scaled(50, 5)), scaled(600, 20)
    with running(count, count) as stack:
        readers = opened(stack, count)
        began = time.monotonic()
        with working(readers, every_s=1.0):
            time.sleep(seconds * WARM_UP_SHARE)
            first = memory_mb(stack)
            time.sleep(seconds * (1 - WARM_UP_SHARE))
            last = memory_mb(stack)
        took = time.monotonic() - began
        times = [one.acknowledged - one.sent for reader in readers for one in reader.saved]
        p50, p95, p99 = (percentile(times, share) for share in (0.5, 0.95, 0.99))
        lost = sum(len(reader.lost()) for reader in readers)
        equal = sum(reader.is_equal() for reader in readers)
    record(
        "R1",
        f"{count} readers, one save a second each, for {seconds / 60:.1f} min",
        f"{len(times)} saves, {len(times) / took:.1f}/s; p50 {1000 * p50:.0f}, p95 {1000 * p95:.0f}, "
        f"p99 {1000 * p99:.0f} ms; {lost} lost, {equal} of {count} masks byte-equal; "
        f"memory of the web {first:.0f} → {last:.0f} MB",
        met=not lost and equal == count and last <= MOST_GROWTH * first and p95 <= MOST_P95_S,
    )


def memory_mb(stack: Stack) -> float:
    """Of the web server and its children."""
    web: psutil.Process = stack.web()
    return sum(process.memory_info().rss for process in [web, *web.children()]) / 2**20
