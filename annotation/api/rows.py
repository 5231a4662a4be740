"""Serializers that follow from the types of rows that dashboards consist of."""

from datetime import date, datetime
from functools import cache
from typing import Any

from rest_framework import serializers

from annotation.dashboards.tables import Column, columns

_FIELDS: dict[type, type[serializers.Field[Any, Any, Any, Any]]] = {
    str: serializers.CharField,
    bool: serializers.BooleanField,
    int: serializers.IntegerField,
    float: serializers.FloatField,
    date: serializers.DateField,
    datetime: serializers.DateTimeField,
}


def rows_of(row: type) -> serializers.BaseSerializer[Any]:
    """A list of such rows, under the name of their type."""
    return _serializer(row)(many=True)


@cache
def _serializer(row: type) -> type[serializers.Serializer[Any]]:
    fields = {column.name: _field(column) for column in columns(row)}
    named: type[serializers.Serializer[Any]] = type(row.__name__, (serializers.Serializer,), fields)
    return named


def _field(column: Column) -> serializers.Field[Any, Any, Any, Any]:
    unit = f" ({column.unit})" if column.unit else ""
    return _FIELDS[column.kind](allow_null=column.optional, help_text=f"{column.meaning}{unit}.")
