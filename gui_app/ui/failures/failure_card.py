"""One group of failures: how many rows, what happened, what can be done about it at once, and what came back."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPlainTextEdit, QPushButton, QWidget

from gui_app.i18n import _, ngettext, number, one_after_another
from gui_app.jobs import Cause, RowFilter, RowState
from gui_app.sentences import cause_action, cause_sentence, cause_title
from gui_app.store.reading.queries import FailureGroup
from gui_app.ui.later.retries import WAIT_MIN
from gui_app.ui.look.icons import IconLabel
from gui_app.ui.look.theme import GAP_M, GAP_S
from gui_app.ui.pieces.flow_layout import FlowLayout
from gui_app.ui.pieces.forms import Fold, readable
from gui_app.ui.pieces.help_link import HelpLink
from gui_app.ui.pieces.help_topics import topic_of_cause
from gui_app.ui.pieces.named import named, named_button
from gui_app.ui.pieces.panel import Panel, describe, hbox, plain_tip, text_label, vbox

SHOWN_CHARACTERS = 5_000

_SETTINGS_HELP = frozenset({Cause.KEY_REFUSED, Cause.HOST_REFUSED})
_WAITING_HELPS = frozenset(
    {Cause.RATE_LIMIT, Cause.OVERLOADED, Cause.SERVER_ERROR, Cause.NETWORK, Cause.DNS, Cause.DEADLINE}
)
_OTHER_MODEL_HELPS = frozenset(
    {
        Cause.NO_PERMISSION,
        Cause.MODEL_UNKNOWN,
        Cause.TOO_LONG,
        Cause.REFUSED,
        Cause.CONTENT_FILTER,
        Cause.UNREADABLE,
        Cause.EMPTY,
        Cause.BAD_REQUEST,
        Cause.OFF_LIST,
        Cause.CUT_OFF,
    }
)
_ANSWERING_HELPS = frozenset(
    {
        Cause.REFUSED,
        Cause.CONTENT_FILTER,
        Cause.BLANK_PROMPT,
        Cause.OFF_LIST,
        Cause.TWO_LABELS,
        Cause.OUT_OF_RANGE,
        Cause.NOT_A_NUMBER,
        Cause.NOT_YES_OR_NO,
        Cause.MISSING_FIELD,
        Cause.CUT_OFF,
    }
)
REMEDIES: dict[str, tuple[str, frozenset[Cause]]] = {
    # Name, drawing, and the causes it helps against.
    "wait": ("clock", _WAITING_HELPS),
    "shorten": ("minus", frozenset({Cause.TOO_LONG})),
    "longer": ("plus", frozenset({Cause.CUT_OFF})),
    "label": ("plus", frozenset({Cause.OFF_LIST})),
    "answer": ("pencil", _ANSWERING_HELPS),
    "model": ("sparkles", _OTHER_MODEL_HELPS),
    "settings": ("settings", _SETTINGS_HELP),
}


def rows_of(group: FailureGroup) -> RowFilter:
    """The rows of one group."""
    return RowFilter(states=frozenset({group.state}), causes=frozenset({group.cause}))


def remedy_text(remedy: str) -> tuple[str, str]:
    """What its button says, and what it does in a sentence."""
    return {
        "wait": (
            ngettext("Retry in {n} minute", "Retry in {n} minutes", WAIT_MIN).format(n=number(WAIT_MIN)),
            _("Waits, then asks these rows again by itself while Rowmill is open."),
        ),
        "shorten": (_("Shorten"), _("Puts in only the beginning of the longest column, then you can retry.")),
        "longer": (_("Allow longer answers"), _("Doubles the longest reply, then you can retry.")),
        "label": (
            _("Add to the list"),
            _("Puts a label the model used onto your list; then the stored replies can be read again for nothing."),
        ),
        "answer": (_("Answer by hand"), _("Lists these rows and leads to the review.")),
        "model": (_("Another model"), _("Leads to the Model tab; then you can retry these rows.")),
        "settings": (_("Open Settings"), _("Shows the settings with your keys.")),
    }[remedy]


class GroupCard(Panel):
    """One cause: how many rows, what happened, what to do, an example.

    Signals:
        retry, show_rows: What to do with its rows.
        remedy: One of `REMEDIES`.
        reply: What came back for the example is wanted.
    """

    retry = Signal()
    show_rows = Signal()
    remedy = Signal(str)
    reply = Signal()

    def __init__(self, group: FailureGroup, parent: QWidget | None = None) -> None:
        super().__init__(parent, role="card")
        self.setObjectName(f"failureGroup_{group.cause.value}")
        self.group = group
        self._icon = IconLabel("circle-x", "error")
        self._title, self._count = text_label("heading", wrap=True), text_label("hint", wrap=True)
        self._sentence, self._action = text_label(wrap=True), text_label("hint", wrap=True)
        self.retry_button = self._button("retryGroupButton", "rotate-ccw")
        self.show_button = self._button("showGroupButton", "funnel")
        self.remedy_buttons = {
            name: self._button(f"{name}GroupButton", drawing) for name, (drawing, _causes) in REMEDIES.items()
        }
        self._raw: tuple[int, str] | None = None
        self._held = ""
        self._example = named(QPlainTextEdit(), "failureExample")
        self._example.setReadOnly(True)
        self._example.setTabChangesFocus(True)
        self._example.setFixedHeight(92)
        self._fold = Fold(self._example, name="failureExampleButton")
        self._build()
        self.retranslate()

    def set_held(self, why: str) -> None:
        """Grey the retry, and say why; "" when its rows can be asked again."""
        if why != self._held:
            self._held = why
            self.retranslate()

    def update_group(self, group: FailureGroup) -> None:
        """New figures for the same cause; what is open stays open."""
        if group != self.group:
            self.group = group
            self.retranslate()

    def retranslate(self) -> None:
        """Set every text."""
        group, n = self.group, self.group.count
        needs_review = group.state is RowState.NEEDS_REVIEW
        self._icon.set_drawing("eye" if needs_review else "circle-x", "warning" if needs_review else "error")
        self._title.setText(cause_title(group.cause))
        rows = ngettext("{n} row", "{n} rows", n).format(n=number(n))
        if needs_review:
            told = ngettext("{n} row needs review", "{n} rows need review", n)
        else:
            told = ngettext("{n} row failed", "{n} rows failed", n)
        self._count.setText(told.format(n=number(n)))
        self._sentence.setText(cause_sentence(group.cause))
        self._action.setText(cause_action(group.cause))
        self.retry_button.setText(ngettext("Retry {n} row", "Retry {n} rows", n).format(n=number(n)))
        self.show_button.setText(ngettext("Show it", "Show them", n))
        what = f"{cause_title(group.cause)}, {rows}"
        describe(self, what, one_after_another(cause_sentence(group.cause), cause_action(group.cause)))
        for button in (self.retry_button, self.show_button):
            describe(button, f"{button.text()}: {what}", self._held if button is self.retry_button else "")
        self.retry_button.setEnabled(not self._held)
        self.retry_button.setToolTip(plain_tip(self._held))
        for remedy, button in self.remedy_buttons.items():
            text, does = remedy_text(remedy)
            button.setText(text)
            describe(button, f"{text}: {what}", does)
            button.setToolTip(plain_tip(does))
            button.setVisible(group.cause in REMEDIES[remedy][1])
        self._show_reply()

    def show_reply(self, row_id: int, raw: str | None) -> None:
        """What the model replied to the example, whole; None where nothing came back."""
        if row_id == self.group.example_row_id:
            self._raw = None if raw is None else (row_id, raw)
            self._show_reply()

    def _show_reply(self) -> None:
        group = self.group
        raw = self._raw[1] if self._raw is not None and self._raw[0] == group.example_row_id else ""
        detail = readable((raw.strip() or group.example_detail)[:SHOWN_CHARACTERS]).strip() or _("Nothing came back.")
        self._fold.say(_("What came back for row {row}").format(row=number(group.example_row_id)))
        if detail != self._example.toPlainText():
            self._example.setPlainText(detail)
        describe(self._example, _("What came back for row {row}").format(row=number(group.example_row_id)))

    def _button(self, name: str, drawing: str) -> QPushButton:
        out = named_button(QPushButton(), name, "", drawing)
        return out

    def _build(self) -> None:
        top = hbox(None, gap=GAP_S)
        top.addWidget(self._icon)
        top.addWidget(self._title, 1)
        buttons = QWidget()
        line = FlowLayout(buttons, GAP_S)
        for button in (self.retry_button, self.show_button, *self.remedy_buttons.values()):
            line.addWidget(button)
        line.addWidget(HelpLink(topic_of_cause(self.group.cause)))
        column = vbox(self, (GAP_M, GAP_M, GAP_M, GAP_M), GAP_S)
        column.addLayout(top)
        for part in (self._count, self._sentence, self._action, buttons, self._fold):
            column.addWidget(part)
        self.retry_button.clicked.connect(self.retry)
        self.show_button.clicked.connect(self.show_rows)
        for name, button in self.remedy_buttons.items():
            button.clicked.connect(lambda _on=False, name=name: self.remedy.emit(name))
        self._fold.button.toggled.connect(lambda on: self.reply.emit() if on else None)
