"""`make torture`: every promise of docs/reference/trust.md tried, shown as a table, and written down there.

`python -m tests.trust R2 S1` tries some of them and writes nothing. Exits with 1 when a promise is not met.
"""

import os
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from tests.trust.figures import FILE, Figure, read
from tests.trust.scale import scale

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "trust.md"
BEGIN, END = "<!-- figures: begin (written by make torture) -->", "<!-- figures: end -->"
PROMISE = re.compile(r"[RS]\d+")
PROMISES = [f"R{number}" for number in range(1, 11)] + [f"S{number}" for number in range(1, 12)]
NONE_RAN = 5  # pytest's exit status

console = Console(highlight=False)


def main(chosen: list[str]) -> int:
    """Run the tests of these promises (none named: of all); the exit status says whether all are met."""
    unknown = [name for name in chosen if name not in PROMISES]
    if unknown:
        console.print(f"There is no promise {unknown[0]}. Known are {', '.join(PROMISES)}.")
        return 2
    with tempfile.TemporaryDirectory(prefix="delineate-figures-") as folder:
        file = Path(folder, "figures.jsonl")
        file.touch()
        environment = os.environ | {FILE: str(file)}
        ran = [subprocess.run(one, cwd=ROOT, env=environment, check=False) for one in commands(chosen)]
        figures = [figure for figure in read(file) if not chosen or figure.promise in chosen]
    console.print(table(figures))
    missing = [name for name in chosen or PROMISES if name not in {figure.promise for figure in figures}]
    if missing:
        console.print(f"No figure was found for {', '.join(missing)}.")
    if not chosen:
        write(figures, PAGE)
        console.print(f"Written to {PAGE.relative_to(ROOT)}.")
    met = all(figure.met for figure in figures) and not missing
    return 0 if met and all(one.returncode in (0, NONE_RAN) for one in ran) else 1


def commands(chosen: list[str]) -> list[list[str]]:
    """What needs a browser runs by itself; nothing runs beside what is measured."""
    places = sorted(tests_of(chosen)) if chosen else ["tests"]
    pytest = [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider"]
    return [[*pytest, "-m", f"(trust or torture) and {browser}", *places] for browser in ("not e2e", "e2e")]


def tests_of(chosen: list[str]) -> set[str]:
    """Modules that speak of a promise by its name, in quotation marks or in that of their file."""
    wanted = re.compile(rf'"({"|".join(chosen)})"')
    return {
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("test_*.py")
        if wanted.search(path.read_text(encoding="utf-8"))
    }


def table(figures: list[Figure]) -> Table:
    """As the terminal shows it."""
    shown = Table("promise", "what was tried", "found", "met", title="What a hospital asks")
    for one in figures:
        shown.add_row(one.promise, one.what, one.found, "[green]yes[/]" if one.met else "[red]NO[/]")
    return shown


def write(figures: list[Figure], page: Path) -> None:
    """Put the table between the marks of the page; the rest of the page stays."""
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    page.write_text(f"{before}{BEGIN}\n{as_markdown(figures)}{END}{after}", encoding="utf-8")


def as_markdown(figures: list[Figure]) -> str:
    """The machine, the scale and the table."""
    rows = [
        f"| {one.promise} | {_cell(one.what)} | {_cell(one.found)} | {'yes' if one.met else '**no**'} |\n"
        for one in figures
    ]
    head = f"\n{machine()}\n\n| promise | what was tried | found | met |\n|---|---|---|---|\n"
    return head + "".join(rows) + "\n"


def machine() -> str:
    """What the figures were measured on, and how much of the long tests was done."""
    memory = psutil.virtual_memory().total / 2**30
    part = "the whole tests" if scale() == 1 else f"the long tests shortened to {scale():g} of their length"
    return (
        f"Measured on {psutil.cpu_count()} processors ({platform.machine()}), {memory:.0f} GB of memory, "
        f"Python {platform.python_version()}; {part}."
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
