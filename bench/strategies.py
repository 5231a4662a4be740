"""Which strategy learns from fewer cases, on real head-and-neck scans, as one command.

    python -m bench.strategies OUT [--data DIR] [--strategy a,b,…] [--seeds 3] [--steps 400]

Replays active learning (`python -m training simulate`) on the 48 training cases of OpenKBP, scored on its 12
validation cases; organs that the clinic did not draw are not annotated, never background. Every training has
the same number of steps and one thread, so that it can run for hours beside other work (`--low-priority`): a
busy machine changes nothing but the time. Each finished training lies in OUT and is not done again; one that
was stopped goes on from its checkpoint. The figures so far are printed by `--summary`, which trains nothing.
"""

import argparse
import contextlib
import os
import sys
from pathlib import Path

from bench.openkbp import read_openkbp
from training.commands.arguments import number_from, whole_from, words
from training.commands.bars import Bars, interruptible, say
from training.commands.simulate import content_of, show_figures
from training.dataset import convert
from training.experiments.simulate import Point, simulate
from training.experiments.simulate_order import Scene, SimulateOrder
from training.experiments.trial import Recipe, write_json
from training.progress import Cancelled, OnProgress, Progress, ShouldStop, TrainingError
from training.volume import VolumeError

STRATEGIES = ("fg_random", "clasp_pe", "entropy", "typiclust", "random")
"""The first is what the others are compared with."""
NICE = 15


class _Enough(Exception):  # noqa: N818 - a summary that comes to work not yet done
    """What is kept ends here."""


def main(given: list[str] | None = None) -> int:
    """Run what is missing and print the figures; 2 for bad input, 130 when stopped."""
    arguments = _parser().parse_args(given)
    if arguments.low_priority:
        os.nice(max(0, NICE - os.nice(0)))
    os.environ.setdefault("DELINEATE_THREADS", str(arguments.threads))
    try:
        points = _run(arguments)
    except (TrainingError, VolumeError) as error:
        say(str(error), error=True)
        return 2
    except Cancelled:
        say("Stopped. The same command goes on from here.", error=True)
        return 130
    if not points:
        say("No training is finished yet.")
        return 0
    content = content_of(points)
    write_json(arguments.out / "strategies.json", content)
    show_figures(content)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.strategies",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="folder for everything")
    parser.add_argument("--data", type=Path, help="folder of the scans")
    parser.add_argument("--strategy", type=words, default=STRATEGIES, metavar="A,B,…")
    parser.add_argument("--seeds", type=whole_from(1), default=3, metavar="N")
    parser.add_argument("--start", type=whole_from(1), default=6, metavar="N")
    parser.add_argument("--query", type=whole_from(1), default=6, metavar="N")
    parser.add_argument("--budget", type=whole_from(2), default=24, metavar="N", help="cases read in the end")
    parser.add_argument("--steps", type=whole_from(1), default=400, metavar="N", help="of every training")
    parser.add_argument(
        "--members", type=whole_from(1), default=1, metavar="N", help="networks that are asked"
    )
    parser.add_argument("--control", type=number_from(0), default=0.0, metavar="SHARE")
    parser.add_argument("--threads", type=whole_from(1), default=1, metavar="N")
    parser.add_argument("--low-priority", action="store_true", help="give way to everything else")
    parser.add_argument("--summary", action="store_true", help="train nothing, print what is there")
    return parser


def _run(arguments: argparse.Namespace) -> list[Point]:
    dataset = read_openkbp(arguments.data)
    with interruptible() as should_stop, Bars() as report:
        both = convert(
            dataset,
            (*dataset.cases, *dataset.test),
            arguments.out / "cases",
            on_progress=report,
            should_stop=should_stop,
        )
        scene = Scene(dataset.structures, both[: len(dataset.cases)], both[len(dataset.cases) :])
        return _replayed(_order(arguments), scene, arguments, report, should_stop)


def _order(arguments: argparse.Namespace) -> SimulateOrder:
    return SimulateOrder(
        arguments.strategy,
        arguments.start,
        arguments.query,
        arguments.budget,
        arguments.seeds,
        Recipe(steps=arguments.steps),
        control=arguments.control,
        members=arguments.members,
    )


def _replayed(
    order: SimulateOrder,
    scene: Scene,
    arguments: argparse.Namespace,
    report: OnProgress,
    should_stop: ShouldStop,
) -> list[Point]:
    """Return the points of the replay; for a summary those that are there already."""
    points: list[Point] = []

    def only_look(progress: Progress) -> None:
        if arguments.summary and progress.stage in ("ask", "plan", "prepare"):
            raise _Enough
        report(progress)

    with contextlib.suppress(_Enough):
        simulate(
            order,
            scene,
            arguments.out,
            on_progress=only_look,
            should_stop=should_stop,
            on_point=points.append,
        )
    return points


if __name__ == "__main__":
    sys.exit(main())
