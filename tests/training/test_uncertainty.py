"""What may be left out of the map of entropy: only what would be written as 0."""

import numpy as np
import pytest
import torch

from training.predict.uncertainty import entropy, sure_margin


def written(logits: torch.Tensor) -> int:
    return int(entropy(logits).mul(255).round().max())


@pytest.mark.parametrize("channels", [2, 3, 8, 41, 105])
def test_beyond_the_margin_entropy_is_written_as_0(channels: int) -> None:
    margin = sure_margin(channels)
    logits = torch.zeros(channels)
    logits[0] = margin
    assert written(logits) == 0  # all others alike: the worst case
    others = -torch.from_numpy(np.random.default_rng(3).exponential(3, (500, channels))).float()
    others[:, 0] = others[:, 1:].amax(1) + margin
    assert written(others) == 0
    assert written(others.half().float()) == 0


@pytest.mark.parametrize("channels", [2, 3, 8, 41, 105])
def test_the_margin_is_not_much_larger_than_it_must_be(channels: int) -> None:
    logits = torch.zeros(channels)
    logits[0] = sure_margin(channels) - 0.5
    assert written(logits) == 1
