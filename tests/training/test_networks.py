"""Networks from plans, files that are whole or not there, weights handed down by structure."""

import dataclasses
from pathlib import Path

import pytest
import torch

from tests.training.test_plan import CORD, LEFT, LIVER, fingerprint, plan
from training.networks import (
    bf16_is_faster,
    build,
    device,
    load_tensors,
    save_tensors,
    sha256_of,
    warm_start,
)
from training.plan import Plan, plan_for
from training.progress import TrainingError

SMALL_NET = {"strides": [[1, 1, 1], [2, 2, 1], [2, 2, 2]], "features": [4, 8, 8]}


def small(of: Plan | None = None) -> Plan:
    return dataclasses.replace(of or plan(), network_args=SMALL_NET)


def test_output_has_one_channel_per_background_and_structure() -> None:
    network = build(small(), seed=0).eval()
    assert network(torch.zeros(1, 1, 8, 8, 6)).shape == (1, 5, 8, 8, 6)


def test_the_default_network_takes_the_default_patch_shape() -> None:
    made = plan()
    smallest = [2**5] * 3
    assert build(made, seed=0).eval()(torch.randn(1, 1, *smallest)).shape == (1, 5, *smallest)


def test_a_seed_is_one_network() -> None:
    first, again, other = (build(small(), seed=s).state_dict() for s in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_building_does_not_touch_the_callers_random_numbers() -> None:
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    build(small(), seed=9)
    assert torch.equal(torch.rand(1), expected)


def test_an_unknown_network_is_named() -> None:
    with pytest.raises(TrainingError, match="no network called transformer"):
        build(dataclasses.replace(plan(), network="transformer"), seed=0)


def test_tensors_come_back_with_their_description(tmp_path: Path) -> None:
    tensors = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.tensor(3)}
    save_tensors(tmp_path / "deep" / "x.safetensors", tensors, {"step": 4})
    back, content = load_tensors(tmp_path / "deep" / "x.safetensors")
    assert content == {"step": 4}
    assert all(torch.equal(back[name], tensors[name]) for name in tensors)
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["x.safetensors"]


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    save_tensors(path, {"a": torch.zeros(100)}, {})
    digest = sha256_of(path)
    path.write_bytes(path.read_bytes()[:-50])
    assert sha256_of(path) != digest
    with pytest.raises(TrainingError, match="missing or damaged"):
        load_tensors(path)
    with pytest.raises(TrainingError, match="missing or damaged"):
        load_tensors(tmp_path / "absent.safetensors")


def test_a_child_of_the_same_schema_takes_every_weight() -> None:
    parent = build(small(), seed=1).state_dict()
    child = build(small(), seed=2)
    taken = warm_start(child, parent, small(), small())
    assert taken == len(parent)
    assert all(torch.equal(tensor, parent[name]) for name, tensor in child.state_dict().items())


def test_output_channels_follow_their_structure() -> None:
    old, new = small(), small(plan_for(fingerprint(), (LEFT, CORD), budget_s=1))
    assert (old.channels[2], new.channels[1]) == ("kidney_left", "kidney_left")
    parent, child = build(old, seed=1).eval(), build(new, seed=2).eval()
    warm_start(child, parent.state_dict(), new, old)
    image = torch.randn(1, 1, 8, 8, 8)
    before, after = parent(image), child(image)
    torch.testing.assert_close(after[:, 1], before[:, 2])  # left kidney
    torch.testing.assert_close(after[:, 3], before[:, 4])  # cord


def test_a_new_structure_starts_from_its_own_random_weights() -> None:
    old, new = small(plan_for(fingerprint(), (LIVER, CORD), budget_s=1)), small()
    parent, child, fresh = build(old, seed=1), build(new, seed=2), build(new, seed=2)
    warm_start(child, parent.state_dict(), new, old)
    weights, untouched = child.state_dict(), fresh.state_dict()
    head = next(name for name in weights if name.startswith("heads") and name.endswith("weight"))
    assert torch.equal(weights[head][2], untouched[head][2])
    assert not torch.equal(weights[head][1], untouched[head][1])


def test_the_faster_number_format_is_decided_once() -> None:
    assert bf16_is_faster() is bf16_is_faster()


@pytest.mark.skipif(torch.cuda.is_available(), reason="an accelerator counts no threads")
@pytest.mark.parametrize("asked", ["two", "0", "-1"])
def test_a_wrong_number_of_threads_is_named(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DELINEATE_THREADS", asked)
    device.cache_clear()
    try:
        with pytest.raises(
            TrainingError, match=r"DELINEATE_THREADS is '.*'; it must be a whole number above 0"
        ):
            device()
    finally:
        monkeypatch.undo()
        device.cache_clear()
