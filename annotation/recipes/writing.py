"""A recipe as JSON: what `recipe_of` reads, without the fields that say nothing."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from annotation.recipes.reading import FORMAT
from annotation.recipes.rules import (
    EVERY,
    Cases,
    Caution,
    Contain,
    Drop,
    Layout,
    Merge,
    Recipe,
    Rename,
    Rule,
    Split,
    Subtract,
)


def json_of(recipe: Recipe) -> dict[str, Any]:
    """Return a recipe as JSON."""
    content: dict[str, Any] = {
        "format": FORMAT,
        "key": recipe.key,
        "title": recipe.title,
        "form": recipe.form.value,
        "modality": recipe.modality,
        "labels": {str(value): key for value, key in recipe.labels.items()},
        "files": dict(recipe.files),
        "ranges": [list(span) for span in recipe.ranges],
        "ignored": sorted(recipe.ignored),
        "also_called": {str(value): list(names) for value, names in recipe.also_called.items()},
        "rules": [_rule(rule) for rule in recipe.rules],
        "annotated": list(recipe.annotated),
        "layers": dict(recipe.layers),
        "unknown_unless_present": [
            {"structures": list(one.structures), "cases": _cases(one.cases)}
            for one in recipe.unknown_unless_present
        ],
        "cautions": [_caution(one) for one in recipe.cautions],
        "spacing_unknown": _cases(recipe.spacing_unknown),
        "label_affine_may_be_identity": recipe.label_affine_may_be_identity,
        "layout": _layout(recipe.layout),
        "source": _without_nothing(asdict(recipe.source)),
        "overlaps": [asdict(overlap) for overlap in recipe.overlaps],
        "notes": list(recipe.notes),
        "disabled": recipe.disabled,
    }
    return _without_nothing(content)


def _rule(rule: Rule) -> dict[str, Any]:
    match rule:
        case Rename():
            return {"rule": "rename", "from": rule.source, "into": rule.target}
        case Merge():
            return {"rule": "merge", "from": list(rule.sources), "into": rule.target}
        case Split():
            sides = {"left": rule.left, "right": rule.right}
            return {"rule": "split", "from": rule.source, **sides, "by": rule.by.value}
        case Contain():
            return {"rule": "contain", "whole": rule.whole, "parts": list(rule.parts)}
        case Subtract():
            return {"rule": "subtract", "from": rule.source, "minus": list(rule.minus)}
        case Drop():
            return {"rule": "drop", "from": list(rule.sources)}


def _caution(caution: Caution) -> dict[str, Any]:
    return {
        "cases": _cases(caution.cases),
        "effect": caution.effect.value,
        "structures": list(caution.structures),
        "says": caution.says,
    }


def _layout(layout: Layout) -> dict[str, Any]:
    return _without_nothing(
        {
            "images": list(layout.images),
            "labels": list(layout.labels),
            "beside": list(layout.beside),
            "refused": dict(layout.refused),
            "splits": dict(layout.splits),
        }
    )


def _cases(cases: Cases) -> list[str]:
    if cases.every:
        return [EVERY]
    return [f"{low}-{high}" for low, high in cases.ranges] + sorted(cases.names)


def _without_nothing(content: Mapping[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in content.items() if value or (value == 0 and value is not False)}
