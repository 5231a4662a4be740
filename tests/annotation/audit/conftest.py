"""What the audit has got since a test began."""

from collections.abc import Callable

import pytest

from annotation import audit
from annotation.models import AuditEvent

Rows = Callable[..., list[AuditEvent]]


@pytest.fixture(autouse=True)
def _nothing_seen_yet() -> None:
    """Reads are summed by the minute: each test begins a new one."""
    audit.forget()


@pytest.fixture
def rows(db: None) -> Rows:
    """Rows since the fixture was asked for, oldest first, narrowed by columns."""
    newest = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    return lambda **columns: list(AuditEvent.objects.filter(pk__gt=newest, **columns).order_by("pk"))
