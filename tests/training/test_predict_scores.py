"""Maps of scores that are summed slice by slice, against probabilities of the whole scan."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tests.training.test_plan import LEFT, LIVER
from tests.training.test_predict import CORD, PLAN, Thresholds
from training.acquire.maps import cell_at
from training.predict import Member, PredictOptions, Predictor
from training.predict.scores import Frame, ScoreTally

KEYS = tuple(key for key in PLAN.channels if not key.startswith("background:"))
SHAPE = (34, 22, 27)


class Soft(nn.Module):
    """Thresholds of which it is less sure the higher the temperature."""

    def __init__(self, temperature: float) -> None:
        super().__init__()
        self._plain, self.temperature = Thresholds(), temperature

    def forward(self, image: Tensor) -> Tensor:
        answer: Tensor = self._plain(image) / self.temperature
        return answer


def _scan() -> NDArray[np.int16]:
    rng = np.random.default_rng(0)
    image = rng.integers(-120, 220, SHAPE).astype(np.int16)
    image[:12] = -50
    return image


def _predictor(*temperatures: float) -> Predictor:
    first, *others = (Soft(t) for t in temperatures)
    return Predictor(PLAN, (LIVER, LEFT, CORD), first, tuple(Member(one, PLAN) for one in others))


def _slow(temperatures: Sequence[float]) -> dict[str, NDArray[np.float64]]:
    """Return the same figures for every voxel."""
    image = torch.from_numpy(PLAN.normalisation(_scan()))[None, None]
    found: dict[str, NDArray[np.float64]] = {"entropy": np.zeros(SHAPE), "mutual": np.zeros(SHAPE)}
    first = 0
    for values in PLAN.layers:
        channels = slice(first, first + 1 + len(values))
        each = [Soft(t)(image)[0, channels].softmax(0).double().numpy() for t in temperatures]
        mean = np.mean(each, axis=0)
        entropy = -(mean * np.log(mean + 1e-300)).sum(0)
        found["entropy"] += entropy
        found["mutual"] += entropy - np.mean([-(p * np.log(p + 1e-300)).sum(0) for p in each], axis=0)
        for channel in range(1, len(mean)):
            key = PLAN.channels[first + channel]
            found[key] = mean[channel] * entropy
            found[f"drawn {key}"] = (mean.argmax(0) == channel).astype(float)
        first = channels.stop
    return found


def _cells(values: NDArray[np.float64], cells: tuple[int, int, int]) -> NDArray[np.float64]:
    found, counts = np.zeros(cells), np.zeros(cells)
    at = np.meshgrid(*(cell_at(n, c) for n, c in zip(values.shape, cells, strict=True)), indexing="ij")
    np.add.at(found, tuple(at), values)
    np.add.at(counts, tuple(at), 1)
    return found / counts


@pytest.mark.parametrize("temperatures", [(30.0,), (20.0, 60.0, 200.0)])
def test_cells_hold_the_means_of_their_voxels(temperatures: tuple[float, ...]) -> None:
    found = _predictor(*temperatures).predict(_scan(), (3.0, 3.0, 3.0), options=PredictOptions(scores=True))
    maps, slow = found.scores, _slow(temperatures)
    assert maps is not None
    assert (maps.structures, maps.shape, maps.cells) == (KEYS, SHAPE, (10, 7, 8))
    assert maps.voxels.sum() == np.prod(SHAPE)
    assert maps.body is not None
    np.testing.assert_array_equal(maps.body, np.ones(maps.cells))
    for name, values in (("entropy", maps.entropy), ("mutual", maps.mutual)):
        np.testing.assert_allclose(values, _cells(slow[name], maps.cells), atol=3e-3)
    for row, key in enumerate(KEYS):
        np.testing.assert_allclose(maps.weighted[row], _cells(slow[key], maps.cells), atol=3e-3)
        np.testing.assert_allclose(maps.drawn[row], _cells(slow[f"drawn {key}"], maps.cells), atol=2e-2)
    if len(temperatures) == 1:
        assert float(maps.mutual.max()) < 1e-6


def test_scores_change_nothing_of_the_prediction() -> None:
    plain = _predictor(20.0).predict(_scan(), (3.0, 3.0, 3.0), options=PredictOptions(entropy=True))
    asked = PredictOptions(entropy=True, scores=True, views=True)
    scored = _predictor(20.0).predict(_scan(), (3.0, 3.0, 3.0), options=asked)
    np.testing.assert_array_equal(scored.labels, plain.labels)
    assert plain.entropy is not None
    assert scored.entropy is not None
    np.testing.assert_array_equal(scored.entropy, plain.entropy)
    assert (plain.scores, scored.uncertainty) == (None, plain.uncertainty)
    assert scored.scores is not None
    assert float(scored.scores.mutual.max()) > 0.01


def test_members_of_other_grids_are_heard_too() -> None:
    one = Predictor(PLAN, (LIVER, LEFT, CORD), Soft(30.0))
    coarse = replace(PLAN, spacing_mm=(6.0, 6.0, 6.0))
    both = Predictor(PLAN, (LIVER, LEFT, CORD), Soft(30.0), (Member(Soft(30.0), coarse),))
    maps = both.predict(_scan(), (3.0, 3.0, 3.0), options=PredictOptions(scores=True)).scores
    alone = one.predict(_scan(), (3.0, 3.0, 3.0), options=PredictOptions(scores=True)).scores
    assert maps is not None
    assert alone is not None
    assert maps.voxels.sum() == np.prod(SHAPE)
    assert float(maps.mutual.max()) > float(alone.mutual.max())


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_outside_of_what_was_looked_at_the_model_is_sure(axis: int) -> None:
    """A scan whose rim is sure background gives the same maps when only its middle is looked at."""
    rng = np.random.default_rng(1)
    logits = torch.zeros(*SHAPE, len(PLAN.channels))
    for first in (0, 1 + len(PLAN.layers[0])):
        logits[..., first] = 60.0
    begin, many = (5, 3, 7), (20, 14, 11)
    inside = tuple(slice(a, a + n) for a, n in zip(begin, many, strict=True))
    logits[inside] = torch.from_numpy(rng.normal(size=(*many, len(PLAN.channels)))).float()
    cpu = torch.device("cpu")
    whole = ScoreTally(PLAN, Frame.whole(SHAPE, (3.0, 3.0, 3.0)), SHAPE, axis, cpu)
    part = ScoreTally(PLAN, Frame(SHAPE, (3.0, 3.0, 3.0), begin, many), many, axis, cpu)
    for tally, seen in ((whole, logits), (part, logits[inside])):
        for slice_ in seen.movedim(axis, 0):
            tally.add([slice_], [1.0])
    one, other = whole.maps(), part.maps()
    np.testing.assert_allclose(one.voxels, other.voxels)
    for name in ("weighted", "entropy", "mutual", "drawn"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-5)
