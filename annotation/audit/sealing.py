"""The chain over the audit: a beat task appends a link for every event that has none.

Saves never wait for it. Events are sealed in the order in which the sealer finds them; an event whose
transaction takes longer gets a later link.
"""

import hashlib
import json
import logging
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from annotation.models import AuditEvent, AuditLink

FIRST = "0" * 64
BATCH = 5000
LONGEST_TRANSACTION = timedelta(hours=6)
_LOCK = 0x41554449  # "AUDI"

logger = logging.getLogger(__name__)


def content(event: AuditEvent) -> str:
    """What a link vouches for: every column, as one canonical line of JSON."""
    columns = [
        event.pk,
        event.at.isoformat(timespec="microseconds"),
        event.actor,
        event.action,
        event.noun,
        event.object,
        event.project,
        event.case,
        event.address,
        event.request,
        event.route,
        event.detail,
    ]
    return json.dumps(columns, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def linked(before: str, event: AuditEvent) -> str:
    """SHA-256, as hex, over the link before and the event's content."""
    return hashlib.sha256(f"{before}\n{content(event)}".encode()).hexdigest()


def seal(most: int = BATCH) -> int:
    """Append links for events that have none; returns how many. Two sealers at once: one does nothing."""
    sealed = 0
    while step := _seal_some(min(BATCH, most - sealed)):
        sealed += step
        if sealed >= most or step < BATCH:
            break
    if sealed:
        head = AuditLink.objects.latest("number")
        # The log leaves the database: whoever rewrote all of the chain would have to rewrite it as well.
        logger.info("The audit is sealed to %d:%s", head.number, head.sha256)
    return sealed


@transaction.atomic
def _seal_some(most: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        (mine,) = cursor.fetchone()
    if not mine:
        return 0
    last = AuditLink.objects.order_by("-number").first()
    number, before = (last.number, last.sha256) if last is not None else (0, FIRST)
    links = []
    for event in unsealed().order_by("pk")[:most]:
        number += 1
        before = linked(before, event)
        links.append(AuditLink(number=number, event=event.pk, sha256=before))
    AuditLink.objects.bulk_create(links)
    return len(links)


def closed_at() -> int:
    """The event below which no open transaction can bring another one; 0 where the chain is young."""
    old = AuditLink.objects.filter(sealed_at__lt=Now() - LONGEST_TRANSACTION)
    last = old.order_by("-number").first()
    return last.event if last is not None else 0


def unsealed() -> QuerySet[AuditEvent]:
    """Events without a link, of those that may still come."""
    links = AuditLink.objects.filter(event=OuterRef("pk"))
    return AuditEvent.objects.filter(~Exists(links), pk__gt=closed_at())
