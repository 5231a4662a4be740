"""Pre-annotations without a model: labelled scans are laid onto a new one and vote on its labels.

Each labelled scan (an *atlas*) is registered affinely and then by cubic B-splines on a coarse mesh of control
points (Rueckert et al. 1999). The warped labels vote, each with a weight that says how well its scan fits
there: locally weighted voting (Artaechevarria, Muñoz-Barrutia and Ortiz-de-Solórzano 2009), w = m^-p of the
mean squared difference m of intensities in a box. Structures that a scan does not have annotated get no vote
from it. All of it happens on a working grid of bounded size, so that memory does not grow with the scan.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813 - as its own documentation calls it
from numpy.typing import NDArray
from scipy import ndimage

from training.labelled import Atlas
from training.labels import IGNORE, StructureSpec
from training.progress import (
    Cancelled,
    OnProgress,
    Progress,
    ShouldStop,
    TrainingError,
    ignore_progress,
    never_stop,
)
from training.resampling import resample, resample_labels

LOW_HU, HIGH_HU = -300.0, 500.0  # between them lies what tells organs and bones apart
FINEST_MM = 2.0  # a working grid finer than this costs time and gains nothing
MOST_VOXELS = 2_000_000
MESH_MM = 60.0  # between control points
SAMPLES = 20_000  # voxels that a registration looks at in each step
BOX_MM = 12.0  # within which a fit is judged
POWER = 2.0  # p of the weights
FLAT_HU2 = 100.0  # added to m: noise is no reason to trust one scan more than another

Voxels = NDArray[np.uint8]
Picture = NDArray[np.float32]
Triple = tuple[float, float, float]
Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Options:
    """`steps` are those of each B-spline level; `budget_s` bounds each scan's registration, None = nothing.

    With `is_weighted` False every scan has one vote everywhere (majority). The same seed gives the same
    labels as long as no budget cuts a registration short.
    """

    seed: int = 0
    steps: int = 20
    budget_s: float | None = 120.0
    is_weighted: bool = True


@dataclass(frozen=True)
class Propagation:
    """What the atlases say: `labels` uint8 (layer, i, j, k) on the scan's grid, keys of what they know.

    `entropy` uint8 (layer, i, j, k) is that of the votes, 255 where all are alike; `uncertainty` its mean
    over drawn voxels, 0 (all agree) to 1, 1 where nothing was drawn; `structure_uncertainty` the same by key.
    """

    labels: Voxels
    annotated: tuple[str, ...]
    entropy: Voxels
    uncertainty: float
    structure_uncertainty: dict[str, float]


# ── The way from labelled scans to labels ────────────────────────────────────


def propagate(
    image: NDArray[Any],
    spacing_mm: Triple,
    atlases: Sequence[Atlas],
    structures: Sequence[StructureSpec],
    options: Options = Options(),
    *,
    on_progress: OnProgress = ignore_progress,
    should_stop: ShouldStop = never_stop,
) -> Propagation:
    """Label a scan, HU (i, j, k) canonical, from labelled ones. Raises Cancelled when asked to stop.

    Raises TrainingError where there is no atlas or none has one of the `structures` annotated.
    """
    known = tuple(spec for spec in structures if any(spec.key in one.annotated for one in atlases))
    if not known:
        raise TrainingError("No labelled scan has one of these structures annotated.")
    grid, spacing = working_grid(_shape(image), spacing_mm)
    fixed = _picture(image, grid)
    ballot = _Ballot(known, grid)
    for number, atlas in enumerate(atlases):
        on_progress(Progress("atlas", number, len(atlases), f"labelled scan {number + 1} of {len(atlases)}"))
        fit = _Fit(fixed, spacing, options, should_stop)
        _vote(ballot, atlas, fit, options)
    on_progress(Progress("atlas", len(atlases), len(atlases), "putting the votes together"))
    return _result(ballot, structures, _shape(image))


def working_grid(shape: Shape, spacing_mm: Triple) -> tuple[Shape, Triple]:
    """Return a grid over the same field, and its spacing: not finer than FINEST_MM, at most MOST_VOXELS."""
    field = [n * mm for n, mm in zip(shape, spacing_mm, strict=True)]
    finest = FINEST_MM
    while True:
        i, j, k = (
            min(n, max(1, round(size / max(mm, finest))))
            for n, mm, size in zip(shape, spacing_mm, field, strict=True)
        )
        if i * j * k <= MOST_VOXELS:
            return (i, j, k), (field[0] / i, field[1] / j, field[2] / k)
        finest *= 1.1


def _shape(image: NDArray[Any]) -> Shape:
    i, j, k = image.shape
    return int(i), int(j), int(k)


def _picture(image: NDArray[Any], grid: Shape) -> Picture:
    return resample(np.clip(image, LOW_HU, HIGH_HU).astype(np.float32), grid, order=1)


def _itk(voxels: NDArray[Any], spacing_mm: Triple) -> sitk.Image:
    """Return an image whose first axis is i, with its middle at the origin."""
    made = sitk.GetImageFromArray(np.ascontiguousarray(voxels.transpose(2, 1, 0)))
    made.SetSpacing(spacing_mm)
    made.SetOrigin([-0.5 * (n - 1) * mm for n, mm in zip(voxels.shape, spacing_mm, strict=True)])
    return made


def _numpy(image: sitk.Image) -> NDArray[Any]:
    array: NDArray[Any] = sitk.GetArrayFromImage(image)
    return array.transpose(2, 1, 0)


# ── Registration ─────────────────────────────────────────────────────────────


class _Fit:
    """Lays labelled scans onto one scan: a shift found by trying, then affinely, then by B-splines."""

    def __init__(self, fixed: Picture, spacing_mm: Triple, options: Options, should_stop: ShouldStop) -> None:
        self.voxels, self.fixed = fixed, _itk(fixed, spacing_mm)
        self.spacing_mm, self.options, self.should_stop = spacing_mm, options, should_stop
        self.ends = monotonic() + (options.budget_s if options.budget_s is not None else np.inf)

    def transform(self, moving: sitk.Image) -> sitk.Transform:
        """Return the way from points of the scan to points of the labelled one."""
        affine = self._affine(moving, self._shift(moving))
        return sitk.CompositeTransform([affine, self._splines(moving, affine)])

    def is_late(self) -> bool:
        """Tell whether the time is up. Raises Cancelled when asked to stop."""
        if self.should_stop():
            raise Cancelled
        return monotonic() > self.ends

    def _shift(self, moving: sitk.Image) -> sitk.AffineTransform:
        """Return the best of some shifts along the patient: scans begin and end where they like."""
        method = self._method([8], smooth_mm=[6])
        method.SetMetricAsMattesMutualInformation(24)
        reach = 0.3 * min(one.GetSize()[2] * one.GetSpacing()[2] for one in (self.fixed, moving))
        found: list[tuple[float, float, sitk.AffineTransform]] = []
        for shift in np.linspace(-reach, reach, 9):
            self.is_late()
            tried = sitk.AffineTransform(3)
            tried.SetTranslation((0.0, 0.0, float(shift)))
            method.SetInitialTransform(tried, inPlace=False)
            found.append((method.MetricEvaluate(self.fixed, moving), abs(float(shift)), tried))
        return min(found, key=lambda one: one[:2])[2]

    def _affine(self, moving: sitk.Image, start: sitk.AffineTransform) -> sitk.Transform:
        if self.is_late():
            return start
        method = self._method([4, 2], smooth_mm=[4, 2])
        method.SetMetricAsMattesMutualInformation(32)
        method.SetOptimizerAsRegularStepGradientDescent(4.0, 0.1, 50, gradientMagnitudeTolerance=1e-6)
        method.SetOptimizerScalesFromPhysicalShift()
        method.SetInitialTransform(start, inPlace=False)
        method.AddCommand(sitk.sitkIterationEvent, lambda: self._stop(method))
        found = _run(method, self.fixed, moving)
        self.is_late()
        return found

    def _splines(self, moving: sitk.Image, affine: sitk.Transform) -> sitk.Transform:
        """Refine in rounds of a few steps, between which it can be stopped: this optimiser itself cannot."""
        size = np.array(self.fixed.GetSize()) * self.fixed.GetSpacing()
        mesh = [max(2, round(float(mm) / MESH_MM)) for mm in size]
        splines: sitk.Transform = sitk.BSplineTransformInitializer(self.fixed, mesh, 3)
        for shrink, smooth_mm in ((4, 4.0), (2, 2.0)):
            for _ in range(max(1, self.options.steps // 5)):
                if self.is_late():
                    return splines
                method = self._method([shrink], smooth_mm=[smooth_mm])
                method.SetMetricAsCorrelation()
                method.SetMovingInitialTransform(affine)
                method.SetInitialTransform(splines, inPlace=True)
                method.SetOptimizerAsLBFGSB(1e-4, 5, 5, 12, 1e8)
                _run(method, self.fixed, moving)
        return splines

    def _method(self, shrink: Sequence[int], smooth_mm: Sequence[float]) -> sitk.ImageRegistrationMethod:
        method = sitk.ImageRegistrationMethod()
        method.SetNumberOfThreads(1)  # threads add up in any order, so that the last digits would differ
        method.SetInterpolator(sitk.sitkLinear)
        method.SetShrinkFactorsPerLevel(list(shrink))
        method.SetSmoothingSigmasPerLevel(list(smooth_mm))
        method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
        method.SetMetricSamplingStrategy(method.RANDOM)
        shares = [min(1.0, SAMPLES / max(1.0, self.voxels.size / factor**3)) for factor in shrink]
        method.SetMetricSamplingPercentagePerLevel(shares, 1 + self.options.seed)
        return method

    def _stop(self, method: sitk.ImageRegistrationMethod) -> None:
        if self.should_stop() or monotonic() > self.ends:
            method.StopRegistration()


def _run(method: sitk.ImageRegistrationMethod, fixed: sitk.Image, moving: sitk.Image) -> sitk.Transform:
    """Raises TrainingError where two scans have nothing in common."""
    try:
        found: sitk.Transform = method.Execute(fixed, moving)
    except RuntimeError as error:
        raise TrainingError(
            "A labelled scan could not be laid onto this one: they hardly overlap."
        ) from error
    return found


# ── The vote ─────────────────────────────────────────────────────────────────


class _Ballot:
    """Weights by structure on the working grid: those that say it is there, and all that know it."""

    def __init__(self, structures: Sequence[StructureSpec], grid: Shape) -> None:
        self.structures, self.grid = structures, grid
        self.told = {spec.key: np.zeros(grid, np.float32) for spec in structures}
        # Scans that know the same structures share their sums.
        self.asked: dict[tuple[tuple[str, ...], int], Picture] = {}

    def add(self, keys: tuple[str, ...], layer: int, weight: Picture) -> None:
        """Count the weight of a scan with these structures annotated."""
        sums = self.asked.setdefault((keys, layer), np.zeros(self.grid, np.float32))
        sums += weight

    def shares(self, layer: int) -> tuple[list[StructureSpec], list[Picture]]:
        """Return the structures of a layer, and for each the share of the votes, 0 to 1."""
        specs = [spec for spec in self.structures if spec.layer == layer]
        shares = []
        for spec in specs:
            all_of_it = [sums for (keys, at), sums in self.asked.items() if at == layer and spec.key in keys]
            total = np.sum(all_of_it, axis=0) if all_of_it else np.zeros(self.grid, np.float32)
            shares.append(np.divide(self.told[spec.key], total, out=np.zeros_like(total), where=total > 0))
        return specs, shares


def _vote(ballot: _Ballot, atlas: Atlas, fit: _Fit, options: Options) -> None:
    grid, spacing = working_grid(_shape(atlas.image), atlas.spacing_mm)
    picture = _picture(atlas.image, grid)
    moving = _itk(picture, spacing)
    transform = fit.transform(moving)

    def laid(voxels: NDArray[Any], outside: float) -> Picture:
        image = _itk(voxels.astype(np.float32), spacing)
        return np.asarray(_numpy(sitk.Resample(image, fit.fixed, transform, sitk.sitkLinear, outside)))

    seen = laid(np.ones(grid, np.float32), 0.0)  # beyond its end a scan knows nothing
    weight = _weight(fit, laid(picture, LOW_HU)) if options.is_weighted else np.ones(ballot.grid, np.float32)
    own = tuple(spec.key for spec in ballot.structures if spec.key in atlas.annotated)
    for layer in sorted({spec.layer for spec in ballot.structures}):
        labels = resample_labels(atlas.labels[layer], grid)
        counted = weight * seen * (1 - laid(labels == IGNORE, 0.0))
        ballot.add(own, layer, counted)
        for spec in ballot.structures:
            if spec.layer == layer and spec.key in own and np.any(labels == spec.value):
                ballot.told[spec.key] += counted * laid(labels == spec.value, 0.0)


def _weight(fit: _Fit, laid: Picture) -> Picture:
    """Return how far a labelled scan is to be trusted at each voxel, by how well it fits around."""
    box = [max(1, 2 * round(BOX_MM / mm / 2) + 1) for mm in fit.spacing_mm]
    differing = ndimage.uniform_filter((fit.voxels - laid) ** 2, box)
    return np.asarray(((differing.clip(0) + FLAT_HU2) / 1e4) ** -POWER, np.float32)


def _result(ballot: _Ballot, structures: Sequence[StructureSpec], shape: Shape) -> Propagation:
    layers = 1 + max(spec.layer for spec in structures)
    labels, entropy = (np.zeros((layers, *shape), np.uint8) for _ in range(2))
    unsure: dict[str, float] = {}
    sums, drawn = 0.0, 0
    for layer in range(layers):
        specs, shares = ballot.shares(layer)
        if not specs:
            continue
        values = np.array([0, *(spec.value for spec in specs)], np.uint8)
        votes = np.stack([np.clip(1 - np.sum(shares, axis=0), 0, 1), *shares])
        small = values[votes.argmax(0)]
        doubt = _entropy(votes)
        labels[layer] = resample_labels(small, shape)
        entropy[layer] = resample(np.rint(doubt * 255).astype(np.uint8), shape, order=1)
        for spec in specs:
            of_it = doubt[small == spec.value]
            if of_it.size:
                unsure[spec.key] = float(of_it.mean())
                sums, drawn = sums + float(of_it.sum()), drawn + of_it.size
    annotated = tuple(spec.key for spec in ballot.structures)
    return Propagation(labels, annotated, entropy, sums / drawn if drawn else 1.0, unsure)


def _entropy(votes: NDArray[np.float32]) -> Picture:
    """Return the entropy of shares along the first axis, 0 (all agree) to 1 (all alike)."""
    shares = votes / np.maximum(votes.sum(0), 1e-6)
    bits = -(shares * np.log(np.maximum(shares, 1e-12))).sum(0) / np.log(len(votes))
    return np.asarray(bits.clip(0, 1), np.float32)
