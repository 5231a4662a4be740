"""JSON laid out for people: one field a line, short objects and lists of numbers on a single line."""

import json
from typing import Any

_WIDTH = 100


def to_json(content: Any) -> str:
    """Return `content` (plain JSON types and tuples) as text; what fits a line is not broken."""
    return _laid_out(content, 0, 0)


def _laid_out(value: Any, depth: int, before: int) -> str:
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list | tuple) or (depth and before + len(line) <= _WIDTH):
        return line
    inside, outside = "\n" + " " * (depth + 1), "\n" + " " * depth
    if isinstance(value, dict):
        names = {name: f"{json.dumps(name, ensure_ascii=False)}: " for name in value}
        parts = [
            text + _laid_out(value[name], depth + 1, depth + 1 + len(text)) for name, text in names.items()
        ]
        return "{" + inside + f",{inside}".join(parts) + outside + "}"
    parts = [_laid_out(part, depth + 1, depth + 1) for part in value]
    return "[" + inside + f",{inside}".join(parts) + outside + "]"
