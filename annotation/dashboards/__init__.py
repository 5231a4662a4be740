"""What project leads and readers see of the work: numbers, tables behind charts, files, reports."""

from annotation.dashboards.files import to_file
from annotation.dashboards.forecast import Ahead
from annotation.dashboards.progress import MonthRow, Overview, StateRow, WeekRow, overview
from annotation.dashboards.registry import SOURCES, Source, table_named
from annotation.dashboards.tables import Column, Says, Table, columns

__all__ = [
    "SOURCES",
    "Ahead",
    "Column",
    "MonthRow",
    "Overview",
    "Says",
    "Source",
    "StateRow",
    "Table",
    "WeekRow",
    "columns",
    "overview",
    "table_named",
    "to_file",
]
