"""One output field as a card: its name, its kind, and what belongs to that kind."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QToolButton,
    QWidget,
)

from gui_app.errors import RecipeError
from gui_app.i18n import _, ngettext
from gui_app.jobs import FieldKind, OutputField
from gui_app.recipes.checks import check_fields
from gui_app.sentences import explain, plain
from gui_app.ui.look.theme import GAP_M, GAP_S
from gui_app.ui.pieces.forms import Captioned, Fold, SideBySide, calm_wheel, fill, shrinking_box, tell
from gui_app.ui.pieces.help_link import link_under
from gui_app.ui.pieces.named import named, named_button
from gui_app.ui.pieces.panel import Panel, describe, hbox, plain_tip, text_label, vbox
from gui_app.ui.recipe.label_meanings import LabelMeanings
from gui_app.ui.recipe.typed import split_labels, typed_number


def kind_name(kind: FieldKind) -> str:
    """What a kind of field is called."""
    return {
        FieldKind.LABEL: _("One label from a list"),
        FieldKind.LABELS: _("Any of these labels"),
        FieldKind.NUMBER: _("A number"),
        FieldKind.YES_NO: _("Yes or no"),
        FieldKind.TEXT: _("Free text"),
    }[kind]


class FieldCard(Panel):
    """One output field.

    Signals:
        changed: Anything about the field.
        removed: Its remove button was pressed.
        moved: It is to stand one place further up.
    """

    changed = Signal()
    removed = Signal()
    moved = Signal()

    def __init__(self, field: OutputField, parent: QWidget | None = None) -> None:
        super().__init__(parent, role="card")
        self._filling = True
        self.setObjectName("fieldCard")
        self.name_edit = named(QLineEdit(), "fieldNameEdit")
        self.name_edit.setMaxLength(200)
        self.kind_box = shrinking_box(name="fieldKindBox")
        self.remove_button = named_button(QToolButton(), "removeFieldButton", "icon", "trash-2")
        self.up_button = named_button(QToolButton(), "moveFieldUpButton", "icon", "arrow-up")
        self.labels_edit = named(QPlainTextEdit(), "labelsEdit")
        self.labels_edit.setTabChangesFocus(True)
        self._labels = Captioned(self.labels_edit)
        self._meanings = LabelMeanings()
        self._meanings_fold = Fold(self._meanings, name="labelMeaningsButton")
        self.minimum_edit, self.maximum_edit = self._small("minimumEdit"), self._small("maximumEdit")
        self._minimum, self._maximum = Captioned(self.minimum_edit), Captioned(self.maximum_edit)
        self.whole_box = named(QCheckBox(), "wholeNumbersBox")
        self._number = self._number_part()
        self.length_edit = self._small("lengthEdit")
        self._length = Captioned(self.length_edit)
        self.hint_edit = named(QLineEdit(), "fieldHintEdit")
        self.hint_edit.setMaxLength(1000)
        self._hint = Captioned(self.hint_edit)
        self._hint_fold = Fold(self._hint, name="fieldHintButton")
        self._problem = text_label("warning", wrap=True)
        self._problem.setObjectName("fieldProblem")
        self._build()
        self.retranslate()
        self.show_field(field)

    def show_field(self, field: OutputField) -> None:
        """Show this field, as a card of its own would; nothing is announced."""
        self._filling = True
        self._show(field)
        self._filling = False
        self._say_whose()

    def set_labels(self, labels: Sequence[str]) -> None:
        """Put these into the list, one a line. One step of the editor's undo."""
        cursor = self.labels_edit.textCursor()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText("\n".join(labels))

    def field(self) -> OutputField:
        """The field as typed. What is not a number where one belongs counts as not given; `problem` says so."""
        kind = self._kind()
        labels = split_labels(self.labels_edit.toPlainText()) if _has_labels(kind) else ()
        is_number, is_text = kind is FieldKind.NUMBER, kind is FieldKind.TEXT
        length = typed_number(self.length_edit.text()) if is_text else None
        return OutputField(
            name=self.name_edit.text().strip(),
            kind=kind,
            labels=labels,
            descriptions=self._meanings.meanings(labels),
            minimum=typed_number(self.minimum_edit.text()) if is_number else None,
            maximum=typed_number(self.maximum_edit.text()) if is_number else None,
            whole=self.whole_box.isChecked() if is_number else True,
            max_characters=int(length) if length is not None and 1 <= length < 1e9 else None,
            hint=self.hint_edit.text().strip(),
        )

    def problem(self) -> str:
        """What keeps this field from being used, in words; "" when it is fine."""
        field = self.field()
        if not field.name:
            return _("Give this result a name: it becomes the column's heading.")
        if _has_labels(field.kind) and len(field.labels) < 2:
            return _("Enter at least two labels, each on a line of its own.")
        if field.kind is FieldKind.NUMBER:
            for edit in (self.minimum_edit, self.maximum_edit):
                if edit.text().strip() and typed_number(edit.text()) is None:
                    return _("“{text}” is not a number.").format(text=plain(edit.text(), 30))
        if field.kind is FieldKind.TEXT and self.length_edit.text().strip() and field.max_characters is None:
            return _("“{text}” is not a length. Enter a whole number, or leave it blank.").format(
                text=plain(self.length_edit.text(), 30)
            )
        return refusal([field])

    def show_problem(self, sentence: str) -> None:
        """Say what is wrong under the field; "" for nothing."""
        tell(self._problem, sentence, "warning")

    def retranslate(self) -> None:
        """Set every text."""
        heading = _("Name of the result column")
        self.name_edit.setPlaceholderText(_("Name"))
        describe(self.name_edit, heading)
        fill(self.kind_box, [(kind_name(kind), kind.value) for kind in FieldKind])
        describe(self.kind_box, _("Kind of result"))
        describe(self.up_button, _("Move this result column up"))
        self.up_button.setToolTip(plain_tip(_("Move this result column up")))
        describe(self.remove_button, _("Remove this result column"))
        self.remove_button.setToolTip(plain_tip(_("Remove this result column")))
        self._labels.say(_("Labels, one per line"))
        self._meanings_fold.say(_("Say what each label means"), _("Optional. The model is told the meanings too."))
        self._minimum.say(_("Lowest"))
        self._maximum.say(_("Highest"))
        self.whole_box.setText(_("Whole numbers only"))
        self._length.say(_("Longest, in characters"), _("Leave it blank for no limit."))
        self._hint_fold.say(_("Add a note for the model"))
        self._hint.say(_("Note for the model"), _("One sentence about this result, if the prompt does not say enough."))
        self._count_labels()

    def _build(self) -> None:
        top: QHBoxLayout = hbox(None, gap=GAP_S)
        top.addWidget(self.name_edit, 1)
        top.addWidget(self.up_button)
        top.addWidget(self.remove_button)
        column = vbox(self, (GAP_M, GAP_M, GAP_M, GAP_S), GAP_S)
        column.addLayout(top)
        for part in (self.kind_box, self._labels, self._meanings_fold, self._number, self._length, self._hint_fold):
            column.addWidget(part)
        column.addWidget(self._problem)
        column.addWidget(link_under(self._problem, "task"), 0, Qt.AlignmentFlag.AlignLeft)
        for edit in (self.name_edit, self.minimum_edit, self.maximum_edit, self.length_edit, self.hint_edit):
            edit.textChanged.connect(self._changed)
        self.labels_edit.textChanged.connect(self._labels_changed)
        self._meanings.changed.connect(self._changed)
        self.whole_box.toggled.connect(self._changed)
        self.kind_box.currentIndexChanged.connect(self._kind_changed)
        self.remove_button.clicked.connect(self.removed)
        self.up_button.clicked.connect(self.moved)
        calm_wheel(self.kind_box)

    def _number_part(self) -> QWidget:
        out = QWidget()
        column = vbox(out, gap=GAP_S)
        column.addWidget(SideBySide(self._minimum, self._maximum))
        column.addWidget(self.whole_box)
        return out

    def _small(self, name: str) -> QLineEdit:
        out = named(QLineEdit(), name)
        out.setMaxLength(30)
        return out

    def _show(self, field: OutputField) -> None:
        self.name_edit.setText(field.name)
        self.kind_box.setCurrentIndex(self.kind_box.findData(field.kind.value))
        # A single label with a comma in it would come back as two.
        self.labels_edit.setPlainText("\n".join(field.labels))
        self._meanings.set_labels(field.labels, field.descriptions)
        self.minimum_edit.setText("" if field.minimum is None else f"{field.minimum:.15g}")
        self.maximum_edit.setText("" if field.maximum is None else f"{field.maximum:.15g}")
        self.whole_box.setChecked(field.whole)
        self.length_edit.setText("" if field.max_characters is None else str(field.max_characters))
        self.hint_edit.setText(field.hint)
        self._meanings_fold.open(False)
        self._hint_fold.open(bool(field.hint))
        self._kind_changed()

    def _kind(self) -> FieldKind:
        return FieldKind(self.kind_box.currentData() or FieldKind.TEXT.value)

    def _kind_changed(self) -> None:
        kind = self._kind()
        self._labels.setVisible(_has_labels(kind))
        self._meanings_fold.setVisible(_has_labels(kind))
        self._number.setVisible(kind is FieldKind.NUMBER)
        self._length.setVisible(kind is FieldKind.TEXT)
        self._labels_changed()

    def _labels_changed(self) -> None:
        self._count_labels()
        self._changed()

    def _count_labels(self) -> None:
        labels = split_labels(self.labels_edit.toPlainText())
        self._meanings.set_labels(labels)
        self._labels.tell(
            ngettext("{n} label: {labels}", "{n} labels: {labels}", len(labels)).format(
                n=len(labels), labels=plain("  ·  ".join(labels), 160)
            )
            if labels
            else _("Or all on one line, with commas between them.")
        )
        lines = min(8, max(3, self.labels_edit.document().blockCount() + 1))
        self.labels_edit.setFixedHeight(lines * self.labels_edit.fontMetrics().lineSpacing() + 18)

    def _changed(self) -> None:
        if not self._filling:
            self._say_whose()
            self.changed.emit()

    def _say_whose(self) -> None:
        shown = plain(self.name_edit.text().strip() or _("Result"), 40)
        self.labels_edit.setAccessibleName(_("Labels of {field}").format(field=shown))


def refusal(fields: Sequence[OutputField]) -> str:
    """Why these fields cannot be asked for, in words; "" when they can."""
    try:
        check_fields(fields)
    except RecipeError as error:
        return explain(error)
    return ""


def _has_labels(kind: FieldKind) -> bool:
    return kind in (FieldKind.LABEL, FieldKind.LABELS)
