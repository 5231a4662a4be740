"""Plan files: written for people, inherited from one another, and refused in one sentence."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from tests.training.test_plan import fingerprint, plan
from training.labels import StructureSpec
from training.plan import Plan, check, configurations, read_plan, read_plans, write_plans
from training.progress import TrainingError

LIVER = StructureSpec("liver", "Liver", 0, 5, 3.0)


def write(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content))
    return path


def test_a_plan_file_comes_back_and_is_laid_out_for_people(tmp_path: Path) -> None:
    write_plans(tmp_path / "deep" / "plan.json", {"full": plan()})
    assert read_plan(tmp_path / "deep" / "plan.json") == plan()
    lines = (tmp_path / "deep" / "plan.json").read_text().splitlines()
    assert ' "patch_size": [48, 48, 48],' in lines
    assert ' "learning_rate": 0.004,' in lines
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["plan.json"]


def test_two_configurations_share_a_file_and_the_second_says_what_differs(tmp_path: Path) -> None:
    large = fingerprint((0.7, 0.7, 1.0), (500.0, 500.0, 500.0))
    made = configurations(
        dataclasses.replace(large, shares=((0.9, 0.1),)), (LIVER,), budget_s=60, memory_gb=8
    )
    path = tmp_path / "plan.json"
    write_plans(path, made)
    assert read_plans(path) == made
    assert read_plan(path) == made["full"]
    assert read_plan(path, "low") == made["low"]
    stated = json.loads(path.read_text())["plans"]["low"]
    assert stated["inherits_from"] == "full"
    assert "optimiser" not in stated
    with pytest.raises(TrainingError, match="no plan called medium; it has full, low"):
        read_plan(path, "medium")


def test_a_plan_inherits_from_another_file_and_through_several(tmp_path: Path) -> None:
    write_plans(tmp_path / "base.json", {"full": plan()})
    write(tmp_path / "slow.json", {"inherits_from": "base.json", "learning_rate": 1e-4})
    (tmp_path / "sub").mkdir()
    last = write(tmp_path / "sub" / "last.json", {"inherits_from": "../slow.json", "batch_size": 3})
    assert read_plan(last) == dataclasses.replace(plan(), learning_rate=1e-4, batch_size=3)


def test_a_plan_inherits_from_one_of_several(tmp_path: Path) -> None:
    both = {"a": plan().to_dict(), "b": {"inherits_from": "a", "ema": 0.5}}
    write(tmp_path / "both.json", {"plans": both})
    child = write(tmp_path / "child.json", {"inherits_from": "both.json:b", "patience": 2})
    assert read_plan(child) == dataclasses.replace(plan(), ema=0.5, patience=2)


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"a": {"inherits_from": "a.json"}}, "circle: a.json from a.json"),
        (
            {"a": {"inherits_from": "b.json"}, "b": {"inherits_from": "a.json"}},
            "circle: a.json from b.json from a.json",
        ),
        (
            {"a": {"plans": {"full": {"inherits_from": "x"}, "x": {"inherits_from": "full"}}}},
            "circle: a.json:full from a.json:x from a.json:full",
        ),
        ({"a": {"inherits_from": "b.json"}}, "b.json cannot be read"),
        ({"a": {"inherits_from": "full"}}, "neither a .json file nor in this file"),
        ({"a": {"inherits_from": 3}}, "inherits_from must be a text, not 3"),
        ({"a": {"plans": {"full": {"inherits_from": "x"}}}}, "no plan called x"),
        ({"a": {"plans": {}}}, "is not a plan"),
        ({"a": {"plans": {"full": 3}}}, "The plan full of a.json is not a JSON object"),
        ({"a": []}, "a.json is not a plan"),
    ],
)
def test_inheritance_that_leads_nowhere_is_said(tmp_path: Path, files: dict[str, Any], sentence: str) -> None:
    for name, content in files.items():
        write(tmp_path / f"{name}.json", content)
    with pytest.raises(TrainingError, match=sentence):
        read_plan(tmp_path / "a.json")


def test_a_file_that_is_no_json_is_said(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text('{"version": 2,}')
    with pytest.raises(TrainingError, match=r"plan.json is not JSON: .*line 1"):
        read_plan(tmp_path / "plan.json")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"pach_size": [64, 64, 64]}, "unknown field 'pach_size'; known are version, name, network"),
        ({"version": 1}, "version 1; only version 2 is known"),
        ({"patch_size": 64}, "patch_size must be a list of 3 whole numbers, not 64"),
        ({"patch_size": [64, 64]}, "patch_size must be a list of 3 whole numbers"),
        ({"patch_size": [64.5, 64, 64]}, r"patch_size\[0\] must be a whole number, not 64.5"),
        ({"patch_size": [60, 48, 48]}, r"patch_size \[60, 48, 48\] must be a multiple of \[8, 8, 8\]"),
        ({"patch_size": [0, 64, 64]}, "patch_size must hold three numbers above 0"),
        ({"batch_size": True}, "batch_size must be a whole number, not True"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"spacing_mm": [1, 1, -1]}, "spacing_mm must hold three numbers above 0"),
        ({"spacing_mm": [1, 1, float("nan")]}, "spacing_mm must hold three numbers above 0"),
        ({"axis_order": [0, 1, 1]}, "axis_order must hold 0, 1 and 2 once each"),
        ({"mirror_axes": [3]}, "mirror_axes may hold 0, 1 and 2"),
        ({"learning_rate": "fast"}, "learning_rate must be a number, not 'fast'"),
        ({"learning_rate": 0}, "learning_rate must be above 0"),
        ({"warmup_steps": -1}, "warmup_steps must be 0 or more"),
        ({"epoch_steps": 0}, "epoch_steps must be 1 or more"),
        ({"min_steps": 50_000}, "min_steps, 50000, is above max_steps, 20000"),
        ({"ema": 1.0}, "ema must be from 0 to below 1"),
        ({"network": None}, "network must be a text, not None"),
        ({"network_args": []}, "network_args must be a JSON object"),
        ({"sampler_args": {"share": 2}}, "sampler_args: share must be from 0 to 1, not 2"),
        ({"augmentation": [{"nme": "noise"}]}, r"augmentation\[0\] has an unknown field 'nme'"),
        ({"augmentation": ["noise"]}, r"augmentation\[0\] must be a JSON object"),
        ({"deep_supervision": [1, 1, 1, 1, 1]}, "deep_supervision has 5 weights; the network has 3 heads"),
        ({"deep_supervision": [0, 0]}, "deep_supervision must hold weights of 0 or more with a sum above 0"),
        ({"class_weights": [[1, 1, 1]]}, "class_weights has 1 rows; there are 2 layers"),
        (
            {"class_weights": [[1, 1], [1, 1]]},
            r"class_weights\[0\] has 2 weights; the layer has 3 channels",
        ),
        ({"class_weights": [[0, 0, 0], [1, 1]]}, r"class_weights\[0\] must hold weights of 0 or more"),
        ({"layers": []}, "layers is empty"),
        ({"layers": [[5, 5], [1]]}, r"layers\[0\] must hold different values from 1 to 254"),
        ({"channels": ["background:0", "liver"]}, "channels has 2 keys; layers asks for 5"),
        (
            {"channels": ["liver", "background:0", "a", "background:1", "b"]},
            r"channels\[0\] must be background:0, not liver",
        ),
        ({"channels": ["background:0", "a", "a", "background:1", "b"]}, "channels holds a key twice"),
        ({"postprocessing": ["spleen"]}, "postprocessing names spleen, which is no channel"),
    ],
)
def test_a_mistake_is_named_in_one_sentence(tmp_path: Path, change: dict[str, Any], sentence: str) -> None:
    path = write(tmp_path / "plan.json", plan().to_dict() | change)
    with pytest.raises(TrainingError, match=sentence) as raised:
        read_plan(path)
    assert str(raised.value).startswith("The plan")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("field", "change", "sentence"),
    [
        ("network_args", {"strides": [[1, 1]]}, "strides must be a list of three whole numbers"),
        ("network_args", {"kernels": "3"}, "kernels must be a list of three whole numbers"),
        ("network_args", {"kernels": [[2, 3, 3]] * 5}, "kernels must be odd"),
        ("network_args", {"features": [16, 32]}, "features must have 4 entries for the 4 stages"),
        ("network_args", {"features": [0.5]}, "features must be a list of whole numbers"),
        ("network_args", {"decoder_blocks": [2] * 5}, "decoder_blocks must have 3 entries"),
        ("resampling", {"image_order": 2}, "image_order must be 0, 1 or 3, not 2"),
        ("resampling", {"separate_z": 1}, "separate_z must be true or false, not 1"),
        (
            "normalisation",
            {"scheme": "log"},
            "must be one of ct, ct_soft_tissue, z_score, z_score_nonzero, not 'log'",
        ),
        ("normalisation", {"std": 0}, "std must be above 0"),
        ("normalisation", {"upper": -60}, "lower, -50, must be below upper, -60"),
        ("normalisation", {"mean": float("inf")}, "normalisation must hold finite numbers"),
    ],
)
def test_a_mistake_inside_a_field_is_named(
    tmp_path: Path, field: str, change: dict[str, Any], sentence: str
) -> None:
    content = plan().to_dict()
    content[field] |= change
    with pytest.raises(TrainingError, match=sentence):
        read_plan(write(tmp_path / "plan.json", content))


def test_a_missing_field_is_named() -> None:
    content = plan().to_dict()
    del content["spacing_mm"]
    with pytest.raises(TrainingError, match="The plan lacks the field 'spacing_mm'"):
        Plan.from_dict(content)


def test_every_plan_that_is_made_passes_the_check() -> None:
    of = fingerprint((0.7, 0.7, 5.0), (400.0, 400.0, 300.0))
    for network in ("plain_unet", "resenc_unet", "swin_unetr"):
        for memory_gb in (None, 8.0):
            of_one = dataclasses.replace(of, shares=((0.9, 0.1),))
            for made in configurations(
                of_one, (LIVER,), budget_s=0, network=network, memory_gb=memory_gb
            ).values():
                assert check(made) is made
                assert Plan.from_json(made.to_json()) == made
