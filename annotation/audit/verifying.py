"""Whether the audit is as it was written: recomputes the chain and names every row that does not fit."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from django.db.models import Exists, OuterRef

from annotation.audit.sealing import BATCH, FIRST, closed_at, linked, unsealed
from annotation.models import AuditEvent, AuditLink

Kind = Literal["changed", "removed", "inserted", "broken", "cut"]


@dataclass(frozen=True)
class Fault:
    """A row that does not fit. changed, removed, inserted: of events; broken, cut: of the chain itself."""

    kind: Kind
    number: int | None
    event: int | None

    def words(self) -> str:
        return {
            "changed": f"Event {self.event} was changed after it was sealed (link {self.number}).",
            "removed": f"Event {self.event} was removed (link {self.number}).",
            "inserted": f"Event {self.event} has no link, though others of its time do: it was put in later.",
            "broken": f"Link {self.number} does not follow the one before it: links were removed or added.",
            "cut": f"Link {self.number} is not what it was known to be: the end was cut off or rewritten.",
        }[self.kind]


@dataclass
class Verdict:
    """What was looked at and what was found; `head` is the newest link, as number:sha256."""

    links: int = 0
    head: str = f"0:{FIRST}"
    waiting: int = 0
    faults: list[Fault] = field(default_factory=list)


def verify(known: str = "") -> Verdict:
    """Recompute all of it. `known`: a head that was written down earlier and must still be in the chain."""
    verdict = Verdict()
    before, number = FIRST, 0
    wanted, _, digest = known.partition(":")
    is_known = not known
    for link, event in _chain():
        if link.number != number + 1:
            verdict.faults.append(Fault("broken", link.number, link.event))
        verdict.faults += _faults_of(before, link, event)
        is_known = is_known or (str(link.number) == wanted and link.sha256 == digest)
        before, number = link.sha256, link.number
        verdict.links += 1
    verdict.head = f"{number}:{before}"
    verdict.faults += [Fault("inserted", None, pk) for pk in _inserted()]
    if not is_known:
        verdict.faults.append(Fault("cut", int(wanted) if wanted.isdecimal() else None, None))
    verdict.waiting = unsealed().count()
    return verdict


def _faults_of(before: str, link: AuditLink, event: AuditEvent | None) -> list[Fault]:
    if event is None:
        return [Fault("removed", link.number, link.event)]
    if linked(before, event) != link.sha256:
        return [Fault("changed", link.number, link.event)]
    return []


def _chain() -> Iterator[tuple[AuditLink, AuditEvent | None]]:
    """Every link with its event, in order; None: the event is not there."""
    number = 0
    while links := list(AuditLink.objects.filter(number__gt=number).order_by("number")[:BATCH]):
        events = AuditEvent.objects.in_bulk([link.event for link in links])
        yield from ((link, events.get(link.event)) for link in links)
        number = links[-1].number


def _inserted() -> list[int]:
    links = AuditLink.objects.filter(event=OuterRef("pk"))
    rows = AuditEvent.objects.filter(~Exists(links), pk__lte=closed_at()).order_by("pk")
    return list(rows.values_list("pk", flat=True))
