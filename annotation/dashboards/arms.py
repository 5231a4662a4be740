"""Does choosing cases pay: what those of the strategy and those of the control arm cost, and what was wrong.

An accepted case stands in the arm in which it was last put forward before its first read began. The newest
1000 accepted cases that were read by the policy's unit (as a whole, in slabs or in cubes) make the figures;
the two arms were read in the same weeks, since control cases stand between the others.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf
from statistics import fmean, variance
from typing import Annotated, Any

from django.db import connection

from annotation.dashboards.differences import difference_of
from annotation.dashboards.tables import Says
from annotation.models import Arm, LearningPolicy, Project
from training.metrics import METRIC_VERSION
from training.raters import Estimate, Group, Limits, mean_of_groups

MOST_CASES = 1000
DIFFERENCE = "difference"

# Name, unit, and what a mean cannot fall below or exceed.
QUANTITIES: tuple[tuple[str, str, Limits], ...] = (
    ("active_min", "min", (0.0, inf)),
    ("changed_voxels", "voxels", (0.0, inf)),
    ("moved_share", "share of the surface", (0.0, 1.0)),
    ("moved_mm", "mm", (0.0, inf)),
    ("prediction_dice", "", (0.0, 1.0)),
)

_CASES = """
WITH newest AS (
    SELECT c.id FROM annotation_case c JOIN annotation_volume v ON v.id = c.volume_id
    WHERE c.project_id = %s AND c.split = 'pool' AND c.state = 'accepted' AND %s = CASE
        WHEN c.region IS NULL THEN 'volume'
        WHEN c.region[1:2] = '{0,0}' AND c.region[4:5] = v.shape[1:2] THEN 'slab' ELSE 'cube' END
    ORDER BY c.accepted_at DESC, c.id DESC LIMIT %s
), begun AS (
    SELECT a.case_id, min(a.created_at) AS at, sum(a.active_seconds) AS seconds
    FROM annotation_assignment a JOIN newest ON newest.id = a.case_id GROUP BY 1
)
SELECT DISTINCT ON (q.case_id) q.case_id, q.arm, begun.seconds
FROM annotation_acquisition q JOIN begun USING (case_id)
WHERE q.at <= begun.at ORDER BY q.case_id, q.id DESC
"""
_EFFORT = """
SELECT case_id, avg(changed_voxels)::float8, avg(moved_share), avg(moved_mm)
FROM annotation_readsummary WHERE case_id = ANY(%s) AND starts LIKE 'prediction:%%' GROUP BY 1
"""
# Where a review left the read as it was, the same two revisions were scored twice.
_DICE = """
WITH scored AS (
    SELECT DISTINCT ON (s.case_id, g.structure) s.case_id, g.structure, s.dice
    FROM annotation_agreementscore s
    JOIN annotation_agreementgroup g ON g.id = s.group_id AND g.metric_version = %s
    JOIN annotation_part p ON p.case_id = s.case_id
    WHERE s.case_id = ANY(%s) AND NOT s.stale AND s.model_id IS NOT NULL AND (
        g.kind = 'review' AND s.read_a_id IS NULL AND s.revision_b_id = p.accepted_revision_id
        OR g.kind = 'prediction' AND s.start_model_a_id = s.model_id
            AND s.revision_a_id = p.accepted_revision_id)
    ORDER BY s.case_id, g.structure, s.id DESC
)
SELECT case_id, avg(dice) FROM scored GROUP BY 1
"""


@dataclass(frozen=True)
class ArmRow:
    """One quantity of one arm's accepted cases, or of the strategy's less the control's."""

    arm: Annotated[str, Says("strategy, control, cold_start, or difference = strategy less control")]
    quantity: Annotated[
        str,
        Says("active_min, changed_voxels, moved_share, moved_mm or prediction_dice (against the accepted)"),
    ]
    unit: Annotated[str, Says("Unit of the mean; empty = none")]
    cases: Annotated[int, Says("Accepted cases that it rests on", "cases")]
    mean: Annotated[float | None, Says("Mean per case; empty = not known of any")]
    low: Annotated[float | None, Says("Lower end of its 95 % interval (other cases of the arm)")]
    high: Annotated[float | None, Says("Upper end of its 95 % interval")]
    method: Annotated[str, Says("Statistic and interval by name")]
    reason: Annotated[str, Says("Why there is no mean, or no interval")]


