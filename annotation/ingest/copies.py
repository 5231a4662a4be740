"""What a finding says of copies: the same scan in another place, found by its content when it came in."""

from django.db.models import Q

from annotation.imaging import signature
from annotation.models import Case, ScanCopy

_MOST_NAMED = 3


def notes_on(case: Case, asked_split: str) -> list[str]:
    """Return sentences on the copies of a case's scan: what it joined, and what a lead has to look at.

    Cases of other projects are only said to be there.
    """
    found = ScanCopy.objects.filter(Q(first=case.volume_id) | Q(second=case.volume_id))
    certain: list[str] = []
    suspected: list[str] = []
    for pair in found:
        other = pair.second_id if pair.first_id == case.volume_id else pair.first_id
        here = case.project.cases.filter(volume=other).first()
        name = f"case {here.number} ({here.name})" if here else "a case of another project"
        is_certain = signature.is_certain(pair.same_slices, pair.same_look)
        (certain if is_certain else suspected).append(name)
    notes = []
    if certain:
        joined = f"; it joined the split “{case.split}”" if case.split != asked_split else ""
        notes.append(f"The same scan as {_some(certain)}{joined}.")
    if suspected:
        notes.append(f"It looks like {_some(suspected)}: see the list of copies before a split is fixed.")
    return notes


def _some(names: list[str]) -> str:
    unique = list(dict.fromkeys(names))
    more = f" and {len(unique) - _MOST_NAMED} more" if len(unique) > _MOST_NAMED else ""
    return ", ".join(unique[:_MOST_NAMED]) + more
