"""A way of writing tried while each of its calls in turn is the first that fails."""

import errno
from pathlib import Path

from django.conf import settings

from annotation import store, upkeep
from annotation.errors import StoreFailed, StoreFull
from tests.trust import writing
from tests.trust.faulty_disk import failing

AT_MOST = 60  # calls that write, of one way of writing
ERRORS = {errno.ENOSPC: StoreFull, errno.EIO: StoreFailed}


def held() -> tuple[dict[str, upkeep.Digest], list[store.Entry]]:
    """What all tables and the store hold; nothing else may remember an attempt that failed."""
    return upkeep.table_digests(), sorted(store.entries(), key=lambda one: one.key)


def outcome(act: writing.Act) -> StoreFailed | None:
    try:
        act()
    except StoreFailed as failed:
        return failed
    return None


def attempts(act: writing.Act, error: int) -> int:
    """Let each writing call in turn be the first that fails; returns how many there are."""
    before = held()
    for at in range(1, AT_MOST):
        with failing(Path(settings.STORE_ROOT), error, at) as disk:
            told = outcome(act)
        if told is None:
            assert not disk.failed, f"the {at}th call failed, and it was told as done"
            return at - 1
        assert disk.failed
        assert (type(told), told.status) == (ERRORS[error], 507 if error == errno.ENOSPC else 503)
        assert held() == before, f"something stayed when call {at} failed"
    raise AssertionError("there is no end of it")
