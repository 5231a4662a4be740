"""Means with their intervals, worked out by a worker and kept with the count of changes they rest on.

An interval over cases and readers leaves out every case, every reader and every reader of every case once.
With tens of thousands of scores that is a fraction of a second for one group, but a page shows hundreds of
groups. So they are kept; who asks is told how many changes came since.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import numpy as np
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from annotation.agreement import scale
from annotation.agreement.everybody import crossed
from annotation.agreement.scale import DIFFERENCE_WITHIN, NOBODY, SHOWN, WITHIN, Figure, Scores, plain
from annotation.agreement.sides import is_in_part
from annotation.models import AgreementGroup, AgreementKind, AgreementScore, Case, Project, StartFrom
from training.metrics import METRIC_VERSION
from training.raters import Estimate, Reads, difference, mean, within_reader_cv, within_reader_sd

LEAST_PAUSE = (
    20.0  # times what a group took last: working figures out is never more than a twentieth of a core
)


def refresh(project: Project, *, patient: bool = True, step: Callable[[], None] = lambda: None) -> int:
    """Work out the figures of groups that changed. Returns how many.

    `patient` leaves out groups that were worked out a moment ago, for how long that took; the clock comes to
    them. Two workers at once do the same twice, nothing worse. `step` is called before each group.
    """
    done = 0
    changed = _changed(project)
    from_scratch = changed.filter(kind=AgreementKind.INTER, starts=StartFrom.SCRATCH)
    # Reads from scratch first: the anchoring of others rests on them.
    for groups in (from_scratch, changed):
        for group in groups.all():
            if not (patient and _paused(group)):
                step()
                work_out(group)
                done += 1
    return done


def _paused(group: AgreementGroup) -> bool:
    if group.figured_at is None:
        return False
    return timezone.now() - group.figured_at < LEAST_PAUSE * timedelta(seconds=group.figure_seconds)


def _changed(project: Project) -> QuerySet[AgreementGroup]:
    return AgreementGroup.objects.filter(
        ~Q(changes=F("figured")), project=project, metric_version=METRIC_VERSION
    ).order_by("pk")


def work_out(group: AgreementGroup) -> None:
    """The figures of one group, from its scores as they are now."""
    begun = time.monotonic()
    # The count is read before the scores: what comes in between is at worst counted as still to come.
    seen = AgreementGroup.objects.values_list("changes", flat=True).get(pk=group.pk)
    scores = scale.load(group.pk)
    found: dict[str, Any] = {"all": _all(group, scores), "readers": dict(_by_reader(group, scores))}
    if group.kind == AgreementKind.INTRA:
        found["within"] = _within(group)
    if group.kind == AgreementKind.INTER:
        found["anchoring"] = _anchoring(group, scores)
        found["calibration"] = crossed(group)
    AgreementGroup.objects.filter(pk=group.pk).update(
        figures=found, figured=seen, figured_at=timezone.now(), figure_seconds=time.monotonic() - begun
    )
    if group.kind == AgreementKind.INTER and group.starts == StartFrom.SCRATCH:
        _touch_anchored(group)


def _all(group: AgreementGroup, scores: Scores) -> dict[str, Figure]:
    return {
        name: _figure(mean(_reads(group, scores, name), within=WITHIN[name]), scores, name) for name in SHOWN
    }


def _by_reader(group: AgreementGroup, scores: Scores) -> Iterator[tuple[str, dict[str, Figure]]]:
    """Each reader's own mean: over cases and, against other readers, over these."""
    readers = np.unique(np.concatenate([scores.reader_a, scores.reader_b]))
    for reader in readers[readers != NOBODY].tolist():
        own = scores.only((scores.reader_a == reader) | (scores.reader_b == reader))
        yield (
            str(reader),
            {
                name: _figure(mean(_own_reads(group, own, reader, name), within=WITHIN[name]), own, name)
                for name in SHOWN
            },
        )


def _reads(group: AgreementGroup, scores: Scores, name: str) -> Reads:
    if group.kind == AgreementKind.INTER:
        pairs = list(zip(scores.reader_a.tolist(), scores.reader_b.tolist(), strict=True))
        return Reads(scores.figures[name], scores.case.tolist(), pairs)
    return Reads(scores.figures[name], scores.case.tolist(), scores.reader_a.tolist())


def _own_reads(group: AgreementGroup, scores: Scores, reader: int, name: str) -> Reads:
    partners = scores.reader_a.tolist()
    if group.kind == AgreementKind.INTER:
        partners = np.where(scores.reader_a == reader, scores.reader_b, scores.reader_a).tolist()
    return Reads(scores.figures[name], scores.case.tolist(), partners)


def _figure(found: Estimate, scores: Scores, name: str) -> Figure:
    return plain(found) | {"worst": scale.worst(scores.case.tolist(), scores.figures[name], name)}


# ── Readers against themselves ───────────────────────────────────────────────


def _within(group: AgreementGroup) -> dict[str, Figure]:
    """How far volumes of one case by one reader lie apart."""
    rows = AgreementScore.objects.filter(group=group, stale=False).values_list(
        "case", "reader_a", "revision_a", "volume_a_ml", "revision_b", "volume_b_ml"
    )
    volumes: dict[int, tuple[int, int, float]] = {}
    for case, reader, revision_a, volume_a, revision_b, volume_b in rows:
        volumes[revision_a] = case, reader or NOBODY, volume_a
        volumes[revision_b] = case, reader or NOBODY, volume_b
    values = [volume for _, _, volume in volumes.values()]
    reads_of = [(case, reader) for case, reader, _ in volumes.values()]
    return {
        "volume_sd_ml": plain(within_reader_sd(values, reads_of)),
        "volume_cv": plain(within_reader_cv(values, reads_of)),
    }


# ── Anchoring ────────────────────────────────────────────────────────────────


def _anchoring(group: AgreementGroup, scores: Scores) -> Mapping[str, Any]:
    """Agreement of reads begun from one prediction, less that of reads from scratch."""
    if scale.start_version(group.starts) is None or is_in_part(group.starts):
        return {}  # parts of scans are not held against whole ones
    scratch = AgreementGroup.objects.filter(
        project=group.project_id,
        structure=group.structure,
        kind=AgreementKind.INTER,
        metric_version=group.metric_version,
        starts=StartFrom.SCRATCH,
    ).first()
    if scratch is None:
        return {}
    base = scale.load(scratch.pk)
    return {
        "scratch": scratch.pk,
        "scratch_changes": scratch.changes,
        **{
            name: plain(
                difference(
                    _reads(group, scores, name),
                    _reads(scratch, base, name),
                    within=DIFFERENCE_WITHIN[name],
                )
            )
            for name in SHOWN
        },
    }


def _touch_anchored(scratch: AgreementGroup) -> None:
    """Reads from scratch have changed, so what is compared with them is worked out again."""
    AgreementGroup.objects.filter(
        project=scratch.project_id,
        structure=scratch.structure,
        kind=AgreementKind.INTER,
        metric_version=scratch.metric_version,
        starts__startswith="prediction:",
    ).exclude(starts__contains="|").update(changes=F("changes") + 1)


def touch(case: Case) -> None:
    """What else the readers' figures rest on has come."""
    mine = AgreementScore.objects.filter(case=case, stale=False, group__kind=AgreementKind.INTER)
    AgreementGroup.objects.filter(pk__in=mine.values("group")).update(changes=F("changes") + 1)
