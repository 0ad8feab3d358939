"""The first page: where to drop a file, and three samples to try."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from gui_app.i18n import _
from gui_app.ui.look.before_paint import centre
from gui_app.ui.look.icons import IconLabel, set_icon
from gui_app.ui.look.sizes import scaled
from gui_app.ui.look.theme import GAP_L, GAP_M, GAP_S, GAP_XL, GAP_XS, give_role, set_role
from gui_app.ui.pieces.panel import FirstPanel, describe, hbox, text_label, vbox
from gui_app.ui.pieces.scroll_column import ScrollColumn
from gui_app.ui.samples import SAMPLES, Sample

if TYPE_CHECKING:
    from PySide6.QtCore import QEvent, QObject
    from PySide6.QtGui import QKeyEvent, QMouseEvent

    from gui_app.ui.pieces.banner import BannerArea
    from gui_app.ui.window.away import AwayCard

_WIDTH, _WIDEST = 720, 960
"""The page's middle takes a good half of a wide window, within these."""


_DROP_HEIGHT = 230


class DropArea(FirstPanel):
    """Shows where a file goes. Dropping works on the whole window; a click opens the file dialog.

    Signals:
        clicked: The area or its button was pressed.
    """

    clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, role="drop")
        self.setObjectName("dropArea")
        mark = IconLabel("file-spreadsheet", "accent", 44)
        centre(mark)
        self._text, self._kinds = text_label("subtitle", wrap=True), text_label("hint", wrap=True)
        for label in (self._text, self._kinds):
            centre(label)
        self.button = QPushButton()
        self.button.setObjectName("openFileButton")
        give_role(self.button, "primary")
        set_icon(self.button, "folder-open", "on_accent")
        self.button.clicked.connect(self.clicked)
        line = hbox(None)
        line.addStretch(1)
        line.addWidget(self.button)
        line.addStretch(1)
        column = vbox(self, (GAP_XL, GAP_XL, GAP_XL, GAP_XL), GAP_S)
        column.addStretch(1)
        column.addWidget(mark)
        column.addSpacing(GAP_XS)
        column.addWidget(self._text)
        column.addWidget(self._kinds)
        column.addSpacing(GAP_M)
        column.addLayout(line)
        column.addStretch(1)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every visible text."""
        self._text.setText(_("Drop a CSV or Excel file here, or choose one"))
        self._kinds.setText(_("CSV, TSV, XLSX, XLS, ODS. Your file is never changed."))
        self.button.setText(_("&Choose a file…"))
        describe(self.button, _("Choose a file"), _("Opens a table or a Rowmill job."))
        describe(self, self._text.text(), self._kinds.text())

    def set_over(self, over: bool) -> None:
        """Show that a file is held over the window."""
        set_role(self, "drop", "over" if over else "")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Qt's hook."""
        from PySide6.QtCore import Qt

        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()


