"""Recipes as JSON and back. What cannot be used is refused with one sentence that names the place."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from annotation.errors import Refused
from annotation.recipes.rules import (
    EVERY,
    Cases,
    Caution,
    Contain,
    Drop,
    Effect,
    Form,
    Layout,
    Merge,
    Overlap,
    Plane,
    Recipe,
    Rename,
    Rule,
    Source,
    Split,
    Subtract,
    Unless,
    outcome,
    sources_of,
    targets_of,
)

FORMAT = 1
LARGEST_LABEL = 65_535
MOST_LABELS = 1000
LAST_LAYER = 31
_KEY = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
_RANGE = re.compile(r"(\d+)-(\d+)")
_LONGEST = 80
_LONGEST_TEXT = 1000
_SPLITS = ("pool", "validation", "test")
_NOTHING: Mapping[str, Any] = {}
T = TypeVar("T")


def recipe_of(content: Any) -> Recipe:
    """Make a recipe of what was read from JSON. Raises Refused with one sentence."""
    given = _table(content, "The recipe")
    if given.get("format") != FORMAT:
        raise Refused(f'The recipe has the format {given.get("format")!r}; write "format": {FORMAT}.')
    if strange := sorted(set(given) - _FIELDS):
        raise Refused(f"The recipe has a field “{strange[0]}”, which recipes do not have; take it out.")
    recipe = Recipe(
        key=_slug(given.get("key"), "key"),
        title=_text(given.get("title"), "title"),
        form=_choice(Form, given.get("form", Form.LABEL_MAP), "form"),
        modality=_text(given.get("modality", "CT"), "modality"),
        labels=_labels(given.get("labels", {})),
        files=_files(given.get("files", {})),
        ranges=tuple(_span(one) for one in _list(given.get("ranges", []), "ranges")),
        ignored=frozenset(_value(v, "ignored") for v in _list(given.get("ignored", []), "ignored")),
        also_called={
            _value(value, "also_called"): _texts(names, "also_called")
            for value, names in _table(given.get("also_called", {}), "“also_called”").items()
        },
        rules=tuple(_rule(one) for one in _list(given.get("rules", []), "rules")),
        annotated=_keys(given.get("annotated", []), "annotated"),
        layers=_layers(given.get("layers", {})),
        **_cases_fields(given),
        **_provenance(given),
    )
    _check(recipe)
    return recipe


def _cases_fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """Read what a recipe says of single cases."""
    unless = _list(given.get("unknown_unless_present", []), "unknown_unless_present")
    return {
        "unknown_unless_present": tuple(_unless(one) for one in unless),
        "cautions": tuple(_caution(one) for one in _list(given.get("cautions", []), "cautions")),
        "spacing_unknown": _cases(given.get("spacing_unknown", []), "spacing_unknown"),
        "label_affine_may_be_identity": _flag(given, "label_affine_may_be_identity"),
    }


def _provenance(given: Mapping[str, Any]) -> dict[str, Any]:
    """Read where a data set lies, comes from, and what it shares with others."""
    layout, source = _table(given.get("layout", {}), "“layout”"), _table(given.get("source", {}), "“source”")
    splits = _table(layout.get("splits", {}), "“splits”")
    if strange := set(splits.values()) - set(_SPLITS):
        raise Refused(
            f"The recipe knows no split “{min(map(str, strange))}”; write pool, validation or test."
        )
    return {
        "layout": Layout(
            images=_texts(layout.get("images", []), "images"),
            labels=_texts(layout.get("labels", []), "labels"),
            beside=_texts(layout.get("beside", []), "beside"),
            refused={str(k): _text(v, "refused") for k, v in layout.get("refused", _NOTHING).items()},
            splits={str(part): str(split) for part, split in splits.items()},
        ),
        "source": Source(
            licence=_text(source.get("licence", ""), "licence", blank=True),
            licence_read=_flag(source, "licence_read"),
            non_commercial=_flag(source, "non_commercial"),
            no_derivatives=_flag(source, "no_derivatives"),
            citation=_text(source.get("citation", ""), "citation", blank=True),
        ),
        "overlaps": tuple(
            Overlap(_text(_table(o, "An overlap").get("other"), "other"), _text(o.get("says"), "says"))
            for o in _list(given.get("overlaps", []), "overlaps")
        ),
        "notes": _texts(given.get("notes", []), "notes"),
        "disabled": _text(given.get("disabled", ""), "disabled", blank=True),
    }


def _check(recipe: Recipe) -> None:
    """Refuse what no label map could be read by: unknown keys, a whole and its part on one layer."""
    if not recipe.read():
        raise Refused("The recipe names no structure; give at least one label a key.")
    keys = list(recipe.read())
    for rule in recipe.rules:
        _check_rule(rule, keys)
        keys = outcome(rule, keys)
    for field, named in (("annotated", recipe.annotated), ("layers", tuple(recipe.layers))):
        if strange := [key for key in named if key not in keys]:
            raise Refused(f"“{field}” names {strange[0]}, which does not come out of the recipe's rules.")
    for rule in recipe.rules:
        if isinstance(rule, Contain):
            _check_layers(rule, recipe, keys)
    if both_ways := set(recipe.labels) & recipe.ignored:
        raise Refused(f"The value {min(both_ways)} is both a label and ignored; choose one.")


def _check_layers(rule: Contain, recipe: Recipe, keys: list[str]) -> None:
    for part in rule.parts:
        both = {rule.whole, part} <= set(keys)
        if both and recipe.layers.get(rule.whole, 0) == recipe.layers.get(part, 0):
            raise Refused(
                f"{part} lies in {rule.whole}, so they need two layers; give one of them another layer."
            )


def _check_rule(rule: Rule, keys: list[str]) -> None:
    sources, targets = sources_of(rule), targets_of(rule)
    if missing := [key for key in sources if key not in keys]:
        raise Refused(
            f"A rule takes {missing[0]}, which is not there at that point; check the order of rules."
        )
    if len(set(sources)) != len(sources) or len(set(targets)) != len(targets):
        raise Refused(f"A rule names {(sources + targets)[0]} twice; name each structure once.")
    if taken := [key for key in targets if key in keys and key not in sources]:
        raise Refused(f"A rule makes {taken[0]}, which is there already; merge the two instead.")


def _labels(given: Any) -> dict[int, str | None]:
    """Read values by number: in the order of strings 10 would come before 2."""
    table = _table(given, "“labels”")
    if len(table) > MOST_LABELS:
        raise Refused(f"The recipe has {len(table)} labels; at most {MOST_LABELS} are possible.")
    read = {_value(value, "labels"): _key_or_none(key) for value, key in table.items()}
    if 0 in read:
        raise Refused("The recipe gives the value 0 a structure; 0 is the background.")
    if len(read) != len(table):
        raise Refused("The recipe names one value twice.")
    return dict(sorted(read.items()))


def _files(given: Any) -> dict[str, str | None]:
    table = _table(given, "“files”")
    if len(table) > MOST_LABELS:
        raise Refused(f"The recipe has {len(table)} files; at most {MOST_LABELS} are possible.")
    return {_text(name, "files"): _key_or_none(key) for name, key in table.items()}


def _span(given: Any) -> tuple[int, int, str]:
    if not isinstance(given, list) or len(given) != 3:
        raise Refused("“ranges” holds something that is not [first value, last value, key].")
    low, high = _value(given[0], "ranges"), _value(given[1], "ranges")
    if not 0 < low <= high:
        raise Refused(
            f"“ranges” has the range {low}–{high}; the first value is at least 1 and not above the last."
        )
    return low, high, _slug(given[2], "ranges")


def _rule(given: Any) -> Rule:
    rule = _table(given, "A rule")
    kind = rule.get("rule")
    match kind:
        case "rename":
            return Rename(_slug(rule.get("from"), "from"), _slug(rule.get("into"), "into"))
        case "merge":
            return Merge(_some(rule, "from"), _slug(rule.get("into"), "into"))
        case "split":
            left, right = _slug(rule.get("left"), "left"), _slug(rule.get("right"), "right")
            by = _choice(Plane, rule.get("by"), "by")
            return Split(_slug(rule.get("from"), "from"), left, right, by)
        case "contain":
            return Contain(_slug(rule.get("whole"), "whole"), _some(rule, "parts"))
        case "subtract":
            return Subtract(_slug(rule.get("from"), "from"), _some(rule, "minus"))
        case "drop":
            return Drop(_some(rule, "from"))
    raise Refused(
        f"There is no rule “{kind}”; the rules are rename, merge, split, contain, subtract and drop."
    )


def _some(rule: Mapping[str, Any], field: str) -> tuple[str, ...]:
    keys = _keys(rule.get(field, []), field)
    if not keys:
        raise Refused(f"A rule has no structure in “{field}”; name at least one.")
    return keys


def _layers(given: Any) -> dict[str, int]:
    layers = {}
    for key, layer in _table(given, "“layers”").items():
        if not isinstance(layer, int) or isinstance(layer, bool) or not 0 <= layer <= LAST_LAYER:
            raise Refused(f"“layers” puts {key} on {layer!r}; layers are the numbers 0 to {LAST_LAYER}.")
        layers[_slug(key, "layers")] = layer
    return layers


def _caution(given: Any) -> Caution:
    caution = _table(given, "A caution")
    return Caution(
        cases=_cases(caution.get("cases", []), "cautions"),
        effect=_choice(Effect, caution.get("effect", Effect.NOTE), "effect"),
        says=_text(caution.get("says"), "says"),
        structures=_texts(caution.get("structures", []), "structures"),
    )


def _unless(given: Any) -> Unless:
    unless = _table(given, "An entry of “unknown_unless_present”")
    return Unless(
        _texts(unless.get("structures", []), "structures"), _cases(unless.get("cases", [EVERY]), "cases")
    )


def _cases(given: Any, field: str) -> Cases:
    names, ranges = [], []
    for one in _texts(given, field):
        if found := _RANGE.fullmatch(one):
            ranges.append((int(found[1]), int(found[2])))
        elif one != EVERY:
            names.append(one)
    return Cases(frozenset(names), tuple(ranges), every=EVERY in given)


def _table(given: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise Refused(f"{what} is not a table; write it as {{…}}.")
    return given


def _list(given: Any, field: str) -> list[Any]:
    if not isinstance(given, list):
        raise Refused(f"“{field}” is not a list; write it as […].")
    return given


def _texts(given: Any, field: str) -> tuple[str, ...]:
    return tuple(_text(one, field) for one in _list(given, field))


def _text(given: Any, field: str, *, blank: bool = False) -> str:
    if not isinstance(given, str) or (not given.strip() and not blank) or len(given) > _LONGEST_TEXT:
        raise Refused(f"“{field}” needs a text of 1 to {_LONGEST_TEXT} letters.")
    return given.strip()


def _keys(given: Any, field: str) -> tuple[str, ...]:
    return tuple(_slug(one, field) for one in _list(given, field))


def _key_or_none(given: Any) -> str | None:
    return None if given is None else _slug(given, "labels")


def _slug(given: Any, field: str) -> str:
    if not isinstance(given, str) or not _KEY.fullmatch(given.replace("-", "_")) or len(given) > _LONGEST:
        raise Refused(
            f"“{field}” holds {str(given)[:40]!r}, which is no key; a key is written like kidney_left."
        )
    return given


def _value(given: Any, field: str) -> int:
    text = str(given) if isinstance(given, int | str) and not isinstance(given, bool) else ""
    if not text.isascii() or not text.isdecimal() or int(text) > LARGEST_LABEL:
        raise Refused(
            f"“{field}” holds the value {str(given)[:40]!r}; values are whole numbers up to {LARGEST_LABEL}."
        )
    return int(text)


def _flag(given: Mapping[str, Any], field: str) -> bool:
    flag = given.get(field, False)
    if not isinstance(flag, bool):
        raise Refused(f"“{field}” is either true or false.")
    return flag


def _choice(choices: type[T], given: Any, field: str) -> T:
    known: Iterable[Any] = choices  # type: ignore[assignment]  # an enum
    for choice in known:
        if given == choice:
            return choice  # type: ignore[no-any-return]  # of the enum
    raise Refused(f"“{field}” is {str(given)[:40]!r}; choose one of {', '.join(map(str, known))}.")


_FIELDS = {
    *("format", "key", "title", "form", "modality", "labels", "files", "ranges", "ignored", "also_called"),
    *("rules", "annotated", "layers", "unknown_unless_present", "cautions", "spacing_unknown", "notes"),
    *("label_affine_may_be_identity", "layout", "source", "overlaps", "disabled"),
}
