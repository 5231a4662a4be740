"""Samples of a batch in threads of their own: what is learned must not depend on it."""

import dataclasses
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from tests.training.test_networks import small
from tests.training.threads import computing_with
from training.fit.abreast import Abreast, abreast
from training.networks import build, freeze_encoder

IMAGE = torch.randn(4, 1, 16, 16, 12, generator=torch.Generator().manual_seed(0))


@pytest.fixture(autouse=True)
def four_threads() -> Iterator[None]:
    with computing_with(4):
        yield


def slopes(run: nn.Module, network: nn.Module, image: Tensor) -> list[Tensor | None]:
    """Of a loss to which the coarser head does not contribute, and in which samples meet."""
    network.zero_grad()
    heads = run(image)
    finest = heads if isinstance(heads, Tensor) else heads[0]
    finest.float().softmax(1).mean((0, 2, 3, 4)).square().sum().backward()
    return [None if p.grad is None else p.grad.clone() for p in network.parameters()]


@pytest.mark.parametrize(("samples", "workers"), [(2, 2), (3, 3), (4, 4)])
def test_outputs_and_slopes_are_those_of_the_network(samples: int, workers: int) -> None:
    network = build(small(), seed=0).train()
    run, image = abreast(network, samples), IMAGE[:samples]
    assert isinstance(run, Abreast)
    assert run.parts == workers
    for own, other in zip(run(image), network(image), strict=True):
        torch.testing.assert_close(own, other, rtol=1e-3, atol=1e-5)
    found, expected = slopes(run, network, image), slopes(network, network, image)
    assert [one is None for one in found] == [one is None for one in expected]
    assert any(one is None for one in found)  # the coarser head's
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-7)


def test_one_output_is_a_tensor_and_16_bits_are_kept() -> None:
    plan = dataclasses.replace(small(), deep_supervision=())
    run = abreast(build(plan, seed=0).train(), 2)
    assert run(IMAGE[:2]).dtype == torch.float32
    with torch.autocast("cpu", torch.bfloat16):
        assert run(IMAGE[:2]).dtype == torch.bfloat16


def test_the_same_batch_gives_the_same_slopes_to_the_bit() -> None:
    network = build(small(), seed=0).train()
    run = abreast(network, 4)
    first = slopes(run, network, IMAGE)
    for _ in range(5):
        for one, other in zip(slopes(run, network, IMAGE), first, strict=True):
            if one is None or other is None:
                assert one is other
            else:
                assert torch.equal(one, other)


def test_a_frozen_part_stays_without_slopes() -> None:
    network = build(small(), seed=0).train()
    frozen = freeze_encoder(network, small())
    found = slopes(abreast(network, 2), network, IMAGE[:2])
    named = zip(found, network.named_parameters(), strict=True)
    assert sum(one is None and name.startswith("encoder") for one, (name, _) in named) == frozen > 0


def test_batches_that_cannot_be_shared_out_and_other_networks_run_as_they_are() -> None:
    network, other = build(small(), seed=0), nn.Sequential(nn.Conv3d(1, 2, 3), nn.Dropout(0.5))
    assert abreast(network, 1) is network
    assert abreast(network, 5) is network  # for four threads
    assert abreast(other, 2) is other
    torch.set_num_threads(1)
    assert abreast(network, 2) is network


def test_threads_of_all_others_stay_as_they_were() -> None:
    abreast(build(small(), seed=0), 2)
    assert torch.get_num_threads() == 4


def test_what_goes_wrong_in_a_thread_is_raised() -> None:
    with pytest.raises(RuntimeError, match="expected input"):
        abreast(build(small(), seed=0), 2)(torch.zeros(2, 3, 16, 16, 12))
