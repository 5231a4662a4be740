"""Queries whose SQL is made once: Django takes longer to build it than Postgres takes to answer."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

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
        self.made: tuple[str, tuple[Any, ...]] | None = None

    def first(self, **values: Value) -> Row | None:
        """Return the first row, where the query is one for whole rows."""
        sql, params = self._with(values)
        return next(iter(self.model._default_manager.raw(sql, params)), None)

    def columns(self, **values: Value) -> tuple[Any, ...] | None:
        """Return the columns of the first row, where the query is one for values."""
        sql, params = self._with(values)
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            found: tuple[Any, ...] | None = cursor.fetchone()
        return found

    def _with(self, values: Mapping[str, Value]) -> tuple[str, list[Any]]:
        if self.made is None:
            rows = self.build(**{name: stand_in for stand_in, name in self.stand_ins.items()})
            self.made = rows.query.sql_with_params()
        sql, params = self.made
        return sql, [values[self.stand_ins[one]] if one in self.stand_ins else one for one in params]


def _stand_in(kind: type[Value], at: int) -> Value:
    """A value of the type that no query has of its own."""
    if kind is int:
        return _LARGE - at
    return f"stand-in {at}" if kind is str else _FAR_IN_THE_PAST + timedelta(days=at)
