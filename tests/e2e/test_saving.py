"""A stroke that was drawn is there: after a reload, after the tab was killed, after the network was gone."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import SignIn, Stack
from tests.e2e.pages import counts, next_case, paint, wait_until_open, wait_until_saved

pytestmark = pytest.mark.e2e


def test_a_stroke_survives_a_reload_and_undo_is_exact(sign_in: SignIn) -> None:
    page = sign_in("ana")
    next_case(page)
    before = counts(page)
    paint(page, structure=5)
    painted = counts(page)
    assert painted[4] > before[4]
    page.keyboard.press("z")
    assert counts(page) == before
    page.keyboard.press("Shift+Z")
    assert counts(page) == painted
    wait_until_saved(page)
    page.reload()
    wait_until_open(page)
    assert counts(page) == painted


def test_a_stroke_survives_a_killed_tab(sign_in: SignIn) -> None:
    page = sign_in("ana")
    next_case(page)
    paint(page, structure=2, down=0.4)
    painted = counts(page)
    url = page.url
    page.wait_for_timeout(300)  # a person needs longer to kill a tab
    page.context.new_page()
    page.close(run_before_unload=False)
    again = page.context.pages[0]
    again.goto(url)
    wait_until_open(again)
    assert counts(again) == painted
    wait_until_saved(again)


def test_strokes_wait_for_the_network(sign_in: SignIn) -> None:
    page = sign_in("ana")
    next_case(page)
    page.context.set_offline(True)
    paint(page, structure=3, down=0.45)
    expect(page.locator("[data-testid=save-badge][data-state=offline]")).to_be_visible()
    expect(page.get_by_text("kept on this computer").first).to_be_attached()
    painted = counts(page)
    page.context.set_offline(False)
    wait_until_saved(page)
    page.reload()
    wait_until_open(page)
    assert counts(page) == painted


def test_two_readers_get_two_cases(sign_in: SignIn, stack: Stack) -> None:
    ana, ben = sign_in("ana"), sign_in("ben")
    first, second = next_case(ana), next_case(ben)
    assert first != second
    titles = [page.get_by_role("heading", level=1).inner_text() for page in (ana, ben)]
    assert titles[0] != titles[1]
    # Neither can open the other's.
    for page, foreign in ((ana, second), (ben, first)):
        assert page.request.get(f"{stack.url}/api/assignments/{foreign}/").status == 404
