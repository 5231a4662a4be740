"""A disk that fails: the system's own limit on a file's length, and Python's calls that write refused.

Nothing of the product is replaced: calls are refused where Python hands them to the operating system.
"""

import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_CALLS = ("open", "os.mkdir", "os.rename")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Disk:
    """Refuses the n-th call that writes below a folder, and all that follow, with an error number."""

    def __init__(self) -> None:
        self.root = ""
        self.fails_at = 0
        self.error = 0
        self.calls = 0
        self.failed = False

    def heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        """What Python tells its auditors before it does something; an exception here keeps it from it."""
        if not self.fails_at or event not in _CALLS or not self._writes(event, arguments):
            return
        self.calls += 1
        if self.calls >= self.fails_at:
            self.failed = True
            raise OSError(self.error, os.strerror(self.error))

    def _writes(self, event: str, arguments: tuple[Any, ...]) -> bool:
        if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & _WRITING):
            return False
        return str(arguments[0]).startswith(self.root)


_disk = Disk()
sys.addaudithook(_disk.heard)


@contextmanager
def failing(root: Path, error: int, at: int) -> Iterator[Disk]:
    """From the `at`-th call that writes below `root` on, nothing can be written there."""
    _disk.root, _disk.error, _disk.calls, _disk.failed = str(root), error, 0, False
    _disk.fails_at = at
    try:
        yield _disk
    finally:
        _disk.fails_at = 0


@contextmanager
def shortest(longest: int) -> Iterator[None]:
    """No file of this process may become longer than so many bytes: writes stop in the middle."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (longest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
