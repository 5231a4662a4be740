"""One prediction from one or several networks: their logits are averaged before anything is decided.

Members that share a grid are averaged there. Members with different plans are averaged on the scan's own
grid, slice by slice, so that no member's logits are ever held as a whole.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.acquire.maps import ScoreMaps
from training.patches.grid import image_on_grid, shape_on_grid
from training.plan import Plan, Shape, Triple
from training.predict.paint import Painter, Upsampling
from training.predict.scores import VIEWS, Contrast, Frame, ScoreTally
from training.predict.uncertainty import disagreement
from training.predict.window import Tiles, Windows, mirrorings, slab_axis, tiles_of
from training.progress import OnProgress, ShouldStop, TrainingError


@dataclass(frozen=True)
class Member:
    """A network and the plan it was trained by."""

    network: nn.Module
    plan: Plan


@dataclass(frozen=True)
class PredictionResult:
    """What the model drew: `labels` uint8 (layer, i, j, k) on the scan's own grid.

    `uncertainty` is the mean over drawn voxels of the entropy, 0 (sure) to 1 (all channels alike); a
    prediction without any structure counts as 1. `structure_uncertainty` is the same per structure, for those
    that were drawn; `disagreement` is 1 minus the mean pairwise Dice of an ensemble's members. `entropy`,
    uint8 (layer, i, j, k), is that of every voxel, 255 for 1, if asked for, `scores` what strategies of
    active learning rank by. All of these are taken before post-processing.
    """

    labels: NDArray[np.uint8]
    uncertainty: float
    entropy: NDArray[np.uint8] | None = None
    structure_uncertainty: dict[str, float] = field(default_factory=dict)
    disagreement: dict[str, float] = field(default_factory=dict)
    scores: ScoreMaps | None = None


@dataclass(frozen=True)
class Manner:
    """How to predict: `tta` averages over mirrorings along the plan's mirror axes, `entropy` wants the map.

    `disagreement` compares the members of an ensemble, for which each keeps its own sums; without it members
    with one plan share them and take no more memory than one. `bf16` computes in 16 bits, `sums` is the
    precision in which the answers for overlapping windows are added up. `on_plans_grid` leaves the labels on
    the (first) plan's grid. `normalised` says that the scan's intensities are what the plan makes of them.
    `scores` asks for maps to learn by, of a scan whose frame it is; with `views` a network that is alone is
    asked at other contrasts too, so that there is something to disagree about.
    """

    tta: bool = False
    entropy: bool = False
    disagreement: bool = True
    bf16: bool = False
    sums: torch.dtype = torch.float16
    on_plans_grid: bool = False
    normalised: bool = False
    scores: Frame | None = None
    views: bool = False


@dataclass(frozen=True)
class _Group:
    """Members with one plan, averaged window by window; `grid` is the scan's shape on the plan's grid."""

    plan: Plan
    networks: list[nn.Module]
    grid: Shape


@torch.inference_mode()
def delineate(
    members: Sequence[Member],
    image: NDArray[Any],
    spacing_mm: Triple,
    manner: Manner,
    *,
    on_progress: OnProgress,
    should_stop: ShouldStop,
) -> PredictionResult:
    """Delineate one scan, HU (i, j, k). Raises Cancelled, or TrainingError with a sentence."""
    apart = manner.disagreement or (manner.scores is not None and len(members) > 1)
    groups = _groups(members, image, spacing_mm, apart=apart)
    heard = [*groups, *_views(groups, manner)]
    shape = int(image.shape[0]), int(image.shape[1]), int(image.shape[2])
    shape = groups[0].grid if manner.on_plans_grid else shape
    axis = slab_axis(groups[0].grid, groups[0].plan.patch_size)
    stage = "locate" if manner.on_plans_grid else "predict"
    tiles = Tiles(sum(tiles_of(g.grid, g.plan.patch_size) for g in heard), on_progress, should_stop, stage)
    device = next((p.device for m in members for p in m.network.parameters()), torch.device("cpu"))
    streams = list(_streams(heard, image, spacing_mm, manner, axis, tiles))
    ways = [Upsampling(g.plan, g.grid, shape, axis, device) for g in groups]
    grid = groups[0].grid
    if any(not _share_grid(groups[0].plan, g.plan) for g in groups):
        streams = [_upsampled(s, way) for s, way in zip(streams, ways, strict=True)]
        ways = [Upsampling(g.plan, shape, shape, axis, device) for g in groups]
        grid = shape
    painter = Painter(groups[0].plan, ways[0], shape, axis, with_entropy=manner.entropy)
    own = [Painter(g.plan, way, shape, axis) for g, way in zip(groups, ways, strict=True)]
    tally = ScoreTally(groups[0].plan, manner.scores, grid, axis, device) if manner.scores else None
    for slices in zip(*streams, strict=True):
        _take(slices, painter, own, groups, tally)
    return PredictionResult(
        labels=painter.labels,
        uncertainty=painter.tally.overall(),
        entropy=painter.entropy,
        structure_uncertainty=painter.tally.per_structure(),
        disagreement=disagreement([p.labels for p in own], groups[0].plan) if len(groups) > 1 else {},
        scores=tally.maps() if tally else None,
    )


def _take(
    slices: Sequence[Tensor],
    painter: Painter,
    own: Sequence[Painter],
    groups: Sequence[_Group],
    tally: ScoreTally | None,
) -> None:
    """Draw the next slice, and hear what views beyond the groups say of it."""
    many = sum(len(g.networks) for g in groups)
    painter.paint(_mean(slices[: len(groups)], [len(g.networks) / many for g in groups]))
    if len(groups) > 1:
        for each, slice_ in zip(own, slices, strict=True):
            each.paint(slice_)
    if tally is not None:
        tally.add(slices, [1 / len(slices)] * len(slices))


def _views(groups: Sequence[_Group], manner: Manner) -> list[_Group]:
    """Return a network that is alone at other contrasts, if that is wanted."""
    if manner.scores is None or not manner.views or sum(len(g.networks) for g in groups) > 1:
        return []
    alone = groups[0]
    return [replace(alone, networks=[Contrast(alone.networks[0], factor)]) for factor in VIEWS]


def _groups(
    members: Sequence[Member], image: NDArray[Any], spacing_mm: Triple, *, apart: bool
) -> list[_Group]:
    """Put members with one plan together, unless they are to stay `apart`."""
    groups: list[_Group] = []
    for member in members:
        if member.plan.channels != members[0].plan.channels or member.plan.layers != members[0].plan.layers:
            raise TrainingError("The models of an ensemble must draw the same structures; these do not.")
        own = next((g for g in groups if _share_grid(g.plan, member.plan) and not apart), None)
        if own is None:
            groups.append(_Group(member.plan, [], shape_on_grid(image, spacing_mm, member.plan)))
        (own or groups[-1]).networks.append(member.network)
    return groups


def _share_grid(one: Plan, other: Plan) -> bool:
    """Tell whether two plans see a scan in the same windows."""
    names = ("spacing_mm", "patch_size", "normalisation", "resampling", "axis_order", "mirror_axes")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _streams(
    groups: Sequence[_Group],
    image: NDArray[Any],
    spacing_mm: Triple,
    manner: Manner,
    axis: int,
    tiles: Tiles,
) -> Iterator[Iterator[Tensor]]:
    """Yield for each group its slices of logits on the plan's grid."""
    seen: tuple[Plan, NDArray[np.float32]] | None = None
    for group in groups:
        if seen is None or not _share_grid(seen[0], group.plan):
            seen = (
                group.plan,
                image_on_grid(image, spacing_mm, group.plan, normalised=manner.normalised),
            )
        flips = mirrorings(group.plan.mirror_axes if manner.tta else ())
        windows = Windows(
            group.networks, group.plan, seen[1], axis=axis, flips=flips, bf16=manner.bf16, sums=manner.sums
        )
        yield windows.slices(tiles)


def _upsampled(slices: Iterable[Tensor], way: Upsampling) -> Iterator[Tensor]:
    """Yield every slice of the scan's own grid, in order."""
    below: Tensor | None = None
    for k, here in enumerate(slices):
        for _, share in way.due(k):
            yield way.dense(below, here, share)
        below = here


def _mean(slices: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
    if len(slices) == 1:
        return slices[0]
    total = slices[0] * shares[0]
    for other, share in zip(slices[1:], shares[1:], strict=True):
        total.add_(other, alpha=share)
    return total
