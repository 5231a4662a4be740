"""What happens to reads once they are handed in: verdicts, pins, agreement that suffices, adjudication."""

from annotation.reviews.adjudication import (
    adjudicate,
    adjudications_waiting,
    claim_adjudication,
    disagreement,
)
from annotation.reviews.pins import delete_pin, drop_pin, error_counts, open_pins, pins_on, reply, set_state
from annotation.reviews.requirements import Requirements
from annotation.reviews.settling import settle, settle_due
from annotation.reviews.structures import Judgement, judge_structures, judgements, read_structures
from annotation.reviews.verdicts import accept, complete, completed, return_to_reader

__all__ = [
    "Judgement",
    "Requirements",
    "accept",
    "adjudicate",
    "adjudications_waiting",
    "claim_adjudication",
    "complete",
    "completed",
    "delete_pin",
    "disagreement",
    "drop_pin",
    "error_counts",
    "judge_structures",
    "judgements",
    "open_pins",
    "pins_on",
    "read_structures",
    "reply",
    "return_to_reader",
    "set_state",
    "settle",
    "settle_due",
]
