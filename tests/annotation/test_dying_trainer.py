"""A worker is killed at five points of a training: one whole model comes of it, and nothing twice."""

import json
import subprocess
import sys
from typing import Any

import pytest
import redis

from annotation import learning, store
from annotation.models import Model, ModelState, Project, Split
from tests.phantom_cases import KEYS, add_phantom
from tests.processes import ROOT, environment
from tests.trust.figures import record

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.trust,
    pytest.mark.timeout(900),
]


@pytest.fixture(autouse=True)
def empty_broker(settings: Any) -> None:
    redis.Redis.from_url(settings.CELERY_BROKER_URL).flushdb()


def test_a_training_killed_at_five_points_ends_with_one_whole_model(project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(training_budget_s=1)
    add_phantom(project, 0, delineated=True)
    test = add_phantom(project, 1, delineated=True, split=Split.TEST)
    run = learning.request_run(project=Project.objects.get(pk=project.pk), requested_by=None)
    done = subprocess.run(
        [sys.executable, "-m", "tests.annotation.dying_trainer", str(run.pk)],
        cwd=ROOT,
        env=environment(OMP_NUM_THREADS="1", DELINEATE_THREADS="1"),
        capture_output=True,
        text=True,
        timeout=540,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    *killed, last = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["killed"], one["models"], one["job"]) for one in killed] == [(True, 0, "running")] * 5, (
        killed
    )
    assert (last["killed"], last["models"], last["job"]) == (False, 1, "succeeded")
    assert_resumed(killed)

    model = Model.objects.get()
    assert model.state == ModelState.SERVING
    assert set(model.scores.values_list("case", "structure")) == {(test.pk, key) for key in KEYS}
    folder = model.store_key.removeprefix("models/")
    kept = [f"{folder}/{name}" for name in ("model.json", "model.safetensors", "network.pt")]
    assert last["files"] == kept, "nothing else is left"
    assert store.read(f"{model.store_key}/model.safetensors")
    assert len(last["epochs"]) == len({(member, epoch) for member, epoch, _ in last["epochs"]}) >= 1
    assert len(last["notes"]) == len(set(last["notes"]))
    attempts = [note for note in last["notes"] if note.startswith("Attempt")]
    record(
        "R4",
        f"a worker of train is killed: {', '.join(one['point'] for one in killed)}",
        f"{len(killed)} kills, {len(attempts)} times gone on from what was kept, then {last['models']} model "
        f"of {len(last['files'])} files, nothing else left",
        met=len(attempts) == len(killed) == 5,
    )


def assert_resumed(killed: list[dict[str, Any]]) -> None:
    """What one attempt kept, the next one went on with."""
    by_point = {one["point"]: one for one in killed}
    before = by_point["after a checkpoint"]
    assert any(name.endswith("checkpoint/checkpoint.safetensors") for name in before["files"])
    scoring, stored = by_point["scoring"], by_point["after storing the weights"]
    assert stored["epochs"] == scoring["epochs"], "a finished training is not trained again"
