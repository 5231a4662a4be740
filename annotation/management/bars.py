"""A bar on the terminal for work that reports where it is."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from training.progress import OnProgress, Progress


@contextmanager
def shown(stages: Mapping[str, str]) -> Iterator[OnProgress]:
    """Give what draws the bar on stderr; `stages`: what each is called."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def show(progress: Progress) -> None:
            bar.update(
                task,
                description=stages[progress.stage],
                completed=progress.done,
                total=progress.total or None,
            )

        yield show
