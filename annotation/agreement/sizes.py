"""Questions about volumes, and about the cases that everybody reads."""

from collections.abc import Mapping

import numpy as np

from annotation.agreement.everybody import STATISTICS
from annotation.agreement.questions import groups
from annotation.agreement.scale import plain
from annotation.agreement.shapes import (
    Basis,
    Calibration,
    Figure,
    Rate,
    Start,
    VolumePoint,
    Volumes,
    Who,
)
from annotation.models import AgreementKind, AgreementScore, Project
from training.metrics import METRIC_VERSION
from training.raters import Estimate, Scale, limits_of_agreement

MOST_POINTS = 2000


# ── Bland–Altman ─────────────────────────────────────────────────────────────


def volumes(
    project: Project,
    *,
    structure: str,
    reader: int,
    other: int | None = None,
    model_version: int | None = None,
    ratio: bool = False,
    version: str = METRIC_VERSION,
) -> list[Volumes]:
    """How the volumes of a reader differ from those of another reader, or of a model; by starting point.

    One pair of volumes per case: of several reads the first two that were compared. Without a model and
    another reader there is nothing to compare: ValueError.
    """
    if (other is None) == (model_version is None):
        raise ValueError("Name another reader, or a model.")
    kind = AgreementKind.INTER if other is not None else AgreementKind.PREDICTION
    against = Who("reader", reader=other) if other is not None else Who("model", model_version=model_version)
    found = []
    for group in groups(project, version=version, kind=kind, structure=structure):
        start = Start.of(group.starts)
        if start.model_version == model_version:
            pairs = _pairs(group.pk, reader, other)
            if pairs:
                found.append(_limits(structure, start, Who("reader", reader=reader), against, pairs, ratio))
    return found


def _pairs(group_id: int, reader: int, other: int | None) -> dict[int, tuple[float, float]]:
    """The reader's volume and the other's, by case."""
    rows = AgreementScore.objects.filter(group=group_id, stale=False)
    if other is None:
        rows = rows.filter(reader_a=reader)
    else:
        rows = rows.filter(reader_a=min(reader, other), reader_b=max(reader, other))
    turned = other is not None and reader > other
    pairs: dict[int, tuple[float, float]] = {}
    for case, a, b in rows.order_by("pk").values_list("case", "volume_a_ml", "volume_b_ml"):
        pairs.setdefault(case, (b, a) if turned else (a, b))
    return pairs


def _limits(
    structure: str, start: Start, a: Who, b: Who, pairs: Mapping[int, tuple[float, float]], ratio: bool
) -> Volumes:
    scale = Scale.RATIO if ratio else Scale.DIFFERENCE
    both = np.array(list(pairs.values()), np.float64)
    limits = limits_of_agreement(both[:, 0], both[:, 1], scale)
    return Volumes(
        structure,
        start,
        a,
        b,
        scale.value,
        _figure(limits.bias),
        _figure(limits.lower),
        _figure(limits.upper),
        limits.sd,
        len(pairs),
        _points(pairs, ratio),
        len(pairs) > MOST_POINTS,
    )


def _points(pairs: Mapping[int, tuple[float, float]], ratio: bool) -> list[VolumePoint]:
    """Up to `MOST_POINTS`, evenly taken over the cases in their order; those outside all others stay."""
    points = [
        VolumePoint(case, (a + b) / 2, a / b if ratio else a - b)
        for case, (a, b) in sorted(pairs.items())
        if not ratio or (a > 0 and b > 0)
    ]
    if len(points) <= MOST_POINTS:
        return points
    chosen = set(np.linspace(0, len(points) - 1, MOST_POINTS - 4).astype(int).tolist())
    for values in ([p.difference for p in points], [p.mean_ml for p in points]):
        chosen |= {int(np.argmin(values)), int(np.argmax(values))}
    return [points[place] for place in sorted(chosen)]


def _figure(found: Estimate) -> Figure:
    return Figure.of(plain(found))


# ── Calibration ──────────────────────────────────────────────────────────────


def calibration(project: Project, *, version: str = METRIC_VERSION, structure: str = "") -> list[Calibration]:
    """ICC, shares of variance, conformity, α and κ, STAPLE's rates and τ on the cases that everybody reads.

    By structure and starting point, as a worker has worked them out.
    """
    found = []
    for group in groups(project, version=version, kind=AgreementKind.INTER, structure=structure):
        kept = group.figures.get("calibration")
        if kept:
            found.append(
                Calibration(
                    structure=group.structure,
                    start=Start.of(group.starts),
                    cases=kept["cases"],
                    **{name: Figure.of(kept.get(name)) for name in STATISTICS},
                    rates=[
                        Rate(int(reader), Figure.of(rate["sensitivity"]), Figure.of(rate["specificity"]))
                        for reader, rate in kept["rates"].items()
                    ],
                    rate_region=kept["region"],
                    basis=Basis.of(group),
                )
            )
    return found
