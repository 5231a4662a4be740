"""Plan files: one plan, or several by name, each of which may inherit from another and say what differs."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.plan.check import check
from training.plan.schema import Plan
from training.plan.writing import to_json
from training.progress import TrainingError

_FROM, _PLANS = "inherits_from", "plans"


def read_plan(path: Path, name: str = "full") -> Plan:
    """Read a plan, resolve `inherits_from` and check it. Raises TrainingError with one sentence.

    A file holds one plan, or `{"plans": {"full": {…}, "low": {…}}}`, of which `name` is read. A plan may be
    `{"inherits_from": "other.json", …}`, with a path from the file's folder, or name another plan of the same
    file; for one of several plans of another file it says "other.json:low". What it states itself replaces
    the inherited field as a whole.
    """
    return _plan(_resolved(path, name, ()))


def read_plans(path: Path) -> dict[str, Plan]:
    """Read all plans of a file, by name. Raises TrainingError with one sentence."""
    content = _content(path)
    names = list(content[_PLANS]) if _PLANS in content else [str(content.get("name", "full"))]
    return {name: read_plan(path, name) for name in names}


def write_plans(path: Path, plans: Mapping[str, Plan]) -> None:
    """Write plans as a file that `read_plan` reads: all but the first say only how they differ from it."""
    (first, base), *others = plans.items()
    text = base.to_json()
    if others:
        own = base.to_dict()
        content = {first: own}
        for name, plan in others:
            fields = plan.to_dict().items()
            content[name] = {_FROM: first} | {key: value for key, value in fields if value != own[key]}
        text = to_json({_PLANS: content})
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_text(text + "\n", encoding="utf-8")
    unfinished.replace(path)


def _plan(content: dict[str, Any]) -> Plan:
    return check(Plan.from_dict(content))


def _resolved(path: Path, name: str, seen: tuple[tuple[Path, str], ...]) -> dict[str, Any]:
    """Return the fields of a plan with everything that it inherits."""
    content = _content(path)
    several = _PLANS in content
    if several:
        if name not in content[_PLANS]:
            raise TrainingError(
                f"{path.name} has no plan called {name}; it has {', '.join(content[_PLANS])}."
            )
        content = content[_PLANS][name]
        if not isinstance(content, dict):
            raise TrainingError(f"The plan {name} of {path.name} is not a JSON object.")
    place = path.resolve(), name if several else ""
    if place in seen:
        chain = " from ".join(_called(*p) for p in (*seen[seen.index(place) :], place))
        raise TrainingError(f"The plans inherit in a circle: {chain}.")
    own = dict(content)
    base = own.pop(_FROM, None)
    if base is None:
        return own
    if not isinstance(base, str):
        raise TrainingError(f"{path.name}: inherits_from must be a text, not {base!r}.")
    return _resolved(*_source(path, base, several), (*seen, place)) | own


def _source(path: Path, base: str, several: bool) -> tuple[Path, str]:
    """Return the file and the name that `inherits_from` means."""
    if base.endswith(".json"):
        return path.parent / base, "full"
    file, colon, name = base.rpartition(":")
    if colon and file.endswith(".json"):
        return path.parent / file, name
    if not several:
        raise TrainingError(
            f"{path.name} inherits from {base}, which is neither a .json file nor in this file."
        )
    return path, base


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TrainingError(f"The plan {path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise TrainingError(f"The plan {path.name} is not JSON: {error}.") from error
    plans = content.get(_PLANS, {}) if isinstance(content, dict) else None
    if not isinstance(plans, dict) or (_PLANS in content and not plans):
        raise TrainingError(f"{path.name} is not a plan; it must be a JSON object.")
    return dict(content)


def _called(path: Path, name: str) -> str:
    return f"{path.name}:{name}" if name else path.name
