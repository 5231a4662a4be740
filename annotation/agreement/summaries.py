"""Sums over scores, kept as integers: adding and taking away score by score gives what a recount gives.

Whoever adds, takes away or recounts holds the groups' rows, so that nothing comes in between. Figures are
turned into millionths by the database in every one of these statements, so there is one rounding alone.
"""

from collections.abc import Collection, Iterable

from django.db import connection, transaction
from django.db.models import F

from annotation.models import AgreementGroup, AgreementScore, AgreementSummary, CaseSummary, Project

FIGURES = ("dice", "surface_dice", "hd95_mm", "hd_mm", "assd_mm")
MILLIONTHS = 1_000_000

Table = type[AgreementSummary] | type[CaseSummary]
Name = tuple[str, str, str, str]  # metric version, kind, structure, starts

_COUNTS = {
    "n": "count(*)",
    "both_empty": "count(*) FILTER (WHERE undefined = 'both_empty')",
    "one_empty": "count(*) FILTER (WHERE undefined IN ('a_empty', 'b_empty'))",
}
_SUMS = _COUNTS | {
    f"{figure}_{part}": expression.format(f"round({figure} * {MILLIONTHS})::bigint")
    for figure in FIGURES
    for part, expression in {
        "n": f"count({figure})",
        "sum": "coalesce(sum({0}), 0)::bigint",
        "squares": "coalesce(sum({0}::numeric * {0}::numeric), 0)",
    }.items()
}
_TABLES: dict[Table, dict[str, str]] = {
    AgreementSummary: {
        "group_id": "group_id",
        "reader_a_id": "reader_a_id",
        "reader_b_id": "reader_b_id",
        "model_id": "model_id",
        "month": "date_trunc('month', read_at AT TIME ZONE 'UTC')::date",
    },
    CaseSummary: {"group_id": "group_id", "case_id": "case_id"},
}


def locked_groups(project_id: int, names: Collection[Name]) -> dict[Name, AgreementGroup]:
    """The groups of these (metric version, kind, structure, starts), made where missing, and held."""
    AgreementGroup.objects.bulk_create(
        [
            AgreementGroup(
                project_id=project_id, metric_version=version, kind=kind, structure=structure, starts=starts
            )
            for version, kind, structure, starts in sorted(names)
        ],
        ignore_conflicts=True,
    )
    wanted = AgreementGroup.objects.filter(
        project=project_id,
        metric_version__in={name[0] for name in names},
        kind__in={name[1] for name in names},
        structure__in={name[2] for name in names},
        starts__in={name[3] for name in names},
    )
    held = wanted.select_for_update(no_key=True).order_by("pk")
    return {(one.metric_version, one.kind, one.structure, one.starts): one for one in held}


def hold_groups(ids: Iterable[int]) -> None:
    """Lock groups in the one order in which everybody does."""
    held = AgreementGroup.objects.filter(pk__in=set(ids)).select_for_update(no_key=True).order_by("pk")
    list(held.values_list("pk"))


def add(scores: Collection[int]) -> None:
    """Count these scores from now on. Their groups are held by the caller's transaction."""
    _change(scores, 1)


def take_away(scores: Collection[int]) -> None:
    """Count these scores no longer. Their groups are held by the caller's transaction."""
    _change(scores, -1)


def _change(scores: Collection[int], sign: int) -> None:
    if not scores:
        return
    ids = list(scores)
    groups = list(AgreementScore.objects.filter(pk__in=ids).values_list("group", flat=True).distinct())
    AgreementGroup.objects.filter(pk__in=groups).update(changes=F("changes") + 1)
    for table in _TABLES:
        with connection.cursor() as cursor:
            cursor.execute(_insert(table, "id = ANY(%s)", sign), [ids])
        table.objects.filter(group__in=groups, n=0).delete()


@transaction.atomic
def recount(project: Project) -> bool:
    """Make all sums of a project anew from its scores. Returns whether any had been wrong."""
    groups = list(AgreementGroup.objects.filter(project=project).values_list("pk", flat=True))
    hold_groups(groups)
    wrong = False
    for table in _TABLES:
        before = dump(table, groups)
        table.objects.filter(group__in=groups).delete()
        with connection.cursor() as cursor:
            cursor.execute(_insert(table, "group_id = ANY(%s) AND NOT stale", 1), [groups])
        wrong |= dump(table, groups) != before
    return wrong


def dump(table: Table, groups: Collection[int]) -> list[tuple[object, ...]]:
    """The table's rows of these groups as text, in order, without their ids."""
    names = [*_TABLES[table], *_SUMS]
    columns = ", ".join(f'"{name}"::text' for name in names)
    keys = ", ".join(f'"{name}"' for name in _TABLES[table])
    query = f'SELECT {columns} FROM "{table._meta.db_table}" WHERE group_id = ANY(%s) ORDER BY {keys}'  # noqa: S608 - our own names
    with connection.cursor() as cursor:
        cursor.execute(query, [list(groups)])
        return [tuple(row) for row in cursor.fetchall()]


def _insert(table: Table, where: str, sign: int) -> str:
    """Add the scores that `where` names to the sums, or with `sign` −1 take them away."""
    keys, name = _TABLES[table], f'"{table._meta.db_table}"'
    columns = ", ".join([*keys, *_SUMS])
    values = ", ".join([*keys.values(), *(f"{sign} * ({sum_})" for sum_ in _SUMS.values())])
    changes = ", ".join(f"{column} = {name}.{column} + excluded.{column}" for column in _SUMS)
    by = ", ".join(str(place) for place in range(1, len(keys) + 1))
    # Nothing but names and expressions of this module goes into the text.
    return (
        f"INSERT INTO {name} ({columns}) SELECT {values} FROM annotation_agreementscore WHERE {where} "  # noqa: S608
        f"GROUP BY {by} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes}"
    )
