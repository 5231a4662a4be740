"""A smaller batch, then a smaller patch, for a training that the memory is too little for."""

import errno
from dataclasses import replace

import torch

from training.networks import multiple_of
from training.plan import Plan

_SIGNS = ("can't allocate memory", "cannot allocate memory", "out of memory", "bad_alloc")
_SHRUNK = 0.75  # of its length is left of the side that is shortened


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error says that memory was not enough: the processor's or the graphics card's."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in _SIGNS)


def smaller(plan: Plan) -> Plan | None:
    """Return the plan with half the batch; at a batch of one, with its longest side shortened.

    A side stays a multiple of what the network needs. None: nothing is left to make smaller.
    """
    if plan.batch_size > 1:
        return replace(plan, batch_size=plan.batch_size // 2)
    multiple = multiple_of(plan)
    axes = [axis for axis in range(3) if plan.patch_size[axis] > multiple[axis]]
    if not axes:
        return None
    axis = max(axes, key=lambda a: plan.patch_size[a])
    most = int(_SHRUNK * plan.patch_size[axis] / multiple[axis])
    sides = list(plan.patch_size)
    sides[axis] = max(most, 1) * multiple[axis]
    return replace(plan, patch_size=(sides[0], sides[1], sides[2]))


def sentence(before: Plan, after: Plan) -> str:
    """Say what was made smaller, and why."""
    return f"The memory was not enough for {_size(before)}; the training goes on with {_size(after)}."


def _size(plan: Plan) -> str:
    patch = "×".join(str(side) for side in plan.patch_size)
    return f"{plan.batch_size} {'crop' if plan.batch_size == 1 else 'crops'} of {patch} voxels at a time"
