"""Nothing that was drawn more than a second ago is ever lost, whatever dies: tab, network, server, session.

Every test ends with the same comparison: the server's mask is the browser's buffer, byte for byte.
"""

import contextlib
import os
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import numpy as np
import psycopg2
import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Error, Page, Route, expect

from tests.e2e.conftest import Open, Reading, SignIn
from tests.e2e.masks import Mask, difference, drawn, same, stored
from tests.e2e.pages import (
    Point,
    eventually,
    paint,
    reopened,
    wait_until_open,
    wait_until_saved,
)

pytestmark = pytest.mark.e2e

READER = "ana"
STRUCTURES = 6
CUTS = 20
SAVES = "**/api/assignments/*/revisions/"
COUNT_EVENTS = """() => {
  window.__events = 0;
  window.__delineate.viewer.onStroke(({ events }) => { window.__events += events.length; });
}"""
SHIFT_CLOCK = """(() => {
  const off = %d * 3600e3;
  const Real = Date;
  window.Date = class extends Real {
    constructor(...given) { super(...(given.length === 0 ? [Real.now() + off] : given)); }
    static now() { return Real.now() + off; }
  };
})()"""


class Hand:
    """Draws strokes at random places; each changes something."""

    def __init__(self, page: Page, seed: int) -> None:
        self.page = page
        self.dice = random.Random(seed)
        self.strokes = 0

    def stroke(self) -> None:
        before = version(self.page)
        while version(self.page) == before:
            across, down = self.dice.uniform(0.3, 0.7), self.dice.uniform(0.2, 0.8)
            paint(self.page, structure=self.dice.randint(1, STRUCTURES), across=across, down=down)
        self.strokes += 1


def version(page: Page) -> int:
    """Rises with every change of the mask."""
    return int(page.evaluate("window.__delineate.viewer.engine.version"))


def open_read(seat: Open, reading: Reading, name: str = "here") -> Page:
    page = seat(name)
    page.goto(reading.address)
    wait_until_open(page)
    return page


def expect_saved(reading: Reading, page: Page, mask: Mask | None = None) -> None:
    """All is acknowledged, the server has the browser's bytes, and a reload shows them."""
    wait_until_saved(page)
    shown = drawn(page)
    assert mask is None or same(shown, mask), difference(shown, mask)
    expect_stored(reading, page, shown)
    page.goto(reading.address)
    wait_until_open(page)
    assert same(drawn(page), shown), difference(drawn(page), shown)


def expect_stored(reading: Reading, page: Page, mask: Mask) -> None:
    kept = stored(reading, page)
    assert same(kept, mask), difference(kept, mask)


def kill(page: Page) -> None:
    """End the process behind the tab: none of the page's code runs any more."""
    with contextlib.suppress(Error):
        page.goto("chrome://crash")
    page.close()


def try_now(page: Page) -> None:
    """As when the network comes back: nobody has to wait for the next attempt."""
    page.evaluate("window.dispatchEvent(new Event('online'))")


def test_a_tab_is_killed_in_mid_stroke(seat: Open, reading: Reading) -> None:
    page = open_read(seat, reading)
    before = drawn(page)
    page.keyboard.press("b")
    page.keyboard.press("2")
    points = wave(page, 40)
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[:20]:
        page.mouse.move(*point)
    earlier = drawn(page)
    assert not same(earlier, before)
    # The pen stays down and goes on for more than a second.
    for point in points[20:]:
        page.mouse.move(*point)
        page.wait_for_timeout(60)
    latest = drawn(page)
    kill(page)
    again = open_read(seat, reading)
    found = drawn(again)
    kept = earlier != before
    assert (found[kept] == earlier[kept]).all()
    assert ((found == before) | (found == latest)).all()
    expect_saved(reading, again, found)


def wave(page: Page, steps: int) -> list[Point]:
    box = page.get_by_test_id("plane-axial").bounding_box()
    assert box is not None
    width, height = box["width"], box["height"]
    return [
        (box["x"] + width * (0.35 + 0.3 * n / steps), box["y"] + height * (0.5 + 0.2 * np.sin(n / 3)))
        for n in range(steps)
    ]


class Cuts:
    """Cuts connections: before the request has left, or when it was done and the answer is on its way."""

    def __init__(self, count: int, seed: int) -> None:
        self.left = count
        self.arrived = 0
        self.dice = random.Random(seed)

    def __call__(self, route: Route) -> None:
        if self.left == 0:
            route.continue_()
            return
        self.left -= 1
        if self.dice.random() < 0.5:
            self.arrived += 1
            route.fetch()
        route.abort("connectionreset")

    def wait(self, page: Page) -> None:
        """Until the next one."""
        before = self.left
        page.keyboard.press("Control+s")
        eventually(page, lambda: self.left < before, "the next cut")


def test_the_network_is_cut_twenty_times(seat: Open, reading: Reading) -> None:
    page = open_read(seat, reading)
    head = reading.get(page)["mask"]["head"]
    page.evaluate(COUNT_EVENTS)
    cuts, hand = Cuts(CUTS, seed=11), Hand(page, seed=5)
    page.route(SAVES, cuts)
    while cuts.left > 0:
        for _ in range(cuts.dice.choice((1, 1, 2))):
            hand.stroke()
        if cuts.dice.random() < 0.3:
            page.context.set_offline(True)
            hand.stroke()
            page.context.set_offline(False)
        if cuts.left > 0:
            cuts.wait(page)
    assert cuts.arrived >= CUTS / 4
    events = page.evaluate("window.__events")
    try_now(page)
    expect_saved(reading, page)
    # What arrived although its answer did not was sent again, and not stored again.
    revisions = reading.stack.get(page, f"/api/masks/{reading.mask}/revisions/")
    assert sum(len(one["events"]) for one in revisions if one["number"] > head) == events


