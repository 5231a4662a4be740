"""A model folder from elsewhere: unpacked and checked, then opened and scored by a worker, then a candidate.

Its structures are those of the project with the same keys. Nothing of it is a model before a worker has
opened it and scored it on the test cases; what fails leaves nothing behind.
"""

import json
import tempfile
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Max, Q

from annotation import jobs, quota, store
from annotation.errors import Refused
from annotation.imaging.model_folder import DESCRIPTION
from annotation.imaging.sandbox import Decoder
from annotation.learning import gate
from annotation.learning.comparisons import compare_models, names_of
from annotation.learning.manifests import structures_of, written_tests
from annotation.learning.runs import freeze_tests, lock, serving_model, tests_digest
from annotation.learning.scores import keep_scores
from annotation.models import (
    DatasetSnapshot,
    Job,
    JobKind,
    Model,
    ModelSource,
    ModelState,
    Project,
    Queue,
)
from training.labels import StructureSpec
from training.manifest import Case, CaseScore

_SPARE = range(254, 0, -1)  # values for what the project does not delineate


def request_import(
    *, project: Project, by: AbstractBaseUser, file: BinaryIO, licence: str = "", notes: str = ""
) -> Job:
    """Check and store an uploaded model folder (zip); a worker opens and scores it. Raises Refused."""
    quota.check(project)
    with tempfile.TemporaryDirectory(prefix="delineate-model-") as place:
        path, folder = Path(place, "model.zip"), Path(place, "model")
        with path.open("wb") as target:
            while piece := file.read(2**20):
                target.write(piece)
        folder.mkdir()
        with Decoder() as decoder:
            found = decoder.model(path, folder)
        keys = _fit(folder, found["description"], structures_of(project.pk))
        key = f"models/import-{uuid.uuid4().hex}"
        store.put_tree(key, folder)
    card = found["card"]
    try:
        with transaction.atomic():
            lock(project)
            ids = {
                "store_key": key,
                "structures": keys,
                "licence": licence or _text(card, "licence", 200),
                "notes": notes or _text(card, "notes", 4000),
                "user": by.pk,
                "snapshot": freeze_tests(project).pk,
            }
            return jobs.enqueue(kind=JobKind.MEASURE, queue=Queue.INFER, ids=ids, project=project)
    except BaseException:
        store.delete_tree(key)
        raise


def tests_of(job: Job, folder: Path) -> tuple[Case, ...]:
    """The frozen test cases as files below `folder`."""
    return written_tests(DatasetSnapshot.objects.get(pk=job.ids["snapshot"]), folder)


def give_up_import(job: Job) -> None:
    """The model cannot be used: nothing of it is kept."""
    if not Model.objects.filter(store_key=job.ids["store_key"]).exists():
        store.delete_tree(job.ids["store_key"])


def record_import(
    *,
    job: Job,
    lease: jobs.Lease,
    plan: Mapping[str, Any],
    sha256: str,
    metric_version: str,
    scores: Iterable[CaseScore],
) -> Model:
    """Model, scores and what the gate would say, in one transaction; once."""
    with transaction.atomic():
        jobs.hold(lease)
        project = lock(job.project)
        newest = Model.objects.filter(project=project).aggregate(newest=Max("version"))["newest"]
        model = Model.objects.create(
            project=project,
            version=(newest or 0) + 1,
            source=ModelSource.IMPORTED,
            imported_by_id=job.ids["user"],
            structures=job.ids["structures"],
            licence=job.ids["licence"],
            notes=job.ids["notes"],
            store_key=job.ids["store_key"],
            weights_sha256=sha256,
            plan=dict(plan),
            metric_version=metric_version,
        )
        snapshot = DatasetSnapshot.objects.get(pk=job.ids["snapshot"])
        keep_scores(model=model, snapshot=snapshot.pk, scores=scores)
        model.gate = _said(model, snapshot)
        model.save(update_fields=["gate"])
        jobs.finish(lease, {"model": model.pk, "version": model.version, "sentence": model.gate["sentence"]})
    return model


def _said(model: Model, snapshot: DatasetSnapshot) -> dict[str, Any]:
    """An imported model waits for a lead, whatever its scores."""
    serving = serving_model(model.project)
    if serving is None:
        sentence = f"Model {model.version} was imported. No model serves yet; a lead may put it into service."
        return {"decision": gate.CANDIDATE, "sentence": sentence}
    return gate.decide(
        compare_models(model, serving, snapshot=snapshot),
        names_of(model.project),
        automatic=False,
        origin=gate.IMPORTED,
    )


