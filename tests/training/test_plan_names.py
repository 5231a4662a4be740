"""Every name and argument in a plan that we make is known where it is looked up."""

from dataclasses import replace

import pytest
import torch

from tests.training.test_plan import CORD, LEFT, LIVER, fingerprint
from training.fit.optimise import OPTIMISERS, SCHEDULES
from training.losses import deep, loss_of
from training.networks import NETWORKS, build
from training.patches.augment import AUGMENTATIONS, augmented
from training.patches.batch import Batch
from training.patches.sampling import SAMPLERS
from training.plan import UNETS, Plan, plan_for

NARROW = {"strides": [[1, 1, 1], [2, 2, 2], [2, 2, 1]], "features": [4, 4, 4]}


def made(network: str, memory_gb: float | None) -> Plan:
    flat = fingerprint((0.7, 0.7, 5.0), (300.0, 300.0, 120.0))
    return plan_for(flat, (LIVER, LEFT, CORD), budget_s=1, network=network, memory_gb=memory_gb)


@pytest.mark.parametrize("memory_gb", [None, 8.0])
@pytest.mark.parametrize("network", sorted(NETWORKS))
def test_every_name_is_known(network: str, memory_gb: float | None) -> None:
    plan = made(network, memory_gb)
    assert plan.optimiser in OPTIMISERS
    assert plan.schedule in SCHEDULES
    assert plan.sampler in SAMPLERS
    assert {step.name for step in plan.augmentation} <= set(AUGMENTATIONS)
    multiple = NETWORKS[network].multiple(plan)
    assert all(edge % of == 0 for edge, of in zip(plan.patch_size, multiple, strict=True))
    assert bool(plan.deep_supervision) <= NETWORKS[network].deep


@pytest.mark.parametrize("memory_gb", [None, 8.0])
@pytest.mark.parametrize("network", UNETS)
def test_a_narrow_network_of_the_plan_takes_a_step(network: str, memory_gb: float | None) -> None:
    plan = made(network, memory_gb)
    heads = plan.deep_supervision[:2]
    small = replace(plan, network_args=NARROW, patch_size=(16, 16, 8), deep_supervision=heads)
    crops = Batch(
        torch.randn(2, 1, 24, 24, 12),
        torch.randint(0, 2, (2, 2, 24, 24, 12), dtype=torch.uint8),
        torch.ones(2, len(plan.channels), dtype=torch.bool),
    )
    batch = augmented(crops, small, seed=1, step=1)
    assert batch.image.shape == (2, 1, 16, 16, 8)
    logits = build(small, seed=0).train()(batch.image)
    value = deep(loss_of(small), heads)(logits, batch.target, batch.known)
    value.backward()
    assert torch.isfinite(value)
