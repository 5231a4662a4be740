"""The optimiser whose steps are orthogonal, against plain linear algebra."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from tests.training.test_networks import small
from training.fit.muon import Muon, orthogonal
from training.fit.optimise import optimiser_of
from training.networks import build


def iterated(matrix: Tensor) -> Tensor:
    """Newton and Schulz as Jordan et al. write it: on the whole matrix, in each round."""
    wide: Tensor = matrix if len(matrix) <= matrix.shape[1] else matrix.T
    wide = wide / wide.norm()
    for _ in range(5):
        gram = wide @ wide.T
        wide = 3.4445 * wide + (-4.7750 * gram + 2.0315 * gram @ gram) @ wide
    return wide if len(matrix) <= matrix.shape[1] else wide.T


@pytest.mark.parametrize("shape", [(8, 30), (30, 8), (16, 16), (2, 54)])
def test_the_small_matrix_gives_the_same_as_the_whole_one(shape: tuple[int, int]) -> None:
    matrix = torch.randn(*shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    torch.testing.assert_close(orthogonal([matrix]), [iterated(matrix)])


def test_matrices_of_all_sizes_go_through_the_rounds_together() -> None:
    generator = torch.Generator().manual_seed(3)
    shapes = [(8, 30), (16, 16), (30, 8), (8, 9), (16, 40)]
    matrices = [torch.randn(*shape, generator=generator, dtype=torch.float64) for shape in shapes]
    torch.testing.assert_close(orthogonal(matrices), [iterated(matrix) for matrix in matrices])


@pytest.mark.parametrize("shape", [(8, 30), (30, 8)])
def test_singular_values_come_near_one_and_directions_stay(shape: tuple[int, int]) -> None:
    matrix = torch.randn(*shape, generator=torch.Generator().manual_seed(2))
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    assert values.max() / values.min() > 2
    (found,) = orthogonal([matrix])
    assert torch.linalg.svdvals(found).min() > 0.6
    assert torch.linalg.svdvals(found).max() < 1.3
    nearest = left @ right
    cosine = (found * nearest).sum() / found.norm() / nearest.norm()
    assert cosine > 0.97


def test_a_gradient_of_nothing_moves_nothing() -> None:
    assert torch.equal(orthogonal([torch.zeros(3, 5)])[0], torch.zeros(3, 5))
    assert orthogonal([]) == []


def test_a_step_has_the_size_that_was_asked_for() -> None:
    kernel = nn.Parameter(torch.zeros(8, 4, 3, 3, 3))
    optimiser = Muon([kernel], [], lr=0.01, weight_decay=0.0, rms=0.5)
    kernel.grad = torch.randn_like(kernel) * 1e-3
    optimiser.step()
    size = float(kernel.detach().square().mean().sqrt())
    assert size == pytest.approx(0.01 * 0.5, rel=0.25)  # singular values are only about 1


def test_weights_decay_as_adamw_lets_them() -> None:
    kernel = nn.Parameter(torch.ones(4, 4))
    optimiser = Muon([kernel], [], lr=0.1, weight_decay=0.5)
    kernel.grad = torch.zeros(4, 4)
    optimiser.step()
    torch.testing.assert_close(kernel.detach(), torch.full((4, 4), 0.95))


def test_only_kernels_inside_the_network_are_made_orthogonal() -> None:
    plan = replace(small(), optimiser="muon")
    network = build(plan, seed=0)
    optimiser = optimiser_of(plan, network)
    others, kernels = (group["params"] for group in optimiser.param_groups)
    names = {id(p): name for name, p in network.named_parameters()}
    assert len(kernels) + len(others) == len(names)
    inside = {names[id(p)] for p in kernels}
    assert inside
    assert all(name.endswith("weight") and not name.startswith("heads") for name in inside)
    assert not any(p.shape[1] == 1 for p in kernels)  # the convolution that sees the image


def test_what_is_no_kernel_moves_as_by_adamw() -> None:
    plan = replace(small(), optimiser="muon")
    network = build(plan, seed=0)
    twin = copy.deepcopy(network)
    for parameter, other in zip(network.parameters(), twin.parameters(), strict=True):
        parameter.grad = torch.ones_like(parameter)
        other.grad = torch.ones_like(other)
    optimiser = optimiser_of(plan, network)
    optimiser.step()
    optimiser_of(replace(plan, optimiser="adamw"), twin).step()
    moved = {id(p) for p in optimiser.param_groups[0]["params"]}
    for parameter, other in zip(network.parameters(), twin.parameters(), strict=True):
        assert torch.equal(parameter, other) == (id(parameter) in moved)
