"""Decode untrusted files in a child process with limits on memory, processor time and wall time.

A file that crashes a decoder, claims absurd sizes or never ends costs a child process, not the server. What
the child returns is checked again here. Every failure is `Refused` with one sentence.
"""

import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from annotation.errors import Refused, TooLarge
from annotation.imaging import checks
from annotation.imaging.dicom import KEPT, Allowed, Found, Identity, Original, Reading, Series
from annotation.imaging.findings import Cause, Finding, Mark, Outcome, Rejected
from annotation.imaging.nifti import Inspection
from annotation.imaging.segmentations import transport
from annotation.imaging.segmentations.layers import Segmentation
from annotation.imaging.worker import VOXELS
from training.volume import Geometry, Volume

ROOT = Path(__file__).resolve().parents[2]
_LONGEST_ANSWER = 64 * 1024**2
_TOO_LARGE = TooLarge.status
# What to call what a request is about: names of DICOM files and of folders may be a patient's.
_NAMELESS = {"series": "The series", "find": "The folder"}


@dataclass(frozen=True)
class Limits:
    """What one child process may use; the processor and wall seconds count anew for each file."""

    memory_bytes: int = 4 * 1024**3
    file_bytes: int = 2 * checks.MAX_BYTES
    cpu_s: int = 300
    wall_s: float = 600.0


