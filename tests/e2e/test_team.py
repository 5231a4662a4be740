"""A project from nothing, its team by links, and a program with a token."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect

from annotation.models import Membership, Role
from tests.e2e.cases import SHAPE, SPACING_MM
from tests.e2e.conftest import WINDOW, SignIn, Stack
from training.phantom import make_phantom
from training.volume import write_nifti

pytestmark = pytest.mark.e2e

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def staff(stack: Stack) -> str:
    """Somebody who may create projects and belongs to none."""
    stack.in_database(lambda: User.objects.create_user("ida", password="ida", is_staff=True))
    return "ida"


@pytest.fixture
def elsewhere(stack: Stack, browser: Browser) -> Iterator[Page]:
    """Another computer, at which nobody is signed in."""
    context = browser.new_context(viewport=WINDOW, base_url=stack.url)
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    phantom = make_phantom(900, shape=SHAPE, spacing_mm=SPACING_MM)
    write_nifti(tmp_path / "scan.nii.gz", phantom.image)
    return tmp_path / "scan.nii.gz"


def link_shown(page: Page) -> str:
    """The link that was made a moment ago."""
    field = page.get_by_role("textbox", name="Link for")
    expect(field).to_be_visible()
    return field.input_value()


def sign_up(page: Page, link: str, username: str) -> None:
    page.goto(link)
    page.get_by_label("Your name").fill("Eva Sørensen")
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Make an account and join").click()


def choose_structures(ida: Page) -> None:
    """A preset, one of the catalogue and one of their own."""
    ida.get_by_label("Begin with a preset").select_option(label="KiTS 2023 (3)")
    expect(ida.get_by_role("region", name="Presets")).to_contain_text("Heller")
    ida.get_by_role("button", name="Take all 3").click()
    chosen = ida.get_by_role("region", name="Chosen structures")
    expect(chosen).to_contain_text("Kidney tumour")
    expect(chosen).to_contain_text("shares voxels with Kidneys")
    search = ida.get_by_label("Search the catalogue")
    search.fill("lens left")
    ida.get_by_role("checkbox", name="Lens of eye (left)").check()
    search.fill("PTV 56")
    ida.get_by_role("button", name="Add “PTV 56” as a new structure").click()
    expect(chosen).to_contain_text("PTV 56")


def join(project: int, username: str) -> None:
    user = User.objects.create_user(username)
    Membership.objects.create(project_id=project, user=user, role=Role.ANNOTATOR)


def plan_as_usual(stack: Stack, ida: Page, project: int) -> None:
    """The last step of the wizard: what a study usually reads, at one click, once people and cases do."""
    address = f"/api/projects/{project}/reliability/"
    ida.get_by_role("button", name="On to plan").click()
    step = ida.get_by_role("region", name="Plan")
    expect(
        step.get_by_role("heading", name="How reliability is measured in Eyes and kidneys")
    ).to_be_visible()
    expect(step).to_contain_text("Without a plan every case is read once and reviewed.")
    before = stack.get(ida, address)
    assert before["plan"] is None
    usual = before["usual"]
    expect(step).to_contain_text(f"{usual['washout_days']} days later at the earliest")
    take = step.get_by_role("button", name="Read like this")
    take.click()
    expect(step.get_by_role("alert")).to_contain_text("Second reads need two of them")
    stack.in_database(lambda: join(project, "evan"))
    take.click()
    expect(step).to_contain_text("This project reads, on top of one read per case:")
    expect(step.get_by_role("button", name="Read like this")).to_have_count(0)
    kept = stack.get(ida, address)["plan"]
    assert {name: kept[name] for name in usual if name != "seed"} == {
        name: value for name, value in usual.items() if name != "seed"
    }
    ida.reload()  # the step is in the address
    expect(step).to_contain_text("This project reads, on top of one read per case:")


def test_from_nothing_to_a_project_with_cases_and_readers(
    stack: Stack, staff: str, sign_in: SignIn, elsewhere: Page, scan: Path
) -> None:
    ida = sign_in(staff)
    ida.get_by_role("link", name="Create a project").click()
    ida.get_by_label("Name", exact=True).fill("Eyes and kidneys")
    ida.get_by_role("button", name="On to structures").click()

    choose_structures(ida)
    ida.reload()  # nothing of the choice is lost
    ida.get_by_role("button", name="On to structures").click()
    expect(ida.get_by_role("region", name="Chosen structures")).to_contain_text("Chosen: 5")
    ida.get_by_role("button", name="Create the project").click()

    ida.get_by_role("form", name="Upload one case").locator("input[type=file]").first.set_input_files(scan)
    ida.get_by_role("button", name="Upload").click()
    expect(ida.get_by_text("CASE 0001 was added.")).to_be_visible()
    ida.get_by_role("button", name="On to team").click()
    ida.get_by_role("button", name="Make a link").click()
    sign_up(elsewhere, link_shown(ida), "eva")
    elsewhere.wait_for_url(lambda url: "/worklist" in url)
    expect(elsewhere.get_by_text("Eyes and kidneys")).to_be_visible()

    project = stack.get(ida, "/api/me/")["projects"][0]["id"]
    plan_as_usual(stack, ida, project)
    ida.get_by_role("button", name="Open the project").click()
    expect(ida.get_by_role("heading", name="Eyes and kidneys")).to_be_visible()
    structures = stack.get(ida, f"/api/projects/{project}/")["structures"]
    assert {one["key"]: (one["layer"], one["value"]) for one in structures} == {
        "kidney": (0, 1),
        "lens_left": (0, 4),
        "ptv_56": (0, 5),
        "kidney_tumor": (1, 2),
        "kidney_cyst": (1, 3),
    }
    members = stack.get(ida, f"/api/projects/{project}/members/")
    assert {(one["username"], one["role"]) for one in members} == {
        ("ida", "lead"),
        ("eva", "annotator"),
        ("evan", "annotator"),
    }


def test_a_link_for_one_and_a_member_who_leaves(stack: Stack, sign_in: SignIn, elsewhere: Page) -> None:
    lea = sign_in("lea")
    lea.goto(f"/projects/{stack.project}?tab=team")
    lea.get_by_label("Role", exact=True).select_option("reviewer")
    lea.get_by_label("Note").fill("for Ole")
    lea.get_by_role("button", name="Make a link").click()
    link = link_shown(lea)
    assert "#" in link
    expect(lea.get_by_role("table", name="Open links")).to_contain_text("for Ole")

    sign_up(elsewhere, link, "ana")
    expect(elsewhere.get_by_role("alert")).to_contain_text("already")  # the name, not the link
    elsewhere.get_by_label("User name").fill("ole")
    elsewhere.get_by_role("button", name="Make an account and join").click()
    elsewhere.wait_for_url(lambda url: "/worklist" in url)

    ben = sign_in("ben")
    ben.goto(link)
    expect(ben.get_by_text("This invitation was used already.")).to_be_visible()

    lea.reload()
    expect(lea.get_by_text("No link is open.")).to_be_visible()
    lea.get_by_label("Level of ole").select_option("3")
    row = lea.get_by_role("row").filter(has=lea.get_by_label("Level of ole"))
    row.get_by_role("button", name="Deactivate").click()
    lea.get_by_role("button", name="Deactivate ole").click()
    expect(row).to_contain_text("deactivated")
    elsewhere.goto("/worklist")
    expect(elsewhere.get_by_text("You belong to no project yet")).to_be_visible()
    row.get_by_role("button", name="Reactivate").click()
    expect(lea.get_by_label("Level of ole")).to_have_value("3")
    elsewhere.reload()
    expect(elsewhere.get_by_role("button", name="Next case")).to_be_visible()


def test_who_is_signed_in_joins_with_one_click(
    stack: Stack, staff: str, sign_in: SignIn, elsewhere: Page
) -> None:
    lea = sign_in("lea")
    lea.goto(f"/projects/{stack.project}?tab=team")
    lea.get_by_role("button", name="Make a link").click()
    link = link_shown(lea)
    elsewhere.goto(link)
    elsewhere.get_by_role("tab", name="I have an account").click()
    elsewhere.get_by_label("User name").fill(staff)
    elsewhere.get_by_label("Password", exact=True).fill(staff)
    elsewhere.get_by_role("button", name="Sign in").click()
    elsewhere.get_by_role("button", name=f"Join as {staff}").click()
    elsewhere.wait_for_url(lambda url: f"project={stack.project}" in url)


def asked(url: str, token: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
    """What the API answers to a program that has nothing but a token."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
    request = Request(url, data, headers, method="GET" if data is None else "PATCH")  # noqa: S310  # our own
    try:
        with urlopen(request, timeout=30) as answer:  # noqa: S310  # our own server
            return answer.status, json.load(answer)
    except HTTPError as refusal:
        return refusal.code, json.load(refusal)


def test_a_program_with_a_token(stack: Stack, sign_in: SignIn) -> None:
    lea = sign_in("lea")
    lea.get_by_role("link", name="lea", exact=True).click()
    lea.get_by_label("What will use it").fill("nightly export")
    lea.get_by_role("button", name="Make a token").click()
    field = lea.get_by_role("textbox", name="Token “nightly export”")
    expect(field).to_be_visible()
    token = field.input_value()
    assert token.startswith("dl_")

    status, me = asked(f"{stack.url}/api/me/", token)
    assert (status, me["username"]) == (200, "lea")
    project = f"{stack.url}/api/projects/{stack.project}/"
    before = asked(project, token)[1]["hanging"]
    status, changed = asked(project, token, {"hanging": before})
    assert (status, changed["hanging"]) == (200, before)

    lea.reload()
    expect(lea.get_by_text(token[:9])).to_be_visible()
    expect(lea.get_by_text(token)).to_have_count(0)
    lea.get_by_role("button", name="Revoke").click()
    expect(lea.get_by_text("You have no tokens.")).to_be_visible()
    assert asked(f"{stack.url}/api/me/", token)[0] == 401
