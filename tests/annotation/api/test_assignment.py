from django.contrib.auth.models import User

from annotation import reviews
from annotation.models import Assignment
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out
from tests.annotation.factories import SHAPE, make_review, named, stroke


def url(assignment: Assignment) -> str:
    return f"/api/assignments/{assignment.pk}/"


def base_of(read: Assignment) -> int:
    assert read.mask.base_id is not None
    return read.mask.base_id


def test_everything_that_opening_a_read_needs(read: Assignment, as_ana: Browser) -> None:
    body = as_ana.get(url(read)).json()
    assert [one["value"] for one in body.pop("structures")] == [1, 2, 3]
    assert body.pop("lease_until").endswith("Z")
    assert body == {
        "id": read.pk,
        "role": "annotate",
        "state": "open",
        "alias": read.alias,
        "start_from": "prediction",
        "purpose": None,
        "sequence_no": None,
        "reader": None,
        "project": {"id": read.case.project_id, "name": "Abdomen"},
        "case": None,
        "asked": ["liver", "spleen", "kidney_left"],
        "region": None,
        "volume": {
            "id": named(read).volume(read.case.volume_id),
            "shape": list(SHAPE),
            "spacing_mm": [1.0, 1.0, 2.0],
            "spacing_known": True,
            "origin_lps": [-10.0, -20.0, -30.0],
            "direction": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            "levels": [
                {"shape": [40, 36, 34], "spacing_mm": [1.0, 1.0, 2.0], "path": "0"},
                {"shape": [20, 18, 17], "spacing_mm": [2.0, 2.0, 4.0], "path": "1"},
                {"shape": [10, 9, 9], "spacing_mm": [4.0, 4.0, 8.0], "path": "2"},
            ],
            "chunk_slices": 8,
        },
        "model_version": None,
        "mask": {"id": named(read).mask(read.mask_id), "head": 0},
        "prediction_mask": {"id": named(read).mask(base_of(read)), "head": 1},
        "subject": None,
        "rival": None,
        "judged": [],
        "comments": [],
        "active_seconds": 0,
        "editable": True,
        "hanging": "large_axial",
        "looked": {"axial": "AAAAAAA=", "sagittal": "AAAAAAA=", "coronal": "AAAAAAA="},
        "branches": [],
        "not_looked_at": [],
        "completed": [],
        "measurements": [],
        "guideline_version": 0,
    }


def test_what_leads_see_of_it(read: Assignment, as_lea: Browser) -> None:
    body = as_lea.get(url(read)).json()
    assert (body["purpose"], body["sequence_no"], body["reader"]) == ("routine", 1, "ana")
    assert body["case"] == {"id": read.case_id, "number": 1, "name": "Case 001"}
    assert (body["model_version"], body["editable"]) == (1, False)
    assert as_lea.get(f"/api/masks/{body['mask']['id']}/").status_code == 200


def test_the_head_moves_with_each_save(read: Assignment, as_ana: Browser) -> None:
    stroke(read)
    assert as_ana.get(url(read)).json()["mask"] == {"id": named(read).mask(read.mask_id), "head": 1}


def test_a_review_names_what_was_submitted(
    submitted: Assignment, review: Assignment, as_rui: Browser
) -> None:
    body = as_rui.get(url(review)).json()
    assert (body["role"], body["model_version"], body["editable"]) == ("review", None, True)
    assert body["mask"] == {"id": named(review).mask(review.mask_id), "head": 0}
    assert body["subject"] == {
        "mask": {"id": named(review).mask(submitted.mask_id), "head": 2},
        "measurements": [],
    }
    assert body["prediction_mask"] == {"id": named(review).mask(base_of(submitted)), "head": 1}


def test_submitted_and_returned(
    rui: User, submitted: Assignment, review: Assignment, as_ana: Browser
) -> None:
    body = as_ana.get(url(submitted)).json()
    assert (body["state"], body["editable"], body["lease_until"]) == ("submitted", False, None)
    reviews.return_to_reader(assignment=review, revision=0, comment="The tip is missing.")
    body = as_ana.get(url(submitted)).json()
    assert (body["state"], body["editable"]) == ("returned", True)
    comment = body["comments"][0]
    assert comment.pop("at")
    assert comment == {"verdict": "return", "comment": "The tip is missing."}


def test_a_lead_may_look_but_not_edit(read: Assignment, as_lea: Browser) -> None:
    assert as_lea.get(url(read)).json()["editable"] is False


def test_a_second_reviewer_reads_the_first_ones_comment(
    lea: User, submitted: Assignment, review: Assignment, as_ana: Browser, as_lea: Browser
) -> None:
    reviews.return_to_reader(assignment=review, revision=0, comment="The tip is missing.")
    as_ana.post(f"{url(submitted)}submit/", {"revision": 2})
    again = make_review(lea, submitted)
    assert [one["comment"] for one in as_lea.get(url(again)).json()["comments"]] == ["The tip is missing."]


def test_who_is_kept_out(
    read: Assignment, as_nobody: Browser, as_otto: Browser, as_ben: Browser, as_rui: Browser
) -> None:
    assert_kept_out(url(read), nobody=as_nobody, stranger=as_otto, unaware=as_ben)
    assert_kept_out(url(read), nobody=as_nobody, stranger=as_otto, unaware=as_rui)
