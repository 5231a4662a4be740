"""Networks as an accelerator runs them, as far as a processor can tell: traced whole, gradients alike."""

import dataclasses
import os
import subprocess
import sys

import pytest
import torch

from tests.training.test_networks import small
from training.networks import build


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
@pytest.mark.parametrize("network", ["plain_unet", "resenc_unet"])
def test_a_u_net_is_traced_whole_without_a_warning(network: str, backend: str) -> None:
    of = dataclasses.replace(small(), network=network, patch_size=(16, 16, 16), deep_supervision=(0.7, 0.3))
    plain, traced = build(of, 0).train(), build(of, 0).train()
    image = torch.randn(2, 1, 16, 16, 16)
    found = []
    try:
        for each in (plain, torch.compile(traced, backend=backend, fullgraph=True)):
            logits = each(image)
            assert isinstance(logits, tuple)
            torch.stack([head.square().mean() for head in logits]).sum().backward()
            found.append(logits)
    finally:
        torch.compiler.reset()
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(other, one)
    for one, other in zip(plain.parameters(), traced.parameters(), strict=True):
        torch.testing.assert_close(other.grad, one.grad, atol=1e-6, rtol=1e-4)


@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a graphics card to measure on")
def test_the_benchmark_says_what_it_lacks_and_runs_small_without_it() -> None:
    def said(*words: str) -> str:
        command = [sys.executable, "-m", "bench.gpu", *words]
        shared = os.environ | {"DELINEATE_THREADS": "1", "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True, env=shared)
        return done.stdout

    assert said() == (
        "There is no GPU at hand, so nothing was measured; --device cpu --tiny only exercises the code.\n"
    )
    rows = said("train", "--device", "cpu", "--tiny")
    for way in ("bf16, channels last, eager", "fp32 (TF32), channels last", "fp16, scaled", "contiguous"):
        assert way in rows
