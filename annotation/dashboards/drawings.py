"""Drawings of a report: lines, boxes, marks and words on a plain, once written as SVG and once into a PDF.

Units are those of the plain: x runs right, y down, `WIDTH` fills the line of text.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

WIDTH = 640.0
TEXT, MUTED, HAIR = "#1c2126", "#5b646c", "#dfe3e6"
BAND, OWN_BAND, MODEL, ALARM = "#d3d7da", "#a9d4d0", "#b34a00", "#b3322e"
# Okabe and Ito's, darkened for paper: told apart in every kind of colour blindness.
SERIES = ("#0072b2", "#b34a00", "#008a63", "#a3477d", "#7a6a00", "#3f7fa6", "#5b646c")
# From unusable to usable as it is; orange to blue, told apart without red and green.
GRADES = ("#b34a00", "#e8a878", "#dfe3e6", "#8cbfdf", "#0072b2")
ON_GRADES = ("#ffffff", "#1c2126", "#1c2126", "#1c2126", "#ffffff")
SMALL, NORMAL = 9.0, 11.0
MIDDLE_OF_LETTERS = 0.35  # of their size: how far below its middle a word's base line lies


@dataclass(frozen=True)
class Line:
    """From one point to another."""

    x1: float
    y1: float
    x2: float
    y2: float
    colour: str = TEXT
    dashed: bool = False
    width: float = 1.2


@dataclass(frozen=True)
class Box:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    colour: str


@dataclass(frozen=True)
class Dot:
    """A filled circle, or a diamond of the same size."""

    x: float
    y: float
    radius: float
    colour: str
    is_diamond: bool = False

    @property
    def corners(self) -> list[tuple[float, float]]:
        """Of the diamond."""
        r = 1.3 * self.radius
        return [(self.x, self.y - r), (self.x + r, self.y), (self.x, self.y + r), (self.x - r, self.y)]


@dataclass(frozen=True)
class Words:
    """One line of text; `y` is its middle, `anchor` start, middle or end."""

    x: float
    y: float
    text: str
    anchor: str = "start"
    size: float = NORMAL
    colour: str = TEXT


Mark = Line | Box | Dot | Words


@dataclass(frozen=True)
class Drawing:
    """Marks, the first one lowest; what is to be seen, in words."""

    about: str
    height: float
    marks: tuple[Mark, ...]


def to_svg(drawing: Drawing) -> str:
    """The drawing as an element of a page."""
    shapes = "".join(_shapes(drawing.marks))
    return (
        f'<svg viewBox="0 0 {WIDTH:g} {drawing.height:g}" role="img" aria-label="{escape(drawing.about)}" '
        f'xmlns="http://www.w3.org/2000/svg" font-family="system-ui, sans-serif">{shapes}</svg>'
    )


def _shapes(marks: Iterable[Mark]) -> Iterable[str]:
    for mark in marks:
        match mark:
            case Line():
                dash = ' stroke-dasharray="4 3"' if mark.dashed else ""
                yield (
                    f'<line x1="{mark.x1:.1f}" y1="{mark.y1:.1f}" x2="{mark.x2:.1f}" y2="{mark.y2:.1f}" '
                    f'stroke="{mark.colour}" stroke-width="{mark.width:g}"{dash}/>'
                )
            case Box():
                yield (
                    f'<rect x="{mark.x:.1f}" y="{mark.y:.1f}" width="{mark.width:.1f}" '
                    f'height="{mark.height:.1f}" fill="{mark.colour}"/>'
                )
            case Dot(is_diamond=True):
                points = " ".join(f"{x:.1f},{y:.1f}" for x, y in mark.corners)
                yield f'<polygon points="{points}" fill="{mark.colour}"/>'
            case Dot():
                place = f'cx="{mark.x:.1f}" cy="{mark.y:.1f}"'
                yield f'<circle {place} r="{mark.radius:g}" fill="{mark.colour}"/>'
            case Words():
                yield (
                    f'<text x="{mark.x:.1f}" y="{mark.y + MIDDLE_OF_LETTERS * mark.size:.1f}" '
                    f'font-size="{mark.size:g}" text-anchor="{mark.anchor}" fill="{mark.colour}">'
                    f"{escape(mark.text)}</text>"
                )
