"""Rounds of the loop: readers label, the product trains, gates and predicts by itself, we write down what."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from bench.experiment.readers import Effort, Team
from bench.experiment.scans import Scans

WAIT_S = 3 * 3600.0
LOOK_S = 3.0
Say = Callable[[str], None]


class Stuck(Exception):  # noqa: N818 - an outcome, not an error
    """The loop does not go on by itself; the sentence says where it stopped."""


@dataclass(frozen=True)
class Round:
    """What one round gave: the model that came of it, and what its cases had cost before it.

    `dice` and `surface_dice` are those of the model on the frozen cases, by structure.
    """

    number: int
    accepted: int
    version: int
    state: str
    sentence: str
    mean_dice: float | None
    dice: dict[str, float | None]
    efforts: tuple[Effort, ...]
    surface_dice: dict[str, float | None] = field(default_factory=dict)

    @property
    def serves(self) -> bool:
        return self.state == "serving"

    @property
    def to_redraw(self) -> float | None:
        """Share of the surface of the frozen cases that readers would redraw if they began from the model."""
        known = [value for value in self.surface_dice.values() if value is not None]
        return 1 - fmean(known) if known else None


@dataclass(frozen=True)
class Log:
    """Rounds and single cases as lines of two files, so that a stopped experiment goes on."""

    folder: Path

    def rounds(self) -> list[Round]:
        return [_round(line) for line in _lines(self.folder / "rounds.jsonl")]

    def efforts(self) -> list[Effort]:
        return [Effort(**line) for line in _lines(self.folder / "cases.jsonl")]

    def add(self, row: Round | Effort) -> None:
        name = "rounds.jsonl" if isinstance(row, Round) else "cases.jsonl"
        with (self.folder / name).open("a") as file:
            file.write(json.dumps(asdict(row)) + "\n")


def run(team: Team, scans: Scans, log: Log, *, rounds: int, per_round: int, say: Say) -> list[Round]:
    """Do the rounds that are missing. Raises Stuck when cases, models or workers fail to come."""
    for number in range(len(log.rounds()), rounds):
        done = log.efforts()
        while len(done) < (number + 1) * per_round:
            effort = team.read_one(len(done), scans)
            if effort is None:
                raise Stuck(f"Round {number + 1}: no case was left for a reader after {len(done)}.")
            log.add(effort)
            done.append(effort)
            say(
                f"round {number + 1}: {effort.case} from {effort.start}, Dice {effort.dice:.3f}, "
                f"{effort.voxels} voxels changed"
            )
        shown = _settled(team, number + 1, say)
        log.add(_finished(number + 1, shown, done[-per_round:], len(done)))
        say(shown["models"][0]["gate"]["sentence"])
    return log.rounds()


def _settled(team: Team, version: int, say: Say) -> Any:
    """Wait until model `version` has passed the gate or not, and all that follows is done."""
    deadline = time.monotonic() + WAIT_S
    said = ""
    while time.monotonic() < deadline:
        shown = team.lead.get(f"/api/projects/{team.project}/")
        job = shown["job"]
        if job is not None and job["state"] in ("failed", "cancelled"):
            raise Stuck(f"The {job['kind']} job {job['state']}: {job['error']}")
        newest = shown["models"][0]["version"] if shown["models"] else 0
        busy = job is not None and job["state"] in ("queued", "running")
        if newest >= version and not busy and not shown["predictions_pending"]:
            return shown
        message = (job or {}).get("progress", {}).get("stage", "")
        if message and message != said:
            said = message
            say(f"  {job['kind']}: {message}")
        time.sleep(LOOK_S)
    raise Stuck(f"Model {version} did not come within {WAIT_S / 3600:.0f} hours.")


def _finished(number: int, shown: Any, efforts: list[Effort], accepted: int) -> Round:
    newest = shown["models"][0]
    return Round(
        number=number,
        accepted=accepted,
        version=newest["version"],
        state=newest["state"],
        sentence=newest["gate"]["sentence"],
        mean_dice=newest["mean_dice"],
        dice={key: score["dice"] for key, score in newest["scores"].items()},
        efforts=tuple(efforts),
        surface_dice={key: score["surface_dice"] for key, score in newest["scores"].items()},
    )


def served(rounds: Sequence[Round]) -> list[Round | None]:
    """The round whose model served at the end of each; None: none did."""
    found: list[Round | None] = []
    now: Round | None = None
    for row in rounds:
        now = row if row.serves else now
        found.append(now)
    return found


def _round(line: dict[str, Any]) -> Round:
    return Round(**{**line, "efforts": tuple(Effort(**effort) for effort in line["efforts"])})


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []
