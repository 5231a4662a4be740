"""A model as one file that other programs run without this one: TorchScript, torch.export or ONNX.

What the file computes is one patch: float32 (1, 1, i, j, k) in the plan's voxel size, patch size and
normalisation goes in, logits (1, channel, i, j, k) come out, or shares of each layer's structures. Bringing a
scan onto the grid, cutting it and putting the answers together stays with who runs the file, which says
all that is needed for that (ABOUT). What exporters warn of, that they are old or that shapes are fixed, is
meant so and not passed on.
"""

import copy
import json
import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from training.model import read_description
from training.networks.norm import InstanceNorm
from training.networks.unet import Up
from training.plan import Plan
from training.predict import OWN_COARSE, Predictor
from training.progress import TrainingError

TORCHSCRIPT, PT2, ONNX = "torchscript", "pt2", "onnx"
ENDINGS = {TORCHSCRIPT: ".pt", PT2: ".pt2", ONNX: ".onnx"}
ABOUT = "delineate.json"
"""Name of the description inside the file: an extra file, or the entry of ONNX's metadata."""
TOLERANCE = 1e-3
"""By how much of the largest number that comes out the file may differ from the network."""
NORMALISE = {
    "ct": "HU clipped to lower and upper, minus mean, divided by std",
    "ct_soft_tissue": "v = (HU clipped to lower and upper - mean) / std; to that add (HU clipped to -120 and "
    "200 - 40) * max(0, 1/100 - 1/std)",
    "z_score": "minus the mean of the whole scan, divided by its standard deviation",
    "z_score_nonzero": "minus the mean of the scan's voxels that are not 0, divided by their standard "
    "deviation; 0 stays 0",
}
"""How intensities are brought to what a network reads, by the scheme of the plan's normalisation."""
_ONNX_PACKAGES = ("onnx", "onnxscript", "onnxruntime")
_OPSET = 20
_FORMAT = 1

Run = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Exported:
    """What was written: the file, by how much its numbers differ at most, and what its reader should know."""

    path: Path
    difference: float
    about: Mapping[str, Any]
    notes: tuple[str, ...]


def export(model_dir: Path, path: Path, *, to: str = TORCHSCRIPT, softmax: bool = False) -> Exported:
    """Write a model folder as one file, and read it again: what it gives for a random patch must be the same.

    The members of an ensemble are averaged as `Predictor` does; they must look at the same grid. Raises
    TrainingError with one sentence, and leaves nothing behind, where the network cannot be written so.
    """
    if to not in ENDINGS:
        raise TrainingError(f"There is no format called {to}; known are {', '.join(ENDINGS)}.")
    predictor = Predictor.load(model_dir, "cpu")
    module, network = whole(predictor, to, softmax=softmax), reference(predictor, softmax=softmax)
    about = description(model_dir, predictor, softmax=softmax)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        written = _written(module, predictor.plan, unfinished, to, about)
        difference = _difference(network, written, predictor.plan)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return Exported(path, difference, about, _notes(model_dir, predictor))


def reference(predictor: Predictor, *, softmax: bool) -> nn.Module:
    """Return what predictions are made with, as one network."""
    return _whole(predictor, [member.network for member in predictor.members], softmax)


def whole(predictor: Predictor, to: str, *, softmax: bool) -> nn.Module:
    """Return the same on the processor, in float32, of layers that other programs know."""
    plans = [member.plan for member in predictor.members]
    grids = {(p.patch_size, p.spacing_mm, p.normalisation, p.channels) for p in plans}
    if len(grids) > 1:
        raise TrainingError(
            "The members of this ensemble look at different patches, voxel sizes or intensities, so one file "
            "cannot hold them; export the folder of each member by itself."
        )
    return _whole(predictor, [_portable(member.network, to) for member in predictor.members], softmax)


