"""Models leave as folders that run alone, and come in as candidates; what is none of ours stays out."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User

from annotation import ingest, jobs, learning, measuring, store
from annotation.errors import Refused, TooLarge
from annotation.imaging import model_folder
from annotation.models import (
    Job,
    Model,
    ModelScore,
    ModelSource,
    ModelState,
    Project,
    SchemaStructure,
    Split,
)
from tests.annotation.api.conftest import Browser
from tests.annotation.api.guard import assert_kept_out, assert_refused
from tests.annotation.factories import make_model
from tests.annotation.learning_loop import accepted
from tests.training.conftest import manifest_on_disk
from training.__main__ import main
from training.phantom import make_phantom
from training.progress import ignore_progress, never_stop
from training.run import Predictor, train
from training.volume import write_nifti

SHAPE = (24, 24, 16)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the phantom's structures; nobody may change its files."""
    place = tmp_path_factory.mktemp("registry")
    manifest = manifest_on_disk(place)
    return train(manifest, place / "out", on_progress=ignore_progress, should_stop=never_stop).model_dir


@pytest.fixture
def model(project: Project, folder: Path) -> Model:
    made = make_model(project)
    store.put_tree(made.store_key, folder)
    description = json.loads((folder / "model.json").read_text())
    made.plan, made.weights_sha256 = description["plan"], description["weights_sha256"]
    made.save()
    return made


def packed(model: Model) -> bytes:
    return b"".join(learning.download(model))


