"""The report as HTML and as PDF: the same sections, nothing fetched from anywhere."""

import unicodedata
from pathlib import Path

from fpdf import FPDF
from fpdf.fonts import FontFace
from jinja2 import Environment
from markupsafe import Markup

from annotation.dashboards.drawings import (
    MIDDLE_OF_LETTERS,
    WIDTH,
    Box,
    Dot,
    Drawing,
    Line,
    Mark,
    Words,
    to_svg,
)
from annotation.dashboards.report import Grid, Report, Section

# A font with more than Latin letters; without one, names are written as well as Latin-1 can.
FONTS = (
    Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"),
    Path("/usr/share/fonts/dejavu/DejaVuSans.ttf"),
    Path("/usr/share/fonts/TTF/DejaVuSans.ttf"),
)
PLAIN = {
    "–": "-",
    "−": "-",
    "…": "...",
    "’": "'",
    "τ": "tau",
    "λ": "lambda",
    "≥": ">=",
    "≤": "<=",
    "“": '"',
    "”": '"',
}
MARGIN_MM = 14
LEAST_MM = 40  # of a section that begins at the end of a page
TABLE_POINTS = 7.5
MM_PER_POINT = 25.4 / 72
GREY = (91, 100, 108)

_PAGE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{{ report.title }}</title>
<style>
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c2126; }
body { font: 14px/1.45 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
h1 { font-size: 22px; } h2 { margin-top: 2rem; font-size: 17px; }
small, caption { color: #5b646c; } caption { text-align: left; }
table { width: 100%; margin: 0.5rem 0 1.25rem; border-collapse: collapse; }
th, td { padding: 3px 8px; border-bottom: 1px solid #dfe3e6; text-align: left; vertical-align: top; }
th { color: #5b646c; font-weight: 500; }
figure { margin: 0.75rem 0; break-inside: avoid; } svg { display: block; width: 100%; max-width: 52rem; }
tr { break-inside: avoid; } h2 { break-after: avoid; } td { overflow-wrap: anywhere; }
</style>
</head>
<body>
<h1>{{ report.title }}</h1>
<p><small>{{ report.at.strftime("%Y-%m-%d %H:%M") }} UTC. Numbers in brackets: items of GRRAS
(Kottner et al. 2011).</small></p>
{% for section in report.sections %}
<h2>{{ section.title }} <small>[{{ section.items }}]</small></h2>
{% for paragraph in section.paragraphs %}
<p>{{ paragraph }}</p>
{% endfor %}
{% for drawing in section.drawings %}
<figure>{{ svg(drawing) }}</figure>
{% endfor %}
{% for grid in section.grids %}
{% if grid.rows %}
<table>
{% if grid.about %}
<caption>{{ grid.about }}</caption>
{% endif %}
<thead><tr>{% for cell in grid.head %}<th scope="col">{{ cell }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in grid.rows %}
<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table>
{% else %}
<p><small>{{ grid.about ~ ": none so far." if grid.about else "None so far." }}</small></p>
{% endif %}
{% endfor %}
{% endfor %}
</body>
</html>
"""
)


def to_html(report: Report) -> bytes:
    """One page that needs no other file."""
    return _PAGE.render(report=report, svg=lambda drawing: Markup(to_svg(drawing))).encode()  # noqa: S704 - escaped there


def to_pdf(report: Report) -> bytes:
    """A4, with page numbers."""
    return bytes(_Paper(report).output())


class _Paper(FPDF):
    def __init__(self, report: Report) -> None:
        super().__init__(format="A4")
        self.set_margin(MARGIN_MM)
        self.set_auto_page_break(True, MARGIN_MM)
        self.face = self._find_face()
        self.set_title(self.written(report.title))
        self.set_creation_date(report.at)
        self.add_page()
        self.say(report.title, 15)
        self.say(
            f"{report.at:%Y-%m-%d %H:%M} UTC. Numbers in brackets: items of GRRAS (Kottner et al. 2011).",
            8,
            GREY,
        )
        for section in report.sections:
            self.section(section)

    def _find_face(self) -> str:
        for font in FONTS:
            if font.is_file():
                self.add_font("report", fname=str(font))
                return "report"
        return "helvetica"

    def footer(self) -> None:
        """The page number."""
        self.set_y(-MARGIN_MM + 3)
        self.set_font(self.face, size=8)
        self.set_text_color(*GREY)
        self.cell(0, 4, str(self.page_no()), align="R")

    def written(self, text: str) -> str:
        """What the face can write."""
        if self.face == "report":
            return text
        for letter, plain in PLAIN.items():
            text = text.replace(letter, plain)
        return unicodedata.normalize("NFKD", text).encode("latin-1", "replace").decode("latin-1")

    def say(self, text: str, size: float, colour: tuple[int, int, int] = (28, 33, 38)) -> None:
        self.set_font(self.face, size=size)
        self.set_text_color(*colour)
        self.multi_cell(0, size * 0.5, self.written(text), align="L", new_x="LMARGIN", new_y="NEXT")
        self.ln(1.5)

    def section(self, section: Section) -> None:
        self.ln(3)
        first = section.drawings[0].height * self.epw / WIDTH if section.drawings else 0.0
        self._keep_together(LEAST_MM + first)
        self.say(f"{section.title} [{section.items}]", 12)
        for paragraph in section.paragraphs:
            self.say(paragraph, 9)
        for drawing in section.drawings:
            self.draw(drawing)
        for grid in section.grids:
            if grid.rows:
                self.grid(grid)
            else:
                self.say(f"{grid.about}: none so far." if grid.about else "None so far.", 9, GREY)

    def _keep_together(self, height_mm: float) -> None:
        if self.will_page_break(height_mm):
            self.add_page()

    def draw(self, drawing: Drawing) -> None:
        """A drawing as wide as the text, never across two pages."""
        unit = self.epw / WIDTH
        self._keep_together(drawing.height * unit)
        left, top = self.get_x(), self.get_y()
        for mark in drawing.marks:
            self._mark(mark, left, top, unit)
        self.set_xy(left, top + drawing.height * unit + 2)

    def _mark(self, mark: Mark, left: float, top: float, unit: float) -> None:
        match mark:
            case Line():
                self.set_draw_color(mark.colour)
                self.set_line_width(mark.width * unit)
                self.set_dash_pattern(*((4 * unit, 3 * unit) if mark.dashed else (0, 0)))
                ends = mark.x1, mark.y1, mark.x2, mark.y2
                x1, y1, x2, y2 = (value * unit for value in ends)
                self.line(left + x1, top + y1, left + x2, top + y2)
                self.set_dash_pattern()
            case Box():
                self.set_fill_color(mark.colour)
                size = mark.width * unit, mark.height * unit
                self.rect(left + mark.x * unit, top + mark.y * unit, *size, style="F")
            case Dot(is_diamond=True):
                self.set_fill_color(mark.colour)
                self.polygon([(left + x * unit, top + y * unit) for x, y in mark.corners], style="F")
            case Dot():
                self.set_fill_color(mark.colour)
                self.circle(left + mark.x * unit, top + mark.y * unit, mark.radius * unit, style="F")
            case Words():
                self._words(mark, left, top, unit)

    def _words(self, mark: Words, left: float, top: float, unit: float) -> None:
        self.set_font(self.face, size=mark.size * unit / MM_PER_POINT)
        self.set_text_color(mark.colour)
        text = self.written(mark.text)
        before = {"start": 0.0, "middle": 0.5, "end": 1.0}[mark.anchor] * self.get_string_width(text)
        down = MIDDLE_OF_LETTERS * mark.size * unit
        self.text(left + mark.x * unit - before, top + mark.y * unit + down, text)

    def grid(self, grid: Grid) -> None:
        """A table whose columns are as wide as what stands in them; what is too long is broken."""
        if grid.about:
            self._keep_together(LEAST_MM / 2)
            self.say(grid.about, 9, GREY)
        self.set_font(self.face, size=TABLE_POINTS)
        self.set_text_color(28, 33, 38)
        self.set_draw_color(223, 227, 230)
        self.set_fill_color(255)
        self.set_line_width(0.2)
        heading = FontFace(color=GREY, emphasis=None)
        rows = [[self.written(cell) for cell in row] for row in (grid.head, *grid.rows)]
        with self.table(
            borders_layout="HORIZONTAL_LINES",
            line_height=4,
            headings_style=heading,
            text_align="LEFT",
            col_widths=self._widths(rows),
        ) as table:
            for row in rows:
                table.row(row)
        self.ln(3)

    def _widths(self, rows: list[list[str]]) -> list[float]:
        """In millimetres, filling the line. Columns that want more than their share give way."""
        wanted = [
            max(self.get_string_width(cell) for cell in column) + 2 * self.c_margin + 1
            for column in zip(*rows, strict=True)
        ]
        over = sum(wanted) - self.epw
        share = self.epw / len(wanted)
        wide = [max(0.0, width - share) for width in wanted]
        if over > 0:
            return [width - over * much / sum(wide) for width, much in zip(wanted, wide, strict=True)]
        return [width - over / len(wanted) for width in wanted]
