"""The model: chosen from the provider's list or typed, with what it costs and until when there is one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QToolButton, QWidget

from gui_app.errors import UserError
from gui_app.i18n import _, money, ngettext, number, one_after_another
from gui_app.pricing.prices import PriceTable
from gui_app.providers.base import ModelInfo
from gui_app.sentences import plain
from gui_app.ui.look.theme import GAP_XS
from gui_app.ui.model.connection import Connection, said
from gui_app.ui.model.model_box import ModelBox
from gui_app.ui.pieces.forms import tell
from gui_app.ui.pieces.help_link import link_under
from gui_app.ui.pieces.named import named_button
from gui_app.ui.pieces.once import once
from gui_app.ui.pieces.panel import Panel, describe, hbox, plain_tip, text_label, vbox
from gui_app.ui.pieces.tasks import Tasks

if TYPE_CHECKING:
    from gui_app.worker.client import WorkerClient

PriceFinder = Callable[[str, str, str | None], PriceTable | None]
"""Provider, model, base URL -> prices; None when unknown. Called in a thread: the catalogue takes a while to load."""

_LIST = "list the models"


class ModelPart(Panel):
    """The box with the models, and the sentence under it.

    Args:
        tasks: Where the asking runs; its owner ends it.

    Signals:
        changed: Another model is chosen; its price is not known yet.
        priced: The price was looked up.
    """

    changed = Signal()
    priced = Signal()

    def __init__(
        self,
        connection: Connection,
        worker: WorkerClient,
        tasks: Tasks,
        prices: PriceFinder,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._connection, self._worker, self._tasks, self._prices = connection, worker, tasks, prices
        self._listed_for: tuple[str, str | None] | None = None
        self.price: PriceTable | None = None
        self.box = ModelBox()
        self.reload = named_button(QToolButton(), "reloadModelsButton", "icon", "refresh-cw")
        self._caption = text_label("heading")
        self._caption.setBuddy(self.box)
        self.note = text_label("hint", wrap=True)
        self._ask_price = once(self, 300, self._look_up_price)
        self._build()
        self.retranslate()

    def _build(self) -> None:
        line = hbox(None, gap=GAP_XS)
        line.addWidget(self.box, 1)
        line.addWidget(self.reload)
        column = vbox(self, gap=GAP_XS)
        column.addWidget(self._caption)
        column.addLayout(line)
        column.addWidget(self.note)
        column.addWidget(link_under(self.note, "model"), 0, Qt.AlignmentFlag.AlignLeft)
        self.box.currentTextChanged.connect(self.model_changed)
        self.box.opened.connect(self._list_once)
        self.reload.clicked.connect(self._list_again)

    def retranslate(self) -> None:
        """Set every text."""
        self._caption.setText(_("Model"))
        describe(self.box, _("Model"), _("Choose from the list, type a part of a name to find it, or a whole name."))
        describe(self.reload, _("Get the list of models again"))
        self.reload.setToolTip(plain_tip(_("Get the list of models again")))

    def begin(self, model: str) -> None:
        """Another provider: its models are not known yet, but for the one that is wanted."""
        self._tasks.cancel(_LIST)
        self._listed_for = None
        self.box.set_models([])
        self.box.set_model_id(model)

    def offer(self, models: Sequence[str]) -> bool:
        """Put these into the list. True when that chose one, because none was chosen."""
        self.box.set_models([ModelInfo(model) for model in models])
        if self.box.model_id():
            return False
        self.box.set_model_id(models[0])
        return True

    def model_changed(self) -> None:
        """Its price is to be looked up."""
        self.price = None
        self._ask_price.start()
        self.changed.emit()

    def say(self) -> None:
        """What is known of the model, under the box."""
        tell(self.note, self._about())

    def stop(self) -> None:
        """Ask for no price any more."""
        self._ask_price.stop()

    def _about(self) -> str:
        info, parts = self.box.info(), []
        if self._tasks.is_running(_LIST):
            parts.append(_("Getting the list of models…"))
        elif not self.box.model_id():
            parts.append(_("Open the list, or type the name of a model."))
        price = self.price
        if price is not None and price.source == "catalogue":
            parts.append(
                _("{input} per million tokens of input, {output} of output.").format(
                    input=money(price.input.usd), output=money(price.output.usd)
                )
            )
        if info is not None and info.retires_on:
            parts.append(_("The provider switches it off on {day}.").format(day=plain(info.retires_on, 20)))
        return one_after_another(*parts)

    def _place(self) -> tuple[str, str | None]:
        return self._connection.provider(), self._connection.base_url()

    # Prices

    def _look_up_price(self) -> None:
        self._tasks.start("look up the price", self._find_price(*self._place(), self.box.model_id()))

    async def _find_price(self, provider: str, base_url: str | None, model: str) -> None:
        price = await asyncio.to_thread(self._prices, provider, model, base_url)
        if (provider, base_url, model) == (*self._place(), self.box.model_id()):
            self.price = price
            self.priced.emit()

    async def _price_list(self, place: tuple[str, str | None], models: Sequence[ModelInfo]) -> None:
        """Say beside each model of the list what it costs and until when there is one."""
        # Without `self`: another thread must not be the last to know the panel.
        prices = self._prices

        def look_up() -> list[PriceTable | None]:
            return [prices(place[0], model.id, place[1]) for model in models]

        priced = await asyncio.to_thread(look_up)
        if place == self._place():
            self.box.set_notes({model.id: _note(model, price) for model, price in zip(models, priced, strict=True)})

    # The list

    def _list_once(self) -> None:
        if self._listed_for != self._place():
            self._list_again()

    def _list_again(self) -> None:
        if not self._connection.cannot_ask() and not self._tasks.is_running(_LIST):
            self._tasks.start(_LIST, self._list_models())
            self.say()

    async def _list_models(self) -> None:
        place = self._place()
        wrong, models = "", list[ModelInfo]()
        try:
            await self._connection.key_kept()
            models = await self._worker.list_models(self._connection.account())
        except UserError as error:
            wrong = said(error)
        if place != self._place():
            return
        self._tasks.forget(_LIST)
        self._listed_for = place if models else None
        if models:
            self.box.set_models(models)
            self._tasks.start("price the list", self._price_list(place, models))
        if wrong or not models:
            tell(self.note, wrong or _("The provider lists no models. Type the name of one."), "warning")
        else:
            tell(self.note, one_after_another(_listed(models), self._about()))
        self._ask_price.start()


def _listed(models: Sequence[ModelInfo]) -> str:
    return ngettext("{n} model is on the list.", "{n} models are on the list.", len(models)).format(
        n=number(len(models))
    )


def _note(model: ModelInfo, price: PriceTable | None) -> str:
    """What stands beside a model in the list: its prices for a million tokens in and out, its last day."""
    parts = []
    if price is not None and price.source == "catalogue":
        parts.append(_("{input} in, {output} out").format(input=money(price.input.usd), output=money(price.output.usd)))
    if model.retires_on:
        parts.append(_("until {day}").format(day=plain(model.retires_on, 20)))
    return " · ".join(parts)
