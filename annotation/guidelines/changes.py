"""What one version of the guideline changed in another, word by word, so that a person can read it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from annotation.guidelines.reading import Chapter, Guideline
from annotation.models import GuidelineImage

_WORD = re.compile(r"\S+|\s+")
NOTHING = Chapter("", [])

Kind = Literal["same", "added", "removed"]


@dataclass(frozen=True)
class Span:
    """Words that stayed, came or went."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Change:
    """What changed for one structure; None is the text for all of them."""

    structure: str | None
    spans: list[Span]
    added: list[GuidelineImage]
    removed: list[GuidelineImage]


def changes_between(old: Guideline, new: Guideline) -> list[Change]:
    """What changed from one version to another: the text for all first, then by structure key."""
    changes: list[Change] = []
    if old.text != new.text:
        changes.append(Change(None, _spans(old.text, new.text), [], []))
    for key in sorted(old.structures.keys() | new.structures.keys()):
        before, after = old.structures.get(key, NOTHING), new.structures.get(key, NOTHING)
        added = [image for image in after.images if image not in before.images]
        removed = [image for image in before.images if image not in after.images]
        if before.text != after.text or added or removed:
            changes.append(Change(key, _spans(before.text, after.text), added, removed))
    return changes


def _spans(old: str, new: str) -> list[Span]:
    before, after = _WORD.findall(old), _WORD.findall(new)
    spans: list[Span] = []
    # Neither blanks nor words that stand everywhere (autojunk) are landmarks; that keeps long texts fast.
    for kind, a0, a1, b0, b1 in SequenceMatcher(str.isspace, before, after).get_opcodes():
        if kind == "equal":
            _add(spans, "same", before[a0:a1])
        else:
            _add(spans, "removed", before[a0:a1])
            _add(spans, "added", after[b0:b1])
    return spans


def _add(spans: list[Span], kind: Kind, words: Sequence[str]) -> None:
    if words:
        spans.append(Span(kind, "".join(words)))
