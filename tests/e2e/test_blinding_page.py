"""A curious reader at the page: what shows what an own read is for, and what others drew, before it is final?

vera has a second, a first, a repeated, a gold, a calibration and an ordinary read open at once. She opens
every address of the front end with her own and others' numbers, every panel, looks into storage and memory,
and sends requests with handles that are not hers. Every answer and all of the page is searched for what is
others'. What the API alone tells is tried in tests/annotation/test_blinding_attempts.py.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e import blinded, own_project
from tests.e2e.blinded import KINDS, READER, Secrets, Stage
from tests.e2e.conftest import PATIENCE_MS, WINDOW, SignIn, Stack, _give_session
from tests.e2e.pages import eventually, next_case, paint, wait_until_open, wait_until_saved
from tests.e2e.watching import Watch

pytestmark = pytest.mark.e2e

# Numbers of reads stand in {braces}: the reader's own by their kind, others' by what they are.
OTHERS = (
    "first of the pair", "planned", "former", "reviewed", "review", "adjudication", "of quirin", "of ottokar",
    "pin", "before", "behind", "nobody",
)  # fmt: skip
TABS = (
    "overview", "agreement", "reading", "cases", "models", "data", "plan", "team", "guideline", "settings",
    "adjudication",
)  # fmt: skip
ADDRESSES = (
    *(f"/annotate/{{{read}}}?debug" for read in (*KINDS, *OTHERS)),
    *(f"/review/{{{read}}}?debug" for read in ("second", "first of the pair", "review", "adjudication")),
    "/annotate/{second}?structure=liver&debug",
    "/annotate/nobody",
    *(f"/projects/{{project}}?tab={tab}" for tab in TABS),
    "/projects/{elsewhere}",
    "/projects/{elsewhere}?tab=cases",
    "/projects/{elsewhere}/guideline",
    "/projects/{elsewhere}/reading",
    "/projects/{project}/guideline",
    "/projects/{project}/guideline?version=1",
    "/projects/{project}/reading",
    "/projects/new?project={project}&step=plan",
    "/worklist",
    "/worklist?project={elsewhere}",
    "/account",
    "/invitation#x",
    "/",
    "/admin/annotation/assignment/",
    "/api/projects/{project}/cases/?format=api",
)
PANELS = ("Alt+s", "Alt+p", "Alt+g", "Alt+c", "Alt+h", "Alt+l", "Control+k", "?", "Control+,")
API = "/api/assignments/{first of the pair}"
REQUESTS = (
    *(f"GET /api/masks/{{{mask}}}/" for mask in (
        "their mask", "their branch", "lead mask", "lead gold", "former mask", "crossed mask", "number",
    )),
    *(f"GET /api/volumes/{{{volume}}}/zarr/zarr.json" for volume in (
        "their volume", "lead volume", "former volume", "number",
    )),
    *(f"GET /api/masks/{{their mask}}/{what}" for what in (
        "revisions/", "difference/?from=0&to=1", "regions/", "uncertainty/", "?revision=1",
    )),
    *(f"{method} {API}/{what}/" for method, what in (
        ("GET", "pins"), ("GET", "judged"), ("GET", "components"), ("POST", "sessions"), ("POST", "submit"),
        ("POST", "unsubmit"), ("POST", "skip"), ("POST", "take-over"), ("POST", "branches"),
    )),
    "POST /api/branches/{their branch}/apply/",
    "GET /api/assignments/{adjudication}/components/",
    "GET /api/assignments/{second}/components/",
    "GET /api/assignments/{second}/judged/",
    "GET /api/pins/{pin}/",
    "POST /api/pins/{pin}/notes/",
    *(f"GET /api/projects/{{project}}/{what}/" for what in (
        "cases", "assignments", "members", "invitations", "reliability", "requirements", "groups",
        "calibration", "gold", "adjudications", "report", "agreement/matrix", "dashboards/overview",
        "dashboards/pairs", "dashboards/scores", "dashboards/pool_cases",
    )),
    "GET /api/projects/{elsewhere}/",
    "GET /api/me/reading/{elsewhere}/",
    "GET /api/worklist/?project={elsewhere}",
    "GET /api/jobs/1/",
)  # fmt: skip
# What is asked of an own read, or of nobody's, is answered; it must be silent all the same.
SILENT = (
    "GET /api/assignments/{repeat}/pins/",
    "GET /api/assignments/{repeat}/",
    "GET /api/worklist/upcoming/?project={project}&after={first of the pair}",
    "GET /api/worklist/?project={project}",
    "GET /api/me/reading/{project}/",
    "GET /api/projects/{project}/",
)
ASK = """async ([method, path]) => {
  const token = document.cookie.match(/csrftoken=([^;]+)/)?.[1] ?? '';
  const body = method === 'POST' ? '{"revision":1,"reason":"other","text":"?"}' : undefined;
  const headers = { 'X-CSRFToken': token, 'Content-Type': 'application/json' };
  return (await fetch(path, { method, body, headers })).status;
}"""


@dataclass
class Curious:
    """Who sits at the page, what is around her, and what she must not find."""

    stage: Stage
    watch: Watch
    secrets: Secrets
    ids: Mapping[str, str]

    @property
    def page(self) -> Page:
        return self.watch.page

    def leaks(self, attempt: str, sent: str = "") -> Iterator[str]:
        for where, text in self.watch.told(sent):
            for secret in self.secrets.told(text):
                yield f"{attempt}: {secret!r} in {where}"

    def address(self, template: str) -> str:
        return template.format_map(self.ids)


@pytest.fixture(scope="module")
def stage(stack: Stack) -> Iterator[Stage]:
    built = stack.in_database(blinded.build)
    assert isinstance(built, Stage)
    yield built
    stack.in_database(lambda: own_project.leave(built.project.pk))
    stack.in_database(lambda: own_project.leave(built.elsewhere))


@pytest.fixture(scope="module")
def curious(stack: Stack, stage: Stage, browser: Browser) -> Iterator[Curious]:
    """She has taken one read of each kind through the page, and drawn the same stroke in each."""
    context = browser.new_context(viewport=WINDOW, base_url=stack.url)
    context.set_default_timeout(PATIENCE_MS)
    _give_session(context, READER, stack)
    watch = Watch(context.new_page())
    for kind in KINDS:
        stack.in_database(partial(blinded.prepare, stage, kind))
        watch.page.goto("/worklist")
        read = next_case(watch.page)
        paint(watch.page, structure=2)
        wait_until_saved(watch.page)
        stack.in_database(partial(blinded.taken, stage, kind, read))
    secrets = stack.in_database(lambda: blinded.secrets_of(stage))
    yield Curious(stage, watch, secrets, _ids(stage, stack.in_database(lambda: blinded.swapped(stage))))
    context.close()


def _ids(stage: Stage, handles: Mapping[str, str]) -> dict[str, str]:
    reads = stage.reads | {
        "before": stage.reads["second"] - 1,
        "behind": stage.reads["calibration"] + 1,
        "nobody": 999_999,
        "project": stage.project.pk,
        "elsewhere": stage.elsewhere,
    }
    return {name: str(number) for name, number in reads.items()} | dict(handles)


def test_taking_the_reads_told_nothing(curious: Curious) -> None:
    """Every answer since the first claim."""
    assert not list(curious.leaks("claims"))


def test_no_address_tells_a_reader_of_others(curious: Curious) -> None:
    assert len(ADDRESSES) >= 50
    found: list[str] = []
    for template in ADDRESSES:
        curious.watch.go(curious.address(template))
        found += curious.leaks(template)
    assert not found, "\n".join(found)


def test_no_request_with_names_of_others_is_answered(curious: Curious) -> None:
    """Sent from the page itself, with its cookies and its token."""
    curious.watch.go("/worklist")
    found = list(curious.leaks("/worklist"))
    for template in (*REQUESTS, *SILENT):
        method, path = curious.address(template).split(" ", 1)
        status = curious.page.evaluate(ASK, [method, path])
        if (status == 200) != (template in SILENT):
            found.append(f"{template}: {status}")
        found += curious.leaks(template, path)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("kind", ["second", "repeat", "gold"])
def test_neither_panels_nor_memory_tell_what_a_read_is_for(curious: Curious, kind: str) -> None:
    page = curious.page
    page.goto(curious.address(f"/annotate/{{{kind}}}?debug"))
    wait_until_open(page)
    found = list(curious.leaks(kind))
    for chord in PANELS:
        page.keyboard.press(chord)
        curious.watch.rest()
        found += curious.leaks(f"{kind}, {chord}")
        page.keyboard.press("Escape")
    for where, text in curious.watch.kept():
        assert text, where
        found += [f"{kind}: {secret!r} in {where}" for secret in curious.secrets.told(text)]
    assert not found, "\n".join(found)


def test_reads_of_every_kind_look_alike(curious: Curious) -> None:
    """Case, start and strokes are the same: so is all that the page says, but the alias and the clock."""
    page = curious.page
    ordinary: dict[str, str] = {}
    for kind in ("routine", *KINDS):
        curious.watch.told()
        page.goto(curious.address(f"/annotate/{{{kind}}}?debug"))
        wait_until_open(page)
        expect(page.get_by_role("tablist", name="Beside the image")).to_be_visible()
        for chord in PANELS[:6]:
            page.keyboard.press(chord)
            curious.watch.rest()
            usual = ordinary.setdefault(chord, _look(page))
            _wait_for(page, usual)
            assert _look(page).splitlines() == usual.splitlines(), (kind, chord)
        assert _shape(_about(curious, kind)) == _shape(_about(curious, "routine")), kind


def _look(page: Page) -> str:
    """All that can be read on the page, without figures and the alias."""
    text = page.locator("body").inner_text()
    return re.sub(r"Case [2-9A-Z]{6}\b|\d+([.:,]\d+)*|[AP]M", "#", text, flags=re.IGNORECASE)


def _wait_for(page: Page, look: str) -> None:
    """What is worked out a moment later may come a moment later."""
    with contextlib.suppress(AssertionError):
        eventually(page, lambda: _look(page) == look, "the same look")


def _about(curious: Curious, kind: str) -> Any:
    return curious.page.evaluate(
        "async (path) => (await fetch(path)).json()", curious.address(f"/api/assignments/{{{kind}}}/")
    )


OWN = {"id", "alias", "lease_until", "mask", "volume", "prediction_mask", "at", "active_seconds", "looked"}


def _shape(answer: Any) -> Any:
    """An answer without what differs between any two reads."""
    if isinstance(answer, dict):
        return {key: _shape(value) for key, value in answer.items() if key not in OWN}
    return [_shape(one) for one in answer] if isinstance(answer, list) else answer


def test_a_lead_at_the_same_addresses_is_told_everything(curious: Curious, sign_in: SignIn) -> None:
    """The search does find what is there."""
    watch = Watch(sign_in("yolanda"))
    found: set[str] = set()
    for template, shown in (
        ("/projects/{project}?tab=plan", blinded.SOURCE),
        ("/projects/{project}?tab=team", "xaver"),
        ("/projects/{project}?tab=cases", f"{blinded.NAME} 1"),
        ("/annotate/{first of the pair}?debug", "Submit"),
    ):
        watch.go(curious.address(template))
        expect(watch.page.get_by_text(shown).first).to_be_attached()
        for _, text in watch.told():
            found |= curious.secrets.told(text)
    for _, text in watch.kept():
        found |= curious.secrets.told(text)
    assert {"quirin", "ottokar", "xaver", blinded.NAME, blinded.SOURCE} <= found
    assert curious.secrets.handles & found
    assert curious.secrets.aliases & found