class Decoder:
    """A child process that decodes one file after another; after a crash a fresh one takes over.

    Use as a context manager, from one thread at a time. `on_wait` is called each second that the child works
    on one request; what it raises ends the child.
    """

    def __init__(self, limits: Limits | None = None, on_wait: Callable[[], object] = bool) -> None:
        self._limits = limits or Limits()
        self._on_wait = on_wait
        self._folder = Path(tempfile.mkdtemp(prefix="delineate-decode-"))
        self._child: subprocess.Popen[bytes] | None = None
        self._called: dict[Path, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child process and remove its folder."""
        self._end_child()
        shutil.rmtree(self._folder, ignore_errors=True)

    def call(self, path: Path, called: str) -> None:
        """Call a file so in what is said of it from now on, because its own name may be a patient's."""
        self._called[path] = called

    def image(self, path: Path) -> Volume:
        """Decode a CT in NIfTI, NRRD, MetaImage or a list of voxels: int16 HU (i, j, k), canonical LPS."""
        volume = self._volume("image", [path])
        checks.check_image(volume, path.name)
        return volume

    def labels(self, path: Path) -> Volume:
        """Decode a label map in NIfTI, NRRD or MetaImage: uint8 (i, j, k), values 0–254, canonical LPS."""
        volume = self._volume("labels", [path])
        checks.check_labels(volume, path.name)
        return volume

    def mask(self, path: Path) -> Volume:
        """Decode one structure's mask (NIfTI or NRRD): uint8 (i, j, k), 1 inside, canonical LPS."""
        volume = self._volume("mask", [path])
        checks.check_labels(volume, path.name)
        return volume

    def bits(self, path: Path) -> Volume:
        """Decode a NIfTI with one structure per bit: uint32 (i, j, k), canonical LPS."""
        volume = self._volume("bits", [path])
        checks.check_bits(volume, path.name)
        return volume

    def segmentation(
        self, paths: Sequence[Path], image: Geometry, series: Sequence[Path] = (), *, each: bool = False
    ) -> Segmentation:
        """Decode a delineation onto an image's grid: SEG, RTSTRUCT, NRRD, NIfTI, or one file per structure.

        `series` are the image's DICOM files, so that a delineation of another series is refused. Several
        paths, or one of `each`, are one file per structure.
        """
        if not paths:
            raise Refused("There is no file of a delineation.")
        return self._segmentation(paths, image, series, each=each)

    def pictures(self, paths: Sequence[Path], series: Sequence[Path], image: Geometry) -> Segmentation:
        """Decode pictures of labels (PNG), one for each of a series' DICOM files in order, onto its grid."""
        return self._segmentation(paths, image, series, pictured=True)

    def _segmentation(
        self, paths: Sequence[Path], image: Geometry, series: Sequence[Path], **how: bool
    ) -> Segmentation:
        file = self._folder / VOXELS
        try:
            grid = asdict(image)
            found = self._ask("segmentation", [*paths, *series], files=len(paths), geometry=grid, **how)
            labels = np.load(file, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise Refused(f"{self._name(paths[0])} could not be decoded into structures.") from error
        finally:
            file.unlink(missing_ok=True)
        return transport.taken(found, labels, image, self._name(paths[0]))

    def series(
        self,
        paths: Sequence[Path],
        slices: Sequence[tuple[int, int]] | None = None,
        allowed: Allowed | None = None,
        *,
        keeps_uids: bool = False,
    ) -> Reading:
        """Decode one DICOM CT series: int16 HU (i, j, k), canonical LPS, and what was noticed.

        `slices` are (index into paths, frame); None: every frame of every file. With `keeps_uids` also how
        the files name it.
        """
        if not paths:
            raise Rejected(Cause.TOO_FEW_SLICES, "The series holds no files.")
        extra: dict[str, Any] = {
            "slices": None if slices is None else list(slices),
            "allowed": asdict(allowed or Allowed()),
            "keeps_uids": keeps_uids,
        }
        volume, found = self._volume_and_answer("series", paths, **extra)
        checks.check_image(volume, _NAMELESS["series"])
        original = _original(found) if keeps_uids else None
        return Reading(volume, _marks(found), _header(found), original)

    def inspect(self, path: Path, *, with_values: bool) -> Inspection:
        """Return an image file's grid, and with `with_values` its label values (None: no label map)."""
        found = self._ask("inspect", [path], with_values=with_values)
        shape, values = found["shape"], found["values"]
        return Inspection(
            shape=(int(shape[0]), int(shape[1]), int(shape[2])),
            affine=tuple(float(x) for x in found["affine"]),
            values=None if values is None else tuple(int(v) for v in values),
            spacing_known=bool(found["spacing_known"]),
            structures=int(found["structures"]),
        )

    def model(self, path: Path, folder: Path) -> dict[str, Any]:
        """Unpack the zip of a model folder into an empty folder; return its description and card."""
        found = self._ask("model", [path, folder])
        return {name: dict(found[name]) for name in ("description", "card")}

    def find_series(self, folder: Path, where: str = "") -> Found:
        """Return the CT series below a folder, and what else of DICOM lies there; files are told `where`."""
        found = self._ask("find", [folder], where=where)
        return Found(
            series=tuple(_found_series(one) for one in found["series"]),
            findings=tuple(_found_finding(one) for one in found["findings"]),
            others={str(kind): int(count) for kind, count in found["others"].items()},
            drawings=tuple((str(name), str(called)) for name, called in found["drawings"]),
        )

    def drawn_on(self, path: Path) -> tuple[set[str], set[str]]:
        """Return the UIDs of series and frames of reference that a SEG or RTSTRUCT names."""
        found = self._ask("drawn_on", [path])
        return set(map(str, found["series"])), set(map(str, found["frames"]))

    def structures(self, path: Path) -> list[str]:
        """Return the names of the structures in a SEG, RTSTRUCT or .seg.nrrd, by its header."""
        return [str(name) for name in self._ask("structures", [path])["names"]]

    def unpack(self, path: Path, folder: Path) -> int:
        """Unpack a zip into an empty folder; return how many files. Raises Rejected or TooLarge."""
        return int(self._ask("unpack", [path, folder])["files"])

    def _volume(self, work: str, paths: Sequence[Path]) -> Volume:
        return self._volume_and_answer(work, paths)[0]

    def _volume_and_answer(self, work: str, paths: Sequence[Path], **extra: Any) -> tuple[Volume, Any]:
        file = self._folder / VOXELS
        try:
            found = self._ask(work, paths, **extra)
            geometry = _geometry(found)
            voxels = np.load(file, allow_pickle=False)
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            raise Rejected(Cause.DAMAGED, f"{self._name(paths[0], work)} could not be decoded.") from error
        finally:
            file.unlink(missing_ok=True)
        return Volume(voxels, geometry), found

    def _ask(self, work: str, paths: Sequence[Path], **extra: Any) -> Any:
        name = self._name(paths[0], work)
        child = self._running_child()
        request = {"work": work, "paths": [str(path.absolute()) for path in paths], "name": name, **extra}
        if paths[0] in self._called:
            request["called"] = name
        line = self._exchange(child, json.dumps(request).encode() + b"\n", name)
        try:
            reply = json.loads(line)
        except ValueError as error:
            raise self._crashed(child, name) from error
        if reply.get("out_of_memory"):
            self._end_child()
            raise self._out_of_memory(name)
        if "refused" in reply:
            raise _refusal(reply)
        return reply["result"]

    def _name(self, path: Path, work: str = "") -> str:
        return _NAMELESS.get(work) or self._called.get(path) or path.name

    def _exchange(self, child: subprocess.Popen[bytes], request: bytes, name: str) -> bytes:
        """Send one line and return the answer's; an empty or cut line means that the child died."""
        if child.stdin is None or child.stdout is None:
            raise RuntimeError("The child process was started without pipes.")
        deadline = time.monotonic() + self._limits.wall_s
        received = bytearray()
        try:
            child.stdin.write(request)
            child.stdin.flush()
        except BrokenPipeError:
            return b""
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            while not received.endswith(b"\n"):
                if not selector.select(min(1.0, max(0.0, deadline - time.monotonic()))):
                    self._still_waits(deadline, name)
                    continue
                piece = os.read(child.stdout.fileno(), 1 << 16)
                if not piece or len(received) > _LONGEST_ANSWER:
                    return b""
                received += piece
        return bytes(received)

    def _still_waits(self, deadline: float, name: str) -> None:
        """Tell who wants to know; end a child that takes too long, or whose work is no longer wanted."""
        try:
            self._on_wait()
            if time.monotonic() >= deadline:
                raise Refused(f"{name} took longer than {self._limits.wall_s:g} s to decode.")
        except BaseException:
            self._end_child()
            raise

    def _running_child(self) -> subprocess.Popen[bytes]:
        if self._child is None or self._child.poll() is not None:
            self._end_child()
            limits = self._limits
            self._child = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-m", "annotation.imaging.worker", str(self._folder)),
                    *(str(n) for n in (limits.memory_bytes, limits.file_bytes, limits.cpu_s)),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # decoders quote headers there, and headers name patients
                cwd=self._folder,
                env=self._environment(),
                start_new_session=True,
            )
        return self._child

    def _environment(self) -> dict[str, str]:
        """Return the child's environment: no secrets, one thread, the parent's import path."""
        kept = {key: os.environ[key] for key in ("LD_LIBRARY_PATH", "LANG") if key in os.environ}
        searched = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        threads = {key: "1" for key in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MALLOC_ARENA_MAX")}
        folder = str(self._folder)
        return kept | threads | {
            "PATH": os.defpath, "PYTHONPATH": os.pathsep.join(searched), "HOME": folder, "TMPDIR": folder
        }  # fmt: skip

    def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue

    def _crashed(self, child: subprocess.Popen[bytes], name: str) -> Refused:
        """Say why the child is gone."""
        try:
            status = child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            status = 0
        self._end_child()
        if status == -signal.SIGXCPU:
            return Refused(f"{name} took more than {self._limits.cpu_s} s of work to decode.")
        if status == -signal.SIGKILL:
            return self._out_of_memory(name)
        return Rejected(Cause.DAMAGED, f"{name} is damaged: its decoder crashed.")

    def _out_of_memory(self, name: str) -> TooLarge:
        gibibytes = self._limits.memory_bytes / 1024**3
        return TooLarge(
            f"{name} needs more than {gibibytes:.3g} GiB of memory to decode; crop or resample it first."
        )


def _refusal(reply: Any) -> Refused:
    if reply.get("status") == _TOO_LARGE:
        return TooLarge(str(reply["refused"]))
    return Rejected(Cause(reply.get("cause", Cause.UNUSABLE)), str(reply["refused"]))


def _marks(found: Any) -> tuple[Mark, ...]:
    try:
        return tuple(Mark.from_json(one) for one in found["marks"])
    except (KeyError, TypeError, ValueError) as error:
        raise Rejected(Cause.DAMAGED, "The series could not be decoded.") from error


def _original(found: Any) -> Original | None:
    try:
        return None if found["original"] is None else Original.from_json(found["original"])
    except (KeyError, TypeError, ValueError) as error:
        raise Rejected(Cause.DAMAGED, "The series could not be decoded.") from error


def _header(found: Any) -> dict[str, Any]:
    """Take what is kept of the header again by the list, whatever the child returned."""
    return {name: found["header"][name] for name in KEPT if name in found["header"]}


def _found_series(one: Any) -> Series:
    slices = tuple((str(name), int(frame)) for name, frame in one["slices"])
    uids = str(one["uid"]), str(one["frame_uid"])
    return Series(slices, str(one["patient_id"]), str(one["differs_in"]), *uids, _identity(one["identity"]))


def _identity(one: Any) -> Identity:
    study, series, date = (str(one[key]) for key in ("study_uid", "series_uid", "acquired_on"))
    return Identity(study, series, int(one["stack"]), date)


def _found_finding(one: Any) -> Finding:
    return Finding(str(one["source"]), Outcome(one["outcome"]), Cause(one["cause"]), str(one["message"]))


def _geometry(found: Any) -> Geometry:
    rows = [_three(row) for row in found["direction"]]
    shape = found["shape"]
    return Geometry(
        shape=(int(shape[0]), int(shape[1]), int(shape[2])),
        spacing_mm=_three(found["spacing_mm"]),
        origin_lps=_three(found["origin_lps"]),
        direction=(rows[0], rows[1], rows[2]),
    )


def _three(numbers: Any) -> tuple[float, float, float]:
    return float(numbers[0]), float(numbers[1]), float(numbers[2])