def arm_rows(project: Project) -> list[ArmRow]:
    """Quantity by quantity: each arm that has accepted cases, and the difference of the two arms."""
    arms, values = _known(project)
    rows = []
    for quantity, unit, within in QUANTITIES:
        groups = {arm: _group(values[quantity][case] for case in cases) for arm, cases in arms.items()}
        rows += [_row(arm, quantity, unit, _mean(group, within)) for arm, group in groups.items()]
        if arms:
            rows.append(_row(DIFFERENCE, quantity, unit, _difference(groups)))
    return rows


def cases_of_arm(project: Project, arm: str) -> list[int]:
    """The accepted cases behind a mark, the newest first; the difference rests on both arms."""
    wanted = {Arm.STRATEGY, Arm.CONTROL} if arm == DIFFERENCE else {arm}
    return sorted((case for case, its, _ in _cases(project) if its in wanted), reverse=True)


Values = dict[str, dict[int, float | None]]  # quantity → case → figure


def _cases(project: Project) -> list[tuple[int, str, int]]:
    policy = LearningPolicy.objects.filter(project=project).first() or LearningPolicy()
    return _asked(_CASES, [project.pk, policy.unit, MOST_CASES])


def _known(project: Project) -> tuple[dict[str, list[int]], Values]:
    """Cases by arm, in the arms' order, and what is known of each."""
    found = _cases(project)
    ids = [case for case, _, _ in found]
    values: Values = {quantity: dict.fromkeys(ids) for quantity, _, _ in QUANTITIES}
    # Delineations that were made elsewhere took their time there.
    values["active_min"] |= {case: seconds / 60 for case, _, seconds in found if seconds}
    for case, voxels, share, millimetres in _asked(_EFFORT, [ids]):
        values["changed_voxels"][case] = voxels
        values["moved_share"][case], values["moved_mm"][case] = share, millimetres
    values["prediction_dice"] |= dict(_asked(_DICE, [METRIC_VERSION, ids]))
    arms = {arm.value: [case for case, its, _ in found if its == arm] for arm in Arm}
    return {arm: cases for arm, cases in arms.items() if cases}, values


def _asked(query: str, given: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, given)
        return list(cursor.fetchall())


def _group(values: Iterable[float | None]) -> Group:
    known = [value for value in values if value is not None]
    if not known:
        return Group(0, 0.0, 0.0)
    return Group(len(known), fmean(known), variance(known) if len(known) > 1 else 0.0)


def _mean(group: Group, within: Limits) -> Estimate:
    return mean_of_groups([group] if group.n else [], within)


def _difference(groups: Mapping[str, Group]) -> Estimate | str:
    """A sentence where one of the two arms has nothing to compare."""
    for arm in (Arm.STRATEGY, Arm.CONTROL):
        if arm not in groups or not groups[arm].n:
            return f"No accepted case of the {arm.value} arm has this figure."
    return difference_of([groups[Arm.STRATEGY]], [groups[Arm.CONTROL]])


def _row(arm: str, quantity: str, unit: str, found: Estimate | str) -> ArmRow:
    if isinstance(found, str):
        return ArmRow(arm, quantity, unit, 0, None, None, None, "", found)
    reason = found.reason if found.estimate is not None else "No accepted case of this arm has this figure."
    return ArmRow(
        arm, quantity, unit, found.counts.cases, found.estimate, found.low, found.high, found.method, reason
    )
