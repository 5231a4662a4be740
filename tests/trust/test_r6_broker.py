"""R6: the broker is away while readers save and hand in: nobody waits for it, and no job is forgotten."""

import signal
import time

import pytest

from tests.trust.figures import record
from tests.trust.readers import Reader, opened, percentile, working
from tests.trust.scale import scaled
from tests.trust.stack import Stack, running

pytestmark = [pytest.mark.slow, pytest.mark.torture, pytest.mark.timeout(1200)]

JOBS_WITHIN_S = 60.0
STARTED_WITHIN_S = 240.0
WAYS = ("killed", "silent")
"""Connections are refused at once, or nobody answers on them."""


@pytest.mark.parametrize("way", WAYS)
def test_saving_goes_on_without_a_broker(way: str) -> None:
    savers, handing_in, away_s = int(scaled(10, 3)), int(scaled(10, 3)), scaled(60, 15)
    count = savers + handing_in
    with running(count, count + 1, with_workers=True) as stack:
        readers = opened(stack, count)
        until_a_worker_works(readers[0], stack)
        with working(readers[:savers], every_s=1.0):
            time.sleep(2)
            before = len(waiting_jobs(stack))
            go_away(stack, way)
            for number, reader in enumerate(readers[savers:]):
                reader.save()
                reader.hand_in()
                time.sleep(away_s / handing_in if number else 0.1)
            asked = len(waiting_jobs(stack))
            come_back(stack, way)
            back = time.monotonic()
            while left := waiting_jobs(stack):
                assert time.monotonic() - back < 5 * JOBS_WITHIN_S, f"{left} still wait\n{stack.tail()}"
                time.sleep(0.2)
            took = time.monotonic() - back
            time.sleep(2)
        failed = sum(len(reader.refused) for reader in readers)
        times = [one.acknowledged - one.sent for reader in readers for one in reader.saved]
        lost = sum(len(reader.lost()) for reader in readers)
        failed_jobs = stack.sql("SELECT count(*) FROM annotation_job WHERE state = 'failed'")[0][0]
    record(
        "R6",
        f"the broker {way} for {away_s:.0f} s while {savers} readers save and {handing_in} hand in",
        f"{len(times)} saves, {failed} failed, {lost} lost, slowest {max(times):.1f} s "
        f"(p95 {1000 * percentile(times, 0.95):.0f} ms); {asked - before} jobs asked for meanwhile, all done "
        f"{took:.0f} s after its return, {failed_jobs} failed",
        met=not failed and not lost and not failed_jobs and asked > before and took <= JOBS_WITHIN_S,
    )


def until_a_worker_works(reader: Reader, stack: Stack) -> None:
    """Workers take their time to load torch; from then on a job is done at once."""
    if not reader.assignment:
        reader.open()
    reader.save()
    reader.hand_in()
    deadline = time.monotonic() + STARTED_WITHIN_S
    while waiting_jobs(stack):
        assert time.monotonic() < deadline, f"no worker works\n{stack.tail()}"
        time.sleep(0.5)
    reader.open()


def waiting_jobs(stack: Stack) -> list[int]:
    found = stack.sql("SELECT id FROM annotation_job WHERE state IN ('queued', 'running')")
    return [number for (number,) in found]


def go_away(stack: Stack, way: str) -> None:
    stack.left_alone.set()
    server = stack.server("valkey")
    if way == "killed":
        server.kill()
    else:
        server.send_signal(signal.SIGSTOP)


def come_back(stack: Stack, way: str) -> None:
    if way == "silent":
        stack.server("valkey").send_signal(signal.SIGCONT)
    stack.left_alone.clear()
