"""What a worker found out about a prediction, from the store to the browser."""

import gzip
from typing import Any

import numpy as np
import pytest
import zstandard
from django.contrib.auth.models import User

from annotation import handles, jobs, learning, store, worklist
from annotation.learning import Guidance
from annotation.models import Assignment, Case, CaseState, Job, Model, Prediction, Project
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_refused
from tests.annotation.factories import box, make_case, make_model, make_prediction, make_read, named, stroke

VALUES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
REGION = {
    "kind": "unsure",
    "centre_ijk": [20, 20, 20],
    "low": [16, 16, 16],
    "high": [23, 23, 23],
    "layer": 0,
    "structure": 1,
    "volume_ml": 1.9,
    "uncertainty": 0.8,
    "reason": "unsure where the liver ends at its lower end, 1.9 mL",
}
MISSING = REGION | {"kind": "missing", "centre_ijk": None, "low": None, "high": None, "uncertainty": None}


def predicted(project: Project, *regions: dict[str, Any]) -> Prediction:
    model = Model.objects.filter(project=project, state="serving").first() or make_model(project)
    case = make_case(project, state=CaseState.WAITING)
    prediction = stored(case, model, claimed(model), Guidance(VALUES, (20, 12, 9), regions))
    assert prediction is not None
    return prediction


def claimed(model: Model) -> jobs.Lease:
    """The lease of a worker that predicts with this model."""
    lease = jobs.claim(learning.enqueue_predictions(model).pk)
    assert lease is not None
    return lease


def stored(
    case: Case, model: Model, lease: jobs.Lease, guidance: Guidance | None = None
) -> Prediction | None:
    return learning.store_prediction(
        case=case,
        model=model,
        labels=box(),
        annotated=["liver"],
        sureness=learning.Sureness(0.2, {}, {}),
        lease=lease,
        guidance=guidance or Guidance(VALUES, (1, 1, 1), []),
    )


def offered(reader: User, prediction: Prediction) -> str:
    """What `upcoming` calls the prediction of a case that the reader has not read."""
    return handles.Namer(reader.pk, 1).mask(prediction.mask_id)


class TestRegions:
    def test_in_their_order(self, project: Project, ana: User, as_ana: Browser) -> None:
        mask = offered(ana, predicted(project, REGION, MISSING))
        answer = as_ana.get(f"/api/masks/{mask}/regions/")
        assert (answer.status_code, answer.json()) == (200, {"regions": [REGION, MISSING], "sentence": ""})

    def test_nothing_stands_out(self, project: Project, ana: User, as_ana: Browser) -> None:
        body = as_ana.get(f"/api/masks/{offered(ana, predicted(project))}/regions/").json()
        assert (body["regions"], body["sentence"]) == ([], learning.guidance.NOTHING)

    def test_a_prediction_from_before(self, project: Project, ana: User, as_ana: Browser) -> None:
        mask = offered(ana, make_prediction(make_case(project), make_model(project)))
        body = as_ana.get(f"/api/masks/{mask}/regions/").json()
        assert (body["regions"], body["sentence"]) == ([], learning.guidance.WITHOUT)
        assert_refused(as_ana.get(f"/api/masks/{mask}/uncertainty/"), 404, "without a map")

    def test_a_readers_mask_has_none(self, read: Assignment, as_ana: Browser) -> None:
        for what in ("regions", "uncertainty"):
            url = f"/api/masks/{named(read).mask(read.mask_id)}/{what}/"
            assert_refused(as_ana.get(url), 404, "no pre-annotation")


class TestUncertainty:
    def test_bytes_and_grid(self, project: Project, ana: User, as_ana: Browser) -> None:
        url = f"/api/masks/{offered(ana, predicted(project))}/uncertainty/"
        plain = as_ana.get(url)
        assert plain.content == VALUES.tobytes(order="F")
        assert (plain["X-Shape"], plain["X-Factor"]) == ("2,3,4", "20,12,9")
        zipped = as_ana.get(url, headers={"Accept-Encoding": "gzip"})
        assert (zipped["Content-Encoding"], gzip.decompress(zipped.content)) == ("gzip", plain.content)
        packed = as_ana.get(url, headers={"Accept-Encoding": "zstd"})
        assert zstandard.decompress(packed.content) == plain.content
        again = as_ana.get(url, headers={"If-None-Match": plain["ETag"]})
        assert (again.status_code, again["X-Shape"]) == (304, "2,3,4")


