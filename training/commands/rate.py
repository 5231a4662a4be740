"""How many voxels a second this machine trains."""

import math
import time

import torch

from training.fit.optimise import optimiser_of
from training.losses import loss_of
from training.networks import autocast, bf16_is_faster, build, device
from training.plan import Plan

_WARMING_STEPS, _TIMED_STEPS = 2, 5


def voxels_per_s(plan: Plan) -> float:
    """Return the voxels of a batch over the time of a training step, the fastest of a few.

    The scan is noise and everything is background, which costs what a real batch costs.
    """
    network = build(plan, seed=0).train()
    optimiser, loss = optimiser_of(plan, network), loss_of(plan)
    shape = plan.batch_size, 1, *plan.patch_size
    image = torch.randn(shape, device=device()).to(memory_format=torch.channels_last_3d)
    target = torch.zeros((plan.batch_size, len(plan.layers), *plan.patch_size), dtype=torch.uint8)
    known = torch.ones((plan.batch_size, len(plan.channels)), dtype=torch.bool)
    bf16, seconds = bf16_is_faster(), []
    for _ in range(_WARMING_STEPS + _TIMED_STEPS):
        began = time.perf_counter()
        with autocast(bf16):
            logits = network(image)
        value = loss(logits, target.to(device()), known.to(device()))
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        float(value.detach())  # an accelerator is waited for
        seconds.append(time.perf_counter() - began)
    return plan.batch_size * math.prod(plan.patch_size) / min(seconds[_WARMING_STEPS:])
