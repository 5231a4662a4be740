"""A recipe carried out on the labels of one case: masks by structure, what was looked at, and what was done.

Arrays are (i, j, k), canonical LPS: +i runs to the patient's left.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from annotation.errors import Refused
from annotation.recipes import pieces
from annotation.recipes.pieces import Ijk, Piece
from annotation.recipes.rules import (
    Contain,
    Drop,
    Effect,
    Merge,
    Plane,
    Recipe,
    Rename,
    Rule,
    Split,
    Subtract,
    sources_of,
)
from training.labels import IGNORE
from training.volume import Geometry, Volume

BODY_HU = -300
_TORN = 0.1  # share of a component beyond the mid-plane from which it is of both sides
_SPECK = 0.05  # of a structure: what is smaller goes where most of it lies
_ALL_NEIGHBOURS = np.ones((3, 3, 3), bool)


@dataclass(frozen=True)
class Step:
    """One thing that was done, and how many voxels each structure had then."""

    says: str
    voxels: Mapping[str, int]


@dataclass(frozen=True)
class Harmonised:
    """The structures of one case.

    `annotated` are the keys that were looked at: one of them without a mask's voxel is absent, a key that is
    not among them is unknown. `ignored` are voxels that nobody looked at, or None.
    """

    shape: Ijk
    masks: Mapping[str, Piece]
    annotated: frozenset[str]
    layers: Mapping[str, int]
    ignored: Piece | None
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()

    def layered(
        self, places: Mapping[str, tuple[int, int]], count: int
    ) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
        """Draw the structures into uint8 (layer, i, j, k): key → (layer, value); the others stay out.

        Where two of one layer share voxels, the one that the recipe names later has them; the second result
        says so, with the count.
        """
        labels = np.zeros((count, *self.shape), np.uint8)
        says: list[str] = []
        drawn: list[str] = []
        for key, piece in self.masks.items():
            if key not in places or key not in self.annotated:
                continue
            layer, value = places[key]
            for other in drawn:
                shared = pieces.overlap(self.masks[other], piece) if places[other][0] == layer else 0
                if shared:
                    says.append(f"{key} has {shared} voxels that {other} had too; they share a layer.")
            labels[layer][piece.box][piece.mask] = value
            drawn.append(key)
        if self.ignored is not None:
            labels[(slice(None), *self.ignored.box)][:, self.ignored.mask] = IGNORE
        return labels, tuple(says)


@dataclass
class _Work:
    """The structures of a case while rules are carried out; of `masks`, those not in `known` are unknown."""

    geometry: Geometry
    midline_x_mm: float | None
    masks: dict[str, Piece]
    known: set[str]
    steps: list[Step] = field(default_factory=list)

    def said(self, says: str, *keys: str) -> None:
        self.steps.append(Step(says, {key: self.masks[key].voxels for key in keys}))


def apply_to_labels(
    recipe: Recipe,
    labels: NDArray[Any],
    geometry: Geometry,
    *,
    case: str = "",
    midline_x_mm: float | None = None,
) -> Harmonised:
    """Carry out a recipe on a label map of whole numbers ≥ 0 (i, j, k).

    `midline_x_mm` is where the patient's left begins (see `body_midline`); splits by side need it.
    Raises Refused when a value is not the recipe's, or when the recipe cannot be carried out on this case.
    """
    _check_case(recipe, case)
    found = pieces.pieces_by_value(labels)
    shape = geometry.shape
    by_key: dict[str, list[Piece]] = {key: [] for key in recipe.read()}
    dropped, ignored = 0, pieces.empty(shape)
    for value, piece in found.items():
        if value in recipe.ignored:
            ignored = pieces.union([ignored, piece])
            continue
        key = _key_of_value(recipe, value)
        if key is None:
            dropped += piece.voxels
        else:
            by_key[key].append(piece)
    empty = pieces.empty(shape)
    masks = {key: pieces.union([empty, *parts]) for key, parts in by_key.items()}
    # What the recipe knows as a file's name alone, a label map says nothing about.
    numbered = {key for key in (*recipe.labels.values(), *(key for *_, key in recipe.ranges)) if key}
    work = _Work(geometry, midline_x_mm, masks, numbered)
    work.said("read from the label map", *(key for key in masks if key in numbered))
    return _finished(recipe, work, case, ignored if ignored.mask.size else None, dropped)


def apply_to_masks(
    recipe: Recipe,
    masks: Iterable[tuple[str, NDArray[Any]]],
    geometry: Geometry,
    *,
    case: str = "",
    midline_x_mm: float | None = None,
) -> Harmonised:
    """Carry out a recipe on one mask per structure: pairs of a file's stem and its mask (i, j, k).

    A mask without a voxel is absent; one that is not among them was not drawn, and is unknown.
    Raises Refused as `apply_to_labels` does, for a name that the recipe does not have.
    """
    _check_case(recipe, case)
    empty = pieces.empty(geometry.shape)
    work = _Work(geometry, midline_x_mm, dict.fromkeys(recipe.read(), empty), set())
    names = {plain(name): key for name, key in recipe.files.items()}
    dropped = 0
    for name, mask in masks:
        if plain(name) not in names:
            raise Refused(
                f"There is a mask called “{name}”, which the recipe of {recipe.title} does not name; "
                "add it to the recipe, or take the file out."
            )
        key, piece = names[plain(name)], pieces.piece_of(mask)
        if piece.shape != geometry.shape:
            raise Refused(f"The mask “{name}” has another shape than its scan; resample it onto the scan.")
        if key is None:
            dropped += piece.voxels
            continue
        if key in work.known:
            raise Refused(f"There are two masks of {key}; keep one of them.")
        work.masks[key] = piece
        work.known.add(key)
    work.said("read from one file per structure", *(key for key in work.masks if key in work.known))
    return _finished(recipe, work, case, None, dropped)


def plain(name: str) -> str:
    """Return a name as names of files are compared: Parotid-Lt is Parotid_Lt."""
    return "".join(letter if letter.isalnum() else " " for letter in name.lower()).strip()


def body_midline(image: Volume) -> float:
    """Return the patient's mid-plane, LPS x in mm: the middle of the body (> −300 HU), median of slices."""
    inside = image.voxels > BODY_HU
    low, high = inside.any(axis=1).argmax(axis=0), inside[::-1].any(axis=1).argmax(axis=0)
    filled = inside.any(axis=(0, 1))
    if not filled.any():
        raise Refused("The scan shows no body, so it has no middle; sides cannot be told by the mid-plane.")
    middle = (low + (image.voxels.shape[0] - 1 - high)) / 2
    i = float(np.median(middle[filled]))
    centre = (i, (image.voxels.shape[1] - 1) / 2, (image.voxels.shape[2] - 1) / 2)
    return float(image.geometry.index_to_lps(centre)[0])


