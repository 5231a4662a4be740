"""`make experiment`: the loop by itself, round after round, on phantoms or on OpenKBP.

    python -m bench.experiment OUT [--data FOLDER] [--rounds 6] [--cases 5] [--budget 180 | --steps N]

Starts the whole product on OUT/var. Nothing is labelled at first: two simulated annotators read the first
cases from scratch, correct what the models propose from then on, a reviewer accepts, all through the HTTP
API; trainings, the gate and predictions happen by themselves. An organ that the truth does not have is handed
in as not looked at. With `--steps` each training has so many steps, so that the machine's other work changes
no figure. The same command again goes on where it stopped. Writes rounds.jsonl, cases.jsonl,
report.md and three pictures to OUT.
"""

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

from rich.console import Console

from backend.processes import ProcessError
from bench.experiment.figures import draw, lines
from bench.experiment.product import product
from bench.experiment.readers import Team
from bench.experiment.rounds import Log, Stuck, run
from bench.experiment.scans import scans_of
from bench.person import Person
from training.progress import TrainingError

console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    options = _options()
    out: Path = options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        scans = scans_of(options.data)
        with product(
            out / "var",
            options.data,
            budget_s=options.budget,
            retrain_after=options.cases,
            steps=options.steps,
        ) as address:
            console.print(f"The product is up at {address} (ana, ben, rui, lea; the password is the name).")
            log = Log(out)
            rounds = run(_team(address), scans, log, rounds=options.rounds, per_round=options.cases, say=_say)
    except (ProcessError, Stuck, TrainingError) as error:
        console.print(f"[red]{error}[/red]")
        return 1
    except KeyboardInterrupt:
        console.print("Stopped. The same command goes on from here.")
        return 130
    draw(rounds, out)
    report = "\n".join(lines(rounds))
    (out / "report.md").write_text(report + "\n")
    console.print(report)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.experiment", description=__doc__.split("\n\n")[0])
    parser.add_argument("out", type=Path, help="folder for everything; the same one goes on")
    parser.add_argument("--data", type=Path, help="OpenKBP's folder; without it, synthetic phantoms")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--cases", type=int, default=5, help="cases that are read in a round")
    parser.add_argument("--budget", type=int, default=180, help="seconds of each training")
    parser.add_argument("--steps", type=int, help="steps of each training, instead of seconds")
    return parser.parse_args()


def _team(address: str) -> Team:
    ana, ben, rui, lea = (Person(address, name) for name in ("ana", "ben", "rui", "lea"))
    return Team((ana, ben), rui, lea, lea.get("/api/me/")["projects"][0]["id"])


def _say(sentence: str) -> None:
    console.print(sentence, markup=False)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
