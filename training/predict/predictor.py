"""A trained model, or several, ready to delineate scans."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from training.acquire.features import body_cells
from training.labels import StructureSpec
from training.model import WEIGHTS, open_model, read_description
from training.networks import bf16_is_faster, build, device, load_tensors
from training.plan import Plan, Triple
from training.predict.components import keep_largest, places_of
from training.predict.ensemble import Manner, Member, PredictionResult, delineate
from training.predict.locate import MARGIN_MM, Box, locate
from training.predict.scores import Frame
from training.progress import OnProgress, ShouldStop, TrainingError, ignore_progress, never_stop

OWN_COARSE = "low"
"""Folder inside a model folder that holds the same run's low-resolution model, if it has one."""


@dataclass(frozen=True)
class PredictOptions:
    """What may be asked of a prediction.

    `tta` averages over mirrorings (those of the plan's `mirror_axes` alone), `entropy` asks for the map,
    `coarse` looks for the structures first and computes the full model only about them, `margin_mm` being
    kept on every side. `postprocess` applies what the plan says. `disagreement` compares the members of an
    ensemble, which costs their memory. `scores` asks for what strategies of active learning rank by; with
    `views` a single network is asked at other contrasts as well, for those that need disagreement.
    """

    tta: bool = False
    entropy: bool = False
    coarse: "Predictor | None" = None
    margin_mm: float = MARGIN_MM
    postprocess: bool = True
    disagreement: bool = True
    scores: bool = False
    views: bool = False


_PLAIN = PredictOptions()


@dataclass(frozen=True)
class Predictor:
    """A trained model; `others` are further members of an ensemble, which draw the same structures.

    `coarse` is the same run's model of low resolution, with which every prediction begins.
    """

    plan: Plan
    structures: tuple[StructureSpec, ...]
    network: nn.Module
    others: tuple[Member, ...] = ()
    coarse: "Predictor | None" = None

    @classmethod
    def load(cls, model_dir: Path, device_name: str | None = None) -> "Predictor":
        """Open a model folder that `train` wrote, on a device of torch's or the fastest there is.

        A folder that holds several members is opened as one ensemble. Raises TrainingError when the folder is
        damaged or not ours.
        """
        if model_dir.is_file():
            raise TrainingError(
                f"{model_dir.name} is a file; give the model's folder, which holds {WEIGHTS} and its plan."
            )
        first = cls._one(model_dir, device_name)
        digests = read_description(model_dir).get("members", {})
        others = []
        for name, digest in sorted(digests.items()):
            if read_description(model_dir / name)["weights_sha256"] != digest:
                raise TrainingError(f"{name} in {model_dir.name} belongs to another model.")
            other = cls._one(model_dir / name, device_name)
            others.append(Member(other.network, other.plan))
        return replace(first, others=tuple(others))

    @classmethod
    def serving(cls, model_dir: Path, device_name: str | None = None) -> "Predictor":
        """Open a model folder as it is used: with its own model of low resolution, if it has one."""
        whole = cls.load(model_dir, device_name)
        own = model_dir / OWN_COARSE
        return replace(whole, coarse=cls.load(own, device_name)) if own.is_dir() else whole

    @classmethod
    def _one(cls, model_dir: Path, device_name: str | None) -> "Predictor":
        plan, structures = open_model(model_dir)
        tensors, _ = load_tensors(model_dir / WEIGHTS)
        network = build(plan, seed=0)
        try:
            network.load_state_dict(tensors)
        except RuntimeError as error:
            raise TrainingError("The weights do not fit the model's plan; train the model again.") from error
        return cls(plan, structures, _on(network, device_name).eval())

    @classmethod
    def load_many(cls, model_dirs: Sequence[Path], device_name: str | None = None) -> "Predictor":
        """Open several model folders as one ensemble, whose logits are averaged. Raises TrainingError.

        They may have different plans but must draw the same structures.
        """
        if not model_dirs:
            raise TrainingError("An ensemble needs at least one model folder.")
        first, *rest = (cls.load(model_dir, device_name) for model_dir in model_dirs)
        for model_dir, other in zip(model_dirs[1:], rest, strict=True):
            if other.plan.channels != first.plan.channels or other.plan.layers != first.plan.layers:
                raise TrainingError(
                    f"{model_dir.name} does not draw the same structures as {model_dirs[0].name}; "
                    "the models of an ensemble must."
                )
        return replace(first, others=(*first.others, *(m for other in rest for m in other.members)))

    @property
    def members(self) -> tuple[Member, ...]:
        """The networks whose logits are averaged, each with its plan."""
        return (Member(self.network, self.plan), *self.others)

    def predict(
        self,
        image: NDArray[Any],
        spacing_mm: Triple,
        *,
        on_progress: OnProgress | None = None,
        should_stop: ShouldStop | None = None,
        options: PredictOptions = _PLAIN,
    ) -> PredictionResult:
        """Delineate one scan, HU (i, j, k) canonical; labels come back on its own grid.

        Raises Cancelled when asked to stop, TrainingError when this is not a scan.
        """
        _check(image, spacing_mm)
        on_progress, should_stop = on_progress or ignore_progress, should_stop or never_stop
        manner = Manner(
            tta=options.tta,
            entropy=options.entropy,
            disagreement=options.disagreement and bool(self.others),
            bf16=self._bf16(),
        )
        box = self._box(image, spacing_mm, manner, options, on_progress, should_stop)
        seen = image if box is None else image[box]
        if box is not None and not self.plan.normalisation.reads_hu:
            # A scan's own mean and sd are those of the whole scan, as in training.
            seen, manner = self.plan.normalisation(image)[box], replace(manner, normalised=True)
        if options.scores:
            manner = replace(manner, scores=_frame(image, spacing_mm, box), views=options.views)
        found = delineate(
            self.members, seen, spacing_mm, manner, on_progress=on_progress, should_stop=should_stop
        )
        if box is not None:
            found = _pasted(found, image.shape, box)
        found = _with_body(found, image, self.plan)
        if options.postprocess:
            labels = keep_largest(found.labels, self.plan.postprocessing, places_of(self.plan))
            found = replace(found, labels=labels)
        return replace(found, labels=_without_strangers(found.labels, self))

    def _box(
        self,
        image: NDArray[Any],
        spacing_mm: Triple,
        manner: Manner,
        options: PredictOptions,
        on_progress: OnProgress,
        should_stop: ShouldStop,
    ) -> Box | None:
        """Return where the coarse model finds the structures; None = no coarse model, look everywhere.

        So do members of which some need a scan's own mean and sd, in different ways: no crop serves them all.
        """
        coarse = options.coarse or self.coarse
        if coarse is None or not self._alike():
            return None
        return locate(
            coarse.members,
            image,
            spacing_mm,
            manner,
            wanted=[s.key for s in self.structures],
            at_least_mm=self._window_mm(),
            margin_mm=options.margin_mm,
            on_progress=on_progress,
            should_stop=should_stop,
        )

    def _alike(self) -> bool:
        """Tell whether one crop serves all members: all want it normalised before it is cut, or none does."""
        schemes = {m.plan.normalisation.scheme for m in self.members}
        return len(schemes) == 1 or all(m.plan.normalisation.reads_hu for m in self.members)

    def _bf16(self) -> bool:
        """Tell whether to compute in 16 bits; the trial tells of the fastest device alone."""
        own = next((p.device.type for p in self.network.parameters()), "cpu")
        return own == device().type and bf16_is_faster()

    def _window_mm(self) -> Triple:
        i, j, k = (n * mm for n, mm in zip(self.plan.patch_size, self.plan.spacing_mm, strict=True))
        return i, j, k


