"""Muon: momentum whose direction is made orthogonal, for kernels; AdamW for everything else.

Jordan et al., "Muon: an optimizer for hidden layers in neural networks" (2024); the step is scaled as by Liu
et al., "Muon is scalable for LLM training" (2025, equation 4), so that AdamW's learning rates fit.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

_ROUNDS = 5  # of Newton and Schulz
_A, _B, _C = 3.4445, -4.7750, 2.0315  # their coefficients, tuned by Jordan et al. for a steep start
_SMALLEST = 1e-7


class Muon(torch.optim.AdamW):
    """AdamW over `others`; Muon over `kernels`, each seen as a matrix of one row per entry of its first axis.

    `momentum` is Nesterov's, `rms` the root mean square of a kernel's step in units of the learning rate.
    """

    def __init__(
        self,
        kernels: Iterable[nn.Parameter],
        others: Iterable[nn.Parameter],
        *,
        lr: float,
        weight_decay: float,
        momentum: float = 0.95,
        rms: float = 0.4,
    ) -> None:
        groups = [
            {"params": list(others), "orthogonal": False},
            {"params": list(kernels), "orthogonal": True},
        ]
        self.momentum, self.rms = momentum, rms
        super().__init__([g for g in groups if g["params"]], lr=lr, weight_decay=weight_decay, fused=True)
        # AdamW's fused kernel passes over gradients that overflowed; a GradScaler has to do so for kernels.
        self._step_supports_amp_scaling = False

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]  # no closure, no loss
        """Take one step. A gradient of a kernel is gone afterwards."""
        for group in self.param_groups:
            if group["orthogonal"]:
                kernels = [kernel for kernel in group["params"] if kernel.grad is not None]
                self._turn(kernels, group["lr"], group["weight_decay"])
        super().step(closure)

    def _turn(self, kernels: Sequence[nn.Parameter], lr: float, weight_decay: float) -> None:
        directions = orthogonal([self._aim(kernel).flatten(1) for kernel in kernels])
        for kernel, direction in zip(kernels, directions, strict=True):
            size = self.rms * max(direction.shape) ** 0.5
            kernel.mul_(1 - lr * weight_decay).add_(direction.view(kernel.shape), alpha=-lr * size)
            kernel.grad = None  # AdamW passes over it

    def _aim(self, kernel: nn.Parameter) -> Tensor:
        """Add a gradient to its kernel's momentum; return where Nesterov's step would go."""
        state, gradient = self.state[kernel], cast("Tensor", kernel.grad)
        if "momentum" not in state:
            state["step"] = torch.zeros(())  # AdamW looks for it when a state is loaded
            state["momentum"] = torch.zeros_like(kernel)
        state["step"] += 1
        mean = state["momentum"].mul_(self.momentum).add_(gradient)
        return gradient.add(mean, alpha=self.momentum)


def orthogonal(matrices: Sequence[Tensor]) -> list[Tensor]:
    """Return about the nearest matrices (m, n) with orthogonal rows, or columns: singular values near 1.

    The rounds of Newton and Schulz X -> (a + b XX' + c (XX')²) X are polynomials in XX' of the first X, so
    all of them are done on that small matrix, and the large one is multiplied once. Small matrices of one
    size go through the rounds together: one by one, threads wait longer for each other than they multiply.
    """
    found: list[Tensor] = [matrix if len(matrix) <= matrix.shape[1] else matrix.T for matrix in matrices]
    found = [wide / wide.norm().clamp_min(_SMALLEST) for wide in found]
    for rows in sorted({len(wide) for wide in found}):
        same = [index for index, wide in enumerate(found) if len(wide) == rows]
        products = _rounds(torch.stack([found[index] @ found[index].T for index in same]))
        for index, product in zip(same, products, strict=True):
            found[index] = product @ found[index]
    return [
        wide if len(matrix) <= matrix.shape[1] else wide.T
        for matrix, wide in zip(matrices, found, strict=True)
    ]


def _rounds(gram: Tensor) -> Tensor:
    """Return what the first X of each XX' (k, m, m) is multiplied by in all rounds, (k, m, m)."""
    eye = torch.eye(gram.shape[1], dtype=gram.dtype, device=gram.device)
    product = eye.expand_as(gram)
    for _ in range(_ROUNDS):
        polynomial = torch.baddbmm(_A * eye + _B * gram, gram, gram, alpha=_C)
        product = polynomial @ product
        gram = polynomial @ gram @ polynomial
    return product
