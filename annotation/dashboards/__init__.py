"""What project leads and readers see of the work: numbers, tables behind charts, files, reports."""

from annotation.dashboards.course import RoundRow
from annotation.dashboards.dataset import (
    BarRow,
    Dataset,
    GroupRow,
    Listed,
    ListedRow,
    MeasureRow,
    SourceRow,
    dataset_of,
    listed,
    scan_rows,
)
from annotation.dashboards.files import to_file
from annotation.dashboards.forecast import Ahead
from annotation.dashboards.kept import Copy, Kept, kept_of
from annotation.dashboards.outside import Held, Outcome, hold_against
from annotation.dashboards.own import Own, OwnErrorRow, OwnMonthRow, OwnScoreRow, own
from annotation.dashboards.printing import to_html, to_pdf
from annotation.dashboards.progress import MonthRow, Overview, StateRow, WeekRow, overview
from annotation.dashboards.registry import SOURCES, Source, table_named
from annotation.dashboards.report import report
from annotation.dashboards.scans import GROUPED, MEASURES, NARROWING
from annotation.dashboards.structure_counts import SHOWN, StructureCounts
from annotation.dashboards.tables import Column, Says, Table, columns

__all__ = [
    "GROUPED",
    "MEASURES",
    "NARROWING",
    "SHOWN",
    "SOURCES",
    "Ahead",
    "BarRow",
    "Column",
    "Copy",
    "Dataset",
    "GroupRow",
    "Held",
    "Kept",
    "Listed",
    "ListedRow",
    "MeasureRow",
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
    "SourceRow",
    "StateRow",
    "StructureCounts",
    "Table",
    "WeekRow",
    "columns",
    "dataset_of",
    "hold_against",
    "kept_of",
    "listed",
    "overview",
    "own",
    "report",
    "scan_rows",
    "table_named",
    "to_file",
    "to_html",
    "to_pdf",
]
