"""The readers of `make experiment` work through the real server."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from annotation import chunks
from annotation.models import Case, CaseState, Project
from bench.experiment.figures import draw, lines
from bench.experiment.readers import Effort, Team
from bench.experiment.rounds import Log, Round, served
from bench.experiment.scans import Scans, Truth
from bench.person import Person
from tests.annotation.factories import SHAPE, make_case
from training.labels import StructureSpec
from training.volume import Geometry, Volume

STRAIGHT = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
LIVER, SPLEEN = StructureSpec("liver", "Liver", 0, 1, 3.0), StructureSpec("spleen", "Spleen", 0, 2, 3.0)


def truth(undrawn: frozenset[int]) -> Truth:
    """A block of liver, the rest unknown or empty."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[5:20, 6:18, 4:16] = 1
    scan = Volume(np.zeros(SHAPE, np.int16), Geometry(SHAPE, (1.0, 1.0, 2.0), (0.0, 0.0, 0.0), STRAIGHT))
    return Truth(scan, labels, undrawn)


def scans(names: list[str], read: Callable[[], Truth]) -> Scans:
    return Scans("study", (LIVER, SPLEEN), dict.fromkeys(names, read), {})


@pytest.fixture
def team(transactional_db: None, live_server: Any, project: Project) -> Team:
    ana, rui, lea = (Person(live_server.url, name) for name in ("ana", "rui", "lea"))
    return Team((ana,), rui, lea, project.pk)


def test_a_read_is_corrected_to_the_truth_and_accepted(team: Team, project: Project) -> None:
    case = make_case(project, state=CaseState.WAITING)
    effort = team.read_one(0, scans([case.name], partial(truth, frozenset({2}))))
    assert effort is not None
    assert (effort.start, effort.model, effort.voxels, effort.dice) == ("scratch", None, 15 * 12 * 12, 0.0)
    read = Case.objects.get(pk=case.pk)
    assert read.state == CaseState.ACCEPTED
    assert read.accepted_revision is not None
    accepted = read.accepted_revision
    assert np.array_equal(chunks.read_layers(accepted.mask, accepted.number)[0], truth(frozenset()).labels)
    assert "spleen" not in accepted.mask.annotated
    assert "liver" in accepted.mask.annotated
    assert team.read_one(1, scans([], partial(truth, frozenset()))) is None


def test_who_only_waits_for_a_training_stays_signed_in(team: Team, settings: Any) -> None:
    settings.SESSION_IDLE_S = 1
    for _ in range(4):
        time.sleep(0.4)
        assert team.lead.get(f"/api/projects/{team.project}/")["name"]


def test_a_stopped_experiment_finds_its_rounds_again(tmp_path: Any) -> None:
    log = Log(tmp_path)
    assert log.rounds() == []
    done = Round(1, 5, 1, "serving", "Model 1 is the first model and serves.", 0.5, {"liver": 0.5}, ())
    log.add(done)
    assert log.rounds() == [done]


def _round(number: int, state: str, surface: float) -> Round:
    effort = Effort("p", "model", number - 1, 1200, 0.8, 0.7, 300)
    return Round(number, 5 * number, number, state, "", 0.9, {"liver": 0.9}, (effort,), {"liver": surface})


def test_the_frozen_cases_cost_what_the_model_costs_that_serves(tmp_path: Any) -> None:
    rounds = [_round(1, "rejected", 0.1), _round(2, "serving", 0.75), _round(3, "rejected", 0.5)]
    assert [row.number if row is not None else None for row in served(rounds)] == [None, 2, 2]
    cells = [line.strip("| ").split(" | ") for line in list(lines(rounds))[2:]]
    assert [row[-1] for row in cells] == ["100.0 %", "25.0 %", "25.0 %"]
    assert [row[-2] for row in cells] == ["30.0 %"] * 3
    draw(rounds, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"dice.svg", "structures.svg", "effort.svg"}
