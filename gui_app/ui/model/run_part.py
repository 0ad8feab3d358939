"""How a run goes: speed, lane, spending limit, price, and the options few people need."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QWidget

from gui_app.i18n import _, number
from gui_app.jobs import Lane, Options, Price, RunOptions
from gui_app.recipes.question import FEWEST_OUTPUT_TOKENS, MOST_OUTPUT_TOKENS
from gui_app.settings import MOST_AT_ONCE
from gui_app.ui.look.theme import GAP_M, GAP_S
from gui_app.ui.model.estimating import Estimated
from gui_app.ui.model.lane_choice import LaneChoice
from gui_app.ui.pieces.forms import Captioned, Fold, SideBySide, calm_wheel, choose, fill, shrinking_box, tell
from gui_app.ui.pieces.named import named
from gui_app.ui.pieces.panel import Panel, text_label, vbox
from gui_app.ui.recipe.typed import typed_number

_SPEEDS = (1, 2, 5, 10, 20, 50, 100)


class RunPart(Panel):
    """The lower half of the Model tab.

    Signals:
        changed: Any of it, by the user.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._ceiling, self._batch, self._free = "", 10, False, True
        self._price_known = True
        # Kept and given back: there is no control for it.
        self._temperature: float | None = None
        self.speed_box = named(QComboBox(), "speedBox")
        self.speed_box.setEditable(True)
        self.speed_box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.speed_box.addItem("", None)
        for calls in _SPEEDS:
            self.speed_box.addItem(str(calls), calls)
        self.speed_box.setMinimumContentsLength(8)
        self.lane_box = shrinking_box(name="laneBox")
        # Wide enough for its longest word, or it goes below the speed.
        self.lane_box.setMinimumContentsLength(18)
        self.lanes = LaneChoice()
        self.budget_edit = named(QLineEdit(), "budgetEdit")
        self.budget_edit.setMaxLength(20)
        self.input_price_edit, self.output_price_edit = QLineEdit(), QLineEdit()
        self.input_price_edit.setObjectName("inputPriceEdit")
        self.output_price_edit.setObjectName("outputPriceEdit")
        self.identical_box = named(QCheckBox(), "identicalBox")
        self.identical_box.setChecked(True)
        self.confidence_box = named(QCheckBox(), "confidenceBox")
        self.tokens_edit = named(QLineEdit(), "maxTokensEdit")
        self.tokens_edit.setMaxLength(10)
        self._speed, self._lane = Captioned(self.speed_box), Captioned(self.lane_box)
        self._budget, self._tokens = Captioned(self.budget_edit), Captioned(self.tokens_edit)
        self._input_price, self._output_price = Captioned(self.input_price_edit), Captioned(self.output_price_edit)
        self._price_note = text_label("hint", wrap=True)
        self._price = QWidget()
        more = QWidget()
        self._more = Fold(more, name="moreOptionsButton")
        self._build(more)
        self.retranslate()

    def set_provider(
        self, title: str, ceiling: int, *, batch: bool, free: bool, confidence: bool, practice: bool = False
    ) -> None:
        """What the chosen provider can do.

        Args:
            ceiling: The most calls at once that "Automatic" goes to.
            batch: It has the overnight lane.
            free: Nothing is paid, so limits in money make no sense.
            confidence: It can say how sure it is.
            practice: It is the built-in one, whose nights are short.
        """
        self._title, self._ceiling, self._batch, self._free = title, ceiling, batch, free
        self._budget.setVisible(not free)
        self.confidence_box.setVisible(confidence)
        if not batch and self.lane_box.currentData() == Lane.OVERNIGHT.value:
            choose(self.lane_box, Lane.NOW.value)
        self.lanes.set_offered(batch, practice=practice)
        self.lanes.show_estimate(None)
        self.set_price_known(True)
        self._say()

    def choose_lane(self, lane: Lane) -> None:
        """Choose when the rows are asked, as if in the box. Where there is no overnight, it stays as it is."""
        if lane is Lane.NOW or self._batch:
            choose(self.lane_box, lane.value)

    def show_estimate(self, found: Estimated | None) -> None:
        """What the rows that wait cost and take in each lane; None: not known yet."""
        self.lanes.show_estimate(found)

    def set_price_known(self, known: bool) -> None:
        """Ask for a price, or not."""
        self._price_known = known or self._free
        self._price.setVisible(not self._price_known)
        self._say()

    def set_options(self, options: Options) -> None:
        """Show a recipe's options."""
        self.identical_box.setChecked(options.ask_identical_once)
        self.confidence_box.setChecked(options.confidence)
        self.tokens_edit.setText("" if options.max_output_tokens is None else str(options.max_output_tokens))
        self._temperature = options.temperature

    def set_run_options(self, run: RunOptions) -> None:
        """Show how the job was last run."""
        if run.lane is Lane.NOW or self._batch:
            choose(self.lane_box, run.lane.value)
        if run.concurrency is None:
            self.speed_box.setCurrentIndex(0)
        elif not choose(self.speed_box, run.concurrency):
            self.speed_box.setEditText(str(run.concurrency))
        self.budget_edit.setText("" if run.budget_usd is None else f"{run.budget_usd:.15g}")
        price = run.price
        self.input_price_edit.setText("" if price is None else f"{price.input_usd:.15g}")
        self.output_price_edit.setText("" if price is None else f"{price.output_usd:.15g}")

    def options(self) -> Options:
        """The recipe's options as chosen."""
        tokens = _whole(self.tokens_edit.text())
        return Options(
            max_output_tokens=tokens,
            temperature=self._temperature,
            ask_identical_once=self.identical_box.isChecked(),
            # Hidden where the provider has none; it would only make another recipe version.
            confidence=self.confidence_box.isChecked() and not self.confidence_box.isHidden(),
        )

    def run_options(self) -> RunOptions:
        """How the next run goes. What cannot be read counts as not given; `problem` says so."""
        return RunOptions(
            lane=Lane(self.lane_box.currentData() or Lane.NOW.value),
            concurrency=self._calls(),
            budget_usd=None if self._free else _amount(self.budget_edit.text()),
            price=None if self._price_known else self._typed_price(),
        )

    def problem(self) -> str:
        """What keeps a run from starting, in words; "" when nothing does."""
        return self._speed_problem() or self._budget_problem() or self._price_problem() or self._tokens_problem()

    def retranslate(self) -> None:
        """Set every text."""
        automatic = _("Automatic")
        # Renaming an item puts its new name into the line, over a number typed there, or leaves the old name.
        typed = self.speed_box.currentText()
        was_automatic = typed == self.speed_box.itemText(0)
        self.speed_box.setItemText(0, automatic)
        self.speed_box.setEditText(automatic if was_automatic else typed)
        if was_automatic and (line := self.speed_box.lineEdit()) is not None:
            line.setCursorPosition(0)
        fill(
            self.lane_box,
            [(_("Now"), Lane.NOW.value), (_("Overnight, half price"), Lane.OVERNIGHT.value)],
        )
        self.budget_edit.setPlaceholderText(_("No limit"))
        self.identical_box.setText(_("Ask identical rows only once"))
        self.confidence_box.setText(_("Ask how sure the model is, where it can say"))
        self.tokens_edit.setPlaceholderText(_("Automatic"))
        self._more.say(_("More options"))
        self._say()

    def _build(self, more: QWidget) -> None:
        prices = vbox(self._price, gap=GAP_S)
        prices.addWidget(self._price_note)
        prices.addWidget(SideBySide(self._input_price, self._output_price))
        inside = vbox(more, gap=GAP_S)
        options: tuple[QWidget, ...] = (self.identical_box, self.confidence_box, self._tokens)
        for option in options:
            inside.addWidget(option)
        column = vbox(self, gap=GAP_M)
        column.addWidget(SideBySide(self._speed, self._lane))
        for part in (self.lanes, self._budget, self._price, self._more):
            column.addWidget(part)
        calm_wheel(self.speed_box, self.lane_box)
        self.lanes.chosen.connect(self.choose_lane)
        for edit in (self.budget_edit, self.input_price_edit, self.output_price_edit, self.tokens_edit):
            edit.textChanged.connect(self._changed)
        for box in (self.speed_box, self.lane_box):
            box.currentTextChanged.connect(self._changed)
        for check in (self.identical_box, self.confidence_box):
            check.toggled.connect(self._changed)

    def _changed(self) -> None:
        self._say()
        self.changed.emit()

    def _say(self) -> None:
        wrong = self._speed_problem()
        self._speed.say(
            _("Speed"), "", _("How many rows are asked at the same time: Automatic, or a number you choose.")
        )
        if wrong:
            self._speed.tell(wrong, "error")
        elif self._calls() is None:
            self._speed.tell(_("Up to {n} rows at the same time.").format(n=number(self._ceiling)))
        else:
            self._speed.tell(_("At most so many rows at the same time."))
        self._lane.say(_("When to run"))
        self._say_lane()
        self._budget.say(_("Spending limit in US dollars"), _("Rowmill stops before it is passed."))
        if wrong := self._budget_problem():
            self._budget.tell(wrong, "error")
        self._input_price.say(_("Price of input"), _("US dollars per million tokens"))
        self._output_price.say(_("Price of output"), _("US dollars per million tokens"))
        tell(
            self._price_note,
            self._price_problem()
            or _(
                "The price of this model is not known. With it, Rowmill can tell what a run costs and keep to a limit."
            ),
            "error" if self._price_problem() else "hint",
        )
        self._tokens.say(_("Longest reply, in tokens"), _("A token is about four letters, or one Chinese character."))
        if wrong := self._tokens_problem():
            self._tokens.tell(wrong, "error")

    def _say_lane(self) -> None:
        model = self.lane_box.model()
        item = model.item(1) if isinstance(model, QStandardItemModel) else None
        if item is not None:
            item.setEnabled(self._batch)
        overnight = self.lane_box.currentData() == Lane.OVERNIGHT.value
        self.lanes.set_lane(Lane.OVERNIGHT if overnight else Lane.NOW)
        sure = overnight and self.confidence_box.isChecked() and not self.confidence_box.isHidden()
        if not self._batch:
            self._lane.tell(_("This provider does not offer overnight."))
        elif sure:
            # The Batch API takes no requests for /v1/decisions, which is where the figures come from.
            self._lane.tell(_("Overnight, the provider does not say how sure the model is: there is no such figure."))
        elif overnight:
            self._lane.tell(_("Answers come within 24 hours. You can close Rowmill meanwhile."))
        else:
            self._lane.tell(_("Answers come as they are made."))

    def _calls(self) -> int | None:
        text = self.speed_box.currentText().strip()
        calls = _whole(text)
        return calls if calls is not None and 1 <= calls <= MOST_AT_ONCE else None

    def _speed_problem(self) -> str:
        text = self.speed_box.currentText().strip()
        if self._calls() is not None or text in ("", self.speed_box.itemText(0)):
            return ""
        return _("Choose Automatic, or a number from 1 to {most}.").format(most=number(MOST_AT_ONCE))

    def _budget_problem(self) -> str:
        text = self.budget_edit.text()
        if self._free or not text.strip() or (_amount(text) or 0) > 0:
            return ""
        return _("Enter an amount such as 5 or 2.50, or leave it blank for no limit.")

    def _price_problem(self) -> str:
        if self._price_known:
            return ""
        texts = (self.input_price_edit.text(), self.output_price_edit.text())
        if any(map(_bad_amount, texts)):
            return _("Enter each price as an amount such as 0.25.")
        if any(text.strip() for text in texts) and self._typed_price() is None:
            return _("Enter both prices, or none.")
        if self._typed_price() is None and _amount(self.budget_edit.text()) is not None:
            return _("A spending limit needs the price of the model. Enter both prices, or remove the limit.")
        return ""

    def _tokens_problem(self) -> str:
        text = self.tokens_edit.text().strip()
        tokens = _whole(text)
        if not text or (tokens is not None and FEWEST_OUTPUT_TOKENS <= tokens <= MOST_OUTPUT_TOKENS):
            return ""
        return _("Enter a whole number from {low} to {high}, or leave it blank.").format(
            low=number(FEWEST_OUTPUT_TOKENS), high=number(MOST_OUTPUT_TOKENS)
        )

    def _typed_price(self) -> Price | None:
        paid_in, paid_out = _amount(self.input_price_edit.text()), _amount(self.output_price_edit.text())
        return None if paid_in is None or paid_out is None else Price(paid_in, paid_out)


def _whole(text: str) -> int | None:
    value = typed_number(text)
    return int(value) if value is not None and value == int(value) else None


def _amount(text: str) -> float | None:
    """US dollars as typed, with or without a sign; None for what is no amount of money."""
    value = typed_number(text.strip().lstrip("$＄").removesuffix("$"))
    return value if value is not None and value >= 0 else None


def _bad_amount(text: str) -> bool:
    return bool(text.strip()) and _amount(text) is None
