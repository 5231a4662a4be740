"""Two processes train one model: each sees its own patches, both end with the same weights."""

import dataclasses
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.training.ranks import STEPS, STOPPED_AT
from tests.training.test_networks import small
from tests.training.test_patches import scan
from training.fit import ALONE, joined
from training.networks import load_tensors
from training.patches import draw_batch, prepare

Ended = tuple[dict[str, Tensor], dict[str, Any]]
TIMED = 40  # steps of the trial that says how many the budget pays for


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> list[Ended]:
    folder = tmp_path_factory.mktemp("together")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = os.environ | {
        "WORLD_SIZE": "2",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "DELINEATE_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "tests.training.ranks", str(folder)]
    ranks = [subprocess.Popen(command, env=shared | {"RANK": str(r), "LOCAL_RANK": str(r)}) for r in range(2)]
    try:
        assert [rank.wait(timeout=300) for rank in ranks] == [0, 0]
    finally:
        for rank in ranks:
            rank.kill()
    return [load_tensors(folder / f"{rank}.safetensors") for rank in range(2)]


def weights(tensors: dict[str, Tensor], of: str) -> dict[str, Tensor]:
    return {name.removeprefix(f"{of}."): t for name, t in tensors.items() if name.startswith(f"{of}.")}


def test_both_end_with_the_same_weights_and_one_reports(ended: list[Ended]) -> None:
    (first, about_first), (second, about_second) = ended
    mine, others = weights(first, "whole"), weights(second, "whole")
    assert mine
    assert all(torch.equal(tensor, others[name]) for name, tensor in mine.items())
    assert about_first["steps"] == about_second["steps"] == STEPS
    assert about_first["loss"] == about_second["loss"]
    assert about_first["reports"] > 0
    assert about_second["reports"] == 0


def test_each_sees_its_own_patches(ended: list[Ended], tmp_path: Path) -> None:
    plan = dataclasses.replace(small(), patch_size=(16, 16, 16))
    cases = [prepare(scan(seed=number), plan, tmp_path) for number in range(2)]
    for rank, (tensors, _) in enumerate(ended):
        for step in range(STEPS):
            expected = draw_batch(cases, plan, 3, 2 * step + rank)
            assert torch.equal(tensors[f"batch.{TIMED + step}"], expected.image)


def test_a_stopped_run_goes_on_where_it_was(ended: list[Ended]) -> None:
    for tensors, about in ended:
        assert about["stopped"] == STOPPED_AT
        whole, resumed = weights(tensors, "whole"), weights(tensors, "resumed")
        assert all(torch.equal(tensor, resumed[name]) for name, tensor in whole.items())


def test_alone_there_is_nobody_to_agree_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with joined() as world:
        assert world is ALONE
        assert world.first
        assert world.agreed(2.5) == world.mean(torch.tensor(2.5)) == 2.5
        world.wait()
