"""What a disk or an object store complains of, told to people: full, or out of order."""

import errno
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from annotation.errors import StoreFailed, StoreFull

FULL = "The store is full, so nothing of this was kept. Ask the operator to make room, then try again."
NOT_KEPT = (
    "The store is out of order, so nothing of this was kept. Try again; if it stays so, ask the operator."
)
NOT_READ = (
    "The store is out of order and does not give these bytes. Try again; if it stays so, ask the operator."
)

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_BROKEN = {
    errno.EIO,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.ESTALE,
    errno.EMFILE,
    errno.ENFILE,
    errno.ETIMEDOUT,
}
_NO_ROOM_THERE = {
    "XMinioStorageFull",
    "InsufficientStorage",
    "QuotaExceeded",
    "XMinioAdminBucketQuotaExceeded",
}


@contextmanager
def told(sentence: str) -> Iterator[None]:
    """Raise StoreFull or StoreFailed, with this sentence, in place of what the machine says."""
    try:
        yield
    except OSError as error:
        numbers = _numbers(error)
        if numbers & _NO_ROOM:
            raise StoreFull(FULL) from error
        if numbers & _BROKEN:
            raise StoreFailed(sentence) from error
        raise
    except ClientError as error:
        answer = error.response
        full = answer.get("Error", {}).get("Code") in _NO_ROOM_THERE
        full |= answer.get("ResponseMetadata", {}).get("HTTPStatusCode") == StoreFull.status
        raise (StoreFull(FULL) if full else StoreFailed(sentence)) from error
    except BotoCoreError as error:
        raise StoreFailed(sentence) from error


def _numbers(error: OSError) -> set[int | None]:
    """The system's error numbers; who copies a folder gathers those of all files, as text."""
    if isinstance(error, shutil.Error):
        return {int(number) for number in re.findall(r"\[Errno (\d+)\]", str(error))}
    return {error.errno}
