"""The simulated reader study over ten seeds: how often intervals cover, and drift found, missed and made up.

`python -m bench study` (about a minute for each seed; only by name). DELINEATE_STUDY_SEEDS: another number of
seeds. The readers of the test have no runs of bad luck; these have plain normal noise. Intervals count at
their nominal width; what several of them say of one study hangs together, so seeds are the sample.
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median

from bench import ready  # noqa: F401

# isort: split
from django.contrib.auth.models import User
from django.db import transaction

from annotation import catalogue
from annotation.models import LabelSchema, Membership, Project, Role, SchemaStructure, Structure
from bench.table import Row, hand_over
from tests.flows import reader_study
from tests.flows.phantom_readers import DRIFTING, STRUCTURES
from tests.flows.reader_study import DRIFT_FROM
from tests.flows.study_claims import NAMES, Charts, all_claims

SEEDS = int(os.environ.get("DELINEATE_STUDY_SEEDS", "10"))
NOMINAL, LEAST = 0.95, 0.90
FOUND_WITHIN = 15  # cases
WORDS = {
    "agreement": "mean Dice of a reader with the others, and of all",
    "within": "SD of volumes within readers",
    "icc": "ICC(A,1) of volumes",
    "bias": "Bland–Altman bias of volumes",
    "anchoring": "anchoring, Dice from the prediction less that from scratch",
}


@dataclass
class Tally:
    """What came of all seeds; delays in cases, None = not found."""

    covered: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    shares: list[float] = field(default_factory=list)
    delays: list[int | None] = field(default_factory=list)
    false: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NAMES, 0))
    charted: int = 0


def main() -> None:
    hand_over(_rows())


def _rows() -> Iterator[Row]:
    catalogue.load()
    tally = Tally()
    for seed in range(1, SEEDS + 1):
        with transaction.atomic():
            _study(seed, tally)
            transaction.set_rollback(True)
    yield from _coverage(tally)
    yield from _drift(tally)


def _study(seed: int, tally: Tally) -> None:
    lead = User.objects.create(username="lead of the study")
    project = Project.objects.create(name=f"Study {seed}")
    Membership.objects.create(project=project, user=lead, role=Role.LEAD)
    schema = LabelSchema.objects.create(project=project)
    for value, key in enumerate(STRUCTURES, start=1):
        structure = Structure.objects.get(key=key)
        SchemaStructure.objects.create(schema=schema, structure=structure, value=value)
    charts = Charts(reader_study.run(project, seed, steady=False), lead)
    mine: list[bool] = []
    for kind, claims in all_claims(charts).items():
        held = [claim.is_whole and claim.holds() for claim in claims]
        tally.covered[kind] += held
        mine += held
    tally.shares.append(sum(mine) / len(mine))
    _alarms(charts, tally)


def _alarms(charts: Charts, tally: Tally) -> None:
    """Of gold cases, as the pages have them. The first alarm after the drift began is the right one."""
    answer = charts.ask("agreement/drift")
    names = {number: name for name, number in charts.ids.items()}
    tally.charted += sum(chart["kind"] == "gold" and not chart["reason"] for chart in answer["charts"])
    delay = None
    for alarm in answer["alarms"]:
        name = names[alarm["reader"]]
        met = 1 + charts.study.met[name].index(alarm["case"])
        if name != DRIFTING or met < DRIFT_FROM:
            tally.false[name] += 1
        elif delay is None:
            delay = met - DRIFT_FROM + 1
    tally.delays.append(delay)


def _coverage(tally: Tally) -> Iterator[Row]:
    for kind, held in tally.covered.items():
        yield _covered(f"intervals that cover: {WORDS[kind]}", held)
    every = [one for held in tally.covered.values() for one in held]
    spread = f"; by seed {100 * min(tally.shares):.0f} to {100 * max(tally.shares):.0f} %"
    row = _covered(f"intervals that cover: all, {SEEDS} studies", every)
    yield Row(row.work, row.measured + spread, row.budget, row.met)


def _covered(what: str, held: list[bool]) -> Row:
    share = sum(held) / len(held)
    told = f"{sum(held)} of {len(held)} ({100 * share:.1f} %)"
    return Row(what, told, f"{100 * NOMINAL:.0f} % nominal; ≥ {100 * LEAST:.0f} %", share >= LEAST)


def _drift(tally: Tally) -> Iterator[Row]:
    found = [delay for delay in tally.delays if delay is not None]
    soon = sum(delay <= FOUND_WITHIN for delay in found)
    told = f"{soon} of {SEEDS} within {FOUND_WITHIN} cases"
    if found:
        told += f"; median {median(found):.0f}, latest {max(found)}; never {SEEDS - len(found)}"
    yield Row("drift alarm: cases from the drift to it", told, f"≤ {FOUND_WITHIN}", soon == SEEDS)
    by_reader = ", ".join(f"{name} {count}" for name, count in tally.false.items())
    each = sum(tally.false.values()) / (SEEDS * len(NAMES))
    yield Row(
        f"false drift alarms in {SEEDS} studies of {reader_study.GOLD} gold reads each",
        f"{by_reader}; {each:.2f} per reader and study ({tally.charted} charts)",
        "—",
        None,
    )


if __name__ == "__main__":
    main()