def _check_case(recipe: Recipe, case: str) -> None:
    if recipe.disabled:
        raise Refused(f"The recipe of {recipe.title} cannot be used: {recipe.disabled}")
    for caution in recipe.cautions_for(case):
        if caution.effect is Effect.SKIP:
            raise Refused(f"Case {case} of {recipe.title} stays out: {caution.says}")


def _key_of_value(recipe: Recipe, value: int) -> str | None:
    """Return a value's structure, None for one that is left out. Raises Refused for one that nobody named."""
    if value in recipe.labels:
        return recipe.labels[value]
    for low, high, key in recipe.ranges:
        if low <= value <= high:
            return key
    known = ", ".join(f"{v} {k}" for v, k in list(recipe.labels.items())[:6] if k)
    raise Refused(
        f"The label map holds the value {value}, which the recipe of {recipe.title} does not name "
        f"({known}, …); it may be another data set, or another release: choose its recipe or extend this one."
    )


def _finished(recipe: Recipe, work: _Work, case: str, ignored: Piece | None, dropped: int) -> Harmonised:
    if dropped:
        work.steps.append(Step(f"{dropped} voxels of labels that the recipe leaves out were dropped", {}))
    for rule in recipe.rules:
        _carry_out(rule, work)
    annotated = _annotated(recipe, work, case)
    notes = [c.says for c in recipe.cautions_for(case) if c.effect is not Effect.SKIP]
    for key in recipe.looked_at():
        if key not in annotated and work.masks[key].voxels:
            notes.append(f"{key} has {work.masks[key].voxels} voxels here but does not count as annotated.")
    if recipe.has_unknown_spacing(case):
        notes.append("The spacing of this case is lost; nothing of it can be measured in millimetres.")
    return Harmonised(
        shape=work.geometry.shape,
        masks={key: piece for key, piece in work.masks.items() if key in annotated},
        annotated=frozenset(annotated),
        layers={key: recipe.layers.get(key, 0) for key in work.masks if key in annotated},
        ignored=ignored,
        steps=tuple(work.steps),
        notes=tuple(notes),
    )


def _annotated(recipe: Recipe, work: _Work, case: str) -> set[str]:
    """Return what was looked at in a case: what the data set looks at, less what is unknown here."""
    looked_at = set(recipe.looked_at()) & work.known
    for caution in recipe.cautions_for(case):
        if caution.effect is Effect.NOT_ANNOTATED:
            looked_at -= {key for key in looked_at if caution.concerns(case, key)}
    for unless in recipe.unknown_unless_present:
        looked_at -= {k for k in looked_at if unless.concerns(case, k) and not work.masks[k].voxels}
    return looked_at


