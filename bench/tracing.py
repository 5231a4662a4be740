"""Tasks and pointer events of the main thread, as the browser notes them: by the clock and the processor.

On a machine with other work a task waits for its turn in the middle: by the clock that counts as well.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page

CATEGORIES = ["toplevel", "devtools.timeline"]
POINTER = ("pointerdown", "pointermove", "pointerup")
Thread = tuple[int, int]


@dataclass(frozen=True)
class Spent:
    """One task or event, in milliseconds."""

    clock: float
    processor: float


@dataclass
class Traced:
    """What was noted; complete when the tracing has ended."""

    events: list[dict[str, Any]] = field(default_factory=list)

    def tasks(self) -> list[Spent]:
        """All of the main thread."""
        return [_spent(event) for event in self._on_main() if event["name"].endswith("RunTask")]

    def pointer_events(self) -> list[Spent]:
        """Scripts of one event, all listeners."""
        return [
            _spent(event)
            for event in self._on_main()
            if event["name"] == "EventDispatch" and event["args"]["data"]["type"] in POINTER
        ]

    def _on_main(self) -> Iterator[dict[str, Any]]:
        names = {_thread(e): e["args"]["name"] for e in self.events if e.get("name") == "thread_name"}
        mains = {thread for thread, name in names.items() if name == "CrRendererMain"}
        busiest = Counter(_thread(e) for e in self.events if _thread(e) in mains).most_common(1)
        if not busiest:
            raise RuntimeError("the browser noted nothing of the page's main thread")
        main = busiest[0][0]
        return (e for e in self.events if _thread(e) == main and e.get("ph") == "X" and "tdur" in e)


def longest(spent: list[Spent]) -> Spent:
    """Longest on the clock, and longest of the processor: these need not be the same task."""
    return Spent(max(one.clock for one in spent), max(one.processor for one in spent))


@contextmanager
def traced(page: Page) -> Iterator[Traced]:
    """Note everything that the page does meanwhile."""
    session = page.context.new_cdp_session(page)
    noted = Traced()
    ended: list[bool] = []
    session.on("Tracing.dataCollected", lambda message: noted.events.extend(message["value"]))
    session.on("Tracing.tracingComplete", lambda _: ended.append(True))
    config = {"includedCategories": CATEGORIES, "recordMode": "recordAsMuchAsPossible"}
    session.send("Tracing.start", {"traceConfig": config, "transferMode": "ReportEvents"})
    yield noted
    session.send("Tracing.end")
    for _ in range(600):
        if ended:
            break
        page.wait_for_timeout(50)
    session.detach()


def _thread(event: dict[str, Any]) -> Thread:
    return event["pid"], event["tid"]


def _spent(event: dict[str, Any]) -> Spent:
    return Spent(event["dur"] / 1000, event["tdur"] / 1000)
