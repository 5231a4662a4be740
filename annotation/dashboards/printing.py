"""The report as HTML and as PDF: the same sections, nothing fetched from anywhere."""

import unicodedata
from pathlib import Path

from fpdf import FPDF
from fpdf.fonts import FontFace
from jinja2 import Environment

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
small, caption { color: #5b646c; }
table { width: 100%; margin: 0.5rem 0 1.25rem; border-collapse: collapse; }
th, td { padding: 3px 8px; border-bottom: 1px solid #dfe3e6; text-align: left; vertical-align: top; }
th { color: #5b646c; font-weight: 500; }
tr { break-inside: avoid; } h2 { break-after: avoid; }
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
{% for grid in section.grids %}
{% if grid.rows %}
<table>
<thead><tr>{% for cell in grid.head %}<th scope="col">{{ cell }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in grid.rows %}
<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table>
{% else %}
<p><small>None so far.</small></p>
{% endif %}
{% endfor %}
{% endfor %}
</body>
</html>
"""
)


def to_html(report: Report) -> bytes:
    """One page that needs no other file."""
    return _PAGE.render(report=report).encode()


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
        self.multi_cell(0, size * 0.5, self.written(text), new_x="LMARGIN", new_y="NEXT")
        self.ln(1.5)

    def section(self, section: Section) -> None:
        self.ln(3)
        self.say(f"{section.title} [{section.items}]", 12)
        for paragraph in section.paragraphs:
            self.say(paragraph, 9)
        for grid in section.grids:
            if grid.rows:
                self.grid(grid)
            else:
                self.say("None so far.", 9, GREY)

    def grid(self, grid: Grid) -> None:
        self.set_font(self.face, size=7.5)
        self.set_text_color(28, 33, 38)
        self.set_draw_color(223, 227, 230)
        heading = FontFace(color=GREY, emphasis=None)
        with self.table(
            borders_layout="HORIZONTAL_LINES", line_height=4, headings_style=heading, text_align="LEFT"
        ) as table:
            for row in (grid.head, *grid.rows):
                table.row([self.written(cell) for cell in row])
        self.ln(3)
