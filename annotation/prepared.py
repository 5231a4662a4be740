"""Queries that are made and planned once: to build one takes Django longer than the answer takes, and to plan
it Postgres.

Each connection prepares a query as it asks it first, so that Postgres may keep a plan of it. A pooler that
hands connections around between transactions knows nothing of that: where it is said that there is one
(DISABLE_SERVER_SIDE_CURSORS), the SQL itself is sent.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Generic, TypeVar
from uuid import uuid4
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.query import RelatedPopulator, get_related_populators

Row = TypeVar("Row", bound=Model)
Value = int | str | datetime

_COLUMN = {int: "bigint", str: "text", datetime: "timestamptz"}  # as it is compared with any of its kind
_LARGE = 2**15 - 1  # fits every kind of integer column
_FAR_IN_THE_PAST = datetime(1800, 1, 1, tzinfo=UTC)


class Prepared(Generic[Row]):
    """A query of `model` that `build` makes from named values of the given types.

    It is made once, from stand-ins for the values, so that its form must not depend on what they are.
    """

    def __init__(
        self, model: type[Row], build: Callable[..., "QuerySet[Row, Any]"], **types: type[Value]
    ) -> None:
        self.model, self.build = model, build
        self.stand_ins = {_stand_in(kind, at): name for at, (name, kind) in enumerate(types.items(), start=1)}
        self.made: _Made | None = None

    def all(self, **values: Value) -> list[Row]:
        """Return the rows, where the query is one for whole rows, with what it selects beside them."""
        fields = [field.attname for field in self.model._meta.concrete_fields]
        found = []
        for columns in self.columns(**values):
            row = self.model.from_db(connection.alias, fields, columns[: len(fields)])
            for beside in self.made.beside if self.made is not None else ():
                beside.populate(columns, row)
            found.append(row)
        return found

    def first(self, **values: Value) -> Row | None:
        """Return the first row, where the query is one for whole rows."""
        return next(iter(self.all(**values)), None)

    def columns(self, **values: Value) -> list[tuple[Any, ...]]:
        """Return the columns of the rows, where the query is one for values."""
        made = self.made
        if made is None:
            made = self.made = _Made.of(self.build(**{name: one for one, name in self.stand_ins.items()}))
        return made.answered({one: values[name] for one, name in self.stand_ins.items()})


@dataclass(frozen=True)
class _Made:
    """What Django makes of a query: its SQL, and what makes values and related rows of the answer."""

    sql: str
    params: tuple[Any, ...]
    converters: dict[int, Any]
    beside: list[RelatedPopulator]
    name: str

    @classmethod
    def of(cls, rows: "QuerySet[Any, Any]") -> "_Made":
        compiler = rows.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        converters = compiler.get_converters([one for one, *_ in compiler.select])
        name = f"{rows.model._meta.db_table}_{next(_numbers)}"
        return cls(sql, params, converters, _beside(compiler), name)

    def answered(self, values: dict[Value, Value]) -> list[tuple[Any, ...]]:
        """The rows with these values in place of their stand-ins."""
        with connection.cursor() as cursor:
            if connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
                cursor.execute(self.sql, [values.get(one, one) for one in self.params])
            else:
                # pghistory sends who asks with every statement that may write, which an EXECUTE may; it lets
                # those of named cursors be.
                cursor.name = self.name  # type: ignore[attr-defined]
                cursor.execute(self._prepared(values), [values[one] for one in self.params if one in values])
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return [self._converted(row) for row in found] if self.converters else found

    def _prepared(self, stand_ins: Collection[Value]) -> str:
        """The statement that asks it of the connection, which has prepared it by then."""
        kinds = [_COLUMN[type(one)] for one in self.params if one in stand_ins]
        known = _prepared_by.setdefault(connection.connection, set())
        if self.name not in known:
            sql = _with_numbers(self.sql, self.params, stand_ins)
            with connection.wrap_database_errors, connection.connection.cursor() as cursor:
                cursor.execute(f"PREPARE {self.name} ({', '.join(kinds)}) AS {sql}")
            known.add(self.name)
        return f"EXECUTE {self.name} ({', '.join(['%s'] * len(kinds))})"

    def _converted(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        values = list(row)
        for at, (converters, expression) in self.converters.items():
            for convert in converters:
                values[at] = convert(values[at], expression, connection)
        return tuple(values)


_numbers = count(1)
_prepared_by: "WeakKeyDictionary[Any, set[str]]" = WeakKeyDictionary()


def _with_numbers(sql: str, params: tuple[Any, ...], stand_ins: Collection[Value]) -> str:
    """The SQL with `$1`, `$2` … for the stand-ins. What is always the same stays written out: only so does
    Postgres know that it may use an index of some of the rows."""
    unheard_of = uuid4().hex
    marks = [f"{unheard_of} {at}" if one in stand_ins else None for at, one in enumerate(params)]
    given = [one if mark is None else mark for one, mark in zip(params, marks, strict=True)]
    with connection.connection.cursor() as cursor:
        written: str = cursor.mogrify(sql, given).decode()
    for number, mark in enumerate(filter(None, marks), start=1):
        written = written.replace(f"'{mark}'", f"${number}")
    return written


def _beside(compiler: Any) -> list[RelatedPopulator]:
    """What makes the related rows that the query selects; none where it is one for values."""
    if compiler.klass_info is None:
        return []
    made: list[RelatedPopulator] = get_related_populators(  # type: ignore[call-arg]  # of a later Django
        compiler.klass_info, compiler.select, connection.alias
    )
    return made


def _stand_in(kind: type[Value], at: int) -> Value:
    """A value of the type that no query has of its own."""
    if kind is int:
        return _LARGE - at
    return f"stand-in {at}" if kind is str else _FAR_IN_THE_PAST + timedelta(days=at)
