"""Charts of the report: where marks stand, how axes end, what pages hold."""

from xml.etree import ElementTree

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from annotation.dashboards.drawings import Box, Dot, Drawing, Line, Words, to_svg
from annotation.dashboards.plots import (
    LEFT,
    MOST_ROWS,
    Axis,
    Band,
    Interval,
    Panel,
    Row,
    Stack,
    nice_ticks,
    panels,
    stacks,
    strips,
)
from annotation.dashboards.printing import to_pdf
from annotation.dashboards.report import Grid, Report, Section


@given(st.floats(-1e4, 1e4), st.floats(1e-6, 1e4))
def test_ticks_enclose_what_is_shown(least: float, span: float) -> None:
    ticks = nice_ticks(least, least + span)
    step = ticks[1] - ticks[0]
    assert ticks[0] <= least + 1e-6 * step
    assert ticks[-1] >= least + span - 1e-6 * step
    assert 2 <= len(ticks) <= 8
    assert ticks == sorted(ticks)


def test_ticks_of_a_single_value() -> None:
    assert nice_ticks(0.9, 0.9)[0] < 0.9 < nice_ticks(0.9, 0.9)[-1]
    assert len(nice_ticks(0.0, 0.0)) > 1


def test_marks_stand_where_their_values_are() -> None:
    row = Row("Liver", Interval(0.9, 0.85, 0.95, "0.900"), [(0, 0.88)], [Band(0.8, 1.0), Band(0.97, 0.97)])
    (drawing,) = strips("Dice", [row], Axis("Dice", most=1.0), ["ana"])
    tick = {mark.text: mark.x for mark in drawing.marks if isinstance(mark, Words)}
    dots = [mark.x for mark in drawing.marks if isinstance(mark, Dot)]
    assert tick["0.80"] == pytest.approx(LEFT)
    assert tick["0.90"] in [pytest.approx(x) for x in dots]
    assert tick["0.80"] + 0.4 * (tick["1.00"] - tick["0.80"]) in [pytest.approx(x) for x in dots]
    wide, thin = (mark for mark in drawing.marks if isinstance(mark, Box))
    assert wide.width == pytest.approx(tick["1.00"] - tick["0.80"])
    assert thin.width == 2
    whisker = next(m for m in drawing.marks if isinstance(m, Line) and m.y1 == m.y2)
    assert [whisker.x1, whisker.x2] == pytest.approx([tick["0.85"], tick["0.95"]])


def test_many_rows_take_several_drawings_on_one_axis() -> None:
    rows = [Row(f"structure {n}", Interval(0.5 + n / 200)) for n in range(MOST_ROWS + 1)]
    first, second = strips("Dice", rows, Axis("Dice"))
    axes = [
        {mark.text: mark.x for mark in one.marks if isinstance(mark, Words) and mark.anchor == "middle"}
        for one in (first, second)
    ]
    assert axes[0] == axes[1]
    assert second.about == "Dice (continued)"
    assert strips("Dice", [Row("Liver", None)], Axis("Dice")) == []


def test_grades_are_as_wide_as_their_shares() -> None:
    (drawing,) = stacks("Grades", [Stack("Liver", (0, 1, 0, 1, 2), "75 %")], "%", ("1", "2", "3", "4", "5"))
    parts = [mark for mark in drawing.marks if isinstance(mark, Box)][5:]  # after the legend
    tick = {mark.text: mark.x for mark in drawing.marks if isinstance(mark, Words)}
    whole = tick["100"] - tick["0"]
    assert [part.width / whole for part in parts] == pytest.approx([0.25, 0.25, 0.5])
    assert parts[0].x == pytest.approx(tick["0"])
    assert stacks("Grades", [], "%", ("1", "2", "3", "4", "5")) == []


def panel(**given_: object) -> Panel:
    return Panel("Liver", "a − b", [(1.0, 2.0), (3.0, -2.0)], [Interval(0.0, -1.0, 1.0, "bias")], **given_)  # type: ignore[arg-type]  # tests name what they set


def test_panels_stand_side_by_side_and_alarms_are_red() -> None:
    drawings = panels([panel(), panel(joined=True, marked=frozenset({1})), panel()], 2, "x", "y", 150)
    assert [one.about for one in drawings] == ["Liver, a − b; Liver, a − b", "Liver, a − b"]
    dots = [mark for mark in drawings[0].marks if isinstance(mark, Dot)]
    assert [dot.colour == "#b3322e" for dot in dots] == [False, False, False, True]
    assert dots[0].x < dots[1].x < dots[2].x < dots[3].x
    assert dots[0].y < dots[1].y  # larger values stand higher


def test_svg_is_well_formed_whatever_the_names() -> None:
    drawing = Drawing('a "<b>" & c', 20, (Words(1, 1, "<script>&"), Dot(1, 1, 2, "#000000", is_diamond=True)))
    root = ElementTree.fromstring(to_svg(drawing))  # noqa: S314  # our own text
    assert root.attrib["aria-label"] == 'a "<b>" & c'
    assert "".join(root.itertext()) == "<script>&"


def test_a_pdf_keeps_drawings_whole_and_tables_within_the_line() -> None:
    drawings = tuple(panels([panel(), panel(joined=True)], 1, "x", "y", 600))
    words = "x" * 300
    grid = Grid(("Łódź", "b"), ((words, "1"), ("−0.5 ≥", "2")), "About")
    section = Section("Charts", "1", ("One.",), (grid, Grid(("a",), ())), drawings)
    assert to_pdf(Report("Łódź", timezone.now(), (section,))).count(b"/Type /Page\n") == 2
