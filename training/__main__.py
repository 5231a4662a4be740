"""Training from a shell, without the web: python -m training COMMAND --help."""

import argparse
import sys
import time
from importlib import import_module

from training.commands.bars import say, say_anyway
from training.commands.together import is_first, is_one_of_many
from training.labels import LabelError
from training.progress import AbandonedError, Cancelled, TrainingError
from training.volume import VolumeError

COMMANDS = {
    "phantom": "write synthetic patients with exact delineations",
    "fingerprint": "look at a data set: sizes, spacings, intensities, structures",
    "plan": "choose everything a training needs from a data set's fingerprint",
    "fit": "train a network by a plan",
    "predict": "delineate images with a model",
    "score": "compare delineations",
    "crossval": "cross-validate configurations, choose the best and its post-processing",
    "curve": "train on more and more cases and forecast what further ones would give",
    "compare": "train several networks on the same cases and compare them",
    "simulate": "replay active learning and compare what strategies choose",
    "adapt": "fine-tune a model to a new site and measure it before and after, on both",
    "export": "write a model as one file that other programs run",
    "work": "train for a worker, telling it how that goes",
}
RESUMED = ("fit", "crossval", "curve", "compare", "simulate", "adapt")
LATER_S = 5.0
BAD_INPUT, INTERRUPTED, NOBODY_READS = 2, 130, 141


def main(words: list[str] | None = None) -> int:
    """Run one command. Bad input gives one sentence and 2, Ctrl-C gives 130."""
    given = sys.argv[1:] if words is None else words
    try:
        arguments = _parser(given).parse_args(given, argparse.Namespace(words=given))
        arguments.run(arguments)
    except (TrainingError, VolumeError, LabelError) as error:
        _say_in_turn(str(error), isinstance(error, AbandonedError))
        return BAD_INPUT
    except BrokenPipeError:
        sys.stderr.close()  # or the interpreter complains once more when it ends
        return NOBODY_READS
    except OSError as error:
        _say_in_turn(_sentence(error), False)
        return BAD_INPUT
    except Cancelled:
        say("Stopped." + " The same command goes on from here." * (given[0] in RESUMED), error=True)
        return INTERRUPTED
    except KeyboardInterrupt:
        say("Stopped.", error=True)
        return INTERRUPTED
    return 0


def _say_in_turn(sentence: str, abandoned: bool) -> None:
    """Say what was wrong. Processes started together mostly fail alike: who comes later is ended meanwhile.

    The first speaks at once, the others some seconds later, those that were only left alone last.
    """
    time.sleep(LATER_S * ((not is_first()) + 2 * abandoned) if is_one_of_many() else 0)
    say_anyway(sentence)


def _sentence(error: OSError) -> str:
    what = error.strerror or str(error)
    return f"{error.filename}: {what}." if error.filename else f"{what}."


def _parser(words: list[str]) -> argparse.ArgumentParser:
    """Return the parser; only the command asked for is loaded, because some need seconds for torch."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    for name, line in COMMANDS.items():
        if words[:1] == [name]:
            import_module(f"training.commands.{name}").add(commands)
        else:
            commands.add_parser(name, help=line, add_help=False)
    return parser


if __name__ == "__main__":
    sys.exit(main())
