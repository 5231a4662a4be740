"""Saving, claiming and opening, at 10 and at 10 000 cases: what the server itself takes per request."""

from collections.abc import Iterator
from time import perf_counter

from bench import ready  # noqa: F401

# isort: split
from annotation import handles
from annotation.models import Assignment, Project, ReliabilityPlan, Volume
from bench import claims
from bench.table import Row, hand_over, median_ms, percentile_ms, seconds
from bench.world import (
    READERS,
    add_real_case,
    client_of,
    disc,
    make_project,
    organ_mask,
    save_form,
    user_of,
)

SMALL, LARGE = 10, 10_000
SAVES, WARM = 60, 10


def main() -> None:
    hand_over(_rows())


def _rows() -> Iterator[Row]:
    few = make_project("ten cases", SMALL)
    many = make_project("ten thousand cases", LARGE)
    ReliabilityPlan.objects.create(project=many, double_share=0.1, repeat_share=0.05, gold_share=0.05)
    first, later, sent = _saves(few, many)
    small, large = median_ms(first), median_ms(later)
    yield Row("save of one stroke: bytes sent", f"{sent} B", "≤ 5 KB", sent <= 5000)
    yield Row(
        "save of one stroke: server time at 10 000 cases",
        f"{large:.1f} ms (p95 {percentile_ms(later, 95):.1f})",
        "≤ 20 ms",
        large <= 20,
    )
    yield Row("… against 10 cases", f"× {large / small:.2f}", "flat (≤ × 1.2)", large / small <= 1.2)
    claimed = [_claim(many, number) for number in range(1, READERS)]
    yield Row(
        "next case at 10 000 cases: server time",
        f"{median_ms(claimed):.1f} ms (p95 {percentile_ms(claimed, 95):.1f})",
        "≤ 10 ms",
        median_ms(claimed) <= 10,
    )
    # The blind second reads of a pair are meant to be of one case.
    held = Assignment.objects.filter(case__project=many, rival__isnull=True)
    yield Row(
        "… the same case twice",
        f"{held.count() - held.values('case').distinct().count()} of {held.count()}",
        "never",
        held.count() == held.values("case").distinct().count(),
    )
    yield from claims.rows(many)
    yield from _opening(few)


def _saves(few: Project, many: Project) -> tuple[list[float], list[float], int]:
    """Seconds of saves in either project, in turns (a busy disk is busy for both), and the most bytes."""
    readers = [_Reader(project) for project in (few, many)]
    for _ in range(SAVES):
        for reader in readers:
            reader.save()
    first, later = (reader.times[WARM:] for reader in readers)
    return first, later, max(reader.sent for reader in readers)


class _Reader:
    """Who has a case of the project open and saves one stroke after the other."""

    def __init__(self, project: Project) -> None:
        self.client = client_of("reader0")
        asked = {"project": project.pk, "role": "annotate"}
        answer = self.client.post("/api/worklist/next/", asked, "application/json")
        self.url = f"/api/assignments/{answer.json()['assignment']}/revisions/"
        self.times: list[float] = []
        self.sent = 0

    def save(self) -> None:
        number = len(self.times)
        edits = disc(100 + number, (200 + number, 240), 12, 1 + number % 15)
        form = save_form(number, edits)
        started = perf_counter()
        saved = self.client.post(self.url, form)
        self.times.append(perf_counter() - started)
        if saved.status_code != 201:
            raise RuntimeError(f"a save answered {saved.status_code}: {saved.content[:300]!r}")
        self.sent = max(self.sent, len(edits) + len(str(form["meta"])) + 400)  # 400: the form's own lines


def _claim(project: Project, number: int) -> float:
    client = client_of(f"reader{number}")
    client.get("/api/me/")
    return seconds(
        lambda: client.post(
            "/api/worklist/next/", {"project": project.pk, "role": "annotate"}, "application/json"
        )
    )


def _opening(project: Project) -> Iterator[Row]:
    case = add_real_case(project, (512, 512, 40))
    volume: Volume = case.volume
    client = client_of("reader1")
    project.memberships.filter(user__username="reader1").update(role="lead")
    namer = handles.Namer(user_of("reader1").pk, handles.LEAD)
    times = [
        seconds(
            lambda: client.get(
                f"/api/volumes/{namer.volume(volume.pk)}/zarr/0/c/2/0/0", headers={"accept-encoding": "zstd"}
            )
        )
        for _ in range(20)
    ]
    yield Row(
        "open a case: server time to the first slab of 512×512 slices",
        f"{median_ms(times):.1f} ms",
        "≤ 300 ms to the first slice's bytes",
        median_ms(times) <= 300,
    )
    mask = organ_mask(case)
    get = lambda: client.get(f"/api/masks/{namer.mask(mask.pk)}/", headers={"accept-encoding": "zstd"})  # noqa: E731
    opened = [seconds(get) for _ in range(10)]
    yield Row("open a case: server time of a mask of 15 organs", f"{median_ms(opened):.0f} ms", "—", None)


if __name__ == "__main__":
    main()
