"""What a run starts from: the weights of a parent, whole or as far as they fit."""

from collections.abc import Callable

from torch import nn

from training.manifest import Manifest
from training.model import WEIGHTS, open_model, read_description
from training.networks import load_tensors, warm_start
from training.plan import Plan


def parent_plan(manifest: Manifest) -> Plan | None:
    """Return the parent's plan; None where there is none, or another network is asked for than it has."""
    if manifest.parent is None:
        return None
    plan = open_model(manifest.parent)[0]
    return plan if manifest.network in ("", plan.network) else None


def start_of(manifest: Manifest, plan: Plan, member: int) -> Callable[[nn.Module], None]:
    """Return what sets the first weights of a network: the parent's, where there is one that fits."""
    return lambda fresh: _start(fresh, manifest, plan, member)


def starts_warm(manifest: Manifest, plan: Plan) -> bool:
    """Tell whether the parent's weights are those of such a network."""
    parent = parent_plan(manifest)
    return parent is not None and parent.network == plan.network


def start_notes(manifest: Manifest, plan: Plan) -> tuple[str, ...]:
    """Return sentences on what was asked of the start and could not be."""
    if starts_warm(manifest, plan):
        return ()
    notes = []
    if manifest.parent is not None:
        other = open_model(manifest.parent)[0].network
        notes.append(
            f"The model to start from is a {other}, whose weights a {plan.network} cannot take: "
            "it started from none."
        )
    if manifest.frozen_encoder:
        notes.append("No encoder was kept as it was: there were no weights to start from.")
    return tuple(notes)


def _start(network: nn.Module, manifest: Manifest, plan: Plan, member: int) -> None:
    parent = parent_plan(manifest)
    if parent is None or manifest.parent is None:
        return
    names = sorted(read_description(manifest.parent).get("members", {}))
    own = manifest.parent / names[member] if member < len(names) else manifest.parent
    tensors, _ = load_tensors(own / WEIGHTS)
    warm_start(network, tensors, plan, open_model(own)[0])