class SampleCard(QPushButton):
    """One sample, with a title and a line about it."""

    def __init__(self, sample: Sample) -> None:
        super().__init__()
        self.sample = sample
        self.setObjectName(f"sample_{sample.id}")
        give_role(self, "sample")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._title, self._text = text_label("heading", wrap=True), text_label("hint", wrap=True)
        column = vbox(self, (GAP_L, GAP_M, GAP_L, GAP_M), GAP_XS)
        column.addWidget(IconLabel(sample.drawing, "accent", 20))
        column.addWidget(self._title)
        column.addWidget(self._text)
        column.addStretch(1)
        self.say()

    def say(self) -> None:
        """Set every visible text."""
        self._title.setText(_(self.sample.title))
        self._text.setText(_(self.sample.text))
        describe(self, _(self.sample.title), _(self.sample.text))

    def sizeHint(self) -> QSize:
        """Qt's hook: as tall as its words need at its width, not as a button's text would be."""
        layout = self.layout()
        assert layout is not None
        width = max(170, min(self.width(), 260))
        return QSize(190, layout.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """Qt's hook."""
        return QSize(160, self.sizeHint().height())


class EmptyPage(FirstPanel):
    """Signals: openRequested: the file dialog is wanted. sampleRequested: a `Sample`."""

    openRequested = Signal()
    sampleRequested = Signal(object)
    away: AwayCard
    _problem: BannerArea

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, role="page")
        self._title, self._text = text_label("title", wrap=True), text_label("hint", wrap=True)
        self.drop = DropArea()
        self.drop.clicked.connect(self.openRequested)
        self._samples_title = text_label("heading")
        self.samples = _SampleList()
        self.samples.chosen.connect(self.sampleRequested)
        self._practice = text_label("small", wrap=True)
        self._inner = QWidget()
        column = self._column = vbox(self._inner, gap=GAP_S)
        column.addWidget(self._title)
        column.addWidget(self._text)
        # Between the two comes what happened meanwhile, once there is any.
        column.addSpacing(GAP_S)
        column.addSpacing(GAP_XS)
        column.addWidget(self.drop)
        column.addSpacing(GAP_L)
        column.addWidget(self._samples_title)
        column.addWidget(self.samples)
        column.addWidget(self._practice)
        line = hbox(None)
        line.addStretch(1)
        line.addWidget(self._inner, 100)
        line.addStretch(1)
        scroll = ScrollColumn()
        vbox(self).addWidget(scroll)
        outer = scroll.column
        outer.setContentsMargins(GAP_XL, GAP_XL, GAP_XL, GAP_XL)
        outer.addStretch(1)
        outer.addLayout(line)
        outer.addStretch(2)
        self.refit()
        self.retranslate()

    def furnish(self) -> None:
        """Add what is not seen at first. Once, after the page is on the screen."""
        from PySide6.QtCore import Qt

        from gui_app.ui.pieces.banner import BannerArea
        from gui_app.ui.window.away import AwayCard

        self._problem = BannerArea()
        self._problem.layout_margins(0)
        self.away = AwayCard()
        at = self._column.indexOf(self.drop) - 1
        self._column.insertWidget(at, self.away)
        self._column.insertWidget(at, self._problem)
        self.installEventFilter(self)
        self.samples.installEventFilter(self.samples)
        self.samples.stack()
        for part in (self.drop, *self.samples.cards):
            part.setCursor(Qt.CursorShape.PointingHandCursor)
        for card in self.samples.cards:
            for label in card.findChildren(QWidget):
                label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt's hook, on the page itself: a hook of its own would be called before the first picture."""
        from PySide6.QtCore import QEvent

        if event.type() == QEvent.Type.Resize:
            self.refit()
        return False

    def refit(self) -> None:
        """As wide as suits the page and its letters."""
        width = max(_WIDTH, min(_WIDEST, round(0.55 * self.width())))
        self._inner.setMaximumWidth(scaled(width))
        self.drop.setMinimumHeight(round(_DROP_HEIGHT * width / _WIDTH))

    def show_problem(self, text: str, topic: str = "") -> None:
        """Say over the drop area why a file could not be used; "" takes the sentence away.

        Args:
            topic: The part of the help page about it.
        """
        from gui_app.ui.pieces.banner import Notice

        self._problem.show_notices([Notice(f"problem {text}", text, "error", topic=topic)] if text else [])

    def problem(self) -> str:
        """The sentence that is shown."""
        return " ".join(self._problem.texts())

    def retranslate(self) -> None:
        """Set every visible text."""
        self._title.setText(_("What should be done with your rows?"))
        self._text.setText(
            _("Rowmill asks a language model about each row of your table and puts the answers beside it.")
        )
        self._samples_title.setText(_("Or try a sample"))
        self._practice.setText(
            _("Samples run on the built-in practice model: no key, no cost, no network. Its answers are made up.")
        )


class _SampleList(FirstPanel):
    """The samples side by side; arrow keys go from one to the next."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sampleList")
        line = self._line = hbox(self, gap=GAP_M)
        self.cards = [SampleCard(sample) for sample in SAMPLES]
        for card in self.cards:
            card.clicked.connect(lambda _checked=False, which=card: self.chosen.emit(which.sample))
            line.addWidget(card, 1)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every visible text."""
        describe(self, _("Samples"))
        for card in self.cards:
            card.say()

    def minimumSizeHint(self) -> QSize:
        """Qt's hook: where there is no room for all side by side, one below the other needs less."""
        hints = [card.minimumSizeHint() for card in self.cards]
        return QSize(max(hint.width() for hint in hints), max(hint.height() for hint in hints))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Qt's hook, of its own size; installed once the page is on the screen (see `before_paint`)."""
        from PySide6.QtCore import QEvent

        if event.type() == QEvent.Type.Resize:
            self.stack()
        return False

    def stack(self) -> None:
        """One below the other where they do not fit side by side."""
        from PySide6.QtWidgets import QBoxLayout

        needed = sum(card.minimumSizeHint().width() + GAP_M for card in self.cards) - GAP_M
        fits = self.width() >= needed
        wanted = QBoxLayout.Direction.LeftToRight if fits else QBoxLayout.Direction.TopToBottom
        if self._line.direction() != wanted:
            self._line.setDirection(wanted)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Qt's hook."""
        from PySide6.QtCore import Qt

        keys = Qt.Key
        step = {keys.Key_Left: -1, keys.Key_Up: -1, keys.Key_Right: 1, keys.Key_Down: 1}.get(keys(event.key()))
        at = next((at for at, card in enumerate(self.cards) if card.hasFocus()), None)
        if step is None or at is None:
            super().keyPressEvent(event)
        else:
            self.cards[(at + step) % len(self.cards)].setFocus()
