"""Muon: momentum whose direction is made orthogonal, for kernels; AdamW for everything else.

Jordan et al., "Muon: an optimizer for hidden layers in neural networks" (2024); the step is scaled as by Liu
et al., "Muon is scalable for LLM training" (2025, equation 4), so that AdamW's learning rates fit.
"""

from collections.abc import Callable, Iterable
from typing import Any

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
                for kernel in group["params"]:
                    if kernel.grad is not None:
                        self._turn(kernel, kernel.grad, group["lr"], group["weight_decay"])
                        kernel.grad = None  # AdamW passes over it
        super().step(closure)

    def _turn(self, kernel: nn.Parameter, gradient: Tensor, lr: float, weight_decay: float) -> None:
        state = self.state[kernel]
        if "momentum" not in state:
            state["step"] = torch.zeros(())  # AdamW looks for it when a state is loaded
            state["momentum"] = torch.zeros_like(kernel)
        state["step"] += 1
        mean = state["momentum"].mul_(self.momentum).add_(gradient)
        direction = orthogonal(gradient.add(mean, alpha=self.momentum).flatten(1))
        size = self.rms * max(direction.shape) ** 0.5
        kernel.mul_(1 - lr * weight_decay).add_(direction.view(kernel.shape), alpha=-lr * size)


def orthogonal(matrix: Tensor) -> Tensor:
    """Return about the nearest matrix (m, n) with orthogonal rows, or columns: its singular values near 1.

    The rounds of Newton and Schulz X -> (a + b XX' + c (XX')²) X are polynomials in XX' of the first X, so
    all of them are done on that small matrix, and the large one is multiplied once.
    """
    wide = matrix if len(matrix) <= matrix.shape[1] else matrix.T
    wide = wide / wide.norm().clamp_min(_SMALLEST)
    gram = wide @ wide.T
    eye = torch.eye(len(gram), dtype=gram.dtype, device=gram.device)
    product = eye
    for _ in range(_ROUNDS):
        polynomial = _A * eye + _B * gram + _C * (gram @ gram)
        product = polynomial @ product
        gram = polynomial @ gram @ polynomial
    found: Tensor = product @ wide
    return found if len(matrix) <= matrix.shape[1] else found.T
