"""Charts as drawings: intervals by row over bands, Bland–Altman panels, drift panels."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from annotation.dashboards.drawings import (
    ALARM,
    BAND,
    GRADES,
    HAIR,
    MUTED,
    ON_GRADES,
    SERIES,
    SMALL,
    TEXT,
    WIDTH,
    Box,
    Dot,
    Drawing,
    Line,
    Mark,
    Words,
)

LEFT, RIGHT = 165.0, 120.0  # of strips: names, and what is read beside the marks
ROW, AXIS = 26.0, 34.0
MOST_ROWS = 26  # in one drawing, so that it fits a page
PANEL_GAP = 12.0
Scale = Callable[[float], float]
T = TypeVar("T")


@dataclass(frozen=True)
class Interval:
    """An estimate; `low` and `high` None where its spread is not known."""

    estimate: float
    low: float | None = None
    high: float | None = None
    words: str = ""


@dataclass(frozen=True)
class Band:
    """A range that lies behind a row; where both ends are one figure, a line."""

    low: float
    high: float
    colour: str = BAND


@dataclass(frozen=True)
class Row:
    """One structure: everybody with the interval, single readers as dots below it, bands behind."""

    label: str
    all: Interval | None
    single: Sequence[tuple[int, float]] = ()
    """Place in the legend, and value."""
    bands: Sequence[Band] = ()


@dataclass(frozen=True)
class Axis:
    """What an axis shows, and where it has to end."""

    name: str
    least: float | None = None
    most: float | None = None


# ── Intervals by row ─────────────────────────────────────────────────────────


def strips(title: str, rows: Sequence[Row], axis: Axis, legend: Sequence[str] = ()) -> list[Drawing]:
    """As many drawings as pages need; all have the same axis. None where nothing has an estimate."""
    values = [value for row in rows for value in _values(row)]
    if not values:
        return []
    ticks = nice_ticks(
        min(values) if axis.least is None else axis.least, max(values) if axis.most is None else axis.most
    )
    return [
        _strip(title if place == 0 else f"{title} (continued)", part, axis.name, ticks, legend)
        for place, part in enumerate(_parts(rows, MOST_ROWS))
    ]


def _values(row: Row) -> Iterator[float]:
    if row.all is not None:
        yield from (one for one in (row.all.estimate, row.all.low, row.all.high) if one is not None)
    yield from (value for _, value in row.single)
    for band in row.bands:
        yield from (band.low, band.high)


def _strip(
    title: str, rows: Sequence[Row], name: str, ticks: Sequence[float], legend: Sequence[str]
) -> Drawing:
    x = _scale(ticks[0], ticks[-1], LEFT, WIDTH - RIGHT)
    top = 40.0 if legend else 22.0
    bottom = top + ROW * len(rows)
    marks: list[Mark] = [Words(0, 8, title)]
    marks += _legend(legend)
    for tick in ticks:
        marks.append(Line(x(tick), top, x(tick), bottom, HAIR))
        marks.append(Words(x(tick), bottom + 9, _number(tick, ticks), "middle", SMALL, MUTED))
    for place, row in enumerate(rows):
        marks += _row(row, top + ROW * place, x)
    marks.append(Words((LEFT + WIDTH - RIGHT) / 2, bottom + 23, name, "middle", SMALL, MUTED))
    return Drawing(title, bottom + AXIS, tuple(marks))


def _legend(names: Sequence[str]) -> Iterator[Mark]:
    place = LEFT
    for number, name in enumerate(names):
        yield Dot(place, 26, 3, SERIES[number % len(SERIES)])
        yield Words(place + 7, 26, name, size=SMALL, colour=MUTED)
        place += 22 + 6 * len(name)


def _row(row: Row, top: float, x: Scale) -> Iterator[Mark]:
    for band in row.bands:
        width = x(band.high) - x(band.low)
        colour = band.colour if width > 2 else MUTED
        yield Box(x(band.low) - 1, top + 2, max(2.0, width), ROW - 4, colour)
    middle = top + (ROW / 2 if not row.single else 9)
    yield Words(LEFT - 8, middle, row.label, "end")
    for place, value in row.single:
        yield Dot(x(value), top + 19, 3, SERIES[place % len(SERIES)])
    if row.all is not None:
        yield from _interval(row.all, middle, x)


def _interval(one: Interval, y: float, x: Scale) -> Iterator[Mark]:
    low, high = (x(one.estimate if end is None else end) for end in (one.low, one.high))
    yield Line(low, y, high, y)
    for end, known in ((low, one.low), (high, one.high)):
        if known is not None:
            yield Line(end, y - 3, end, y + 3)
    yield Dot(x(one.estimate), y, 3.6, TEXT)
    yield Words(WIDTH - RIGHT + 8, y, one.words, size=SMALL)


# ── Grades by row ────────────────────────────────────────────────────────────

NARROWEST = 14.0  # part of a bar that a figure still fits into


@dataclass(frozen=True)
class Stack:
    """One row: how many of each grade, from the lowest; what is read beside the bar."""

    label: str
    counts: Sequence[int]
    words: str


def stacks(title: str, rows: Sequence[Stack], name: str, legend: Sequence[str]) -> list[Drawing]:
    """Bars of shares from 0 to 100 %, each part as wide as its share; as many drawings as pages need."""
    return [
        _stacked(title if place == 0 else f"{title} (continued)", part, name, legend)
        for place, part in enumerate(_parts(rows, MOST_ROWS))
    ]


def _stacked(title: str, rows: Sequence[Stack], name: str, legend: Sequence[str]) -> Drawing:
    x = _scale(0.0, 100.0, LEFT, WIDTH - RIGHT)
    top, ticks = 40.0, [0.0, 25.0, 50.0, 75.0, 100.0]
    bottom = top + ROW * len(rows)
    marks: list[Mark] = [Words(0, 8, title)]
    place = LEFT
    for words, colour in zip(legend, GRADES, strict=True):
        marks += [Box(place, 22, 8, 8, colour), Words(place + 12, 26, words, size=SMALL, colour=MUTED)]
        place += 26 + 5.2 * len(words)
    for tick in ticks:
        marks += [
            Line(x(tick), top, x(tick), bottom, HAIR),
            Words(x(tick), bottom + 9, _number(tick, ticks), "middle", SMALL, MUTED),
        ]
    for number, row in enumerate(rows):
        marks += _stack(row, top + ROW * number, x)
    marks.append(Words((LEFT + WIDTH - RIGHT) / 2, bottom + 23, name, "middle", SMALL, MUTED))
    return Drawing(title, bottom + AXIS, tuple(marks))


def _stack(row: Stack, top: float, x: Scale) -> Iterator[Mark]:
    yield Words(LEFT - 8, top + ROW / 2, row.label, "end")
    before, n = 0, sum(row.counts)
    for count, colour, ink in zip(row.counts, GRADES, ON_GRADES, strict=True):
        left, right = x(100 * before / n), x(100 * (before + count) / n)
        before += count
        if count:
            yield Box(left, top + 4, right - left, ROW - 8, colour)
        if right - left > NARROWEST:
            yield Words((left + right) / 2, top + ROW / 2, str(count), "middle", SMALL, ink)
    yield Words(WIDTH - RIGHT + 8, top + ROW / 2, row.words, size=SMALL)


# ── Panels ───────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Panel:
    """A small chart: points, a line through them if they have an order, and lines across."""

    title: str
    about: str
    """Below the title, smaller."""
    points: Sequence[tuple[float, float]]
    across: Sequence[Interval]
    """Horizontal lines, solid where `words` is "bias"; their intervals are shaded."""
    steps: Sequence[tuple[float, float]] = ()
    """A dashed line: a limit that changes from point to point."""
    joined: bool = False
    marked: frozenset[int] = frozenset()
    """Points by place that are drawn as alarms."""


def panels(found: Sequence[Panel], columns: int, x_name: str, y_name: str, height: float) -> list[Drawing]:
    """Row by row, so that a page can end between them."""
    width = (WIDTH - PANEL_GAP * (columns - 1)) / columns
    drawings = []
    for row in _parts(found, columns):
        marks: list[Mark] = []
        for place, panel in enumerate(row):
            marks += _panel(panel, place * (width + PANEL_GAP), width, height, x_name, y_name)
        drawings.append(
            Drawing("; ".join(f"{panel.title}, {panel.about}" for panel in row), height + 8, tuple(marks))
        )
    return drawings


def _panel(
    panel: Panel, left: float, width: float, height: float, x_name: str, y_name: str
) -> Iterator[Mark]:
    lines = [end for one in panel.across for end in (one.estimate, one.low, one.high) if end is not None]
    ys = nice_ticks(
        min([0.0, *(y for _, y in (*panel.points, *panel.steps)), *lines]),
        max([0.0, *(y for _, y in (*panel.points, *panel.steps)), *lines]),
        4,
    )
    xs = nice_ticks(min(x for x, _ in panel.points), max(x for x, _ in panel.points), 3)
    inner = left + 40, left + width - 4
    x, y = _scale(xs[0], xs[-1], *inner), _scale(ys[0], ys[-1], height - 30, 34)
    yield Words(left, 8, panel.title)
    yield Words(left, 21, panel.about, size=SMALL, colour=MUTED)
    for one in panel.across:
        if one.low is not None and one.high is not None:
            yield Box(inner[0], y(one.high), inner[1] - inner[0], y(one.low) - y(one.high), "#eceef0")
    for tick in ys:
        yield Line(inner[0], y(tick), inner[1], y(tick), HAIR, width=0.8)
        yield Words(inner[0] - 4, y(tick), _number(tick, ys), "end", SMALL, MUTED)
    for tick in xs:
        yield Words(x(tick), height - 22, _number(tick, xs), "middle", SMALL, MUTED)
    yield Words((inner[0] + inner[1]) / 2, height - 9, f"{y_name} over {x_name}", "middle", SMALL, MUTED)
    for one in panel.across:
        yield Line(inner[0], y(one.estimate), inner[1], y(one.estimate), dashed=one.words != "bias")
    yield from _joined(panel.steps, x, y, MUTED, dashed=True)
    if panel.joined:
        yield from _joined(panel.points, x, y, SERIES[0], dashed=False)
    for place, (at, value) in enumerate(panel.points):
        colour = ALARM if place in panel.marked else SERIES[0]
        yield Dot(x(at), y(value), 3.2 if place in panel.marked else 2.2, colour)


def _joined(
    points: Sequence[tuple[float, float]], x: Scale, y: Scale, colour: str, *, dashed: bool
) -> Iterator[Line]:
    for (x1, y1), (x2, y2) in pairwise(points):
        yield Line(x(x1), y(y1), x(x2), y(y2), colour, dashed)


# ── Axes ─────────────────────────────────────────────────────────────────────


def nice_ticks(least: float, most: float, about: int = 5) -> list[float]:
    """Round numbers a round step apart, the outermost ones around `least` and `most`."""
    if most <= least:
        room = abs(least) * 0.1 or 1.0
        least, most = least - room, most + room
    raw = (most - least) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(one * power for one in (1, 2, 2.5, 5, 10) if one * power >= raw * (1 - 1e-9))
    first, last = math.floor(least / step + 1e-9), math.ceil(most / step - 1e-9)
    return [number * step for number in range(first, last + 1)]


def _number(tick: float, ticks: Sequence[float]) -> str:
    """With as many digits as tell the ticks apart."""
    step = ticks[1] - ticks[0]
    digits = next((n for n in range(6) if abs(round(step, n) - step) < step * 1e-6), 6)
    return f"{tick:.{digits}f}".replace("-", "−") if abs(tick) > step * 1e-9 else "0"


def _parts(found: Sequence[T], most: int) -> list[Sequence[T]]:
    return [found[first : first + most] for first in range(0, len(found), most)]


def _scale(low: float, high: float, start: float, end: float) -> Scale:
    return lambda value: start + (value - low) / (high - low) * (end - start)
