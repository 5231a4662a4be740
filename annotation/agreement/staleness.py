"""When scores stop counting: a mask changes, a read goes back to its reader, a gold answer is withdrawn."""

from django.db import transaction
from django.db.models import Q, QuerySet

from annotation.agreement import summaries
from annotation.models import AgreementScore, Assignment, Case, GoldCase, ReaderRate, ReadSummary


def outdate(read: Assignment) -> int:
    """Nothing that was measured of this read counts any more. In the transaction that changes it."""
    ReadSummary.objects.filter(read=read).delete()
    ReaderRate.objects.filter(case=read.case_id).filter(_same_comparison(read)).delete()
    return mark_stale(AgreementScore.objects.filter(Q(read_a=read) | Q(read_b=read)))


def outdate_gold(case: Case) -> int:
    """What was measured against anything but the gold answer in force does not count any more."""
    right = GoldCase.objects.filter(case=case, excluded=False).values("revision")
    against_gold = AgreementScore.objects.filter(case=case, group__kind="gold")
    return mark_stale(against_gold.exclude(revision_b__in=right))


@transaction.atomic
def mark_stale(scores: QuerySet[AgreementScore]) -> int:
    """Mark those of `scores` that count, and take them out of all sums."""
    counting = scores.filter(stale=False)
    summaries.hold_groups(counting.values_list("group", flat=True))
    # Looked at again under the locks: whoever stores or marks scores holds their groups.
    ids = list(counting.values_list("pk", flat=True))
    summaries.take_away(ids)
    return AgreementScore.objects.filter(pk__in=ids).update(stale=True)


def _same_comparison(read: Assignment) -> Q:
    """STAPLE's rates of one read follow from all that it was compared with."""
    mine = ReaderRate.objects.filter(read=read).values_list("structure", "starts")
    found = Q(pk__in=[])
    for structure, starts in mine:
        found |= Q(structure=structure, starts=starts)
    return found