def measure_imports_if_due(project: Project) -> list[Job]:
    """Have imported models measured on test cases that were accepted since. Safe to call at any time.

    Those that could serve: candidates, and the one that does. Once for each set of accepted test cases.
    """
    models = Model.objects.filter(
        project=project,
        source=ModelSource.IMPORTED,
        state__in=[ModelState.CANDIDATE, ModelState.SERVING],
    )
    if not any(_is_due(model) for model in models):
        return []
    with transaction.atomic():
        locked = lock(project)
        due = [model for model in models.all() if _is_due(model)]
        if not due:
            return []
        snapshot = freeze_tests(locked)
        return [
            jobs.enqueue(
                kind=JobKind.MEASURE,
                queue=Queue.INFER,
                ids={"model": model.pk, "snapshot": snapshot.pk},
                project=locked,
            )
            for model in due
        ]


def record_measurement(*, job: Job, lease: jobs.Lease, model: Model) -> None:
    """The scores are kept: what the gate would say of a candidate now, and the end of the job."""
    with transaction.atomic():
        jobs.hold(lease)
        lock(job.project)
        model.refresh_from_db()
        if model.state == ModelState.CANDIDATE:
            model.gate = _said(model, DatasetSnapshot.objects.get(pk=job.ids["snapshot"]))
            model.save(update_fields=["gate"])
        sentence = model.gate.get("sentence", "")
        jobs.finish(lease, {"model": model.pk, "version": model.version, "sentence": sentence})


def _is_due(model: Model) -> bool:
    """Whether other test cases are accepted than those of its newest measurement, whatever came of that."""
    ours = Q(ids__model=model.pk) | Q(result__model=model.pk)
    last = Job.objects.filter(ours, project=model.project_id, kind=JobKind.MEASURE).order_by("-pk").first()
    measured = "" if last is None else DatasetSnapshot.objects.get(pk=last.ids["snapshot"]).sha256
    accepted = tests_digest(model.project)
    return accepted != "" and accepted != measured


def _fit(folder: Path, description: Mapping[str, Any], ours: Sequence[StructureSpec]) -> list[str]:
    """Give the model's structures the project's layers and values; return the keys that both know."""
    try:
        theirs = [str(one["key"]) for one in description["structures"]]
        channels, layers = description["plan"]["channels"], description["plan"]["layers"]
        sizes = [len(values) for values in layers]
        keys = _by_layer(channels, sizes)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise Refused("model.json is not the description of a model of this program.") from error
    known = {spec.key: spec for spec in ours}
    shared = [key for key in theirs if key in known]
    if not shared:
        named = ", ".join(theirs[:5]) or "nothing"
        raise Refused(f"The model draws {named}: no structure of this project has such a key.")
    values = _values(keys, known)
    for part in (folder, *(one for one in folder.iterdir() if one.is_dir())):
        _rewrite(part / DESCRIPTION, values, [asdict(known[key]) for key in shared], set(shared))
    return shared


def _by_layer(channels: Sequence[str], sizes: Sequence[int]) -> list[list[str]]:
    """Keys of each layer's structures, in the order of its channels; the first channel is background."""
    keys, place = [], 0
    for size in sizes:
        keys.append([str(key) for key in channels[place + 1 : place + 1 + size]])
        place += 1 + size
    if place != len(channels) or any(len(of) != size for of, size in zip(keys, sizes, strict=True)):
        raise ValueError
    return keys


def _values(keys: Sequence[Sequence[str]], known: Mapping[str, StructureSpec]) -> list[list[int]]:
    """The project's value of each channel; what it does not delineate gets one that it never uses."""
    used = {spec.value for spec in known.values()}
    spare = iter(value for value in _SPARE if value not in used)
    values = []
    for layer, of_layer in enumerate(keys):
        elsewhere = [key for key in of_layer if key in known and known[key].layer != layer]
        if elsewhere:
            raise Refused(
                f"The model draws {elsewhere[0]} on layer {layer}, this project on layer "
                f"{known[elsewhere[0]].layer}: what excludes what differs, so it cannot be used here."
            )
        try:
            values.append([known[key].value if key in known else next(spare) for key in of_layer])
        except StopIteration as error:
            raise Refused("The model draws more structures than fit beside those of this project.") from error
    return values


def _rewrite(
    path: Path, values: Sequence[Sequence[int]], structures: list[dict[str, Any]], shared: set[str]
) -> None:
    content = json.loads(path.read_bytes())
    plan = content["plan"]
    if [len(layer) for layer in plan["layers"]] != [len(layer) for layer in values]:
        raise Refused("The members of this model do not draw the same structures.")
    plan["layers"] = [list(layer) for layer in values]
    kept = {*shared, "all"}
    plan["postprocessing"] = [key for key in plan.get("postprocessing", []) if key in kept]
    content["structures"] = structures
    path.write_text(json.dumps(content, indent=1))


def _text(card: Mapping[str, Any], name: str, longest: int) -> str:
    found = card.get(name, "")
    return " ".join(found.split())[:longest] if isinstance(found, str) else ""
