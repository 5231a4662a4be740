"""Every row that hangs on a patient's cases, found along the foreign keys of all tables.

A table that comes tomorrow is found as well: nothing here names those that hang on a case.
"""

from collections.abc import Iterable, Iterator

from django.db.models import SET_NULL, ForeignObjectRel
from django.db.models import Model as Row

from annotation.models import Case, Volume

Rows = dict[type[Row], set[int]]
_AT_ONCE = 10_000


def rows_of(cases: Iterable[int]) -> Rows:
    """Ids of the rows of each table that say something of these cases; scans that other cases use stay."""
    found: Rows = {}
    ids = set(cases)
    _follow({Case: ids}, found)
    volumes = set(Volume.objects.filter(cases__in=ids).values_list("pk", flat=True))
    shared = Case.objects.filter(volume__in=volumes).exclude(pk__in=ids).values_list("volume", flat=True)
    _follow({Volume: volumes - set(shared)}, found)
    return {table: ids for table, ids in found.items() if ids}


def delete(rows: Rows) -> None:
    """Delete rows of tables that refer to one another; the database checks what is left at the end.

    The caller's transaction has to be open: foreign keys are looked at when it is committed.
    """
    for table, ids in rows.items():
        _clear_links(table, ids)
    for table, ids in rows.items():
        for some in _in_pieces(ids):
            doomed = table._base_manager.filter(pk__in=some)
            doomed._raw_delete(doomed.db)  # no cascade: all of it is listed


def _follow(start: Rows, found: Rows) -> None:
    todo = start
    while todo:
        following: Rows = {}
        for table, ids in todo.items():
            new = ids - found.setdefault(table, set())
            found[table] |= new
            for relation in _pointing_at(table) if new else ():
                pointing = _ids_pointing(relation, new)
                following.setdefault(relation.related_model, set()).update(pointing)
        todo = {table: ids - found.get(table, set()) for table, ids in following.items()}
        todo = {table: ids for table, ids in todo.items() if ids}


def _pointing_at(table: type[Row]) -> Iterator[ForeignObjectRel]:
    """Foreign keys of other tables, hidden ones and those of histories among them."""
    for one in table._meta.get_fields(include_hidden=True):
        if isinstance(one, ForeignObjectRel) and not one.many_to_many and one.on_delete is not SET_NULL:
            yield one


def _ids_pointing(relation: ForeignObjectRel, ids: set[int]) -> set[int]:
    table, name = relation.related_model, relation.field.name
    return {
        pk
        for some in _in_pieces(ids)
        for pk in table._base_manager.filter(**{f"{name}__in": some}).values_list("pk", flat=True)
    }


def _clear_links(table: type[Row], ids: set[int]) -> None:
    """What points at a row only to say where it came from goes on without."""
    for one in table._meta.get_fields(include_hidden=True):
        if isinstance(one, ForeignObjectRel) and one.on_delete is SET_NULL:
            for some in _in_pieces(ids):
                one.related_model._base_manager.filter(**{f"{one.field.name}__in": some}).update(
                    **{one.field.name: None}
                )


def _in_pieces(ids: set[int]) -> Iterator[list[int]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]
