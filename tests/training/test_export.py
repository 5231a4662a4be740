"""A model as one file: every network, read again without our code, with all that is needed to use it."""

import dataclasses
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.test_plan import plan
from training.__main__ import main
from training.export import ABOUT, ENDINGS, ONNX, PT2, TORCHSCRIPT, export
from training.labels import StructureSpec
from training.model import write_model
from training.networks import NETWORKS, build
from training.plan import Plan
from training.progress import TrainingError

SMALL_UNET = {"strides": [[1, 1, 1], [2, 2, 1], [2, 2, 2]], "features": [4, 8, 8]}
SMALL: dict[str, tuple[dict[str, Any], tuple[int, int, int]]] = {
    "plain_unet": (SMALL_UNET, (16, 16, 8)),
    "resenc_unet": (SMALL_UNET, (16, 16, 8)),
    "attention_unet": ({"features": [4, 8, 8], "strides": [2, 2]}, (16, 16, 8)),
    "swin_unetr": (
        {"features": 12, "depths": [1] * 4, "attention_heads": [1, 1, 2, 2], "window": 2},
        (32, 32, 32),
    ),
    "unetr": ({"features": 4, "hidden": 24, "perceptron": 24, "attention_heads": 2}, (16, 16, 16)),
    "segresnet": ({"features": 8, "blocks_down": [1, 1], "blocks_up": [1]}, (16, 16, 8)),
    "highresnet": ({}, (8, 8, 8)),
    "vnet": ({}, (16, 16, 16)),
}


def small(network: str) -> Plan:
    arguments, patch = SMALL[network]
    return dataclasses.replace(
        plan(), network=network, network_args=arguments, patch_size=patch, deep_supervision=()
    )


def written(folder: Path, network: str = "plain_unet", *, seed: int = 0, **about: Any) -> Path:
    made = small(network)
    names = [key for key in made.channels if not key.startswith("background:")]
    places = [(layer, value) for layer, values in enumerate(made.layers) for value in values]
    specs = [
        StructureSpec(key, key.title(), *place, tolerance_mm=2.0)
        for key, place in zip(names, places, strict=True)
    ]
    write_model(folder, build(made, seed=seed), made, specs, **about)
    return folder


def test_every_network_of_the_registry_is_tried() -> None:
    assert SMALL.keys() == NETWORKS.keys()


@pytest.mark.parametrize("network", SMALL)
def test_every_network_gives_the_same_from_its_torchscript(network: str, tmp_path: Path) -> None:
    done = export(written(tmp_path / "model", network), tmp_path / "network.pt")
    assert done.difference < 1e-3
    assert done.about["network"] == network
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("network", ["plain_unet", "segresnet", "unetr"])
def test_and_from_what_torch_export_writes(network: str, tmp_path: Path) -> None:
    done = export(written(tmp_path / "model", network), tmp_path / "network.pt2", to=PT2)
    assert done.difference < 1e-3
    extra = {ABOUT: ""}
    torch.export.load(done.path, extra_files=extra)
    assert json.loads(extra[ABOUT]) == done.about


@pytest.mark.parametrize("network", ["plain_unet", "segresnet", "unetr"])
def test_an_onnx_runtime_gives_the_logits_of_the_network(network: str, tmp_path: Path) -> None:
    """Where the optional packages are installed; the network is built anew, not read by our exporter."""
    onnx, runtime = (pytest.importorskip(name) for name in ("onnx", "onnxruntime"))
    pytest.importorskip("onnxscript")
    done = export(written(tmp_path / "model", network, seed=3), tmp_path / "network.onnx", to=ONNX)
    onnx.checker.check_model(str(done.path), full_check=True)
    session = runtime.InferenceSession(str(done.path), providers=["CPUExecutionProvider"])
    patch = torch.randn(1, 1, *small(network).patch_size, generator=torch.Generator().manual_seed(7))
    with torch.no_grad():
        ours = build(small(network), seed=3).eval()(patch)
    (theirs,) = session.run(None, {"patch": patch.numpy()})
    torch.testing.assert_close(torch.from_numpy(theirs), ours, rtol=1e-3, atol=1e-3 * float(ours.abs().max()))
    assert json.loads(session.get_modelmeta().custom_metadata_map[ABOUT]) == done.about
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_another_program_runs_the_file_and_finds_how_in_it(tmp_path: Path) -> None:
    """A process of its own, far from the repository: nothing of ours can be imported there."""
    done = export(written(tmp_path / "model"), tmp_path / "network.pt")
    script = f"""
import json, sys, warnings
warnings.simplefilter("ignore")
import torch
extra = {{"{ABOUT}": ""}}
network = torch.jit.load(r"{done.path}", _extra_files=extra)
about = json.loads(extra["{ABOUT}"])
print(json.dumps({{"in": about["input"], "out": list(network(torch.zeros(about["input"]["shape"])).shape),
    "ours": [name for name in sys.modules if name.split(".")[0] == "training"]}}))
"""
    found = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    said = json.loads(found.stdout)
    assert said["out"] == done.about["output"]["shape"]
    assert said["ours"] == []
    assert said["in"]["shape"] == [1, 1, 16, 16, 8]
    assert said["in"]["spacing_mm"] == list(small("plain_unet").spacing_mm)
    assert said["in"]["normalisation"]["scheme"] == small("plain_unet").normalisation.scheme


def test_softmax_adds_up_to_one_in_every_layer(tmp_path: Path) -> None:
    done = export(written(tmp_path / "model"), tmp_path / "network.pt", softmax=True)
    with pytest.warns(DeprecationWarning, match="jit"):
        network = torch.jit.load(done.path)
    shares = network(torch.randn(1, 1, 16, 16, 8))
    layers = torch.tensor([channel["layer"] for channel in done.about["output"]["channels"]])
    for layer in layers.unique():
        total = shares[:, layers == layer].sum(1)
        torch.testing.assert_close(total, torch.ones_like(total))


def test_members_are_averaged_in_one_file(tmp_path: Path) -> None:
    member = written(tmp_path / "model" / "member-0", seed=1)
    digest = json.loads((member / "model.json").read_text())["weights_sha256"]
    written(tmp_path / "model", members={"member-0": digest})
    done = export(tmp_path / "model", tmp_path / "network.pt")
    assert done.about["members"] == 2
    assert done.notes == ("The file averages the 2 networks of this model.",)


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    model = written(tmp_path / "model")
    with pytest.raises(TrainingError, match="no format called tensorflow"):
        export(model, tmp_path / "network.pb", to="tensorflow")
    if not all(find_spec(name) for name in ("onnx", "onnxscript", "onnxruntime")):
        with pytest.raises(TrainingError, match="ONNX needs the packages onnx, onnxscript, onnxruntime"):
            export(model, tmp_path / "network.onnx", to=ONNX)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_from_a_shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = written(tmp_path / "model")
    assert main(["export", str(model), str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / f"model{ENDINGS[TORCHSCRIPT]}").is_file()
    assert "differs from the network by at most" in capsys.readouterr().out.replace("\n", " ")
    assert main(["export", str(model), str(tmp_path / "network.onnx")]) == 2
    assert "A file of torchscript ends in .pt" in capsys.readouterr().err
    assert main(["export", str(tmp_path), str(tmp_path / "other.pt")]) == 2
    assert "is not a model folder" in capsys.readouterr().err
