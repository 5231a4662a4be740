"""What every command shares with the person at the shell: bars, sentences, and a clean stop on Ctrl-C."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress
from rich.table import Table

from training.commands.together import is_first
from training.progress import OnProgress, Progress, ShouldStop

_WIDE = 200


def say(sentence: str, *, error: bool = False) -> None:
    """Print one sentence; errors in red, to standard error. Of several processes the first speaks."""
    if is_first():
        _print(sentence, error=error)


def say_anyway(sentence: str) -> None:
    """Print one sentence to standard error in whichever process this is."""
    _print(sentence, error=True)


def _print(sentence: str, *, error: bool) -> None:
    style = "red" if error else None
    Console(stderr=error).print(sentence, style=style, markup=False, highlight=False, soft_wrap=True)


def show(*tables: Table) -> None:
    """Print tables; into a file or a pipe wide enough that no figure is cut."""
    if not is_first():
        return
    console = Console() if sys.stdout.isatty() else Console(width=_WIDE)
    for table in tables:
        console.print(table)


def shown(value: float | None, sd: float | None = None) -> str:
    """Return a score as a table shows it, with its standard deviation if it has one."""
    if value is None:
        return "n/a"
    return f"{value:.3f}" if sd is None else f"{value:.3f} ± {sd:.3f}"


class Bars:
    """Shows one bar per stage on standard error while work runs: `with Bars() as report: …`."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bars = RichProgress(*columns, console=Console(stderr=True), disable=not is_first())
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> OnProgress:
        self._bars.start()
        return self._report

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def _report(self, progress: Progress) -> None:
        if progress.total <= 1:  # over before anybody could read it
            return
        name = progress.message or progress.stage
        if progress.stage not in self._tasks:
            self._tasks[progress.stage] = self._bars.add_task(name, total=progress.total)
        task = self._tasks[progress.stage]
        shown_ = next(t for t in self._bars.tasks if t.id == task)
        if progress.done < shown_.completed:  # the same stage of another run begins
            self._bars.reset(task, total=progress.total)
        self._bars.update(task, completed=progress.done, total=progress.total, description=name)


@contextmanager
def interruptible() -> Iterator[ShouldStop]:
    """Give work a `should_stop` that Ctrl-C sets, so that it saves first; a second Ctrl-C ends it at once.

    Of processes started together, which are all interrupted, the first decides for all.
    """
    asked: list[int] = []

    def stop(number: int, _: FrameType | None) -> None:
        if asked:
            raise KeyboardInterrupt
        asked.append(number)
        say("Stopping as soon as what is there is saved; Ctrl-C again stops at once.", error=True)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield lambda: bool(asked) and is_first()
    finally:
        signal.signal(signal.SIGINT, before)
