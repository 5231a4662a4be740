"""Who did what, when and from where, in a chain that shows whether anybody changed it (docs/adr/0017).

Writes are noted by triggers of the database, reads and refusals at the doors of `access`, and what is neither
by `note`.
"""

from annotation.audit.door import forget, note, refused, seen
from annotation.audit.objects import saw, saw_case, was_refused
from annotation.audit.origin import Asking, asking
from annotation.audit.sealing import seal
from annotation.audit.search import Wanted, found
from annotation.audit.verifying import Fault, Verdict, verify
from annotation.models import Action

__all__ = [
    "Action",
    "Asking",
    "Fault",
    "Verdict",
    "Wanted",
    "asking",
    "forget",
    "found",
    "note",
    "refused",
    "saw",
    "saw_case",
    "seal",
    "seen",
    "verify",
    "was_refused",
]
