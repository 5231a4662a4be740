"""`make torture`: every promise of docs/reference/trust.md tried, shown as a table, and written down there.

`python -m tests.trust R2 S1` tries some of them and writes nothing; `--list` says which tests those would be.
DELINEATE_TORTURE_SCALE=0.1 does a tenth of the durations and counts; rows that are shortened say so.
Exits with 1 when a promise is not met, or a test failed.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.trust.figures import FILE, Figure, in_order, read
from tests.trust.scale import VARIABLE, scale

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "trust.md"
BEGIN, END = "<!-- figures: begin (written by make torture) -->", "<!-- figures: end -->"
PROMISE = re.compile(r"[RS]\d+")
PROMISES = [f"R{number}" for number in range(1, 11)] + [f"S{number}" for number in range(1, 12)]
NONE_RAN = 5  # pytest's exit status
PYTEST = [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", "-p", "tests.trust.failing"]
SOAK, SAVING = "tests/trust/test_r10_soak.py", "tests/trust/test_r1_saving.py"
OF_THIS = "test_table.py"  # it speaks of all and tries none

console = Console(highlight=False)


def main(arguments: list[str]) -> int:
    """Run the tests of these promises (none named: of all); the exit status says whether all are met."""
    asked = parser().parse_args(arguments)
    chosen: list[str] = asked.promises
    unknown = [name for name in chosen if name not in PROMISES]
    if unknown:
        console.print(f"There is no promise {unknown[0]}. Known are {', '.join(PROMISES)}.")
        return 2
    if asked.list:
        for name in chosen or PROMISES:
            console.print(f"{name}: {', '.join(sorted(tests_of([name])))}", soft_wrap=True)
        return 0
    return try_out(chosen)


def try_out(chosen: list[str]) -> int:
    """Run, show, and write the page where all were tried."""
    with tempfile.TemporaryDirectory(prefix="delineate-figures-") as folder:
        file = Path(folder, "figures.jsonl")
        file.touch()
        environment = os.environ | {FILE: str(file)}
        ran = run_all(commands(chosen), soaking(chosen), environment)
        ran += run_all(saving(chosen), [], environment)
        figures = [figure for figure in read(file) if not chosen or figure.promise in chosen]
    figures = with_missing(figures, chosen or PROMISES)
    console.print(table(figures))
    if not chosen:
        write(figures, PAGE)
        console.print(f"Written to {PAGE.relative_to(ROOT)}.")
    met = all(figure.met for figure in figures)
    return 0 if met and all(status in (0, NONE_RAN) for status in ran) else 1


def run_all(commands: list[list[str]], beside: list[list[str]], environment: dict[str, str]) -> list[int]:
    """The commands one after the other, with others beside them all the time; what each ended with."""
    started = [subprocess.Popen(one, cwd=ROOT, env=environment) for one in beside]
    try:
        ran = [subprocess.run(one, cwd=ROOT, env=environment, check=False).returncode for one in commands]
        return ran + [one.wait() for one in started]
    finally:
        for one in started:
            one.terminate()


def parser() -> argparse.ArgumentParser:
    """Of the command line."""
    made = argparse.ArgumentParser(
        "python -m tests.trust",
        description="Try what docs/reference/trust.md promises; none named: all of it, and write the page.",
        epilog=f"R10 soaks 2 hours beside the others, then R1 saves 10 minutes; {VARIABLE}=0.1: a tenth.",
    )
    made.add_argument("promises", nargs="*", metavar="PROMISE", help="R1 to R10, S1 to S11")
    made.add_argument("--list", action="store_true", help="name the tests of each promise, and run none")
    return made


def with_missing(figures: list[Figure], promises: list[str]) -> list[Figure]:
    """A promise without a figure is not met."""
    tried = {figure.promise for figure in figures}
    missing = [
        Figure(name, "all of it", "no figure: its tests did not run, or were skipped", met=False)
        for name in promises
        if name not in tried
    ]
    return in_order([*figures, *missing])


def commands(chosen: list[str]) -> list[list[str]]:
    """One after the other; what needs a browser runs by itself."""
    apart = {SOAK, SAVING}
    places = sorted(tests_of(chosen) - apart)
    if not chosen:
        places = ["tests", *(f"--deselect={place}" for place in sorted(apart))]
    marks = [f"(trust or torture) and {browser}" for browser in ("not e2e", "e2e")]
    return [[*PYTEST, "-m", mark, *places] for mark in marks] if places else []


def soaking(chosen: list[str]) -> list[list[str]]:
    """Beside all others: two hours of mixed use, with databases of its own, on a machine that is busy."""
    return [[*PYTEST, "-m", "torture", SOAK]] if not chosen or "R10" in chosen else []


def saving(chosen: list[str]) -> list[list[str]]:
    """R1 and R3, at the end and by themselves: they tell how many readers a machine can serve."""
    return [[*PYTEST, "-m", "trust or torture", SAVING]] if not chosen or SAVING in tests_of(chosen) else []


def tests_of(chosen: list[str]) -> set[str]:
    """Modules that speak of a promise by its name, in quotation marks or in that of their file."""
    wanted = re.compile(rf'"({"|".join(chosen)})"')
    return {
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("test_*.py")
        if path.name != OF_THIS and wanted.search(path.read_text(encoding="utf-8"))
    }


def table(figures: list[Figure]) -> Table:
    """As the terminal shows it."""
    shown = Table("promise", "what was tried", "found", "met", title="What a hospital asks")
    for one in figures:
        met = "[green]yes[/]" if one.met else "[red]NO[/]"
        shown.add_row(one.promise, escape(tried(one)), escape(one.found), met)
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
        f"| {one.promise} | {_cell(tried(one))} | {_cell(one.found)} | {'yes' if one.met else '**no**'} |\n"
        for one in figures
    ]
    head = f"\n{machine()}\n\n| promise | what was tried | found | met |\n|---|---|---|---|\n"
    return head + "".join(rows) + "\n"


def tried(figure: Figure) -> str:
    """What was tried, and how much of it where that was not the whole."""
    return figure.what if figure.scale == 1 else f"{figure.what} (shortened, scale {figure.scale:g})"


def machine() -> str:
    """What the figures were measured on, and how much of the long tests was done."""
    memory = psutil.virtual_memory().total / 2**30
    part = (
        "the whole tests" if scale() == 1 else f"long tests shortened (scale {scale():g}), as their rows say"
    )
    return (
        f"Measured on {psutil.cpu_count()} processors ({platform.machine()}), {memory:.0f} GB of memory, "
        f"Python {platform.python_version()}; {part}."
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
