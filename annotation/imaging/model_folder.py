"""A model folder out of an uploaded zip: names, sizes and headers are checked before anything is used.

Only the files of our own model folders are taken, weights as safetensors alone: a table of numbers that runs
nothing when it is read. Imports neither Django nor torch; run in the sandbox's child process.
"""

import json
import re
import shutil
import zipfile
from math import prod
from pathlib import Path
from typing import Any

from annotation.errors import Refused, TooLarge

WEIGHTS, DESCRIPTION, CARD = "model.safetensors", "model.json", "card.json"
MOST_FILES = 40
LARGEST_TEXT = 4 * 1024**2
LARGEST_MODEL = 3 * 1024**3
HIGHEST_RATIO = 20  # weights hardly shrink at all
_LARGEST_HEADER = 16 * 1024**2
_PART = re.compile(r"^(?:member-\d|low)$")
_TAKEN = frozenset({WEIGHTS, DESCRIPTION, CARD, "plan.json", "card.md"})
_WIDTHS = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "BF16": 2, "F16": 2, "I16": 2, "U8": 1, "I8": 1, "BOOL": 1}


def unpack(path: Path, folder: Path) -> dict[str, Any]:
    """Unpack into a new folder; return description and card (empty = none). Raises Refused, TooLarge."""
    try:
        with zipfile.ZipFile(path) as packed:
            wanted = _wanted(packed)
            for name, info in wanted.items():
                _extract(packed, info, folder / name)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise Refused(f"{path.name} is no zip file that can be read.") from error
    parts = [folder, *(part for part in sorted(folder.iterdir()) if part.is_dir())]
    for part in parts:
        if not (part / WEIGHTS).is_file() or not (part / DESCRIPTION).is_file():
            raise Refused(
                f"This is no model folder: {DESCRIPTION} and {WEIGHTS} must lie in it, side by side."
            )
        check_tensors(part / WEIGHTS)
        _object(part / DESCRIPTION)
    card = folder / CARD
    return {"description": _object(folder / DESCRIPTION), "card": _object(card) if card.is_file() else {}}


def check_tensors(path: Path) -> None:
    """Raise Refused unless the file is a safetensors file whose tensors fill it, one after the other."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 10 or not 2 <= length <= min(size - 8, _LARGEST_HEADER):
            raise _damaged()
        header = _parsed(file.read(length))
    header.pop("__metadata__", None)
    try:
        places = sorted(_place(one) for one in header.values())
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged() from error
    end = 0
    for begin, until, needed in places:
        if begin != end or needed < 0 or until - begin != needed:
            raise _damaged()
        end = until
    if not places or end != size - 8 - length:
        raise _damaged()


def _place(tensor: dict[str, Any]) -> tuple[int, int, int]:
    """Where a tensor begins and ends, and how many bytes its shape and type need."""
    begin, until = tensor["data_offsets"]
    return int(begin), int(until), _WIDTHS[tensor["dtype"]] * prod(int(n) for n in tensor["shape"])


def _damaged() -> Refused:
    return Refused(f"{WEIGHTS} is damaged, or no safetensors file.")


def _wanted(packed: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """By name within the model's folder. What else is in the zip refuses it."""
    files = [info for info in packed.infolist() if not info.is_dir()]
    if not files or len(files) > MOST_FILES:
        raise Refused(f"A model folder holds between 1 and {MOST_FILES} files; this zip has {len(files)}.")
    if sum(info.file_size for info in files) > LARGEST_MODEL:
        raise TooLarge(
            f"Unpacked, this model has more than {LARGEST_MODEL // 1024**3} GiB; none so large is taken."
        )
    if any(info.file_size > max(LARGEST_TEXT, HIGHEST_RATIO * info.compress_size) for info in files):
        raise Refused("This zip unpacks to far more than weights do; nothing was taken.")
    tops = {info.filename.split("/")[0] for info in files if "/" in info.filename}
    shared = len(tops) == 1 and all("/" in info.filename for info in files)
    wrapped = shared and not _PART.match(next(iter(tops)))
    wanted: dict[str, zipfile.ZipInfo] = {}
    for info in files:
        parts = info.filename.split("/")[1 if wrapped else 0 :]
        inside = len(parts) == 1 or (len(parts) == 2 and _PART.match(parts[0]) is not None)
        if not inside or parts[-1] not in _TAKEN or "/".join(parts) in wanted:
            raise Refused(f"{info.filename} is no part of a model folder of this program; nothing was taken.")
        wanted["/".join(parts)] = info
    return wanted


def _extract(packed: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    """Never more than was announced, whatever the bytes unpack to."""
    if target.name != WEIGHTS and info.file_size > LARGEST_TEXT:
        raise TooLarge(f"{target.name} has {info.file_size} bytes; at most {LARGEST_TEXT} are read.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with packed.open(info) as source, target.open("xb") as file:
        shutil.copyfileobj(source, file)


def _object(path: Path) -> dict[str, Any]:
    found = _parsed(path.read_bytes(), path.name)
    if not isinstance(found, dict):
        raise Refused(f"{path.name} is not what it should be.")
    return found


def _parsed(text: bytes, name: str = WEIGHTS) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused(f"{name} is damaged: it is no JSON.") from error
