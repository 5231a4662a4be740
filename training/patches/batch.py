"""What one training step is given."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """image float (b, 1, i, j, k), target uint8 (b, layer, i, j, k), known bool (b, channel)."""

    image: Tensor
    target: Tensor
    known: Tensor

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on a device."""
        if device.type == "cpu":
            return self
        parts = (t.pin_memory().to(device, non_blocking=True) for t in (self.image, self.target, self.known))
        return Batch(*parts)
