"""What project leads and readers see of the work: numbers, tables behind charts, files, reports."""

from annotation.dashboards.course import RoundRow
from annotation.dashboards.files import to_file
from annotation.dashboards.forecast import Ahead
from annotation.dashboards.outside import Held, Outcome, hold_against
from annotation.dashboards.own import Own, OwnErrorRow, OwnMonthRow, OwnScoreRow, own
from annotation.dashboards.printing import to_html, to_pdf
from annotation.dashboards.progress import MonthRow, Overview, StateRow, WeekRow, overview
from annotation.dashboards.registry import SOURCES, Source, table_named
from annotation.dashboards.report import report
from annotation.dashboards.tables import Column, Says, Table, columns

__all__ = [
    "SOURCES",
    "Ahead",
    "Column",
    "Held",
    "MonthRow",
    "Outcome",
    "Overview",
    "Own",
    "OwnErrorRow",
    "OwnMonthRow",
    "OwnScoreRow",
    "RoundRow",
    "Says",
    "Source",
    "StateRow",
    "Table",
    "WeekRow",
    "columns",
    "hold_against",
    "overview",
    "own",
    "report",
    "table_named",
    "to_file",
    "to_html",
    "to_pdf",
]
