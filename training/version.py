"""Which code trained a model: the version, and a digest of the very files that did."""

import hashlib
from functools import cache
from pathlib import Path

VERSION = "0.1.0"
_DIGITS = 12


@cache
def code_version(folder: Path = Path(__file__).parent) -> str:
    """Return `VERSION+digest`: the digest is of the names and bytes of all Python files in `folder`, ours.

    It changes with any line of the engine, also where it was changed by hand and no release names it.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return f"{VERSION}+{digest.hexdigest()[:_DIGITS]}"
