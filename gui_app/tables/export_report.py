"""What an export had to change, and how much it wrote."""

from __future__ import annotations

from dataclasses import dataclass

from gui_app.errors import N_
from gui_app.i18n import one_or_many
from gui_app.tables.table import Note


@dataclass(slots=True)
class ExportReport:
    """Filled while the export runs.

    Attributes:
        rows: Rows written, without the heading.
        sheets: XLSX: sheets it took; 0 for other kinds.
        cut_cells: XLSX: cells longer than Excel's 32,767 characters; `first_cut`: (row from 1, column) of the first.
        protected_cells: CSV: cells that got a ' so that they are no formula.
        replaced_cells: Cells with characters the format cannot hold, which became "�".
    """

    rows: int = 0
    sheets: int = 0
    cut_cells: int = 0
    first_cut: tuple[int, str] | None = None
    protected_cells: int = 0
    replaced_cells: int = 0

    def notes(self) -> list[Note]:
        """What to tell the user; nothing where the file holds all cells as they were."""
        notes: list[Note] = []
        if self.cut_cells and self.first_cut:
            sentence = one_or_many(
                self.cut_cells,
                N_(
                    "A cell was longer than the 32,767 characters Excel allows and was cut, in row {row}, "
                    "column “{column}”. Export as CSV or JSON to keep it whole."
                ),
                N_(
                    "{count} cells were longer than the 32,767 characters Excel allows and were cut, "
                    "the first in row {row}, column “{column}”. Export as CSV or JSON to keep them whole."
                ),
            )
            row, column = self.first_cut
            notes.append((sentence, {"count": self.cut_cells, "row": row, "column": column}))
        if self.protected_cells:
            sentence = one_or_many(
                self.protected_cells,
                N_(
                    "A cell that Excel could take for a formula got a protective ' in front. "
                    "You can switch that off in the export, or export as Excel file, which needs none."
                ),
                N_(
                    "{count} cells that Excel could take for a formula got a protective ' in front. "
                    "You can switch that off in the export, or export as Excel file, which needs none."
                ),
            )
            notes.append((sentence, {"count": self.protected_cells}))
        if self.replaced_cells:
            sentence = one_or_many(
                self.replaced_cells,
                N_("A cell held characters that this kind of file cannot hold; they show as “�”."),
                N_("{count} cells held characters that this kind of file cannot hold; they show as “�”."),
            )
            notes.append((sentence, {"count": self.replaced_cells}))
        if self.sheets > 1:
            sentence = N_("One Excel sheet holds 1,048,576 rows, so the table takes {count} sheets.")
            notes.append((sentence, {"count": self.sheets}))
        return notes
