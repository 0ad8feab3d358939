"""What an export is asked: the kind of file, where it goes, which rows, which further columns."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QFileDialog, QLineEdit, QPushButton, QRadioButton, QWidget

from gui_app.i18n import _, ngettext, number
from gui_app.jobs import EXPORT_EXTRAS, ExportOptions, RowFilter, RowState
from gui_app.ui.look.theme import GAP_L, GAP_M, GAP_S, GAP_XS
from gui_app.ui.pieces.file_dialog import file_dialog, open_dialog
from gui_app.ui.pieces.flow_layout import FlowLayout
from gui_app.ui.pieces.forms import Captioned, Fold, fill, shrinking_box, tell
from gui_app.ui.pieces.help_link import link_under
from gui_app.ui.pieces.named import named
from gui_app.ui.pieces.panel import Panel, describe, hbox, text_label, vbox

SUFFIXES = {"xlsx": ".xlsx", "csv": ".csv", "json": ".json"}
_KNOWN_SUFFIXES = frozenset((".xlsx", ".xls", ".csv", ".tsv", ".tab", ".txt", ".json", ".jsonl", ".ods"))


class ExportForm(Panel):
    """The first page of the export dialog.

    Args:
        rows: How many rows the job has.
        shown: The filter in use and how many rows it lets through; None when all rows are shown.

    Signals:
        changed: Anything; `problem` may be another one.
        resized: More or less is asked than before.
    """

    changed = Signal()
    resized = Signal()

    def __init__(self, target: Path, kind: str, *, rows: int, shown: tuple[RowFilter, int] | None) -> None:
        super().__init__()
        self._rows, self._shown = rows, shown
        self.kinds = QButtonGroup(self)
        self._kind_buttons = {name: QRadioButton() for name in SUFFIXES}
        for name, button in self._kind_buttons.items():
            button.setObjectName(f"exportKind_{name}")
            self.kinds.addButton(button)
        self._kind_buttons[kind].setChecked(True)
        self._kind_caption, self._kind_note = text_label("heading"), text_label("hint", wrap=True)
        self._file_caption = text_label("heading")
        self.path_edit = named(QLineEdit(str(target.with_suffix(SUFFIXES[kind]))), "exportPathEdit")
        self._file_caption.setBuddy(self.path_edit)
        self._choose = named(QPushButton(), "chooseTargetButton")
        self.message = text_label("error", wrap=True)
        self.message.setObjectName("exportMessage")
        self.message.hide()
        self._rows_caption = text_label("heading")
        self._all_told = text_label()
        self.all_rows, self.shown_rows = QRadioButton(), QRadioButton()
        self.all_rows.setObjectName("allRowsButton")
        self.shown_rows.setObjectName("shownRowsButton")
        self.all_rows.setChecked(True)
        self.answered_only = named(QCheckBox(), "answeredOnlyBox")
        self._extras = {name: QCheckBox() for name in EXPORT_EXTRAS}
        self._extras_caption = text_label("heading")
        self.separator_box = shrinking_box(name="separatorBox")
        self._separator = Captioned(self.separator_box)
        self.bom_box, self.protect_box = QCheckBox(), QCheckBox()
        self.bom_box.setObjectName("bomBox")
        self.protect_box.setObjectName("protectBox")
        self._protect_note = text_label("hint", wrap=True)
        csv = QWidget()
        self._csv = Fold(csv, name="csvOptionsButton")
        self.bom_box.setChecked(True)
        self.protect_box.setChecked(True)
        self._build(csv)
        self.retranslate()

    def kind(self) -> str:
        """One of `jobs.EXPORT_KINDS`."""
        return next(name for name, button in self._kind_buttons.items() if button.isChecked())

    def target(self) -> Path | None:
        """The file to write; None while what is typed is none."""
        text = self.path_edit.text().strip()
        if not text or "\0" in text:
            return None
        path = Path(text).expanduser()
        return path if path.is_absolute() and path.name else None

    def options(self) -> ExportOptions:
        """What the file shall hold."""
        only_shown = self.shown_rows.isChecked() and self._shown is not None
        return ExportOptions(
            kind=self.kind(),
            rows=self._shown[0] if only_shown and self._shown is not None else RowFilter(),
            states=frozenset({RowState.DONE, RowState.NEEDS_REVIEW}) if self.answered_only.isChecked() else frozenset(),
            extra=frozenset(name for name, box in self._extras.items() if box.isChecked()),
            separator=str(self.separator_box.currentData() or ","),
            bom=self.bom_box.isChecked(),
            protect=self.protect_box.isChecked(),
        )

    def problem(self) -> str:
        """What keeps the export from starting, in words; "" when nothing does."""
        if self.target() is None:
            return _("Choose where the file should go: a folder and a name.")
        if self.shown_rows.isChecked() and self._shown is not None and not self._shown[1]:
            return _("No row is shown now, so there is nothing to export.")
        return ""

    def retranslate(self) -> None:
        """Set every text."""
        self._kind_caption.setText(_("Kind of file"))
        for name, text in (("xlsx", _("Excel")), ("csv", _("CSV")), ("json", _("JSON"))):
            self._kind_buttons[name].setText(text)
            describe(self._kind_buttons[name], text)
        self._file_caption.setText(_("File"))
        describe(self.path_edit, _("File"), _("The folder and name of the exported file."))
        self._choose.setText(_("Choose…"))
        describe(self._choose, _("Choose the folder and the name"))
        self._rows_caption.setText(_("Which rows"))
        self.all_rows.setText(ngettext("All {n} row", "All {n} rows", self._rows).format(n=number(self._rows)))
        self._all_told.setText(self.all_rows.text())
        shown = self._shown[1] if self._shown else 0
        self.shown_rows.setText(
            ngettext("Only the {n} row shown now", "Only the {n} rows shown now", shown).format(n=number(shown))
        )
        self.answered_only.setText(_("Leave out rows without an answer"))
        self._extras_caption.setText(_("Also write these columns"))
        for name, text in (
            ("state", _("State")),
            ("cause", _("Reason")),
            ("error", _("What came back")),
            ("tokens", _("Tokens")),
            ("cost", _("Cost")),
            ("model", _("Model")),
            ("confidence", _("How sure the model is")),
        ):
            self._extras[name].setText(text)
            describe(self._extras[name], text)
        self._csv.say(_("CSV options"))
        self._separator.say(_("Between the cells"))
        fill(
            self.separator_box,
            [(_("Comma  ,"), ","), (_("Semicolon  ;"), ";"), (_("Tab"), "\t"), (_("Vertical bar  |"), "|")],
        )
        self.bom_box.setText(_("Mark it as UTF-8 for Excel and WPS"))
        self.protect_box.setText(_("Protect cells that look like formulas"))
        self._protect_note.setText(
            _("A cell that starts with = + - or @ would be run as a formula by a spreadsheet. It gets a ' in front.")
        )
        for part in (self.all_rows, self.shown_rows, self.answered_only, self.bom_box):
            describe(part, part.text())
        describe(self.protect_box, self.protect_box.text(), self._protect_note.text())
        self._say()

    def _build(self, csv: QWidget) -> None:
        kinds = QWidget()
        kinds_line = FlowLayout(kinds, GAP_L)
        for button in self._kind_buttons.values():
            kinds_line.addWidget(button)
        file_line = hbox(None, gap=GAP_S)
        file_line.addWidget(self.path_edit, 1)
        file_line.addWidget(self._choose)
        extras = QWidget()
        flow = FlowLayout(extras, GAP_M, even=True)
        for name, box in self._extras.items():
            box.setObjectName(f"extra_{name}")
            flow.addWidget(box)
        csv_column = vbox(csv, gap=GAP_S)
        for part in (self._separator, self.bom_box, self.protect_box, self._protect_note):
            csv_column.addWidget(part)
        column = vbox(self, gap=GAP_XS)
        column.addWidget(self._kind_caption)
        column.addWidget(kinds)
        column.addWidget(self._kind_note)
        column.addSpacing(GAP_M)
        column.addWidget(self._file_caption)
        column.addLayout(file_line)
        column.addWidget(self.message)
        column.addWidget(link_under(self.message, "export"), 0, Qt.AlignmentFlag.AlignLeft)
        column.addSpacing(GAP_M)
        column.addWidget(self._rows_caption)
        rows_group = QButtonGroup(self)
        # One way alone is no choice.
        column.addWidget(self._all_told)
        for button in (self.all_rows, self.shown_rows):
            rows_group.addButton(button)
            column.addWidget(button)
        column.addWidget(self.answered_only)
        column.addSpacing(GAP_M)
        column.addWidget(self._extras_caption)
        column.addWidget(extras)
        column.addSpacing(GAP_S)
        column.addWidget(self._csv)
        self._all_told.setVisible(self._shown is None)
        for button in (self.all_rows, self.shown_rows):
            button.setVisible(self._shown is not None)
        self.kinds.buttonClicked.connect(self._kind_chosen)
        rows_group.buttonClicked.connect(self.changed)
        self.path_edit.textChanged.connect(self.changed)
        self._choose.clicked.connect(self._ask_target)
        # Once the layout has taken notice of what is shown now.
        self._csv.button.toggled.connect(lambda: QTimer.singleShot(0, self, self.resized.emit))

    def _kind_chosen(self) -> None:
        text = self.path_edit.text().strip()
        path = Path(text) if text else None
        if path is not None and path.name and "\0" not in text:
            # "report.v2" is a name, not a kind of file.
            bare = path.with_suffix("") if path.suffix.lower() in _KNOWN_SUFFIXES else path
            self.path_edit.setText(str(bare.with_name(bare.name + SUFFIXES[self.kind()])))
        self._say()
        self.changed.emit()
        QTimer.singleShot(0, self, self.resized.emit)

    def _say(self) -> None:
        kind = self.kind()
        self._csv.setVisible(kind == "csv")
        tell(
            self._kind_note,
            {
                "xlsx": _("Opens in Excel and WPS as it is. No cell can become a formula."),
                "csv": _("Plain text that every program reads."),
                "json": _("For programs: one object per row."),
            }[kind],
        )

    def _ask_target(self) -> None:
        dialog = file_dialog(self.window(), _("Export as"))
        dialog.setObjectName("exportFileDialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        names = {"xlsx": _("Excel (*.xlsx)"), "csv": _("CSV (*.csv)"), "json": _("JSON (*.json)")}
        dialog.setNameFilter(names[self.kind()])
        dialog.setDefaultSuffix(self.kind())
        # The dialog asks about replacing; so do we, for a name that was typed. Once is enough.
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
        target = self.target()
        if target is not None:
            dialog.setDirectory(str(target.parent))
            dialog.selectFile(target.name)
        dialog.fileSelected.connect(self.path_edit.setText)
        open_dialog(dialog)
