"""R4: a worker is killed at six points of a job of each queue; the next one ends it, once and whole.

Of training see tests/annotation/test_dying_trainer.py.
"""

import json
import subprocess
import sys
import zipfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import redis
import zstandard

from annotation import store
from annotation.models import Export, Job, JobKind, JobState, Prediction, Project
from annotation.upkeep import check_store
from annotation.upkeep.checking import FaultKind
from tests.processes import ROOT, environment
from tests.trust.figures import record
from tests.trust.waiting import differences, fill, model_folder, new_project, outcome

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.torture,
    pytest.mark.timeout(900),
]

KINDS = {JobKind.PREDICT: "infer", JobKind.SCORE: "score", JobKind.IMPORT: "io", JobKind.EXPORT: "io"}
POINTS = 6


@pytest.fixture(autouse=True)
def empty_broker(settings: Any) -> None:
    redis.Redis.from_url(settings.CELERY_BROKER_URL).flushdb()


def test_a_worker_killed_at_six_points_leaves_one_whole_result(tmp_path: Path) -> None:
    model_dir = model_folder(tmp_path)
    undisturbed, disturbed = new_project("Undisturbed"), new_project("Disturbed")
    worked("live", fill(undisturbed, tmp_path / "a", model_dir, list(KINDS)))
    attempts = worked("die", fill(disturbed, tmp_path / "b", model_dir, list(KINDS)))
    for kind, queue in KINDS.items():
        mine = [one for one in attempts if one["kind"] == kind]
        killed = [one["point"] for one in mine if one["killed"]]
        assert len(mine) == POINTS + 1
        record(
            "R4",
            f"a worker of {queue} is killed while it does “{kind.label}”: {', '.join(killed)}",
            f"{len(killed)} kills, then {mine[-1]['state']}",
            met=len(killed) >= 5 and not mine[-1]["killed"] and mine[-1]["state"] == JobState.SUCCEEDED,
        )
    differing = differences(outcome(undisturbed), outcome(disturbed))
    record(
        "R4",
        "what came of these jobs, against workers that nobody killed on the same cases",
        f"{len(differing)} rows differ" + "".join(f"; {row}" for row in differing[:4]),
        met=not differing,
    )
    check_files(disturbed)


def worked(how: str, waiting: list[Job]) -> list[dict[str, Any]]:
    """What a process that does these jobs tells of each attempt."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.trust.dying_worker", how, *(str(job.pk) for job in waiting)],
        cwd=ROOT,
        env=environment(OMP_NUM_THREADS="1", DELINEATE_THREADS="1"),
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def check_files(project: Project) -> None:
    """Every file that a row names is whole, and what killed workers left beside them can be tidied away."""
    for made in Prediction.objects.filter(case__project=project):
        assert len(zstandard.decompress(store.read(made.map_key))) == np.prod(made.map_shape or [0])
    for export in Export.objects.filter(project=project):
        with store.local_path(f"{export.store_key}/export.zip") as path, zipfile.ZipFile(path) as packed:
            assert packed.testzip() is None
            assert path.stat().st_size == export.bytes
    checked, again = (check_store(older_than=timedelta(0), read=True, repair=True) for _ in range(2))
    kinds = Counter(fault.kind for fault in checked.faults)
    beside = kinds[FaultKind.ORPHAN] + kinds[FaultKind.LEFT_SUM]
    harmed = sum(kinds.values()) - beside
    record(
        "R4",
        "what the killed workers left in the store, by check_store --read --repair",
        f"{checked.keys} keys, {harmed} missing, half or changed; {beside} that no row names, "
        f"{len(again.faults)} after the repair",
        met=not harmed and not again.faults,
    )