def _whole(predictor: Predictor, networks: Sequence[nn.Module], softmax: bool) -> nn.Module:
    sizes = [1 + len(values) for values in predictor.plan.layers] if softmax else []
    return _Whole(networks, sizes).eval()


def description(model_dir: Path, predictor: Predictor, *, softmax: bool) -> dict[str, Any]:
    """Return what is written into the file: how to prepare a patch, and what comes out (JSON)."""
    plan = predictor.plan
    drawn = {spec.key: spec for spec in predictor.structures}
    values = [value for layer in plan.layers for value in (0, *layer)]
    layers = [number for number, layer in enumerate(plan.layers) for _ in range(1 + len(layer))]
    channels = [
        {
            "key": key,
            "layer": layer,
            "value": value,
            "name": drawn[key].name if key in drawn else key,
            "drawn": key in drawn or key.startswith("background:"),
        }
        for key, layer, value in zip(plan.channels, layers, values, strict=True)
    ]
    return {
        "format": _FORMAT,
        "network": plan.network,
        "weights_sha256": read_description(model_dir)["weights_sha256"],
        "members": len(predictor.members),
        "input": {
            "name": "patch",
            "shape": [1, 1, *plan.patch_size],
            "dtype": "float32",
            "axes": "batch, channel, i, j, k; i to the patient's left, j to the back, k to the head (LPS)",
            "spacing_mm": list(plan.spacing_mm),
            "normalisation": asdict(plan.normalisation),
            "normalise": NORMALISE[plan.normalisation.scheme],
        },
        "output": {
            "name": "shares" if softmax else "logits",
            "shape": [1, len(plan.channels), *plan.patch_size],
            "meaning": "softmax within each layer" if softmax else "logits; softmax within each layer",
            "channels": channels,
        },
        "mirror_axes": list(plan.mirror_axes),
        "resampling": asdict(plan.resampling),
        "postprocessing": list(plan.postprocessing),
    }


class _Whole(nn.Module):
    """The mean of the members' logits, or with `sizes` (channels of each layer) their softmax."""

    def __init__(self, networks: Sequence[nn.Module], sizes: Sequence[int]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)
        self.sizes = list(sizes)

    def forward(self, patch: Tensor) -> Tensor:
        logits: Tensor = self.networks[0](patch)
        for network in list(self.networks)[1:]:
            logits = logits + network(patch)
        logits = logits / len(self.networks)
        if not self.sizes:
            return logits
        return torch.cat([layer.softmax(1) for layer in logits.split(self.sizes, 1)], 1)


class _Norm(InstanceNorm):
    """The same function as one operator; of a single voxel, too, where torch's own layer refuses."""

    def forward(self, x: Tensor) -> Tensor:
        """Return x (b, channel, i, j, k) normalised."""
        return torch.instance_norm(x, self.weight, self.bias, None, None, True, 0.0, self.eps, False)


def _portable(network: nn.Module, to: str) -> nn.Module:
    """Return a copy in the usual layout of memory, without what is written for fast training."""
    own: nn.Module = copy.deepcopy(network)
    _replace(own, to)
    own = own.to(torch.device("cpu"), torch.float32).eval()
    for parameter in own.parameters():
        parameter.requires_grad_(False)
        parameter.data = parameter.data.contiguous()
    return own


def _replace(network: nn.Module, to: str) -> None:
    for name, child in network.named_children():
        other = _other(child, to)
        if other is None:
            _replace(child, to)
        else:
            other.load_state_dict(child.state_dict())
            setattr(network, name, other)


def _other(module: nn.Module, to: str) -> nn.Module | None:
    """Return the usual layer of the same function, where ours is one that an exporter cannot follow."""
    if isinstance(module, InstanceNorm) and to == ONNX:
        return _Norm(len(module.weight), module.eps)
    if isinstance(module, Up):
        i, j, k = module.stride
        return nn.ConvTranspose3d(module.in_channels, module.out_channels, (i, j, k), (i, j, k))
    return None