def _with_body(found: PredictionResult, image: NDArray[Any], plan: Plan) -> PredictionResult:
    """Add to what strategies rank by where the patient is, whatever the model saw of that."""
    if found.scores is None:
        return found
    body = body_cells(image, found.scores.cells, is_ct=plan.normalisation.reads_hu)
    return replace(found, scores=replace(found.scores, body=body))


def _without_strangers(labels: NDArray[np.uint8], predictor: Predictor) -> NDArray[np.uint8]:
    """Return labels without what the plan has a channel for and the model's description does not name."""
    known = {one.key for one in predictor.structures}
    strange = [place for key, place in places_of(predictor.plan).items() if key not in known]
    if strange:
        labels = labels.copy()
        for layer, value in strange:
            labels[layer][labels[layer] == value] = 0
    return labels


def own_coarse(model_dir: Path) -> Path:
    """Return the folder of a model's own low-resolution model. Raises TrainingError where it has none."""
    folder = model_dir / OWN_COARSE
    if not folder.is_dir():
        raise TrainingError(
            f"{model_dir.name} holds no low-resolution model of its own; name a coarse model's folder."
        )
    return folder


def _check(image: NDArray[Any], spacing_mm: Triple) -> None:
    if image.ndim != 3 or 0 in image.shape:
        raise TrainingError(f"An image of three axes is needed, not one of shape {image.shape}.")
    if image.dtype.kind not in "iuf":
        raise TrainingError(f"An image of numbers is needed, not of {image.dtype}.")
    if image.dtype.kind == "f" and not np.isfinite(image).all():
        raise TrainingError("The image holds voxels that are not numbers.")
    if len(spacing_mm) != 3 or not all(np.isfinite(mm) and mm > 0 for mm in spacing_mm):
        raise TrainingError(f"The voxel size must be three positive numbers of mm, not {spacing_mm}.")


def _on(network: nn.Module, name: str | None) -> nn.Module:
    if name is None:
        return network
    try:
        return network.to(torch.device(name))
    except (RuntimeError, AssertionError) as error:
        raise TrainingError(f"This machine has no device called {name}.") from error


def _frame(image: NDArray[Any], spacing_mm: Triple, box: Box | None) -> Frame:
    i, j, k = image.shape
    if box is None:
        return Frame.whole((i, j, k), spacing_mm)
    first, second, third = box
    begin = first.start, second.start, third.start
    many = first.stop - first.start, second.stop - second.start, third.stop - third.start
    return Frame((i, j, k), spacing_mm, begin, many)


def _pasted(found: PredictionResult, shape: tuple[int, ...], box: Box) -> PredictionResult:
    """Put what was found in a box back into the scan; outside is background, of which the model is sure."""
    labels = np.zeros((len(found.labels), *shape), np.uint8)
    labels[(slice(None), *box)] = found.labels
    entropy = None
    if found.entropy is not None:
        entropy = np.zeros_like(labels)
        entropy[(slice(None), *box)] = found.entropy
    return replace(found, labels=labels, entropy=entropy)
