"""A model from another project: measured beside the serving one, on test cases that come, and as a parent."""

import io
from pathlib import Path

import numpy as np
import pytest
from django.contrib.auth.models import User

from annotation import ingest, jobs, learning, measuring, store, tasks
from annotation.models import (
    Case,
    Job,
    JobKind,
    JobState,
    Model,
    ModelSource,
    ModelState,
    Project,
    Split,
)
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out
from tests.annotation.factories import make_model
from tests.training.conftest import manifest_on_disk
from training.phantom import make_phantom
from training.progress import ignore_progress, never_stop
from training.run import train

SHAPE = (24, 24, 16)
SPACING_MM = (12.0, 12.0, 12.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the phantom's structures; nobody may change its files."""
    place = tmp_path_factory.mktemp("elsewhere")
    manifest = manifest_on_disk(place)
    return train(manifest, place / "out", on_progress=ignore_progress, should_stop=never_stop).model_dir


def accepted(project: Project, seed: int, split: Split = Split.TEST) -> Case:
    phantom = make_phantom(seed, shape=SHAPE, spacing_mm=SPACING_MM)
    return ingest.add_case(
        project=project,
        volume=phantom.image,
        name=f"scan {seed}",
        patient_key=f"patient {seed}",
        split=split,
        labels=np.where(phantom.labels == 2, 2, 0).astype(np.uint8)[None],
        annotated=["spleen"],
    )


def zipped(folder: Path, project: Project) -> io.BytesIO:
    """The folder as another project's download."""
    away = make_model(project)
    store.put_tree(away.store_key, folder)
    data = io.BytesIO(b"".join(learning.download(away)))
    store.delete_tree(away.store_key)
    Model.objects.filter(pk=away.pk).delete()
    return data


def imported(project: Project, folder: Path, lea: User) -> Model:
    job = learning.request_import(project=project, by=lea, file=zipped(folder, project))
    return measured(job)


def measured(job: Job) -> Model:
    lease = jobs.claim(job.pk)
    assert lease is not None
    measuring.measure(job, lease, should_stop=never_stop, stop_if_asked=ignore_progress)
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED
    return Model.objects.get(pk=job.result["model"])


def served(project: Project, folder: Path) -> Model:
    """A model that serves and was scored on nothing."""
    made = make_model(project)
    store.put_tree(made.store_key, folder)
    Model.objects.filter(pk=made.pk).update(state=ModelState.SERVING)
    return Model.objects.get(pk=made.pk)


def test_the_serving_model_is_scored_before_it_is_compared(
    project: Project, other_project: Project, folder: Path, lea: User
) -> None:
    case, data = accepted(project, 7), zipped(folder, project)
    serving = served(project, folder)
    assert not serving.scores.exists()
    model = measured(learning.request_import(project=project, by=lea, file=data))
    assert model.gate["compared_with"] == serving.version
    assert model.gate["cases"] == [case.number]
    assert set(model.gate["structures"]) == {"spleen"}
    assert model.gate["structures"]["spleen"]["mean"] == pytest.approx(0)
    assert f"Model {model.version} was imported, so a lead decides" in model.gate["sentence"]
    assert {score.case_id for score in serving.scores.all()} == {case.pk}


def test_test_cases_that_come_later_are_measured_on_once(project: Project, folder: Path, lea: User) -> None:
    model = imported(project, folder, lea)
    assert not model.scores.exists()
    assert learning.measure_imports_if_due(project) == []
    case = accepted(project, 7)
    (job,) = learning.measure_imports_if_due(project)
    assert learning.measure_imports_if_due(project) == []  # it waits
    assert measured(job) == model
    assert {score.case_id for score in model.scores.all()} == {case.pk}
    assert learning.measure_imports_if_due(project) == []
    later = accepted(project, 8)
    tasks.retrain_if_due()
    newest = Job.objects.filter(project=project, kind=JobKind.MEASURE).order_by("-pk")[0]
    measured(newest)
    assert {score.case_id for score in model.scores.all()} == {case.pk, later.pk}


def test_a_rejected_or_retired_import_is_left_alone(project: Project, folder: Path, lea: User) -> None:
    model = imported(project, folder, lea)
    Model.objects.filter(pk=model.pk).update(state=ModelState.RETIRED)
    accepted(project, 7)
    assert learning.measure_imports_if_due(project) == []


def test_fine_tuning_an_imported_model_says_before_and_after(
    project: Project, other_project: Project, folder: Path, lea: User, ana: User, otto: User
) -> None:
    """With the real task: the import serves, a training starts from it, both meet the same test cases."""
    Project.objects.filter(pk=project.pk).update(training_budget_s=2)
    parent = imported(project, folder, lea)
    learning.promote(project=project, version=parent.version, by=lea, reason="A cold start.")
    case = accepted(project, 7)
    accepted(project, 9, Split.POOL)
    run = learning.request_run(project=Project.objects.get(pk=project.pk), requested_by=lea)
    assert run.parent == parent
    tasks.train(job_id=run.job_id)
    model = Model.objects.get(run=run)
    change = learning.card_of(model).change
    assert change is not None
    assert (change.parent, change.cases) == (parent, 1)
    (spleen,) = change.changes
    dice = [one.scores.get(case=case, structure="spleen").dice for one in (parent, model)]
    assert [spleen.before, spleen.after] == pytest.approx(dice)
    assert spleen.difference.mean == pytest.approx(spleen.after - spleen.before)
    as_lea = Browser(lea)
    url = f"/api/projects/{project.pk}/models/{model.version}"
    body = as_lea.get(f"{url}/card/").json()
    assert (body["change"]["parent"], body["change"]["imported"]) == (parent.version, True)
    assert body["change"]["structures"][0]["key"] == "spleen"
    assert body["network_file"] is True
    answer = as_lea.get(f"{url}/network/")
    assert answer["Content-Disposition"] == f'attachment; filename="model-{model.version}.pt"'
    assert b"".join(answer.streaming_content)[:2] == b"PK"
    assert_kept_out(f"{url}/network/", nobody=Browser(), stranger=Browser(otto), wrong_role=Browser(ana))
    text = "".join(learning.registry.as_markdown(learning.card_of(model)))
    assert f"Before and after: model {parent.version}" in text


def test_an_import_has_its_network_as_one_file_and_old_models_say_how_to_get_it(
    project: Project, folder: Path, lea: User
) -> None:
    model = imported(project, folder, lea)
    assert model.source == ModelSource.IMPORTED
    assert store.exists(learning.network_key(model.store_key))
    again = io.BytesIO(b"".join(learning.download(model)))  # the folder's download is as it was, and comes in
    assert measured(learning.request_import(project=project, by=lea, file=again)).version == model.version + 1
    store.delete_tree(learning.network_key(model.store_key))
    url = f"/api/projects/{project.pk}/models/{model.version}/network/"
    answer = Browser(lea).get(url)
    assert answer.status_code == 404
    assert "python -m training export" in answer.json()["detail"]
