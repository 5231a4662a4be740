"""What reads cost: time, active and idle, by tool; and what they changed of what they began from."""

from collections import defaultdict
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection
from django.db.models import Avg, Count

from annotation.agreement.scale import start_version
from annotation.agreement.shapes import Effort, Start
from annotation.models import Project, ReadSummary

PARTS = ("seconds", "edits", "added", "removed")

Tools = dict[str, dict[str, float]]

_TOOLS = """
SELECT r.reader_id, r.starts, {month}, tool.key, {sums}
FROM annotation_readsummary r CROSS JOIN LATERAL jsonb_each(r.tools) AS tool
WHERE r.project_id = %s AND (%s IS NULL OR r.reader_id = %s)
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""


def effort(project: Project, *, by_round: bool = False, reader: int | None = None) -> list[Effort]:
    """Means per read, by reader, starting point and month; with `by_round` by round in place of the month.

    A round is the version of the model whose prediction the reads began from.
    """
    keys = ("reader", "starts") if by_round else ("reader", "starts", "month")
    rows = ReadSummary.objects.filter(project=project)
    if reader is not None:
        rows = rows.filter(reader=reader)
    means = rows.values(*keys).annotate(
        reads=Count("pk"),
        cases=ArrayAgg("case", distinct=True),
        active_seconds=Avg("active_seconds"),
        idle_seconds=Avg("idle_seconds"),
        changed_voxels=Avg("changed_voxels"),
        moved_share=Avg("moved_share"),
        moved_mm=Avg("moved_mm"),
    )
    tools = _tools(project, by_round, reader)
    return [_effort(row, tools) for row in means.order_by(*keys)]


def _effort(row: dict[str, Any], tools: dict[tuple[Any, ...], Tools]) -> Effort:
    reader, starts, month = row.pop("reader"), row.pop("starts"), row.pop("month", None)
    return Effort(
        reader=reader,
        month=month,
        round=start_version(starts),
        start=Start.of(starts),
        tools=tools.get((reader, starts, month), {}),
        **row,
    )


def _tools(project: Project, by_round: bool, reader: int | None) -> dict[tuple[Any, ...], Tools]:
    """Seconds, edits and voxels by tool, of all reads of a row together."""
    sums = ", ".join(f"sum((tool.value->>'{part}')::float8)" for part in PARTS)
    query = _TOOLS.format(month="NULL::date" if by_round else "r.month", sums=sums)
    found: dict[tuple[Any, ...], Tools] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(query, [project.pk, reader, reader])
        for who, starts, month, tool, *values in cursor.fetchall():
            found[who, starts, month][tool] = dict(zip(PARTS, values, strict=True))
    return found
