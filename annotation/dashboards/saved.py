"""How many minutes a read from the model's prediction takes less than one from scratch."""

from dataclasses import dataclass
from typing import Annotated

from annotation.agreement.sides import is_in_part
from annotation.dashboards.course import groups_of_starts
from annotation.dashboards.differences import METHOD, difference_of
from annotation.dashboards.tables import Says
from annotation.models import Project

SCRATCH = "scratch"
NOTHING_TO_COMPARE = (
    "No read was made from scratch, so nothing says what the model saves. "
    "Calibration cases that begin from scratch (Plan) would."
)


@dataclass(frozen=True)
class SavedRow:
    """One round against the reads from scratch."""

    starts: Annotated[str, Says("Where the round's reads began")]
    round: Annotated[int, Says("Version of the model whose prediction they began from")]
    reads: Annotated[int, Says("Reads of the round", "reads")]
    scratch_reads: Annotated[int, Says("Reads from scratch", "reads")]
    minutes: Annotated[float, Says("Mean active time of the round's reads", "min")]
    scratch_minutes: Annotated[float | None, Says("Mean active time from scratch", "min")]
    saved: Annotated[float | None, Says("The latter less the former; empty = not known", "min")]
    low: Annotated[float | None, Says("Lower end of its 95 % interval (other reads of these readers)", "min")]
    high: Annotated[float | None, Says("Upper end of its 95 % interval", "min")]
    method: Annotated[str, Says("Statistic and interval by name")]
    reason: Annotated[str, Says("Why there is no difference, or no interval")]


def saved_rows(project: Project) -> list[SavedRow]:
    """Round by round, the oldest model first."""
    groups = groups_of_starts(project, "active_min")
    scratch = groups.get((SCRATCH, None), [])
    scratch_reads = sum(group.n for group in scratch)
    rows = []
    for (starts, version), own in groups.items():
        if version is None or is_in_part(starts):
            continue  # a part of a scan takes less time than a whole one, whoever drew before
        reads = sum(group.n for group in own)
        found = difference_of(scratch, own) if scratch else None
        rows.append(
            SavedRow(
                starts=starts,
                round=version,
                reads=reads,
                scratch_reads=scratch_reads,
                minutes=sum(group.n * group.mean for group in own) / reads,
                scratch_minutes=(
                    sum(group.n * group.mean for group in scratch) / scratch_reads if scratch else None
                ),
                saved=None if found is None else found.estimate,
                low=None if found is None else found.low,
                high=None if found is None else found.high,
                method=METHOD,
                reason=NOTHING_TO_COMPARE if found is None else found.reason,
            )
        )
    return rows
