"""The child process that decodes untrusted files: `-m annotation.imaging.worker FOLDER MEMORY FILE CPU`.

One JSON request per line on standard input, one JSON answer per line on standard output; voxels go to a .npy
file in FOLDER. Run by `annotation.imaging.sandbox` alone; imports neither Django nor torch.
"""

import json
import os
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from annotation.errors import Refused
from annotation.imaging import archives, dicom, formats, masks, model_folder
from annotation.imaging.findings import Cause, cause_of
from annotation.imaging.segmentations import reading as segmentations
from training.volume import Volume

VOXELS = "voxels.npy"
GZIP = b"\x1f\x8b"
Answer = dict[str, Any]


def answer(request: dict[str, Any], folder: Path) -> Answer:
    """Carry out one request. Every failure becomes a sentence; only MemoryError passes through."""
    paths = [Path(path) for path in request["paths"]]
    try:
        if "called" in request:
            paths[0] = _called(paths[0], request["called"], folder)
        return {"result": _WORK[request["work"]](paths, request, folder)}
    except Refused as refused:
        return {"refused": refused.sentence, "status": refused.status, "cause": cause_of(refused)}
    except MemoryError:
        raise
    except Exception:  # decoders raise errors of any type on damaged files; their text may quote the file
        return {
            "refused": f"{request.get('name', paths[0].name)} is damaged: it could not be decoded.",
            "status": 400,
            "cause": Cause.DAMAGED,
        }


def _image(paths: list[Path], _: dict[str, Any], folder: Path) -> Answer:
    return _save(formats.read_image(paths[0]), folder)


def _labels(paths: list[Path], _: dict[str, Any], folder: Path) -> Answer:
    return _save(formats.read_labels(_rightly_named(paths[0], folder)), folder)


def _mask(paths: list[Path], _: dict[str, Any], folder: Path) -> Answer:
    return _save(masks.read_mask(_rightly_named(paths[0], folder)), folder)


def _bits(paths: list[Path], _: dict[str, Any], folder: Path) -> Answer:
    return _save(masks.read_bits(_rightly_named(paths[0], folder)), folder)


def _rightly_named(path: Path, folder: Path) -> Path:
    """Return a link whose name says whether a NIfTI is packed; readers go by the name, and names lie."""
    name = path.name.lower()
    if not name.endswith((".nii", ".nii.gz")):
        return path
    with path.open("rb") as file:
        is_packed = file.read(2) == GZIP
    if is_packed == name.endswith(".gz"):
        return path
    stem = path.name[: -len(".nii.gz" if name.endswith(".gz") else ".nii")]
    return _called(path, f"{stem}.nii{'.gz' if is_packed else ''}", folder)


def _called(path: Path, name: str, folder: Path) -> Path:
    """Return a link of another name to a file: readers call it so in their sentences."""
    link = folder / name
    link.unlink(missing_ok=True)
    link.symlink_to(path.resolve())
    return link


def _series(paths: list[Path], request: dict[str, Any], folder: Path) -> Answer:
    slices = request.get("slices")
    chosen = None if slices is None else [(int(index), int(frame)) for index, frame in slices]
    allowed = dicom.Allowed(**request.get("allowed", {}))
    found = dicom.read_series(paths, chosen, allowed, keeps_uids=request.get("keeps_uids") is True)
    original = None if found.original is None else found.original.as_json()
    said = {"marks": [mark.as_json() for mark in found.marks], "header": found.header, "original": original}
    return _save(found.volume, folder) | said


def _inspect(paths: list[Path], request: dict[str, Any], _: Path) -> Answer:
    return asdict(formats.inspect(paths[0], with_values=bool(request["with_values"])))


def _find(paths: list[Path], request: dict[str, Any], _: Path) -> Answer:
    return asdict(dicom.find_series(paths[0], str(request.get("where", ""))))


def _unpack(paths: list[Path], _: dict[str, Any], __: Path) -> Answer:
    return {"files": archives.unpack(paths[0], paths[1])}


def _segmentation(paths: list[Path], request: dict[str, Any], folder: Path) -> Answer:
    named = [_rightly_named(path, folder) for path in paths]
    return segmentations.answer(named, request, folder / VOXELS)


def _model(paths: list[Path], _: dict[str, Any], __: Path) -> Answer:
    return model_folder.unpack(paths[0], paths[1])


_WORK: dict[str, Callable[[list[Path], dict[str, Any], Path], Answer]] = {
    "image": _image,
    "labels": _labels,
    "mask": _mask,
    "bits": _bits,
    "series": _series,
    "inspect": _inspect,
    "find": _find,
    "unpack": _unpack,
    "model": _model,
    "segmentation": _segmentation,
    "structures": lambda paths, _, __: {"names": segmentations.names_in(paths[0])},
    "drawn_on": lambda paths, _, __: dict(segmentations.drawn_on(paths[0])),
}


def _save(volume: Volume, folder: Path) -> Answer:
    np.save(folder / VOXELS, volume.voxels, allow_pickle=False)
    return asdict(volume.geometry)


def _limit(memory_bytes: int, file_bytes: int) -> None:
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_FSIZE, file_bytes)
    if sys.platform == "linux":  # elsewhere the limit cannot be lowered; the header checks still hold
        _set(resource.RLIMIT_AS, memory_bytes)


def _set(limit: int, value: int) -> None:
    """Set the soft limit, as far as the hard one allows."""
    _, hard = resource.getrlimit(limit)
    resource.setrlimit(limit, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _limit_cpu(seconds: int) -> None:
    """Allow this many more seconds of processor time for the next request."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _set(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + seconds + 1)


def main(arguments: list[str]) -> None:
    """Answer requests until standard input ends."""
    folder, memory_bytes, file_bytes, cpu_s = Path(arguments[0]), *(int(a) for a in arguments[1:4])
    # Decoders print; what they print must not mix with the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _limit(memory_bytes, file_bytes)
    for line in sys.stdin:
        _limit_cpu(cpu_s)
        try:
            reply = json.dumps(answer(json.loads(line), folder))
        except MemoryError:
            reply = json.dumps({"out_of_memory": True})
        answers.write(reply + "\n")
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
