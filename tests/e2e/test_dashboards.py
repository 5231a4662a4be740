"""Dashboards in the browser: every chart is drawn, marks lead to their cases and these to a structure."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from tests.e2e import charts, own_project
from tests.e2e.charts import LEAD, drawing, frame, open_first_mark
from tests.e2e.conftest import SignIn, Stack
from tests.e2e.pages import eventually, wait_until_open

pytestmark = pytest.mark.e2e

QUESTIONS = {
    "overview": (
        "When will all cases be accepted?",
        "Where do the cases stand?",
        "How many cases are accepted each week?",
        "How many hours do readers work?",
    ),
    "agreement": (
        "Do readers agree with each other as well as with themselves?",
        "Which readers agree on Liver?",
        "Do two readers draw Liver equally large?",
        "Does it matter who reads?",
        "Who marks too much of Liver, who too little?",
        "How much do readers agree because they began from the same prediction?",
    ),
    "reading": (
        "Is any reader drifting?",
        "Does a better model save time?",
        "How much of the prediction do readers change?",
        "Where does the time go?",
        "How often is a read accepted at once?",
        "How usable is what is handed in?",
        "What do reviewers find wrong?",
    ),
}
OWN = ("How close am I to what is required?", "How long does a read take me?")
EMPTY = {
    "overview": (
        "There are no cases yet. Add some under Add cases.",
        "A forecast begins with the first accepted case.",
        "No cases yet: add some under Add cases.",
        "Nothing is accepted yet",
        "No read is handed in yet.",
    ),
    "agreement": ("No case has two reads yet.",),
    "reading": (
        "Choose gold cases under Plan",
        "No read is handed in yet.",
        "No edit is recorded yet.",
        "No read was reviewed yet.",
        "No structure was graded yet.",
        "No pin was dropped yet.",
    ),
}
A_READ = re.compile(r"/annotate/\d+")
CROSSHAIR = "window.__delineate.viewer.views.crosshair"
INK = "(frame) => [...frame.querySelectorAll('svg text')].map((text) => text.getAttribute('fill'))"
DARK_TEXT, LIGHT_TEXT = "#d5d9dd", "#1c2126"


@pytest.fixture(scope="module")
def project(stack: Stack) -> Iterator[int]:
    filled = int(stack.in_database(charts.fill))
    yield filled
    stack.in_database(lambda: own_project.leave(filled))


@pytest.fixture(scope="module")
def empty(stack: Stack, project: int) -> Iterator[int]:
    made = int(stack.in_database(charts.empty))
    yield made
    stack.in_database(lambda: own_project.leave(made))


class Complaints:
    """What the console of a page says."""

    def __init__(self, page: Page) -> None:
        self.said: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.said.append(str(error)))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.said.append(message.text)


def open_tab(page: Page, project: int, tab: str) -> None:
    page.goto(f"/projects/{project}?tab={tab}")
    for question in QUESTIONS[tab]:
        expect(frame(page, question)).to_be_visible()
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("tab", QUESTIONS)
def test_every_chart_is_drawn_and_says_what_it_rests_on(project: int, sign_in: SignIn, tab: str) -> None:
    page = sign_in(LEAD)
    complaints = Complaints(page)
    open_tab(page, project, tab)
    for question in QUESTIONS[tab]:
        chart = frame(page, question)
        assert drawing(chart).locator("path").count() > 3, question
        expect(chart).to_contain_text("n = ")
        assert chart.get_by_role("table").get_by_role("row").count() > 1, question
    assert not complaints.said


@pytest.mark.parametrize("tab", QUESTIONS)
def test_every_chart_opens_its_cases(project: int, sign_in: SignIn, tab: str) -> None:
    page = sign_in(LEAD)
    open_tab(page, project, tab)
    for question in QUESTIONS[tab]:
        drawer = open_first_mark(page, frame(page, question))
        expect(drawer.get_by_role("link").first).to_have_attribute("href", A_READ)
        page.keyboard.press("Escape")
        expect(drawer).to_be_hidden()


def test_a_score_opens_its_case_where_the_structure_is(project: int, sign_in: SignIn) -> None:
    page = sign_in(LEAD)
    open_tab(page, project, "agreement")
    drawer = open_first_mark(page, frame(page, "Which readers agree on Liver?"))
    expect(drawer).to_contain_text("0.9")
    drawer.get_by_role("link").first.click()
    page.wait_for_url(A_READ)
    assert page.url.endswith("structure=liver")
    page.goto(f"{page.url}&debug")
    wait_until_open(page)
    middle = charts.middle_of("liver")
    eventually(page, lambda: page.evaluate(CROSSHAIR) == middle, "the middle of the liver")
    page.go_back()
    page.go_back()
    expect(page).to_have_url(re.compile(r"tab=agreement$"))


def test_an_error_opens_its_case_where_the_structure_is(project: int, sign_in: SignIn) -> None:
    page = sign_in(LEAD)
    open_tab(page, project, "reading")
    chart = frame(page, "What do reviewers find wrong?")
    address = str(open_first_mark(page, chart).get_by_role("link").first.get_attribute("href"))
    key = address.partition("?structure=")[2]
    page.goto(f"{address}&debug")
    wait_until_open(page)
    middle = charts.middle_of(key)
    eventually(page, lambda: page.evaluate(CROSSHAIR) == middle, f"the middle of the {key}")


LINE_BETWEEN = """(frame) => {
  const lines = [...frame.querySelectorAll('svg path[fill="none"]')]
    .filter((path) => path.getTotalLength() > 60 && (path.getAttribute('d').match(/L|C/g) ?? []).length > 3);
  const line = lines[0];
  const at = line.getPointAtLength(line.getTotalLength() * 0.517);
  const { x, y } = at.matrixTransform(line.getScreenCTM());
  return [x, y];
}"""


def test_a_line_between_marks_promises_nothing(project: int, sign_in: SignIn) -> None:
    page = sign_in(LEAD)
    open_tab(page, project, "reading")
    chart = frame(page, "Is any reader drifting?")
    assert next(charts.marks(page, chart), None) is not None
    x, y = chart.evaluate(LINE_BETWEEN)
    page.mouse.move(x, y)
    assert page.evaluate(charts.CURSOR, [x, y]) == "default"


def test_a_comparison_that_failed_is_tried_again(project: int, sign_in: SignIn, stack: Stack) -> None:
    stack.in_database(lambda: charts.fail_a_comparison(project))
    page = sign_in(LEAD)
    page.goto(f"/projects/{project}?tab=agreement")
    notice = page.get_by_role("alert").filter(has_text="failed, so figures lack")
    expect(notice).to_be_visible()
    notice.get_by_text("What went wrong").click()
    expect(notice).to_contain_text("The disk is full.")
    notice.get_by_role("button", name="Compare again").click()
    expect(notice).to_have_count(0)
    expect(page.get_by_text("being compared")).to_have_count(0, timeout=30_000)


@pytest.mark.parametrize("tab", QUESTIONS)
def test_every_chart_can_be_kept(project: int, sign_in: SignIn, stack: Stack, tab: str) -> None:
    page = sign_in(LEAD)
    open_tab(page, project, tab)
    for question in QUESTIONS[tab]:
        page.get_by_role("button", name=f"Keep: {question}").click()
        menu = page.get_by_role("menu")
        expect(menu).to_have_count(1)
        for form, begins in (("CSV", b""), ("Parquet", b"PAR1")):
            address = str(menu.get_by_role("menuitem", name=form).get_attribute("href"))
            answer = page.request.get(stack.url + address)
            assert answer.ok, (question, answer.status)
            body = answer.body()
            assert body.startswith(begins)
            assert form != "CSV" or len(body.decode().splitlines()) > 1, question
        with page.expect_download() as kept:
            menu.get_by_role("menuitem", name="SVG").click()
        picture = Path(kept.value.path()).read_text(encoding="utf-8")
        assert question in picture
        assert DARK_TEXT not in picture
        expect(menu).to_have_count(0)


def test_charts_are_dark_on_a_dark_screen_and_light_on_paper(project: int, sign_in: SignIn) -> None:
    page = sign_in(LEAD)
    open_tab(page, project, "overview")
    chart = frame(page, QUESTIONS["overview"][0])
    assert LIGHT_TEXT in chart.evaluate(INK)
    page.get_by_role("button", name="Make this page dark").click()
    eventually(page, lambda: DARK_TEXT in chart.evaluate(INK), "the dark chart")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert LIGHT_TEXT in chart.evaluate(INK)
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    eventually(page, lambda: DARK_TEXT in chart.evaluate(INK), "the dark chart again")
    assert page.pdf().startswith(b"%PDF")
    page.emulate_media(media="print")
    expect(page.get_by_role("main")).to_have_css("padding-bottom", "0px")


def test_a_reader_sees_own_numbers_alone(project: int, sign_in: SignIn) -> None:
    page = sign_in("ada")
    complaints = Complaints(page)
    page.goto(f"/projects/{project}/reading")
    for question in OWN:
        expect(drawing(frame(page, question)).locator("path").nth(3)).to_be_attached()
    expect(page.get_by_text(re.compile(r"^\d+ reads$"))).to_be_visible()
    for other in ("bo", "cleo", "dan", "eve"):
        expect(page.get_by_text(other, exact=True)).to_have_count(0)
    keep = page.get_by_role("button", name=f"Keep: {OWN[0]}")
    keep.click()
    address = str(page.get_by_role("menuitem", name="CSV").get_attribute("href"))
    assert address.startswith("data:text/csv")
    assert not complaints.said


def test_an_empty_project_says_what_is_missing(empty: int, sign_in: SignIn) -> None:
    page = sign_in(LEAD)
    complaints = Complaints(page)
    for tab, words in EMPTY.items():
        page.goto(f"/projects/{empty}?tab={tab}")
        for sentence in words:
            expect(page.get_by_text(sentence).first).to_be_visible()
        expect(page.locator("svg[width] path + path + path + path")).to_have_count(0)
    page.goto(f"/projects/{empty}/reading")
    expect(page.get_by_role("main")).to_be_visible()
    assert not complaints.said