@contextlib.contextmanager
def held(reading: Reading) -> Iterator[Callable[[], bool]]:
    """Nobody can finish a save of the read; gives a look at whether one is in the middle of it."""
    database = os.environ["DATABASE_URL"]
    # A save asks for its read by a query that is prepared; the beats of its session update it.
    waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'EXECUTE %'"
    with contextlib.closing(psycopg2.connect(database)) as lock, lock.cursor() as cursor:
        cursor.execute("SELECT 1 FROM annotation_assignment WHERE id = %s FOR UPDATE", [reading.assignment])

        def is_under_way() -> bool:
            with contextlib.closing(psycopg2.connect(database)) as other, other.cursor() as look:
                look.execute(waiting)
                return look.fetchone() is not None

        yield is_under_way
        lock.rollback()


def test_the_server_is_killed_in_the_middle_of_a_save(seat: Open, reading: Reading) -> None:
    page = open_read(seat, reading)
    hand = Hand(page, seed=6)
    with held(reading) as is_under_way:
        hand.stroke()
        eventually(page, is_under_way, "a save that has begun")
        reading.stack.kill_web()
    expect(page.locator("[data-testid=save-badge][data-state=offline]")).to_be_visible()
    hand.stroke()
    reading.stack.start_web()
    with contextlib.suppress(Error):  # the strokes may be on their way by themselves: then the button goes
        page.get_by_role("button", name="Try now").click(timeout=3000)
    expect_saved(reading, page)


def test_the_session_ends_in_mid_work(sign_in: SignIn, reading: Reading) -> None:
    page = sign_in(READER)
    page.goto(reading.address)
    wait_until_open(page)
    hand = Hand(page, seed=7)
    key = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "sessionid")
    reading.stack.in_database(Session.objects.filter(session_key=key).delete)
    hand.stroke()
    notice = page.get_by_role("alert", name="Not saved")
    expect(notice).to_contain_text("Sign in again")
    hand.stroke()  # the question is no reason to stop
    before = drawn(page)
    notice.get_by_label("Password", exact=True).fill(READER)
    notice.get_by_role("button", name="Sign in").click()
    wait_until_saved(page)
    expect(notice).to_be_hidden()
    assert same(drawn(page), before)
    hand.stroke()
    expect_saved(reading, page)


def test_a_second_tab_is_refused_until_the_first_is_closed(seat: Open, reading: Reading) -> None:
    first = open_read(seat, reading)
    second = seat()
    second.goto(reading.address)
    expect(second.get_by_text("This case is open in another tab of this browser.")).to_be_visible()
    Hand(first, seed=8).stroke()
    shown = drawn(first)
    wait_until_saved(first)
    first.close()
    second.get_by_role("button", name="Try again").click()
    wait_until_open(second)
    expect_saved(reading, second, shown)


def test_a_read_that_went_on_elsewhere_keeps_both(seat: Open, reading: Reading) -> None:
    here, there = open_read(seat, reading), open_read(seat, reading, "elsewhere")
    start = drawn(here)
    Hand(there, seed=9).stroke()
    wait_until_saved(there)
    newest = drawn(there)
    there.close()
    hand = Hand(here, seed=10)
    hand.stroke()
    notice = here.get_by_role("alert", name="Not saved")
    expect(notice).to_contain_text("kept as a branch")
    hand.stroke()
    own = drawn(here)
    eventually(here, lambda: badge(here) == "branch · 2 strokes kept", "both strokes in the branch")
    expect_stored(reading, here, newest)
    (branch,) = reading.get(here)["branches"]
    kept = stored(reading, here, mask=branch["mask"])
    assert same(kept, own), difference(kept, own)
    notice.get_by_role("button", name="Compare").click()
    expect(here.get_by_role("table", name="Agreement by structure")).to_be_visible()
    reopened(here, notice.get_by_role("button", name="Put on top").click)
    expect_saved(reading, here, np.where(own == start, newest, own))


def badge(page: Page) -> str:
    return page.get_by_test_id("save-badge").inner_text()


def test_a_clock_that_is_an_hour_off_loses_nothing(seat: Open, reading: Reading) -> None:
    early = seat()
    early.add_init_script(SHIFT_CLOCK % -1)
    early.goto(reading.address)
    wait_until_open(early)
    seconds = reading.get(early)["active_seconds"]
    early.context.set_offline(True)
    Hand(early, seed=12).stroke()
    shown = drawn(early)
    early.wait_for_timeout(1000)  # a stroke is promised to be kept after a second
    kill(early)
    late = seat()
    late.context.set_offline(False)
    late.add_init_script(SHIFT_CLOCK % 1)
    late.goto(reading.address)
    wait_until_open(late)
    expect_saved(reading, late, shown)
    (newest, *_) = reading.stack.get(late, f"/api/masks/{reading.mask}/revisions/")
    assert abs(timezone.now() - datetime.fromisoformat(newest["at"])) < timedelta(minutes=5)
    assert reading.get(late)["active_seconds"] - seconds < 300
