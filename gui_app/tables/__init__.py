"""Files <-> rows: open a CSV, Excel or OpenDocument file as a table of text, save rows as Excel, CSV or JSON."""

from gui_app.tables.cells import Cell, typed
from gui_app.tables.encoding import OFFERED as OFFERED_ENCODINGS
from gui_app.tables.export import kind_of_target, save_table
from gui_app.tables.export_report import ExportReport
from gui_app.tables.opening import open_table
from gui_app.tables.table import COLUMN_LIMIT, ImportSettings, Note, Table, TypedRow

__all__ = [
    "COLUMN_LIMIT",
    "OFFERED_ENCODINGS",
    "Cell",
    "ExportReport",
    "ImportSettings",
    "Note",
    "Table",
    "TypedRow",
    "kind_of_target",
    "open_table",
    "save_table",
    "typed",
]
