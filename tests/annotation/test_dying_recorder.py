"""A worker is killed at every line of recording a result: one whole model comes of it, or none yet."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from annotation import learning
from annotation.models import Project
from tests.annotation.learning_loop import accepted
from tests.processes import ROOT, environment

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_a_worker_killed_at_any_line_of_recording_leaves_one_whole_model_or_none(
    project: Project, tmp_path: Path
) -> None:
    accepted(project)
    run = learning.request_run(project=project, requested_by=None)
    done = subprocess.run(
        [sys.executable, "-m", "tests.annotation.dying_recorder", str(run.pk), str(tmp_path)],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    attempts = [json.loads(line) for line in done.stdout.splitlines()]
    for attempt in attempts:
        jobs = (attempt["models"], attempt["job"], attempt["predict_jobs"])
        assert jobs in ((0, "running", 0), (1, "succeeded", 1)), attempt
        assert len(attempt["trees"]) <= 1, "an attempt removes what the one before left"
        assert attempt["weights"] is None or attempt["weights"].startswith("weights of attempt")
    assert len([attempt for attempt in attempts if attempt["killed"]]) > 50
    assert attempts[-1]["models"] == 1
    assert attempts[-1]["killed"] is False
