"""What becomes of a series or file at the door: an outcome, its cause in one word, and a sentence."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from annotation.errors import Refused, TooLarge


class Outcome(StrEnum):
    """From best to worst; a series has the worst of what was noticed."""

    ACCEPTED = "accepted"
    WARNED = "warned"
    RESAMPLED = "resampled"
    SKIPPED = "skipped"
    REFUSED = "refused"


class Cause(StrEnum):
    """Why. A closed set, explained in docs/guides/importing.md; other programs may rely on the words."""

    # accepted
    REGULAR = "regular"
    # warned
    ROUNDED_POSITIONS = "rounded_positions"
    DUPLICATES_DROPPED = "duplicates_dropped"
    SEVERAL_STACKS = "several_stacks"
    INVERTED_GREYS = "inverted_greys"
    PADDING_IN_TISSUE = "padding_in_tissue"
    BURNED_IN = "burned_in"
    ANATOMY = "anatomy"
    SPACING_UNKNOWN = "spacing_unknown"
    # resampled, or refused where resampling was not allowed
    MISSING_SLICES = "missing_slices"
    UNEVEN_GAPS = "uneven_gaps"
    GANTRY_TILT = "gantry_tilt"
    # skipped
    LOCALISER = "localiser"
    SECONDARY_CAPTURE = "secondary_capture"
    REPORT = "report"
    NOT_CT = "not_ct"
    LONE_SLICE = "lone_slice"
    ALREADY_THERE = "already_there"
    # refused
    DUPLICATES_DIFFER = "duplicates_differ"
    SHIFTED_SLICES = "shifted_slices"
    MIXED_SIZES = "mixed_sizes"
    MIXED_SPACING = "mixed_spacing"
    MIXED_ORIENTATION = "mixed_orientation"
    TOO_FEW_SLICES = "too_few_slices"
    NO_POSITION = "no_position"
    NO_PIXEL_SPACING = "no_pixel_spacing"
    NO_PIXELS = "no_pixels"
    NO_RESCALE = "no_rescale"
    NOT_GREY = "not_grey"
    NOT_HU = "not_hu"
    COMPRESSION = "compression"
    DAMAGED = "damaged"
    DETACHED = "detached"
    ARCHIVE = "archive"
    TOO_LARGE = "too_large"
    LABELS = "labels"
    OTHER_SPLIT = "other_split"
    UNUSABLE = "unusable"


class Rejected(Refused):
    """Refused, with the cause in one word."""

    def __init__(self, cause: Cause, sentence: str) -> None:
        super().__init__(sentence)
        self.cause = cause


def cause_of(refused: Refused) -> Cause:
    """Return why something was refused."""
    if isinstance(refused, Rejected):
        return refused.cause
    return Cause.TOO_LARGE if isinstance(refused, TooLarge) else Cause.UNUSABLE


@dataclass(frozen=True)
class Mark:
    """Something that was noticed or done while reading; it stays with the volume.

    `holds`: nobody but a lead is shown the scan until one has looked.
    """

    outcome: Outcome
    cause: Cause
    message: str
    holds: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the words."""
        said = {"outcome": self.outcome.value, "cause": self.cause.value, "message": self.message}
        return {**said, "holds": True} if self.holds else said

    @classmethod
    def from_json(cls, words: Any) -> "Mark":
        """Raise ValueError or KeyError for what `as_json` never wrote."""
        said = Outcome(words["outcome"]), Cause(words["cause"]), str(words["message"])
        return cls(*said, holds=words.get("holds") is True)


SPACING_UNKNOWN = Mark(
    Outcome.WARNED,
    Cause.SPACING_UNKNOWN,
    "The file does not say how large a voxel is, nor surely which side is which: nothing is measured in "
    "millimetres, and the case is neither trained on nor scored, until a lead gives the spacing.",
)
"""Of a scan whose spacing is not known."""


@dataclass(frozen=True)
class Finding:
    """What became of one series, or of one file that is no series.

    `source` is a file's name, never a folder; `case` the number of its case, None without one; `shape`
    (i, j, k) and `spacing_mm` those of the volume, None where none was made. `notes` are sentences on
    its labels and what became of them, and on copies of the scan.
    """

    source: str
    outcome: Outcome
    cause: Cause
    message: str
    case: int | None = None
    shape: tuple[int, int, int] | None = None
    spacing_mm: tuple[float, float, float] | None = None
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as one JSON object."""
        return {
            "source": self.source,
            "outcome": self.outcome.value,
            "cause": self.cause.value,
            "message": self.message,
            "case": self.case,
            "shape": None if self.shape is None else list(self.shape),
            "spacing_mm": None if self.spacing_mm is None else list(self.spacing_mm),
            "notes": list(self.notes),
        }


def worst(marks: tuple[Mark, ...]) -> Mark:
    """Return the mark that counts: one that holds the scan, else the first of the worst outcome."""
    regular = Mark(Outcome.ACCEPTED, Cause.REGULAR, "")
    order = list(Outcome)
    return max(marks, key=lambda mark: (mark.holds, order.index(mark.outcome)), default=regular)