def _written(module: nn.Module, plan: Plan, path: Path, to: str, about: Mapping[str, Any]) -> Run:
    """Write the file and return what runs it, read from the disk."""
    text, patch = json.dumps(about, indent=1), torch.zeros(1, 1, *plan.patch_size)
    write = {TORCHSCRIPT: _torchscript, PT2: _pt2, ONNX: _onnx}[to]
    try:
        with torch.no_grad(), _quiet():
            return write(module, patch, path, text)
    except TrainingError:
        raise
    except Exception as error:  # each exporter has errors of its own, for a network that it cannot follow
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise TrainingError(f"A {plan.network} cannot be written as {to}: {reason}") from error


def _torchscript(module: nn.Module, patch: Tensor, path: Path, text: str) -> Run:
    traced = torch.jit.trace(module, patch, check_trace=False)
    torch.jit.save(traced, path, _extra_files={ABOUT: text})
    loaded: Run = torch.jit.load(path, map_location="cpu")
    return loaded


def _pt2(module: nn.Module, patch: Tensor, path: Path, text: str) -> Run:
    program = torch.export.export(module, (patch,))
    with path.open("wb") as file:
        torch.export.save(program, file, extra_files={ABOUT: text})
    with path.open("rb") as file:
        return torch.export.load(file).module()


def _onnx(module: nn.Module, patch: Tensor, path: Path, text: str) -> Run:
    onnx, runtime = (_package(name) for name in ("onnx", "onnxruntime"))
    _package("onnxscript")
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it tells of operators that it does without
    output = json.loads(text)["output"]["name"]
    program = torch.onnx.export(
        torch.export.export(module, (patch,)),
        (patch,),
        input_names=["patch"],
        output_names=[output],
        opset_version=_OPSET,
        dynamo=True,
        verbose=False,
    )
    assert program is not None  # noqa: S101 - with dynamo a program comes back
    content = program.model_proto
    entry = content.metadata_props.add()
    entry.key, entry.value = ABOUT, text
    if content.ByteSize() >= 2**31:
        raise TrainingError("The network is too large for one ONNX file (2 GiB); write it as torchscript.")
    path.write_bytes(content.SerializeToString())
    onnx.checker.check_model(str(path))
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return lambda x: torch.from_numpy(session.run([output], {"patch": x.numpy()})[0])


def _package(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise TrainingError(
            f"ONNX needs the packages {', '.join(_ONNX_PACKAGES)}; {name} is not installed. The guide to "
            "optional extras says how, or write torchscript or pt2, which need none."
        ) from error


def _difference(module: nn.Module, written: Run, plan: Plan) -> float:
    """Return the greatest difference on a random patch. Raises TrainingError where it is no rounding."""
    patch = torch.randn(1, 1, *plan.patch_size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad(), _quiet():
        ours, theirs = module(patch), written(patch)
    if ours.shape != theirs.shape:
        raise TrainingError(
            f"The file gives {tuple(theirs.shape)} where the network gives {tuple(ours.shape)}."
        )
    difference = float((ours - theirs).abs().max())
    if not difference <= TOLERANCE * max(1.0, float(ours.abs().max())):
        raise TrainingError(
            f"What the file gives differs from the network by up to {difference:.3g}; it was not kept."
        )
    return difference


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _notes(model_dir: Path, predictor: Predictor) -> tuple[str, ...]:
    notes = []
    if predictor.others:
        notes.append(f"The file averages the {len(predictor.members)} networks of this model.")
    if (model_dir / OWN_COARSE).is_dir():
        notes.append(
            f"The model of low resolution is not in the file; export {model_dir / OWN_COARSE} for it."
        )
    unnamed = {key for key in predictor.plan.channels if not key.startswith("background:")}
    unnamed -= {spec.key for spec in predictor.structures}
    if unnamed:
        notes.append(f"The model's folder does not name {', '.join(sorted(unnamed))}: leave them out.")
    return tuple(notes)