class TestStored:
    @pytest.fixture
    def model(self, project: Project) -> Model:
        return make_model(project)

    @pytest.fixture
    def case(self, project: Project) -> Case:
        return make_case(project, state=CaseState.WAITING)

    def test_nothing_is_left_of_a_prediction_that_came_too_late(
        self, project: Project, model: Model, settings: Any
    ) -> None:
        opened = make_case(project, state=CaseState.IN_PROGRESS)
        assert stored(opened, model, claimed(model)) is None
        assert not list(settings.STORE_ROOT.rglob("uncertainty/*"))

    def test_nor_of_one_whose_job_went_to_another(self, case: Case, model: Model, settings: Any) -> None:
        lease = claimed(model)
        Job.objects.filter(pk=lease.job_id).update(fence=lease.fence + 1)
        with pytest.raises(jobs.LeaseLost):
            stored(case, model, lease)
        assert not list(settings.STORE_ROOT.rglob("uncertainty/*"))

    def test_what_an_earlier_attempt_left_goes(self, case: Case, model: Model) -> None:
        lease = claimed(model)
        left = f"uncertainty/case-{case.pk}-model-{model.pk}-{lease.job_id}-{lease.fence}"
        store.put(left, b"half")
        with pytest.raises(jobs.LeaseLost):
            stored(case, model, jobs.Lease(lease.job_id, lease.fence + 1))
        assert not store.exists(left)


class TestUpcoming:
    URL = "/api/worklist/upcoming/"

    def ask(self, project: Project, browser: Browser, **more: int) -> Any:
        answer = browser.get(self.URL, {"project": project.pk, **more})
        assert answer.status_code == 200, answer.content
        return answer.json()["upcoming"]

    def test_what_next_would_give_and_nothing_is_reserved(
        self, project: Project, ana: User, ben: User, as_ana: Browser, as_ben: Browser
    ) -> None:
        model = make_model(project)
        first, second = (make_prediction(make_case(project), model) for _ in range(2))
        for user, browser in ((ana, as_ana), (ben, as_ben)):
            found = self.ask(project, browser)
            assert found["prediction_mask"] == {"id": offered(user, first), "head": 1}
            assert found["volume"]["id"] == handles.Namer(user.pk, 1).volume(first.case.volume_id)
            assert [one["key"] for one in found["structures"]] == ["liver", "spleen", "kidney_left"]
        assert not Assignment.objects.exists()
        taken = worklist.next_case(reader=ana, project=project)
        assert taken is not None
        assert taken.mask.base_id == first.mask_id
        assert self.ask(project, as_ben)["prediction_mask"]["id"] == offered(ben, second)
        # ana has drawn nothing yet, so that `next` would give her the same case again.
        assert self.ask(project, as_ana)["prediction_mask"]["id"] == offered(ana, first)
        assert as_ana.get(f"/api/masks/{offered(ana, first)}/").status_code == 200
        assert self.ask(project, as_ana, after=taken.pk)["prediction_mask"]["id"] == offered(ana, second)
        stroke(taken)
        assert self.ask(project, as_ana)["prediction_mask"]["id"] == offered(ana, second)

    def test_nothing_there(self, project: Project, as_ana: Browser) -> None:
        assert self.ask(project, as_ana) is None

    def test_from_scratch_only_while_next_would(self, project: Project, ana: User, as_ana: Browser) -> None:
        case = make_case(project, state=CaseState.WAITING)
        found = self.ask(project, as_ana)
        volume = handles.Namer(ana.pk, 1).volume(case.volume_id)
        assert (found["volume"]["id"], found["prediction_mask"]) == (volume, None)
        make_model(project)
        assert self.ask(project, as_ana) is None

    def test_another_readers_case_is_never_named(self, project: Project, ben: User, as_ana: Browser) -> None:
        make_model(project)
        read = make_read(ben, project)
        assert self.ask(project, as_ana) is None
        assert self.ask(project, as_ana, after=read.pk) is None

    def test_wrong_questions(self, project: Project, as_ana: Browser, as_otto: Browser) -> None:
        assert_refused(as_ana.get(self.URL), 400, "project")
        assert_refused(as_ana.get(self.URL, {"project": project.pk, "after": "x"}), 400, "after")
        assert_refused(as_otto.get(self.URL, {"project": project.pk}), 404)

    def test_a_case_of_the_tests_is_none(self, project: Project, as_ana: Browser) -> None:
        case = make_case(project)
        make_prediction(case, make_model(project))
        Case.objects.filter(pk=case.pk).update(split="test")
        assert self.ask(project, as_ana) is None