def repacked(data: bytes, **changed: bytes | None) -> io.BytesIO:
    """The zip with files in place of others (by the part of the name before the dot), or without them."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            key = name.split("/")[-1].replace(".", "_")
            content = changed.get(key, old.read(name))
            if content is not None:
                new.writestr(name, content)
    out.seek(0)
    return out


def described(data: bytes, **changed: Any) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        name = next(one for one in old.namelist() if one.endswith("/model.json"))
        return json.dumps(json.loads(old.read(name)) | changed).encode()


def measured(job: Job) -> Model:
    lease = jobs.claim(job.pk)
    assert lease is not None
    measuring.measure(job, lease, should_stop=never_stop, stop_if_asked=ignore_progress)
    job.refresh_from_db()
    return Model.objects.get(pk=job.result["model"])


# ── Out ──────────────────────────────────────────────────────────────────────


def test_what_is_downloaded_predicts_the_same_alone(model: Model, folder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(packed(model))) as file:
        assert file.testzip() is None
        file.extractall(tmp_path)
    phantom = make_phantom(5, shape=SHAPE, spacing_mm=(12.0, 12.0, 12.0))
    write_nifti(tmp_path / "scan.nii.gz", phantom.image)
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for place, out in ((folder, ours), (tmp_path / "model-1", theirs)):
        assert main(["predict", str(place), str(tmp_path / "scan.nii.gz"), str(out)]) == 0
    written = sorted(path.name for path in ours.iterdir())
    assert "scan.nii.gz" in written
    for name in written:
        assert (ours / name).read_bytes() == (theirs / name).read_bytes()


def test_the_folder_tells_what_it_is(model: Model) -> None:
    learning.describe(model=model, licence="CC BY 4.0", notes="Adults only.")
    with zipfile.ZipFile(io.BytesIO(packed(model))) as file:
        assert set(file.namelist()) == {
            f"model-1/{name}"
            for name in ("model.safetensors", "model.json", "plan.json", "card.json", "card.md")
        }
        card = file.read("model-1/card.md").decode()
        assert json.loads(file.read("model-1/plan.json")) == model.plan
    for words in ("CC BY 4.0", "Adults only.", model.weights_sha256, "python -m training predict"):
        assert words in card


def test_a_card_has_scores_with_their_intervals(model: Model, project: Project) -> None:
    tests = [accepted(project, Split.TEST) for _ in range(4)]
    assert model.run is not None
    snapshot = model.run.snapshot
    snapshot.items.bulk_create(
        snapshot.items.model(snapshot=snapshot, case=case, revision=case.accepted_revision, use="test")
        for case in tests
    )
    ModelScore.objects.bulk_create(
        ModelScore(model=model, case=case, revision=case.accepted_revision, structure="liver", dice=dice)
        for case, dice in zip(tests, (0.8, 0.9, 0.85, 0.7), strict=True)
    )
    card = learning.card_of(model)
    (liver,) = [one for one in card.structures if one.key == "liver"]
    assert liver.dice.estimate == pytest.approx(0.8125)
    assert 0 < (liver.dice.low or 0) < 0.8125 < (liver.dice.high or 0) < 1
    assert liver.surface_dice.estimate is None
    assert (card.test_cases, card.cases["test"]) == (4, 4)


# ── In ───────────────────────────────────────────────────────────────────────


def test_an_imported_model_becomes_a_candidate_with_the_projects_values(
    model: Model, project: Project, folder: Path, lea: User
) -> None:
    data = packed(model)
    Model.objects.filter(pk=model.pk).update(state=ModelState.RETIRED)
    SchemaStructure.objects.filter(schema__project=project, structure__key="liver").update(value=9)
    phantom = make_phantom(7, shape=SHAPE, spacing_mm=(12.0, 12.0, 12.0))
    case = ingest.add_case(
        project=project,
        volume=phantom.image,
        name="measured",
        patient_key="measured",
        split=Split.TEST,
        labels=np.where(phantom.labels == 2, 2, 0).astype(np.uint8)[None],
        annotated=["spleen"],
    )
    job = learning.request_import(project=project, by=lea, file=io.BytesIO(data), licence="CC0")
    assert Model.objects.count() == 1
    made = measured(job)
    assert (made.source, made.state, made.licence) == (ModelSource.IMPORTED, ModelState.CANDIDATE, "CC0")
    assert set(made.structures) == {"liver", "spleen", "kidney_left"}
    assert [(score.structure, score.case_id) for score in made.scores.all()] == [("spleen", case.pk)]
    image = make_phantom(5, shape=SHAPE, spacing_mm=(12.0, 12.0, 12.0)).image
    before = Predictor.load(folder)
    with store.local_path(made.store_key) as place:
        labels = Predictor.load(place).predict(image.voxels, (12.0, 12.0, 12.0)).labels
    values = {spec.key: spec.value for spec in before.structures}
    wanted = np.zeros_like(labels)
    own = before.predict(image.voxels, (12.0, 12.0, 12.0)).labels
    for key, value in (("liver", 9), ("spleen", 2), ("kidney_left", 3)):
        wanted[own == values[key]] = value
    assert (labels == wanted).all()
    learning.promote(project=project, version=made.version, by=lea, reason="A cold start.")
    made.refresh_from_db()
    assert made.state == ModelState.SERVING


def test_weights_that_do_not_fit_leave_nothing_behind(model: Model, project: Project, lea: User) -> None:
    data = packed(model)
    wrong = described(data, weights_sha256="1" * 64)
    job = learning.request_import(project=project, by=lea, file=repacked(data, model_json=wrong))
    with pytest.raises(Exception, match="changed since training"):
        measured(job)
    assert Model.objects.count() == 1
    assert not store.exists(job.ids["store_key"])


def structures_named(data: bytes, name: str) -> bytes:
    """The description of a model that draws the same under other names."""
    text = described(data).decode()
    for key in ("liver", "spleen", "kidney_left"):
        text = text.replace(f'"{key}"', f'"{name}{key}"')
    return text.encode()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model_safetensors": b"\x80\x04pickled"}, "safetensors"),
        ({"model_safetensors": None}, "no model folder"),
        ({"model_json": b"{"}, "no JSON"),
        ({"model_json": b"{}"}, "not the description"),
    ],
)
def test_what_is_no_model_folder_is_refused(
    model: Model, project: Project, lea: User, change: dict[str, bytes | None], words: str
) -> None:
    with pytest.raises(Refused, match=words):
        learning.request_import(project=project, by=lea, file=repacked(packed(model), **change))
    assert not Job.objects.filter(kind="measure").exists()


def test_other_files_are_refused(model: Model, project: Project, lea: User) -> None:
    with pytest.raises(Refused, match="no zip file"):
        learning.request_import(project=project, by=lea, file=io.BytesIO(b"PK nothing"))
    for name in ("run.sh", "../model.json", "deep/er/model.json"):
        data = io.BytesIO(packed(model))
        with zipfile.ZipFile(data, "a") as file:
            file.writestr(name, "x")
        data.seek(0)
        with pytest.raises(Refused, match="no part of a model folder"):
            learning.request_import(project=project, by=lea, file=data)


def test_a_model_of_other_structures_is_refused_by_name(model: Model, project: Project, lea: User) -> None:
    data = packed(model)
    other = repacked(data, model_json=structures_named(data, "dog_"))
    SchemaStructure.objects.filter(schema__project=project).exclude(structure__key="liver").delete()
    with pytest.raises(Refused, match="no structure of this project"):
        learning.request_import(project=project, by=lea, file=other)


def test_structures_on_other_layers_are_refused(model: Model, project: Project, lea: User) -> None:
    SchemaStructure.objects.filter(schema__project=project, structure__key="spleen").update(layer=1)
    with pytest.raises(Refused, match="spleen on layer 0, this project on layer 1"):
        learning.request_import(project=project, by=lea, file=io.BytesIO(packed(model)))


def test_more_bytes_than_are_taken(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.zip"
    path.write_bytes(packed(model))
    monkeypatch.setattr(model_folder, "LARGEST_MODEL", 1000)
    with pytest.raises(TooLarge, match="none so large"):
        model_folder.unpack(path, tmp_path / "new")


# ── Over HTTP ────────────────────────────────────────────────────────────────


def test_leads_alone_see_and_take(
    model: Model, project: Project, ana: User, lea: User, otto: User, other_project: Project
) -> None:
    as_lea, as_ana, as_otto, as_nobody = Browser(lea), Browser(ana), Browser(otto), Browser()
    url = f"/api/projects/{project.pk}/models/1/card/"
    assert_kept_out(url, nobody=as_nobody, stranger=as_otto, wrong_role=as_ana)
    assert_kept_out(url.replace("card", "folder"), nobody=as_nobody, stranger=as_otto, wrong_role=as_ana)
    body = as_lea.get(url).json()
    assert (body["version"], body["source"], body["weights_sha256"]) == (1, "trained", model.weights_sha256)
    assert as_lea.patch(url, {"licence": "CC0"}).json()["licence"] == "CC0"
    assert_refused(as_lea.patch(url, {}), 400)
    answer = as_lea.get(url.replace("card", "folder"))
    assert answer["Content-Disposition"] == 'attachment; filename="model-1.zip"'
    file = io.BytesIO(b"".join(answer.streaming_content))
    file.name = "model.zip"
    given = as_lea.upload(f"/api/projects/{project.pk}/models/imports/", {"file": file})
    assert given.status_code == 202
    assert given.json()["kind"] == "measure"
