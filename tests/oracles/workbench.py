"""The browser's operations, bundled as they are and run in Node, on numpy arrays.

Arrays are indexed (i, j, k) here and travel i fastest, as in the browser. `Workbench.operate` does what the
page does: it asks the operation for the box that it needs, cuts it out, runs it there and puts the proposal
back, so a box that is too small shows as a difference from the oracle, which sees the whole scan.
"""

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
OPERATIONS = ROOT / "frontend" / "src" / "voxels" / "operations"
ROLLDOWN = ROOT / "frontend" / "node_modules" / ".bin" / "rolldown"

Labels = NDArray[np.uint8]
Triple = tuple[float, float, float]
DTYPES = {"u1": np.uint8, "i2": np.int16, "i4": np.int32, "u4": np.uint32, "f4": np.float32, "f8": np.float64}


class Refused(Exception):  # noqa: N818 - named as what the browser throws
    """The operation refused; the message is its sentence for the reader."""


@dataclass(frozen=True)
class Outcome:
    """What an operation proposes for the whole scan."""

    box: tuple[tuple[int, ...], tuple[int, ...]] | None
    """First voxel and size of what it asked to see; None where it said that there is nothing to do."""
    layers: dict[int, Labels]
    """Labels of every layer that it changes."""
    note: str | None
    shares: list[float]
    """Progress, as it was reported."""


def missing() -> str | None:
    """Why the operations cannot run on this machine, or None."""
    if shutil.which("node") is None:
        return "needs Node 20 or newer on the path"
    if not ROLLDOWN.exists():
        return "needs the front end's packages: run make setup"
    return None


def structure(value: int, layer: int = 0) -> dict[str, int]:
    """A structure as the operations' parameters name it."""
    return {"layer": layer, "value": value}


class Workbench:
    """A Node process that holds the bundled operations; any module of theirs can be called by its name."""

    def __init__(self, folder: Path) -> None:
        bundle = folder / "bundle"
        self.folder = folder / "arrays"
        self.folder.mkdir(parents=True)
        sources = [
            path
            for folder in (OPERATIONS, OPERATIONS / "primitives", OPERATIONS.parent)
            for path in sorted(folder.glob("*.ts"))
            if not path.name.endswith(".test.ts")
        ]
        done = subprocess.run(
            [str(ROLLDOWN), *map(str, sources), "--dir", str(bundle), "--format", "esm"],
            cwd=ROOT / "frontend",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        (bundle / "package.json").write_text('{"type": "module"}')
        self.process = subprocess.Popen(
            ["node", str(Path(__file__).with_name("serve.mjs")), str(bundle), str(self.folder)],  # noqa: S607
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def operate(
        self,
        name: str,
        params: dict[str, Any],
        labels: Labels | Sequence[Labels],
        spacing_mm: Triple = (1.0, 1.0, 1.0),
        hu: NDArray[np.int16] | None = None,
    ) -> Outcome:
        """Run an operation of the registry on a scan; labels are one array or one per layer."""
        layers = [labels] if isinstance(labels, np.ndarray) else list(labels)
        request = {
            "call": "operate",
            "name": name,
            "params": params,
            "shape": layers[0].shape,
            "spacing_mm": spacing_mm,
            "labels": layers,
            "hu": hu,
        }
        answer = self._ask(request)
        box = answer["box"]
        return Outcome(
            box=None if box is None else (tuple(box["low"]), tuple(box["size"])),
            layers={
                change["layer"]: change["values"].reshape(layers[0].shape, order="F")
                for change in answer["changes"]
            },
            note=answer["note"],
            shares=answer["shares"],
        )

    def call(self, module: str, name: str, *args: Any) -> Any:
        """Call an exported function of a module by its file's name; typed arrays come back flat."""
        return self._ask({"call": "function", "module": module, "name": name, "args": list(args)})

    def _ask(self, request: dict[str, Any]) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(self._sent(request)) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "Node ended before it answered"
        reply = json.loads(line)
        answer = self._received(reply.get("result"))
        for path in self.folder.iterdir():
            path.unlink()
        if "refused" in reply:
            raise Refused(reply["refused"])
        assert "error" not in reply, reply["error"]
        return answer

    def _sent(self, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            dtype = value.dtype.str[1:]
            assert dtype in DTYPES, f"no typed array holds {value.dtype}"
            file = f"sent-{len(list(self.folder.iterdir()))}"
            (self.folder / file).write_bytes(value.tobytes(order="F"))
            return {"file": file, "dtype": dtype}
        if isinstance(value, dict):
            return {key: self._sent(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self._sent(inner) for inner in value]
        return value

    def _received(self, value: Any) -> Any:
        if isinstance(value, dict) and value.keys() == {"file", "dtype"}:
            return np.fromfile(self.folder / value["file"], DTYPES[value["dtype"]])
        if isinstance(value, dict):
            return {key: self._received(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._received(inner) for inner in value]
        return value

    def __enter__(self) -> "Workbench":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Closing its input ends the loop of the process.
        if self.process.stdin is not None:
            self.process.stdin.close()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process.wait(30)
