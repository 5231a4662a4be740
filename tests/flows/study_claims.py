"""What charts of the simulated study say, each figure beside what is true of its readers."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from tests.flows import reader_study
from tests.flows.phantom_readers import BIASES_MM, STRUCTURES, Truth, truth_of
from tests.flows.reader_study import CALIBRATION, DRIFT_FROM, GOLD, Study

PREDICTION = "prediction:1"
NAMES = list(BIASES_MM)
# Of the cases that all read from a prediction, those that the fourth reader met after the drift.
ORDINARY_MET = CALIBRATION + reader_study.ORDINARY
DRIFTED = (ORDINARY_MET + GOLD + 1 - DRIFT_FROM) / (GOLD + CALIBRATION / 2)


@dataclass(frozen=True)
class Claim:
    """A figure of the charts, and what it should be."""

    what: str
    figure: dict[str, Any]
    truth: float

    def holds(self, wider: float = 1.0) -> bool:
        """Whether the interval, so many times as wide, covers the truth."""
        low, estimate, high = (self.figure[name] for name in ("low", "estimate", "high"))
        assert self.is_whole, self
        inside: bool = low <= estimate <= high
        return inside and wider * (low - estimate) <= self.truth - estimate <= wider * (high - estimate)

    @property
    def is_whole(self) -> bool:
        """Whether there are an estimate and both ends of its interval."""
        return None not in (self.figure["low"], self.figure["estimate"], self.figure["high"])

    @property
    def width(self) -> float:
        return float(self.figure["high"] - self.figure["low"])


@cache
def truths_of(*, steady: bool) -> dict[str, Truth]:
    """By starting point. What many studies are held against is surer than for the one of steady readers."""
    cases = 300 if steady else 2000
    return {
        "scratch": truth_of(1000, cases=cases, from_prediction=False, steady=steady),
        PREDICTION: truth_of(1001, cases=cases, from_prediction=True, steady=steady),
    }


class Charts:
    """What the lead's pages ask for."""

    def __init__(self, study: Study, lead: User) -> None:
        self.study = study
        self.client = Client()
        self.client.force_login(lead)
        self.ids = {name: reader.pk for name, reader in study.readers.items()}

    def ask(self, name: str, **given: Any) -> dict[str, Any]:
        url = f"/api/projects/{self.study.project.pk}/{name}/"
        answer = self.client.get(url, given)
        assert answer.status_code == 200, (url, answer.content)
        found: dict[str, Any] = answer.json()
        return found

    @property
    def truths(self) -> dict[str, Truth]:
        return truths_of(steady=self.study.world.steady)


# ── What the charts say, beside the truth ────────────────────────────────────


def agreement_claims(charts: Charts) -> Iterator[Claim]:
    """Dice between readers: of everybody, and of each with the others."""
    names = {number: name for name, number in charts.ids.items()}
    for mark in charts.ask("agreement/structures", kind="inter")["marks"]:
        start, key = mark["start"]["key"], mark["structure"]
        truth, place = charts.truths[start], STRUCTURES.index(key)
        drifted = DRIFTED if start == PREDICTION else 0.0
        who = names.get(mark["who"]["reader"], "all")
        if who == "all":
            right = truth.of_all(place, drifted)
        else:
            right = truth.of_reader(NAMES.index(who), place, drifted)
        yield Claim(f"Dice of {who}, {key}, {start}", mark["figures"]["dice"], right)


def within_claims(charts: Charts) -> Iterator[Claim]:
    """SD of volumes within readers, from the repeats."""
    for band in charts.ask("agreement/structures", kind="inter")["bands"]:
        key = band["structure"]
        right = charts.truths[band["start"]["key"]].within_sd_ml(STRUCTURES.index(key))
        yield Claim(f"SD within readers, {key}", band["volume_sd_ml"], right)


def icc_claims(charts: Charts) -> Iterator[Claim]:
    """ICC(A,1) of volumes in calibration cases."""
    for one in charts.ask("agreement/calibration")["structures"]:
        start, key = one["start"]["key"], one["structure"]
        right = charts.truths[start].icc(STRUCTURES.index(key))
        yield Claim(f"ICC, {key}, {start}", one["icc_agreement"], right)


def bias_claims(charts: Charts) -> Iterator[Claim]:
    """Bland–Altman: bo's volumes less ada's."""
    for place, key in enumerate(STRUCTURES):
        asked = {"structure": key, "reader": charts.ids["bo"], "other": charts.ids["ada"]}
        for chart in charts.ask("agreement/volumes", **asked)["charts"]:
            start = chart["start"]["key"]
            right = charts.truths[start].difference_ml(NAMES.index("bo"), NAMES.index("ada"), place)
            yield Claim(f"bias of volumes, {key}, {start}", chart["bias"], right)


def anchoring_claims(charts: Charts) -> Iterator[Claim]:
    """What the prediction adds to the agreement."""
    for gauge in charts.ask("agreement/anchoring")["gauges"]:
        place = STRUCTURES.index(gauge["structure"])
        right = charts.truths[PREDICTION].of_all(place, DRIFTED) - charts.truths["scratch"].of_all(place)
        yield Claim(f"anchoring, {gauge['structure']}", gauge["difference"]["dice"], right)


# ── All of them ──────────────────────────────────────────────────────────────


def all_claims(charts: Charts) -> dict[str, list[Claim]]:
    """Every interval of the charts, by what it is of."""
    return {
        "agreement": list(agreement_claims(charts)),
        "within": list(within_claims(charts)),
        "icc": list(icc_claims(charts)),
        "bias": list(bias_claims(charts)),
        "anchoring": list(anchoring_claims(charts)),
    }
