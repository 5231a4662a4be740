"""Who reads what next, and what readers see of their work."""

from annotation.worklist.claims import (
    Upcoming,
    back_to_reader,
    claim_review,
    lease_end,
    may_start_from_scratch,
    next_case,
    open_review,
    release,
    release_expired,
    upcoming,
)
from annotation.worklist.home import (
    Home,
    cases,
    home,
    model_version,
    reviews_waiting,
    structures,
    verdicts_on,
)
from annotation.worklist.parts import back_to_pool, begin_parts, lock_case, make_ready, move, settle

__all__ = [
    "Home",
    "Upcoming",
    "back_to_pool",
    "back_to_reader",
    "begin_parts",
    "cases",
    "claim_review",
    "home",
    "lease_end",
    "lock_case",
    "make_ready",
    "may_start_from_scratch",
    "model_version",
    "move",
    "next_case",
    "open_review",
    "release",
    "release_expired",
    "reviews_waiting",
    "settle",
    "structures",
    "upcoming",
    "verdicts_on",
]
