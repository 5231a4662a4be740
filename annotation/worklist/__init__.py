"""Who reads what next, and what readers see of their work."""

from annotation.worklist.assigning import MOST_AT_ONCE, assign, held, set_due, set_priority
from annotation.worklist.balance import pair_counts, plan_of, readers
from annotation.worklist.claims import Upcoming, claim_review, next_case, upcoming
from annotation.worklist.handing_in import (
    UNDO_SECONDS,
    compared,
    finish_due,
    hand_in,
    held_against_prediction,
    is_reviewed,
    pair_of,
    review_share,
    undo_seconds,
    unsubmit,
)
from annotation.worklist.home import (
    Home,
    cases,
    home,
    model_version,
    note_seen,
    reviews_waiting,
    structures,
    verdicts_on,
)
from annotation.worklist.leases import release, release_expired, send_to_expert, skip, take_over
from annotation.worklist.parts import (
    UNOPENED,
    back_to_pool,
    begin_parts,
    lock_case,
    make_ready,
    move,
    offer_again,
    settle,
)
from annotation.worklist.reads import lease_end
from annotation.worklist.starts import from_scratch

__all__ = [
    "MOST_AT_ONCE",
    "UNDO_SECONDS",
    "UNOPENED",
    "Home",
    "Upcoming",
    "assign",
    "back_to_pool",
    "begin_parts",
    "cases",
    "claim_review",
    "compared",
    "finish_due",
    "from_scratch",
    "hand_in",
    "held",
    "held_against_prediction",
    "home",
    "is_reviewed",
    "lease_end",
    "lock_case",
    "make_ready",
    "model_version",
    "move",
    "next_case",
    "note_seen",
    "offer_again",
    "pair_counts",
    "pair_of",
    "plan_of",
    "readers",
    "release",
    "release_expired",
    "review_share",
    "reviews_waiting",
    "send_to_expert",
    "set_due",
    "set_priority",
    "settle",
    "skip",
    "structures",
    "take_over",
    "undo_seconds",
    "unsubmit",
    "upcoming",
    "verdicts_on",
]