def _carry_out(rule: Rule, work: _Work) -> None:
    """Carry out one rule. What comes of an unknown structure is unknown."""
    known = work.known.issuperset(sources_of(rule))
    if isinstance(rule, Contain | Subtract):
        _reshape(rule, work)
        if not known:
            work.known.discard(sources_of(rule)[0])
        return
    made: dict[str, Piece] = {}
    match rule:
        case Rename():
            made[rule.target] = work.masks[rule.source]
            says = f"{rule.source} renamed"
        case Merge():
            made[rule.target] = pieces.union([work.masks[key] for key in rule.sources])
            says = f"{', '.join(rule.sources)} merged"
        case Split():
            made[rule.left], made[rule.right] = _split(rule, work)
            says = f"{rule.source} split by {rule.by.value}"
        case Drop():
            says = f"{', '.join(rule.sources)} left out"
    gone = {key: work.masks[key].voxels for key in sources_of(rule)}
    _replace(work, sources_of(rule), made, known=known)
    work.steps.append(Step(says, {key: piece.voxels for key, piece in made.items()} or gone))


def _reshape(rule: Contain | Subtract, work: _Work) -> None:
    """Let a structure grow by its parts, or shrink by others; these stay as they are."""
    if isinstance(rule, Contain):
        work.masks[rule.whole] = pieces.union([work.masks[key] for key in sources_of(rule)])
        work.said(f"{', '.join(rule.parts)} counted as {rule.whole} too", rule.whole, *rule.parts)
        return
    for key in rule.minus:
        work.masks[rule.source] = pieces.minus(work.masks[rule.source], work.masks[key])
    work.said(f"{', '.join(rule.minus)} taken out of {rule.source}", rule.source)


def _replace(work: _Work, gone: Sequence[str], made: Mapping[str, Piece], *, known: bool) -> None:
    """Put what was made where the first of what is gone stood; the order decides who has shared voxels."""
    masks: dict[str, Piece] = {}
    for key, piece in work.masks.items():
        if key in gone:
            masks.update(made)
        elif key not in made:
            masks[key] = piece
    work.masks = masks
    work.known -= set(gone)
    if known:
        work.known |= set(made)


def _split(rule: Split, work: _Work) -> tuple[Piece, Piece]:
    """Part a structure into the patient's left and right; every voxel comes to exactly one of them."""
    piece = work.masks[rule.source]
    if not piece.mask.any():
        return piece, piece
    if work.midline_x_mm is None:
        raise Refused(
            f"To split {rule.source} by side the patient's mid-plane is needed, so import it with its scan."
        )
    is_left = _left_of(piece, work.geometry, work.midline_x_mm)
    if rule.by is Plane.COMPONENTS:
        is_left = _by_component(rule, piece, is_left)
    left, right = piece.mask & is_left, piece.mask & ~is_left
    return Piece(piece.shape, piece.start, left), Piece(piece.shape, piece.start, right)


def _left_of(piece: Piece, geometry: Geometry, midline_x_mm: float) -> NDArray[np.bool_]:
    """Tell of each voxel of a piece's box whether its centre lies on the patient's left or on the plane."""
    affine = geometry.affine_lps()
    axes = [
        affine[0, axis] * (np.arange(n) + first)
        for axis, (first, n) in enumerate(zip(piece.start, piece.mask.shape, strict=True))
    ]
    x = affine[0, 3] + axes[0][:, None, None] + axes[1][None, :, None] + axes[2][None, None, :]
    return np.asarray(x >= midline_x_mm)


def _by_component(rule: Split, piece: Piece, is_left: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Give each connected component (26 neighbours) the side on which most of it lies."""
    components, count = ndimage.label(piece.mask, _ALL_NEIGHBOURS)
    total = np.bincount(components.ravel(), minlength=count + 1)
    on_left = np.bincount(components[is_left], minlength=count + 1)
    share = on_left / np.maximum(total, 1)
    torn = (share > _TORN) & (share < 1 - _TORN) & (total >= _SPECK * total[1:].sum())
    torn[0] = False
    if torn.any():
        voxels = int(total[torn].max())
        raise Refused(
            f"A part of {rule.source} ({voxels} voxels) lies on both sides of the patient: it may be one "
            "organ across the middle or two that touch. Split it by the mid-plane, or by hand."
        )
    return np.asarray((share >= 0.5)[components])
