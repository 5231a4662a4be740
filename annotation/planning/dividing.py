"""Which split each case goes to by what a lead asks for: by lot, by what is held out, or case by case."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from annotation.errors import Refused
from annotation.models import Split, SplitMethod
from annotation.planning.drawing import Lot, draw
from annotation.planning.units import FROZEN, SENTENCES, Reason, Scan, Unit

WORDS = ("source", "site", "scanner")
MOST_SHARE = 0.9
MEASURING = (Split.VALIDATION, Split.TEST)
_HARMLESS = frozenset({Reason.ANCHORED, Reason.SPACING_UNKNOWN, Reason.NO_DELINEATION})
"""Does not keep a scan from following a copy of it that is frozen."""


@dataclass(frozen=True)
class Division:
    """How cases are to be divided.

    random: `validation` and `test` are shares of the cases with a delineation, `stratify` one of `WORDS` or
    empty, `redraw` whether cases that measure already go into the drum as well. held_out: the cases whose
    `by` is among `to_validation` or `to_test`. chosen: `cases` (numbers) go to `to`. `anchored`: delineations
    that began from a prediction may measure, too.
    """

    method: str
    validation: float = 0.0
    test: float = 0.0
    seed: int = 0
    stratify: str = ""
    redraw: bool = False
    by: str = "site"
    to_validation: tuple[str, ...] = ()
    to_test: tuple[str, ...] = ()
    cases: tuple[int, ...] = ()
    to: str = Split.TEST.value
    anchored: bool = False


@dataclass(frozen=True)
class Divided:
    """Where cases (ids) go that move, and why it cannot be done: each a sentence, none where it can."""

    moves: dict[int, str]
    problems: tuple[str, ...]


def divide(asked: Division, units: Sequence[Unit]) -> Divided:
    """Raise Refused for what nobody could ask for."""
    if asked.method == SplitMethod.RANDOM:
        targets, problems = _by_lot(asked, units)
    elif asked.method == SplitMethod.HELD_OUT:
        targets, problems = _held_out(asked, units)
    else:
        targets, problems = _chosen(asked, units)
    moves: dict[int, str] = {}
    for place, unit in enumerate(units):
        moving = _followers(unit) if unit.stays else unit.scans
        target = unit.split if unit.stays else targets.get(place, unit.split)
        moves |= {scan.case: target for scan in moving if scan.split != target}
    return Divided(moves, tuple(problems))


def _followers(unit: Unit) -> Iterator[Scan]:
    """Scans of a frozen unit that can still join the split of their copy: those of patients without a frozen
    scan, where nobody is at work on them."""
    fixed = {scan.patient for scan in unit.scans if scan.reasons - _HARMLESS}
    return (scan for scan in unit.scans if scan.patient not in fixed)


# ── By lot ───────────────────────────────────────────────────────────────────
def _by_lot(asked: Division, units: Sequence[Unit]) -> tuple[dict[int, str], list[str]]:
    _check_shares(asked)
    free = {
        place: unit
        for place, unit in enumerate(units)
        if not unit.reasons and (asked.redraw or unit.split == Split.POOL)
    }
    total = sum(unit.labelled for unit in units)
    wanted = {}
    for split, share in ((Split.VALIDATION, asked.validation), (Split.TEST, asked.test)):
        there = sum(
            unit.labelled for place, unit in enumerate(units) if unit.split == split and place not in free
        )
        wanted[split.value] = max(0.0, share * total - there)
    drum = sum(unit.labelled for unit in free.values())
    wanted[Split.POOL.value] = max(0.0, drum - sum(wanted.values()))
    lots = [
        Lot(place, unit.word(asked.stratify) if asked.stratify else "", unit.labelled)
        for place, unit in free.items()
    ]
    problems = (
        [] if lots else ["There is no case that could measure; see below why the cases stay where they are."]
    )
    return draw(lots, wanted, seed=asked.seed), problems


def _check_shares(asked: Division) -> None:
    for name, share in (("validation", asked.validation), ("test", asked.test)):
        if not 0 <= share <= MOST_SHARE:
            raise Refused(f"The share of {name} cases lies between 0 and {MOST_SHARE:.0%}.")
    if not 0 < asked.validation + asked.test <= MOST_SHARE:
        raise Refused(
            f"Validation and test together take more than 0 and at most {MOST_SHARE:.0%} of the cases."
        )
    if asked.stratify not in ("", *WORDS):
        raise Refused(f"Cases can be stratified by {', '.join(WORDS)}.")


# ── By what is held out ──────────────────────────────────────────────────────
def _held_out(asked: Division, units: Sequence[Unit]) -> tuple[dict[int, str], list[str]]:
    if asked.by not in WORDS:
        raise Refused(f"Cases can be held out by {', '.join(WORDS)}.")
    if not asked.to_test and not asked.to_validation:
        raise Refused(f"Say which {asked.by} is held out.")
    if both := set(asked.to_test) & set(asked.to_validation):
        raise Refused(f"“{min(both)}” cannot be held out for validation and for the test.")
    targets: dict[int, str] = {}
    problems = _unknown_words(asked, units)
    for place, unit in enumerate(units):
        words = {scan.words[asked.by] for scan in unit.scans}
        target = _target_of(asked, words)
        if target is not None:
            targets[place] = target
            problems += _why_not(unit, target, following=frozenset({Reason.NO_DELINEATION}))
        elif asked.redraw:
            targets[place] = Split.POOL.value
    return targets, [*problems, *_nothing_to_measure(targets, units)]


def _target_of(asked: Division, words: Collection[str]) -> str | None:
    """A patient who was scanned at two sites goes with the one that is held out more strictly."""
    if set(words) & set(asked.to_test):
        return Split.TEST.value
    return Split.VALIDATION.value if set(words) & set(asked.to_validation) else None


def _unknown_words(asked: Division, units: Sequence[Unit]) -> list[str]:
    known = {scan.words[asked.by] for unit in units for scan in unit.scans} - {""}
    strange = [word for word in (*asked.to_test, *asked.to_validation) if word not in known]
    return [f"No case has the {asked.by} “{word}”." for word in strange]


def _nothing_to_measure(targets: dict[int, str], units: Sequence[Unit]) -> list[str]:
    held_out = [units[place] for place, target in targets.items() if target in MEASURING]
    if held_out and not any(unit.labelled for unit in held_out):
        return [
            "None of the held-out cases has an accepted delineation, so nothing could be measured on them."
        ]
    return []


# ── Case by case ─────────────────────────────────────────────────────────────
def _chosen(asked: Division, units: Sequence[Unit]) -> tuple[dict[int, str], list[str]]:
    if asked.to not in Split.values:
        raise Refused(f"There is no split {asked.to}; choose of {', '.join(Split.values)}.")
    if not asked.cases:
        raise Refused("Say which cases are to move.")
    place_of = {scan.number: place for place, unit in enumerate(units) for scan in unit.scans}
    missing = [number for number in asked.cases if number not in place_of]
    if missing:
        raise Refused(f"This project has no case {min(missing)}.")
    targets = dict.fromkeys((place_of[number] for number in asked.cases), asked.to)
    problems = [sentence for place in targets for sentence in _why_not(units[place], asked.to)]
    return targets, problems


def _why_not(unit: Unit, target: str, *, following: frozenset[Reason] = frozenset()) -> list[str]:
    """Why a unit cannot go there: of the first scan that something is said against."""
    if all(scan.split == target for scan in unit.scans):
        return []
    against = unit.reasons - following if target in MEASURING else unit.reasons & FROZEN
    for reason in Reason:
        if reason in against:
            scan = next((scan for scan in unit.scans if reason in scan.reasons), unit.scans[0])
            return [f"Case {scan.number} cannot become a {target} case: {SENTENCES[reason]}."]
    return []
