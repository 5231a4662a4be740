"""Sliding windows against their definition, MONAI's and nnU-Net's; half precision; bounded memory."""

import dataclasses
from itertools import pairwise, product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from monai.inferers.utils import sliding_window_inference
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from tests.training.test_predict import PLAN
from training.plan import Plan, Resampling
from training.predict.paint import Painter, Upsampling
from training.predict.window import Tiles, Windows, axis_weights, mirrorings, slab_axis, starts, tiles_of
from training.progress import TrainingError, ignore_progress, never_stop

Shape = tuple[int, int, int]


def small_network(channels: int, seed: int = 0) -> nn.Sequential:
    """A network whose answer for a voxel depends on where in the window it lies."""
    torch.manual_seed(seed)
    layers = (
        nn.Conv3d(1, 8, 3, padding=1),
        nn.InstanceNorm3d(8),
        nn.LeakyReLU(),
        nn.Conv3d(8, channels, 3, padding=1),
    )
    return nn.Sequential(*layers).eval()


def logits_of(
    network: nn.Module, plan: Plan, image: NDArray[np.float32], axis: int, sums: torch.dtype = torch.float16
) -> NDArray[np.float32]:
    """Return what the windows say, (channel, i, j, k)."""
    windows = Windows([network], plan, image, axis=axis, sums=sums)
    tiles = Tiles(tiles_of(image.shape, plan.patch_size), ignore_progress, never_stop)
    slices = [s.numpy().copy() for s in windows.slices(tiles)]
    assert tiles.done == tiles.total
    return np.moveaxis(np.stack(slices, axis), 3, 0)


def noise(shape: Shape, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def gaussian(window: Shape) -> NDArray[np.float64]:
    """The weight by its formula: a Gaussian of an eighth of the window about its middle."""
    along = [np.exp(-0.5 * ((np.arange(w) - (w - 1) / 2) / (w / 8)) ** 2) for w in window]
    return np.asarray(np.einsum("i,j,k->ijk", *along))


@given(st.integers(1, 200), st.integers(2, 80))
def test_windows_cover_an_axis_with_half_overlap_and_weights_that_sum_to_one(size: int, window: int) -> None:
    begins = starts(size, window)
    assert begins[0] == 0
    assert begins[-1] == max(0, size - window)
    assert all(0 < b - a <= np.ceil(window / 2) for a, b in pairwise(begins))
    total = np.zeros(max(size, window))
    for start, weight in zip(begins, axis_weights(size, window), strict=True):
        total[start : start + window] += weight
    np.testing.assert_allclose(total, 1)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("shape", [(21, 30, 17), (16, 8, 40)])
def test_equal_to_the_weighted_mean_over_all_windows(shape: Shape, axis: int) -> None:
    network, image = small_network(5), noise(shape)
    window = 12, 8, 16
    total, weights = np.zeros((5, *shape)), np.zeros(shape)
    for start in product(*(starts(n, w) for n, w in zip(shape, window, strict=True))):
        here = tuple(slice(s, s + w) for s, w in zip(start, window, strict=True))
        with torch.no_grad():
            answer = network(torch.from_numpy(image[here].copy())[None, None])[0].double().numpy()
        total[(slice(None), *here)] += answer * gaussian(window)
        weights[here] += gaussian(window)
    plan = dataclasses.replace(PLAN, patch_size=window)
    found = logits_of(network, plan, image, axis, sums=torch.float32)
    np.testing.assert_allclose(found, total / weights, atol=2e-5)


def test_equal_to_monai_with_the_same_weights() -> None:
    network, image = small_network(5), noise((32, 24, 40))
    expected = sliding_window_inference(
        torch.from_numpy(image)[None, None],
        (16, 16, 16),
        1,
        network,
        overlap=0.5,
        roi_weight_map=torch.from_numpy(gaussian((16, 16, 16))).float(),
        mode="constant",
    )
    found = logits_of(network, PLAN, image, 0, sums=torch.float32)
    np.testing.assert_allclose(found, expected[0].detach().numpy(), atol=2e-5)


def test_windows_and_weights_are_nnunets() -> None:
    theirs = pytest.importorskip("nnunetv2.inference.sliding_window_prediction")
    for size, window in product((16, 17, 40, 101, 200), (9, 16, 33, 64)):
        if size >= window:
            assert starts(size, window) == theirs.compute_steps_for_sliding_window((size,), (window,), 0.5)[0]
    odd = 15, 17, 33  # in windows of even size theirs is centred half a voxel higher
    weight = theirs.compute_gaussian(odd, 1 / 8, 1, torch.float32, torch.device("cpu"))
    np.testing.assert_allclose(gaussian(odd), weight.numpy(), atol=1e-6)


def test_half_precision_sums_lose_nothing_that_matters() -> None:
    network, image = small_network(5), noise((40, 40, 40))
    for parameter in network[-1].parameters():
        parameter.data *= 20  # logits as large as those of a network that is sure
    exact = logits_of(network, PLAN, image, 0, sums=torch.float32)
    half = logits_of(network, PLAN, image, 0)
    bf16 = logits_of(network, PLAN, image, 0, sums=torch.bfloat16)
    scale = np.abs(exact).max()
    assert scale > 10
    assert np.abs(half - exact).max() < 2e-3 * scale
    assert (half.argmax(0) != exact.argmax(0)).mean() < 1e-3
    # bfloat16 would not do: eight times the error, and labels flip accordingly.
    assert np.abs(bf16 - exact).max() > 4 * np.abs(half - exact).max()
    # Half precision costs less than computing the network in 16 bits.
    with torch.autocast("cpu", torch.bfloat16), torch.no_grad():
        answer = network(torch.from_numpy(image)[None, None]).float()
    with torch.no_grad():
        error = (answer - network(torch.from_numpy(image)[None, None])).abs().mean()
    assert np.abs(half - exact).mean() < 0.2 * float(error)


def test_mirrorings_are_all_subsets_of_the_axes() -> None:
    assert mirrorings(()) == [()]
    assert mirrorings((0, 2)) == [(), (0,), (2,), (0, 2)]
    assert len(mirrorings((0, 1, 2))) == 8


def test_mirroring_equals_flipping_the_whole_scan() -> None:
    network, image = small_network(5), noise((20, 16, 28))
    windows = Windows([network], PLAN, image, axis=0, flips=mirrorings((1, 2)), sums=torch.float32)
    tiles = Tiles(tiles_of((20, 16, 28), PLAN.patch_size), ignore_progress, never_stop)
    found = np.moveaxis(np.stack([s.numpy().copy() for s in windows.slices(tiles)]), 3, 0)
    flipped = [
        np.flip(
            logits_of(network, PLAN, np.flip(image, axes).copy(), 0, sums=torch.float32),
            tuple(a + 1 for a in axes),
        )
        for axes in ((), (1,), (2,), (1, 2))
    ]
    np.testing.assert_allclose(found, np.mean(flipped, axis=0), atol=2e-5)


class Counting(nn.Module):
    """Counts how often it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.asked = small_network(5), 0

    def forward(self, image: Tensor) -> Tensor:
        self.asked += 1
        answer: Tensor = self.inner(image)
        return answer


def test_windows_of_air_are_computed_once_and_nothing_changes() -> None:
    image = np.full((64, 32, 32), PLAN.normalisation.air, np.float32)
    image[:10, :20, :20] = noise((10, 20, 20))
    counting = Counting()
    found = logits_of(counting, PLAN, image, 0, sums=torch.float32)
    # 7 rows of 3 x 3 windows; only those of the first two rows reach the body.
    assert counting.asked <= 2 * 9 + 1
    lively = image.copy()
    lively[16:] += np.float32(1e-6) * noise((48, 32, 32))
    other = Counting()
    expected = logits_of(other, PLAN, lively, 0, sums=torch.float32)
    assert other.asked == 7 * 9
    assert counting.inner(torch.from_numpy(image[None, None, :16, :16, :16])).shape[1] == 5
    # In instance-normalised air even 1e-6 is amplified: compare where no such window reaches.
    np.testing.assert_allclose(found[:, :8], expected[:, :8], atol=1e-5)


def test_a_network_that_answers_nonsense_is_refused() -> None:
    network = small_network(5)
    list(network.parameters())[-1].data[2] = float("nan")
    with pytest.raises(TrainingError, match="not numbers"):
        logits_of(network, PLAN, noise((16, 16, 16)), 0)


class Largest(TorchDispatchMode):
    """Remembers the largest tensor that any operation made."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch leaves it bare
        self.bytes = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def] # torch's own signature
        made = func(*args, **(kwargs or {}))
        if isinstance(made, Tensor):
            self.bytes = max(self.bytes, made.untyped_storage().nbytes())
        return made


