"""A review by keys: a verdict on each structure, pins that lead the reader, threads, and the second look."""

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Pin, StructureVerdict
from tests.e2e.conftest import SignIn, Stack
from tests.e2e.pages import eventually, next_case, paint, submit, wait_until_open

pytestmark = pytest.mark.e2e

CROSSHAIR = "window.__delineate.viewer.views.crosshair"
WORDS = "The vessel is inside."


def go_to(page: Page, place: list[int]) -> None:
    page.evaluate("at => window.__delineate.viewer.goTo(at)", place)
    eventually(page, lambda: page.evaluate(CROSSHAIR) == place, "the crosshair there")


def marks(page: Page) -> int:
    """Pixels in the colour of an open pin, on the tools' canvas of the axial plane."""
    return int(
        page.evaluate(
            """() => [...document.querySelectorAll('[data-testid=plane-axial] canvas')]
              .filter((canvas) => canvas.style.visibility !== 'hidden' && canvas.width > 0)
              .reduce((sum, canvas) => {
                const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
                let n = 0;
                for (let p = 0; p < data.length; p += 4)
                  if (data[p] === 0xe0 && data[p + 1] === 0xa3 && data[p + 2] === 0x3e) n++;
                return sum + n;
              }, 0)"""
        )
    )


def test_verdicts_and_pins_by_keys(sign_in: SignIn, stack: Stack) -> None:
    ana, rui = sign_in("ana"), sign_in("rui")
    next_case(ana)
    reading = ana.url
    paint(ana, structure=2)
    submit(ana)

    review = next_case(rui, "Next review")
    _judge_and_pin(rui, stack, review)
    _return(rui)
    _the_reader_is_led_there(ana, reading, stack)
    _second_look(rui, stack)


def _judge_and_pin(rui: Page, stack: Stack, review: int) -> None:
    bar = rui.get_by_role("region", name="Verdict", exact=True)
    expect(bar).to_contain_text("6 of 6 structures left")
    rui.keyboard.press("1")
    rui.keyboard.press("y")
    expect(bar).to_contain_text("5 of 6 structures left")
    go_to(rui, [20, 24, 16])
    rui.keyboard.press("r")
    form = rui.get_by_label("What is wrong here")
    expect(form).to_be_focused()
    rui.keyboard.press("Alt+2")
    form.fill(WORDS)
    form.press("Enter")
    expect(bar).to_contain_text("4 of 6 structures left · 1 to return")
    rui.get_by_role("tab", name="Pins").click()
    expect(rui.get_by_role("region", name="Pins")).to_contain_text("leak")
    eventually(rui, lambda: marks(rui) > 50, "the pin in the plane")
    rui.keyboard.down("x")
    eventually(rui, lambda: marks(rui) == 0, "no pin over the plain image")
    rui.keyboard.up("x")
    eventually(rui, lambda: marks(rui) > 50, "the pin again")
    rui.reload()
    wait_until_open(rui)
    expect(rui.get_by_role("region", name="Verdict", exact=True)).to_contain_text("4 of 6 structures left")
    judged = stack.get(rui, f"/api/assignments/{review}/judged/")["structures"]
    assert sorted(one["verdict"] for one in judged) == ["accept", "return"]


def _return(rui: Page) -> None:
    accept = rui.get_by_role("button", name="Accept", exact=True)
    expect(accept).to_be_disabled()
    rui.keyboard.press("Enter")
    comment = rui.get_by_label("What has to change?")
    expect(comment).to_be_focused()
    rui.keyboard.press("Control+Enter")
    rui.wait_for_url(lambda url: "/worklist" in url)


def _the_reader_is_led_there(ana: Page, reading: str, stack: Stack) -> None:
    ana.goto("/worklist")
    expect(ana.get_by_role("region", name="Returned to you")).to_contain_text(WORDS)
    ana.goto(reading)
    wait_until_open(ana)
    eventually(ana, lambda: ana.evaluate(CROSSHAIR) == [20, 24, 16], "the case opens at the pin")
    pins = ana.get_by_role("region", name="Pins")
    expect(pins).to_contain_text(WORDS)
    expect(pins).to_contain_text("Reviewer")
    expect(pins).not_to_contain_text("rui")
    pins.get_by_label("Reply").fill("Taken out.")
    pins.get_by_label("Reply").press("Control+Enter")
    expect(pins).to_contain_text("Taken out.")
    pins.get_by_role("button", name="Resolve").click()
    expect(pins.get_by_role("button", name="Open again")).to_be_visible()
    state = stack.in_database(lambda: list(Pin.objects.values_list("state", flat=True)))
    assert state == ["resolved"]
    submit(ana)


def _second_look(rui: Page, stack: Stack) -> None:
    rui.goto("/worklist")
    review = next_case(rui, "Next review")
    for _ in range(6):
        rui.keyboard.press("y")
    expect(rui.get_by_role("region", name="Verdict", exact=True)).to_contain_text("All 6 judged")
    rui.get_by_role("radio", name="5: Usable").first.click()
    rui.keyboard.press("Enter")
    rui.wait_for_url(lambda url: "/worklist" in url)
    rows = stack.in_database(
        lambda: list(
            StructureVerdict.objects.filter(assignment=review).values_list("verdict", "acceptability")
        )
    )
    assert len(rows) == 6
    assert {verdict for verdict, _ in rows} == {"accept"}
    assert [grade for _, grade in rows if grade is not None] == [5]
