"""JSON into frozen dataclasses, with one sentence that names the field where a hand edit went wrong."""

import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar

from training.progress import TrainingError

_T = TypeVar("_T")
_WORDS = {
    int: ("a whole number", "whole numbers"),
    float: ("a number", "numbers"),
    str: ("a text", "texts"),
    bool: ("true or false", "values of true or false"),
}


def read_dataclass(kind: type[_T], content: Any, what: str) -> _T:
    """Return `content` as the dataclass `kind`; `what` is how the sentence calls it ("The plan").

    Unknown and missing fields and values of another type raise TrainingError.
    """
    if not isinstance(content, Mapping):
        raise TrainingError(f"{what} must be a JSON object, not {_shown(content)}.")
    known = {f.name: f for f in fields(kind)}  # type: ignore[arg-type]  # T is a dataclass, which typing cannot say
    for name in content:
        if name not in known:
            raise TrainingError(f"{what} has an unknown field {name!r}; known are {', '.join(known)}.")
    hints = typing.get_type_hints(kind)
    values = {}
    for name, field in known.items():
        if name in content:
            values[name] = _value(hints[name], content[name], f"{what}: {name}")
        elif field.default is MISSING and field.default_factory is MISSING:
            raise TrainingError(f"{what} lacks the field {name!r}.")
    return kind(**values)


def _value(hint: Any, value: Any, where: str) -> Any:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return None if value is None else _value(inner[0], value, where)
    if is_dataclass(hint):
        return read_dataclass(typing.cast("type[Any]", hint), value, where)
    if origin is tuple:
        return _tuple(inner, value, where)
    if origin is dict:
        if not isinstance(value, dict):
            raise TrainingError(f"{where} must be a JSON object, not {_shown(value)}.")
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (isinstance(value, bool) and hint is not bool):
        raise TrainingError(f"{where} must be {_WORDS[hint][0]}, not {_shown(value)}.")
    return value


def _tuple(inner: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise TrainingError(f"{where} must be a list{_of(inner)}, not {_shown(value)}.")
    if inner[-1] is Ellipsis:
        return tuple(_value(inner[0], part, f"{where}[{n}]") for n, part in enumerate(value))
    if len(value) != len(inner):
        raise TrainingError(f"{where} must be a list{_of(inner)}, not {_shown(value)}.")
    pairs = zip(inner, value, strict=True)
    return tuple(_value(hint, part, f"{where}[{n}]") for n, (hint, part) in enumerate(pairs))


def _of(inner: tuple[Any, ...]) -> str:
    if inner[0] not in _WORDS:
        return ""
    return (
        f" of {_WORDS[inner[0]][1]}" if inner[-1] is Ellipsis else f" of {len(inner)} {_WORDS[inner[0]][1]}"
    )


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