def test_memory_does_not_grow_with_the_scans_length_even_with_many_classes() -> None:
    values = tuple(range(1, 104))
    channels = ("background:0", *(f"structure-{v}" for v in values))
    plan = dataclasses.replace(PLAN, layers=(values,), channels=channels)
    largest = {}
    for length in (32, 64):
        shape = 24, 24, length
        axis = slab_axis(shape, plan.patch_size)
        assert axis == 2
        painter = Painter(plan, Upsampling(plan, shape, shape, axis, torch.device("cpu")), shape, axis)
        with Largest() as trace:
            tiles = Tiles(tiles_of(shape, plan.patch_size), ignore_progress, never_stop)
            windows = Windows([nn.Conv3d(1, 104, 1)], plan, noise(shape), axis=axis)
            for logits in windows.slices(tiles):
                painter.paint(logits)
        assert (painter.labels > 0).any()
        largest[length] = trace.bytes
    slab = 24 * 24 * 16 * 104 * 2
    assert largest[32] == largest[64] == slab
    assert slab * 8 == 104 * 24 * 24 * 64 * 4  # all logits in single precision


@pytest.mark.parametrize("separate_z", [False, True])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_painting_equals_interpolating_all_logits_as_the_definition_says(axis: int, separate_z: bool) -> None:
    rng = np.random.default_rng(2)
    working, shape = (9, 12, 10), (17, 15, 25)
    plan = dataclasses.replace(
        PLAN, resampling=Resampling(separate_z=separate_z), axis_order=(2, 0, 1), layers=((5, 9), (4,))
    )
    logits = rng.standard_normal((5, *working)).astype(np.float32)
    logits[[0, 3]] += 1  # mostly background, as in a scan
    orders = (1, 1, 0 if separate_z else 1)
    at = [((np.arange(n) + 0.5) * m / n - 0.5).clip(0, m - 1) for n, m in zip(shape, working, strict=True)]
    at = [np.floor(a + 0.5) if order == 0 else a for a, order in zip(at, orders, strict=True)]
    grid = np.stack(np.meshgrid(*at, indexing="ij"))
    full = np.stack([ndimage.map_coordinates(channel, grid, order=1) for channel in logits])
    expected = np.stack([np.array([0, 5, 9])[full[:3].argmax(0)], np.array([0, 4])[full[3:].argmax(0)]])
    painter = Painter(plan, Upsampling(plan, working, shape, axis, torch.device("cpu")), shape, axis)
    slices = torch.from_numpy(np.moveaxis(logits, (0, 1 + axis), (3, 0)).copy())
    for one in slices:
        painter.paint(one)
    np.testing.assert_array_equal(painter.labels, expected)
