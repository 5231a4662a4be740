"""A simulated reader study, from claims to charts: what charts say must cover what is true of the readers.

The truth is worked out from the readers alone, with many cases and without the product (`phantom_readers`). A
95 % interval misses it one time in twenty, by right; so each is asked at twice its width, where hardly one
in a thousand misses, and of all as they are four in five. STUDY_SEED=7 makes another study; over many, with
intervals as they are: `python -m bench study`.
"""

import logging
import os

import pytest
from django.contrib.auth.models import User

from annotation.models import Assignment, Project, Verdict
from tests.flows import reader_study
from tests.flows.phantom_readers import DRIFTING
from tests.flows.reader_study import DRIFT_FROM
from tests.flows.study_claims import NAMES, PREDICTION, Charts, all_claims

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(1200)]

SEED = int(os.environ.get("STUDY_SEED", "1"))
WIDER = 2.0
AT_LEAST = 0.8  # of the intervals as they are
FOUND_WITHIN = 15  # cases


@pytest.fixture
def charts(project: Project, lea: User) -> Charts:
    return Charts(reader_study.run(project, SEED), lea)


def test_charts_of_a_study_cover_what_is_true_of_its_readers(charts: Charts) -> None:
    found = all_claims(charts)
    agreed, within, _, bias, anchored = found.values()
    assert [len(claims) for claims in found.values()] == [2 * 3 * (1 + len(NAMES)), 3, 6, 6, 3]
    claims = [claim for of_kind in found.values() for claim in of_kind]
    assert [claim.what for claim in claims if not claim.holds(WIDER)] == []
    missed = [claim.what for claim in claims if not claim.holds()]
    assert len(missed) <= (1 - AT_LEAST) * len(claims), missed
    logging.getLogger(__name__).info(
        "Seed %s: %s of %s intervals miss: %s", SEED, len(missed), len(claims), missed
    )
    # An interval that is right because it says nothing is no use.
    assert [claim.what for claim in agreed if claim.width > 0.2] == []
    assert [claim.what for claim in within if claim.width > 3 * claim.truth] == []
    # bo draws 0.4 mm larger than ada, and who begins from a prediction stays near it.
    plain = [*(claim for claim in bias if PREDICTION in claim.what), *anchored]
    assert [claim.what for claim in plain if claim.figure["low"] <= 0] == []
    assert_drift_is_found(charts)
    assert_verdicts_are_counted(charts)


def assert_drift_is_found(charts: Charts) -> None:
    """In the reader who drifts, soon after; in nobody else."""
    answer = charts.ask("agreement/drift")
    gold = [chart for chart in answer["charts"] if chart["kind"] == "gold" and not chart["reason"]]
    assert {chart["reader"] for chart in gold} == set(charts.ids.values())
    drifting = charts.ids[DRIFTING]
    assert {alarm["reader"] for alarm in answer["alarms"]} == {drifting}
    met = charts.study.met[DRIFTING]
    found_at = 1 + met.index(answer["alarms"][0]["case"])
    assert DRIFT_FROM <= found_at < DRIFT_FROM + FOUND_WITHIN, found_at
    alarms = [mark["read"] for chart in gold for mark in chart["marks"] if mark["alarm"]]
    assert sorted(alarms) == sorted(alarm["read"] for alarm in answer["alarms"])
    assert set(Assignment.objects.filter(pk__in=alarms).values_list("reader", flat=True)) == {drifting}


def assert_verdicts_are_counted(charts: Charts) -> None:
    """First verdicts of the seniors, reader by reader."""
    found = {row["reader"]: row for row in charts.ask("dashboards/first_pass")["rows"]}
    names = {"accepted": Verdict.ACCEPT, "fixed": Verdict.FIX, "returned": Verdict.RETURN}
    for name, said in charts.study.first_verdicts.items():
        assert len(said) == reader_study.ORDINARY
        assert {key: found[name][key] for key in names} == {
            key: said.count(verdict) for key, verdict in names.items()
        }
