"""What the tools did, as the browser counted it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from annotation.errors import Refused, TooLarge
from annotation.models import EditEvent, Mask, ReadingSession, Revision, Tool

MOST_EVENTS = 1000
LARGEST_COUNT = 2**31 - 1  # that the column takes
TOOLS = frozenset(Tool.values)


@dataclass(frozen=True)
class Event:
    """What one tool did to one structure; a tool that changes several has one event for each."""

    tool: str
    structure: int
    layer: int
    added: int
    removed: int


def check(events: Sequence[Event], values: Mapping[int, Collection[int]]) -> None:
    """Refuse what the schema (values by layer) or the editor does not know."""
    if len(events) > MOST_EVENTS:
        raise TooLarge(f"One save can carry {MOST_EVENTS} events, this one has {len(events)}.")
    for event in events:
        if event.tool not in TOOLS:
            raise Refused(f"There is no tool called {event.tool!r}. Known are {', '.join(Tool.values)}.")
        if event.structure not in values.get(event.layer, ()):
            raise Refused(
                f"An event names structure {event.structure} of layer {event.layer}; there is none."
            )


def carried(mask: Mask) -> list[Event]:
    """What the tools did in all revisions of a mask: an event per tool and structure, in the order of use."""
    rows = EditEvent.objects.filter(revision__mask=mask).order_by("revision__number", "pk")
    sums: dict[tuple[str, int, int], tuple[int, int]] = {}
    for tool, structure, layer, added, removed in rows.values_list(
        "tool", "structure", "layer", "added", "removed"
    ):
        before = sums.get((tool, structure, layer), (0, 0))
        sums[tool, structure, layer] = (before[0] + added, before[1] + removed)
    return [
        Event(tool, structure, layer, min(added, LARGEST_COUNT), min(removed, LARGEST_COUNT))
        for (tool, structure, layer), (added, removed) in sums.items()
    ]


def note(events: Sequence[Event], revision: Revision, session: ReadingSession | None) -> None:
    EditEvent.objects.bulk_create(
        EditEvent(
            session=session,
            revision=revision,
            tool=event.tool,
            layer=event.layer,
            structure=event.structure,
            added=event.added,
            removed=event.removed,
        )
        for event in events
    )
