"""S4: weights and bundles that would run a program when opened carelessly, through the real upload."""

import ast
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from annotation.models import Job, JobKind, Model, Project
from tests.annotation.api.conftest import Browser
from tests.trust.figures import record

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("backend", "annotation", "training", "bench")


def _pickle(marker: Path) -> bytes:
    """A pickle of protocol 0 whose opening runs `touch`: written by hand, as an attacker's may be."""
    return f"cos\nsystem\n(Vtouch {marker}\ntR.".encode()


def _newer_pickle(marker: Path) -> bytes:
    """The same in protocol 2, as torch.save writes it."""
    return b"\x80\x02" + _pickle(marker)


def _torch_zip(marker: Path) -> bytes:
    """A file of torch.save: a zip around a pickle."""
    return _zip({"archive/data.pkl": _newer_pickle(marker), "archive/version": b"3\n"})


def _zip(entries: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return packed.getvalue()


def _tensors(header: dict[str, Any] | bytes, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def _folder(weights: bytes, description: bytes = b"{}", **more: bytes) -> bytes:
    others = {name.replace("_", "."): content for name, content in more.items()}
    return _zip({"model.safetensors": weights, "model.json": description, **others})


SOUND = _tensors({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, bytes(4))


def _bundle_config(marker: Path) -> bytes:
    """A MONAI bundle's configuration: `$` is Python that its parser evaluates, `_target_` what it calls."""
    command = f"touch {marker}"
    return json.dumps(
        {
            "imports": ["$import os"],
            "run": [f"$__import__('os').system('{command}')"],
            "network_def": {"_target_": "os.system", "command": command},
            "plan": {"network": "os.system", "_target_": "subprocess.call", "args": [command]},
            "structures": [],
            "weights_sha256": "0" * 64,
        }
    ).encode()


def _link(marker: Path) -> bytes:
    packed = io.BytesIO()
    info = zipfile.ZipInfo("model.safetensors")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(info, b"/etc/passwd")
        archive.writestr("model.json", "{}")
    return packed.getvalue()


Attack = Callable[[Path], bytes]
ATTACKS: dict[str, Attack] = {
    "a pickle": _pickle,
    "a pickle of torch.save": _torch_zip,
    "a folder with a .pt": lambda m: _zip({"model.pt": _torch_zip(m), "model.json": b"{}"}),
    "a folder with a .pkl": lambda m: _zip({"model.pkl": _pickle(m), "model.json": b"{}"}),
    "a folder with a .pth beside weights": lambda m: _folder(SOUND, extra_pth=_torch_zip(m)),
    "a pickle called safetensors": lambda m: _folder(_pickle(m)),
    "a pickle of torch.save called safetensors": lambda m: _folder(_torch_zip(m)),
    "a MONAI bundle": lambda m: _zip(
        {"b/configs/inference.json": _bundle_config(m), "b/models/model.pt": _torch_zip(m)}
    ),
    "a MONAI bundle's script": lambda m: _zip({"b/scripts/net.py": f"open({str(m)!r}, 'w')".encode()}),
    "TorchScript": lambda m: _zip({"model/code/net.py": b"", "model/data.pkl": _newer_pickle(m)}),
    "a bundle's configuration as description": lambda m: _folder(SOUND, _bundle_config(m)),
    "a bundle's configuration as card": lambda m: _folder(SOUND, b"{}", card_json=_bundle_config(m)),
    "a bundle's configuration as plan": lambda m: _folder(SOUND, b"{}", plan_json=_bundle_config(m)),
    "an endless header": lambda m: _folder((2**63).to_bytes(8, "little") + b"{}"),
    "tensors that overlap": lambda m: _folder(
        _tensors(
            {n: {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} for n in ("a", "b")},
            bytes(4),
        )
    ),
    "a tensor behind the end": lambda m: _folder(
        _tensors({"a": {"dtype": "F32", "shape": [9], "data_offsets": [0, 36]}}, bytes(4))
    ),
    "a tensor of negative size": lambda m: _folder(
        _tensors({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, -4]}}, bytes(4))
    ),
    "a header that is nested without end": lambda m: _folder(_tensors(b"[" * 100_000)),
    "a header that is no JSON": lambda m: _folder(_tensors(_pickle(m))),
    "a path upwards": lambda m: _zip({f"../../{m.name}": b"", "model.json": b"{}"}),
    "an absolute path": lambda m: _zip({str(m): b"", "model.json": b"{}"}),
    "a link": _link,
    "a bomb": lambda m: _packed_zeros(),
    "no zip": lambda m: b"PK\x03\x04" + _pickle(m),
    "nothing": lambda m: b"",
}


def _packed_zeros() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.safetensors", bytes(200 * 1024**2))
        archive.writestr("model.json", "{}")
    return packed.getvalue()


@dataclass
class Outcome:
    answers: list[int]
    ran: int = 0


@pytest.mark.parametrize("make", [_pickle, _newer_pickle], ids=["protocol 0", "protocol 2"])
def test_the_attack_works_where_pickles_are_opened(make: Attack, tmp_path: Path) -> None:
    """So that a file that was not touched says something."""
    marker, file = tmp_path / "ran", tmp_path / "file.pkl"
    file.write_bytes(make(marker))
    opened = "import pickle, sys; pickle.load(open(sys.argv[1], 'rb'))"
    subprocess.run([sys.executable, "-c", opened, str(file)], check=True, timeout=60)
    assert marker.exists()


@pytest.mark.trust
@pytest.mark.django_db
def test_nothing_runs_and_nothing_stays(project: Project, lea: User, tmp_path: Path) -> None:
    lead, outcome = Browser(lea), Outcome([])
    lead.client.raise_request_exception = False
    marker = tmp_path / "ran"
    for name, make in ATTACKS.items():
        file = SimpleUploadedFile("model.zip", make(marker))
        answer = lead.upload(f"/api/projects/{project.pk}/models/imports/", {"file": file})
        outcome.answers.append(answer.status_code)
        outcome.ran += marker.exists()
        assert answer.status_code in (400, 413), (name, answer.status_code, answer.content[:300])
        assert answer.json()["detail"].endswith("."), name
    stored = [path for path in Path(settings.STORE_ROOT).rglob("*") if path.is_file()]
    left = len(stored) + Job.objects.filter(kind=JobKind.MEASURE).count() + Model.objects.count()
    found = f"{outcome.ran} ran, {left} rows and files left"
    record("S4", f"{len(ATTACKS)} hostile model files by upload", found, met=not outcome.ran and not left)


# ── What no line of ours may say ─────────────────────────────────────────────

_OPENS_PICKLES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "jsonpickle"}
_RUNS = {"eval", "exec", "compile", "__import__"}
_YAML = {"load", "load_all", "unsafe_load", "full_load"}
# torch.export.save's own file is read back once, in the process that has just written it, to compare outputs.
# nnU-Net's checkpoints are pickles; the bench opens those that it has trained itself a minute before.
ALLOWED = {
    "bench/nnunet/predicting.py: torch.load without weights_only=True",
    "bench/nnunet/window.py: torch.load without weights_only=True",
    "training/export.py: torch.jit.load",
    "training/export.py: torch.export.load",
}


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _is(call: ast.Call, keyword: str, value: object) -> bool:
    given = {one.arg: one.value for one in call.keywords}
    found = given.get(keyword)
    return isinstance(found, ast.Constant) and found.value is value


