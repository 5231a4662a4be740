"""Can a plan that somebody edited still be trained? One sentence names the field that is wrong."""

from collections.abc import Iterator
from math import isfinite, prod
from typing import Any

from training.labels import HIGHEST_VALUE
from training.plan.schema import SCHEMES, Plan
from training.progress import TrainingError

_ORDERS = (0, 1, 3)
_LIMITS = (  # field, lowest value, whether it may be that
    ("learning_rate", 0, False),
    ("clip_norm", 0, False),
    ("weight_decay", 0, True),
    ("budget_s", 0, True),
    ("warmup_steps", 0, True),
    ("patience", 0, True),
    ("min_steps", 1, True),
    ("max_steps", 1, True),
    ("epoch_steps", 1, True),
)


def check(plan: Plan) -> Plan:
    """Return the plan if its fields make sense, alone and together; else raise TrainingError.

    Names are not looked up here: each registry refuses those that it does not know.
    """
    for findings in (_grid, _network, _intensities, _outputs, _weights, _training):
        for sentence in findings(plan):
            raise TrainingError(f"The plan's {sentence}.")
    return plan


def _grid(plan: Plan) -> Iterator[str]:
    if not all(0 < s < 1000 for s in plan.spacing_mm):
        yield f"spacing_mm must hold three numbers above 0, not {list(plan.spacing_mm)}"
    if sorted(plan.axis_order) != [0, 1, 2]:
        yield f"axis_order must hold 0, 1 and 2 once each, not {list(plan.axis_order)}"
    if min(plan.patch_size) < 1:
        yield f"patch_size must hold three numbers above 0, not {list(plan.patch_size)}"
    if plan.batch_size < 1:
        yield f"batch_size must be at least 1, not {plan.batch_size}"
    if not set(plan.mirror_axes) <= {0, 1, 2} or len(set(plan.mirror_axes)) < len(plan.mirror_axes):
        yield f"mirror_axes may hold 0, 1 and 2 once each, not {list(plan.mirror_axes)}"
    resampling = plan.resampling
    for name in ("image_order", "label_order", "logits_order", "out_of_plane_order"):
        if getattr(resampling, name) not in _ORDERS:
            yield f"resampling: {name} must be 0, 1 or 3, not {getattr(resampling, name)}"


def _network(plan: Plan) -> Iterator[str]:
    """Check the arguments of the networks that are built stage by stage, where they are given."""
    arguments = plan.network_args
    for name in ("strides", "kernels"):
        if name in arguments and not _is_table(arguments[name]):
            yield f"network_args: {name} must be a list of three whole numbers above 0 for each stage"
    for name in ("features", "blocks", "decoder_blocks"):
        if name in arguments and not _is_row(arguments[name]):
            yield f"network_args: {name} must be a list of whole numbers above 0"
    if any(size % 2 == 0 for kernel in arguments.get("kernels", ()) for size in kernel):
        yield "network_args: kernels must be odd"
    if "strides" in arguments:
        yield from _stages(plan, arguments)


def _stages(plan: Plan, arguments: dict[str, Any]) -> Iterator[str]:
    """Check that everything has as many stages as there are strides, and that the patch can be pooled."""
    stages = len(arguments["strides"])
    lengths = {"kernels": stages, "features": stages, "blocks": stages, "decoder_blocks": stages - 1}
    for name, length in lengths.items():
        if name in arguments and len(arguments[name]) != length:
            yield f"network_args: {name} must have {length} entries for the {stages} stages of strides"
    multiple = [prod(axis) for axis in zip(*arguments["strides"], strict=True)]
    patch = list(plan.patch_size)
    if any(n % m for n, m in zip(patch, multiple, strict=True)):
        yield f"patch_size {patch} must be a multiple of {multiple}, the product of the strides"
    if len(plan.deep_supervision) > stages - 1:
        yield f"deep_supervision has {len(plan.deep_supervision)} weights; the network has {stages - 1} heads"


def _intensities(plan: Plan) -> Iterator[str]:
    how = plan.normalisation
    if how.scheme not in SCHEMES:
        yield f"normalisation: scheme must be one of {', '.join(SCHEMES)}, not {how.scheme!r}"
    if not all(isfinite(x) for x in (how.lower, how.upper, how.mean, how.std)):
        yield "normalisation must hold finite numbers"
    if how.lower >= how.upper and how.reads_hu:
        yield f"normalisation: lower, {how.lower:g}, must be below upper, {how.upper:g}"
    if how.std <= 0:
        yield f"normalisation: std must be above 0, not {how.std:g}"


def _outputs(plan: Plan) -> Iterator[str]:
    if not plan.layers:
        yield "layers is empty; there is nothing to learn"
    for layer, values in enumerate(plan.layers):
        if not values or len(set(values)) < len(values) or not all(1 <= v <= HIGHEST_VALUE for v in values):
            yield f"layers[{layer}] must hold different values from 1 to {HIGHEST_VALUE}, not {list(values)}"
    yield from _channels(plan)
    for key in plan.postprocessing:
        if key != "all" and key not in plan.channels:
            yield f"postprocessing names {key}, which is no channel"


def _channels(plan: Plan) -> Iterator[str]:
    expected: list[str] = []
    for layer, values in enumerate(plan.layers):
        expected += [f"background:{layer}", *[""] * len(values)]
    if len(plan.channels) != len(expected):
        yield f"channels has {len(plan.channels)} keys; layers asks for {len(expected)}"
    for place, (key, wanted) in enumerate(zip(plan.channels, expected, strict=True)):
        if wanted and key != wanted:
            yield f"channels[{place}] must be {wanted}, not {key}"
    if len(set(plan.channels)) < len(plan.channels):
        yield "channels holds a key twice"


def _weights(plan: Plan) -> Iterator[str]:
    heads = plan.deep_supervision
    if heads and (min(heads) < 0 or not 0 < sum(heads) < float("inf")):
        yield f"deep_supervision must hold weights of 0 or more with a sum above 0, not {list(heads)}"
    if plan.class_weights and len(plan.class_weights) != len(plan.layers):
        yield f"class_weights has {len(plan.class_weights)} rows; there are {len(plan.layers)} layers"
    for layer, (weights, values) in enumerate(zip(plan.class_weights, plan.layers, strict=False)):
        channels = 1 + len(values)
        if len(weights) != channels:
            yield f"class_weights[{layer}] has {len(weights)} weights; the layer has {channels} channels"
        if min(weights) < 0 or not 0 < sum(weights) < float("inf"):
            yield f"class_weights[{layer}] must hold weights of 0 or more with a sum above 0"


def _training(plan: Plan) -> Iterator[str]:
    for name, lowest, may_be_it in _LIMITS:
        value = getattr(plan, name)
        if not lowest <= value < float("inf") or (value == lowest and not may_be_it):
            what = f"{lowest} or more" if may_be_it else f"above {lowest}"
            yield f"{name} must be {what}, not {value:g}"
    if plan.min_steps > plan.max_steps:
        yield f"min_steps, {plan.min_steps}, is above max_steps, {plan.max_steps}"
    if not 0 <= plan.ema < 1:
        yield f"ema must be from 0 to below 1, not {plan.ema:g}"
    share = plan.sampler_args.get("share", 0)
    if type(share) not in (int, float) or not 0 <= share <= 1:
        yield f"sampler_args: share must be from 0 to 1, not {share!r}"


def _is_row(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(type(n) is int and n >= 1 for n in value)


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_row(row) and len(row) == 3 for row in value)
