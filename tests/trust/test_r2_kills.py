"""R2: web, Postgres and Valkey are killed while readers save: nothing acknowledged is lost."""

import random
import time
from collections import defaultdict

import pytest

from tests.trust.figures import record
from tests.trust.readers import Reader, all_since, opened, working
from tests.trust.scale import scaled
from tests.trust.stack import KILLS, Stack, running

pytestmark = [pytest.mark.slow, pytest.mark.torture, pytest.mark.timeout(1800)]

BACK_WITHIN_S = 15.0
PATIENCE_S = 90.0
BETWEEN_S = (1.0, 4.0)


def test_nothing_acknowledged_is_lost_whatever_is_killed() -> None:
    rng = random.Random(2)
    count = int(scaled(20, 4))
    victims = list(KILLS) * int(scaled(3, 1))
    rng.shuffle(victims)
    back: dict[str, list[float]] = defaultdict(list)
    with running(count, count) as stack:
        readers = opened(stack, count)
        with working(readers, every_s=0.25):
            for victim in victims:
                time.sleep(rng.uniform(*BETWEEN_S))
                killed = time.monotonic()
                KILLS[victim](stack, rng)
                back[victim].append(until_all_save(readers, killed, stack) - killed)
        acknowledged = sum(len(reader.saved) for reader in readers)
        lost = sum(len(reader.lost()) for reader in readers)
        stored = sum(reader.stored() for reader in readers)
        equal = sum(reader.is_equal() for reader in readers)
    slowest = max(max(times) for times in back.values())
    tried_again = sum(len(reader.refused) for reader in readers)
    record(
        "R2",
        f"{count} readers save while {len(victims)} times something is killed: {', '.join(back)}",
        f"{acknowledged} acknowledged, {stored} stored, {lost} lost, {tried_again} sent again by themselves; "
        f"{equal} of {count} masks byte-equal; everybody saves again after at most "
        + ", ".join(f"{max(times):.1f} s ({victim})" for victim, times in back.items()),
        met=not lost and stored == acknowledged and equal == count and slowest <= BACK_WITHIN_S,
    )


def until_all_save(readers: list[Reader], killed: float, stack: Stack) -> float:
    """When the last reader's first save after the kill was acknowledged."""
    while (moment := all_since(readers, killed)) is None:
        assert time.monotonic() - killed < PATIENCE_S, f"the service did not come back\n{stack.tail()}"
        time.sleep(0.05)
    return moment