def _fault_of_call(call: ast.Call) -> str | None:
    name = _dotted(call.func)
    if name in _RUNS or name in {"os.system", "os.popen"}:
        return name
    if name == "torch.load" and not _is(call, "weights_only", True):
        return "torch.load without weights_only=True"
    if name in {"torch.jit.load", "torch.export.load", "torch.hub.load"}:
        return name
    if name.startswith("yaml.") and name.removeprefix("yaml.") in _YAML:
        return name
    if _is(call, "allow_pickle", True) or _is(call, "shell", True):
        return f"{name} with pickles or a shell"
    return None


def _faults(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        yield from (f"import {name}" for name in names if name.partition(".")[0] in _OPENS_PICKLES)
        fault = _fault_of_call(node) if isinstance(node, ast.Call) else None
        if fault is not None:
            yield fault


def _all_faults() -> set[str]:
    files = [path for name in SOURCES for path in (ROOT / name).rglob("*.py")]
    assert len(files) > 300
    return {
        f"{path.relative_to(ROOT).as_posix()}: {fault}"
        for path in [*files, ROOT / "manage.py"]
        for fault in _faults(ast.parse(path.read_text()))
    }


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from joblib import load",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "torch.jit.load(path)",
        "yaml.load(text)",
        "yaml.unsafe_load(text)",
        "eval(text)",
        "exec(text)",
        "os.system(text)",
        "subprocess.run(text, shell=True)",
        "np.load(path, allow_pickle=True)",
    ],
)
def test_the_search_finds(line: str) -> None:
    assert list(_faults(ast.parse(line)))


@pytest.mark.parametrize(
    "line", ["torch.load(path, weights_only=True)", "yaml.safe_load(text)", "np.load(p)", "model.eval()"]
)
def test_the_search_lets_pass(line: str) -> None:
    assert not list(_faults(ast.parse(line)))


@pytest.mark.trust
def test_no_line_opens_a_pickle_or_runs_a_string() -> None:
    faults = _all_faults()
    assert faults >= ALLOWED, "an exception that is no longer needed"
    found = ", ".join(sorted(faults - ALLOWED)) or "none"
    record("S4", "lines that open pickles or run strings", found, met=faults == ALLOWED)
