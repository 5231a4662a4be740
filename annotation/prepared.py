"""Queries whose SQL is made once: Django takes longer to build it than Postgres takes to answer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.query import RelatedPopulator, get_related_populators

Row = TypeVar("Row", bound=Model)
Value = int | str | datetime

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
        if self.made is None:
            self.made = _Made.of(self.build(**{name: one for one, name in self.stand_ins.items()}))
        given = [values[self.stand_ins[one]] if one in self.stand_ins else one for one in self.made.params]
        return self.made.answered(given)


@dataclass(frozen=True)
class _Made:
    """What Django makes of a query: its SQL, and what makes values and related rows of the answer."""

    sql: str
    params: tuple[Any, ...]
    converters: dict[int, Any]
    beside: list[RelatedPopulator]

    @classmethod
    def of(cls, rows: "QuerySet[Any, Any]") -> "_Made":
        compiler = rows.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        converters = compiler.get_converters([one for one, *_ in compiler.select])
        return cls(sql, params, converters, _beside(compiler))

    def answered(self, params: list[Any]) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(self.sql, params)
            found: list[tuple[Any, ...]] = cursor.fetchall()
        return [self._converted(row) for row in found] if self.converters else found

    def _converted(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        values = list(row)
        for at, (converters, expression) in self.converters.items():
            for convert in converters:
                values[at] = convert(values[at], expression, connection)
        return tuple(values)


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
