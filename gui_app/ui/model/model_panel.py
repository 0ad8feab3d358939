"""The Model tab: who answers, with which key, how fast and for how much."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from gui_app.errors import UserError
from gui_app.i18n import _
from gui_app.jobs import Account, Options, Recipe, RunOptions
from gui_app.pricing.prices import PriceTable, price_of
from gui_app.providers import catalog
from gui_app.providers.base import CannotOpen
from gui_app.providers.hosts import checked_base_url
from gui_app.sentences import explain, filled
from gui_app.settings import BASE_URLS, CONCURRENCY, MODELS, PROVIDER
from gui_app.ui.model.address_question import AddressQuestion
from gui_app.ui.model.connection_test import ConnectionTest
from gui_app.ui.model.key_part import KeyPart
from gui_app.ui.model.model_part import ModelPart, PriceFinder
from gui_app.ui.model.provider_box import ProviderBox, provider_title
from gui_app.ui.model.run_part import RunPart
from gui_app.ui.pieces.forms import Captioned, choose
from gui_app.ui.pieces.in_steps import MadeInSteps
from gui_app.ui.pieces.named import named
from gui_app.ui.pieces.once import once
from gui_app.ui.pieces.panel import Panel, vbox
from gui_app.ui.pieces.scroll_column import ScrollColumn
from gui_app.ui.pieces.tasks import Tasks
from gui_app.ui.services import Services

if TYPE_CHECKING:
    from gui_app.providers.local import LocalServer
    from gui_app.ui.recipe.recipe_panel import RecipePanel

LocalFinder = Callable[[], Awaitable[Sequence["LocalServer"]]]
"""Asks which model servers run on this computer."""


def current_recipe(recipe_panel: RecipePanel, model_panel: ModelPanel) -> Recipe:
    """The task of the one tab and the model of the other, as one recipe."""
    return replace(
        recipe_panel.recipe(),
        provider=model_panel.provider(),
        base_url=model_panel.base_url(),
        model=model_panel.model_id(),
        options=model_panel.options(),
    )


async def _running_here() -> Sequence[LocalServer]:
    # Not at the top: the window opens without what only this needs.
    from gui_app.providers.local import find_local

    return await find_local()


def _found_price(provider: str, model: str, base_url: str | None) -> PriceTable | None:
    return price_of(provider, model, base_url=base_url)


class ModelPanel(MadeInSteps):
    """Chooses the provider, the model and how a run goes.

    What is chosen is put into the settings in memory (`Settings.set`); whoever owns the window saves them.
    The key, the list of models, the price and the test are asked for in tasks: close with `aclose`.

    Args:
        ahead: It is made before there is a job, by `make_more`, and asks for nothing before `begin`.

    Signals:
        changed: Anything that `account`, `model_id`, `options`, `run_options` or `problem` tell.
    """

    changed = Signal()

    def __init__(
        self,
        services: Services,
        parent: QWidget | None = None,
        *,
        prices: PriceFinder = _found_price,
        local: LocalFinder = _running_here,
        ahead: bool = False,
    ) -> None:
        super().__init__(parent, role="page")
        self._services, self._settings, self._prices, self._find_local = services, services.settings, prices, local
        self._local: dict[str, LocalServer] = {}
        self._tasks = Tasks()
        self._filling = True
        self._entry = catalog.entry("practice")
        if not ahead:
            self.make_at_once()
            self.begin()

    def _make(self) -> Iterator[None]:
        services = self._services
        # From the outside in: a widget that gets its parent later has all its children dressed once more.
        self._scroll = ScrollColumn(self)
        inside = self._scroll.body
        self.provider_box = ProviderBox()
        self._provider = Captioned(self.provider_box, inside)
        self.address_edit = named(QLineEdit(), "baseUrlEdit")
        self.address_edit.setMaxLength(500)
        self._address = Captioned(self.address_edit, inside)
        self._question = AddressQuestion(inside)
        self._model = ModelPart(self, services.worker, self._tasks, self._prices, inside)
        self.model_box = self._model.box
        yield
        self.key_part = KeyPart(services.keys, self._tasks, inside)
        self._test = ConnectionTest(self, services.worker, self._tasks, inside)
        yield
        self.run_part = RunPart(inside)
        yield
        self._build()
        self._settle = once(self, 400, self._place_changed)

    def begin(self) -> None:
        """There is a job: show what was chosen last."""
        self._filling = False
        self._show_provider(self._settings.get(PROVIDER))

    # What is chosen

    def provider(self) -> str:
        """A name from `providers.catalog`."""
        return self._entry.name

    def base_url(self) -> str | None:
        """The address as typed; None for the provider's own."""
        typed = self.address_edit.text().strip().rstrip("/")
        return typed if typed and typed != (self._entry.base_url or "").rstrip("/") else None

    def model_id(self) -> str:
        """The model, chosen or typed; "" for none."""
        return self.model_box.model_id()

    def account(self) -> Account:
        """Where calls go and with which key. No key goes with an address that was not agreed to."""
        key = self.key_part.key() if self._agreed() and self.provider() != "practice" else None
        return Account(self.provider(), self.base_url(), key)

    def options(self) -> Options:
        """The recipe's options."""
        return self.run_part.options()

    def run_options(self) -> RunOptions:
        """How the next run goes."""
        return replace(self.run_part.run_options(), ceiling=self._settings.get(CONCURRENCY).get(self._entry.name))

    def price(self) -> PriceTable | None:
        """What the chosen model costs, as far as it was looked up."""
        return self._model.price

    def problem(self) -> str:
        """What keeps a run from starting, in words; "" when nothing does."""
        return (
            self._unagreed()
            or self._address_problem()
            or self._key_problem()
            or self._model_problem()
            or (self.run_part.problem())
        )

    def cannot_ask(self) -> str:
        """Why the provider cannot even be asked, in words; "" when it can."""
        return self._unagreed() or self._address_problem()

    async def key_kept(self) -> None:
        """Wait until a key that is being stored is."""
        await self.key_part.kept()

    # What is shown

    def set_recipe(self, recipe: Recipe | None) -> None:
        """Show a recipe's model. None: what was last chosen. An address of its own is asked about."""
        if recipe is None:
            self._show_provider(self._settings.get(PROVIDER))
            return
        try:
            entry = catalog.entry(recipe.provider)
        except UserError:
            # Made by a version that knows more providers. Its address, if any, says where it went.
            entry = catalog.entry("compatible")
        if (entry.name, recipe.base_url or None, recipe.model) != (self.provider(), self.base_url(), self.model_id()):
            self._show_provider(entry.name, recipe.base_url, recipe.model, from_recipe=True)
        self._filling = True
        self.run_part.set_options(recipe.options)
        self._filling = False

    def set_run_options(self, run: RunOptions) -> None:
        """Show how the job was last run."""
        self._filling = True
        self.run_part.set_run_options(run)
        self._filling = False

    def keys_changed(self) -> None:
        """Look for the key again: one was forgotten or saved elsewhere."""
        self.key_part.look_again()

    async def aclose(self) -> None:
        """Stop everything that is being asked."""
        self._settle.stop()
        self._model.stop()
        await self._tasks.aclose()

    def retranslate(self) -> None:
        """Set every text. The parts do it by themselves."""
        self._filling = True
        self.provider_box.retranslate()
        self._filling = False
        self._address.say(_("Address of the server"))
        self._say()

    def _build(self) -> None:
        scroll = self._scroll
        line = Panel(role="separator")
        scroll.add(self._provider, self._address, self._question, self.key_part)
        scroll.add(self._model, self._test, line, self.run_part)
        scroll.column.addStretch(1)
        vbox(self).addWidget(scroll)
        self.provider_box.currentIndexChanged.connect(self._provider_chosen)
        self.provider_box.opened.connect(self._look_for_local)
        self.address_edit.textEdited.connect(self._address_typed)
        self._model.changed.connect(self._model_changed)
        self._model.priced.connect(self._priced)
        self.key_part.changed.connect(self._changed)
        self.key_part.edit.textChanged.connect(self._changed)
        self.run_part.changed.connect(self._changed)
        self._question.agreed.connect(self._address_agreed)
        self._question.declined.connect(self._address_declined)

    def _provider_chosen(self) -> None:
        if not self._filling:
            name = str(self.provider_box.currentData())
            self._settings.set(PROVIDER, name)
            self._show_provider(name)
            if self._entry.local and name not in ("practice", *self._local):
                self._look_for_local()
            self.changed.emit()

    def _show_provider(
        self, name: str, base_url: str | None = None, model: str | None = None, *, from_recipe: bool = False
    ) -> None:
        """Show a provider; where nothing is said, with the address and model it was last used with."""
        self._filling = True
        try:
            self._entry = catalog.entry(name)
        except UserError:
            self._entry = catalog.entry("practice")
        entry = self._entry
        choose(self.provider_box, entry.name)
        known = self._settings.get(BASE_URLS).get(entry.name)
        address = base_url or (None if from_recipe else known) or entry.base_url or ""
        self.address_edit.setText(address)
        self._question.ask("" if self._is_agreed(address) else address)
        self._model.begin(model or self._settings.get(MODELS).get(entry.name) or entry.first_model)
        self._offer_local()
        ceiling = self._settings.get(CONCURRENCY).get(entry.name, catalog.most_concurrency(entry.name))
        self.run_part.set_provider(
            provider_title(entry.name),
            ceiling,
            batch=entry.batch,
            free=entry.local,
            confidence=entry.name == "openai",
            practice=entry.name == "practice",
        )
        self._test.forget()
        self._place_changed()
        self._model.model_changed()
        self._filling = False

    def _address_typed(self) -> None:
        # Typing an address is the consent to it.
        self._question.ask("")
        self._settle.start()
        self._say()

    def _address_agreed(self) -> None:
        self._remember_address()
        self._place_changed()

    def _address_declined(self) -> None:
        self.address_edit.setText(self._entry.base_url or "")
        self._question.ask("")
        self._place_changed()

    def _place_changed(self) -> None:
        """Another provider or address: other keys, other models."""
        entry, base_url = self._entry, self.base_url()
        usable = self._agreed() and not self._address_problem()
        self.key_part.setVisible(entry.name != "practice" and usable)
        if usable:
            self.key_part.set_place(
                entry.name,
                provider_title(entry.name),
                base_url,
                needed=entry.needs_key and base_url is None,
                typed=base_url is not None,
            )
            if base_url is not None and not self._filling:
                self._remember_address()
        self._changed()

    def _remember_address(self) -> None:
        if (address := self.base_url()) is not None and not self._address_problem():
            self._settings.set(BASE_URLS, self._settings.get(BASE_URLS) | {self.provider(): address})

    def _is_agreed(self, address: str) -> bool:
        own = (self._entry.base_url or "").rstrip("/")
        known = self._settings.get(BASE_URLS).get(self.provider(), "")
        return address.strip().rstrip("/") in ("", own, known.rstrip("/"))

    def _agreed(self) -> bool:
        return not self._question.is_open()

    def _unagreed(self) -> str:
        if self._agreed():
            return ""
        return _("This job names a server that you have not agreed to. Look at the Model tab.")

    def _address_problem(self) -> str:
        address = self.address_edit.text().strip()
        if self._entry.name == "practice":
            return ""
        if not address:
            return _("Enter the address of the server first, such as https://api.example.com/v1.")
        try:
            checked_base_url(address)
        except CannotOpen as error:
            return filled(error.sentence, error.details)
        except UserError as error:
            return explain(error)
        return ""

    def _key_problem(self) -> str:
        needed = self._entry.needs_key and self.base_url() is None
        if not needed or self.key_part.key() is not None or self._tasks.is_running("find the key"):
            return ""
        return _("{provider} needs a key. Enter it in the Model tab.").format(provider=provider_title(self.provider()))

    def _model_problem(self) -> str:
        return "" if self.model_id() else _("Choose a model in the Model tab, or type its name.")

    def _model_changed(self) -> None:
        if not self._filling and self.model_id():
            self._settings.set(MODELS, self._settings.get(MODELS) | {self.provider(): self.model_id()})
        self._changed()

    def _priced(self) -> None:
        self.run_part.set_price_known(self._model.price is not None or not self.model_id())
        self._changed()

    def _changed(self) -> None:
        self._say()
        if not self._filling:
            self.changed.emit()

    def _say(self) -> None:
        entry = self._entry
        if entry.name == "practice":
            note = _("Its answers are made up by simple rules: for trying things out. No key, no cost, no internet.")
        elif entry.local:
            note = _("Runs on this computer. Nothing to pay, and your rows stay here.")
        else:
            note = _("Your rows are sent to this provider, who charges you for them.")
        self._provider.say(_("Provider"), note)
        foreign = self.base_url() is not None
        self._address.setVisible(entry.name != "practice" and (entry.local or entry.base_url is None or foreign))
        wrong = self._address_problem()
        self._address.tell(wrong, "error" if self.address_edit.text().strip() else "hint")
        self._model.say()
        self._test.say()

    # What is asked

    def _look_for_local(self) -> None:
        if not self._tasks.is_running("look for local servers"):
            self._tasks.start("look for local servers", self._look())

    async def _look(self) -> None:
        self._local = {server.provider: server for server in await self._find_local()}
        self.provider_box.set_running(self._local)
        if self._offer_local():
            self._model.model_changed()

    def _offer_local(self) -> bool:
        """Offer what the chosen local server has loaded. True when that chose a model, because none was."""
        found = self._local.get(self.provider())
        if found is None or self.base_url() is not None or not found.models:
            return False
        return self._model.offer(found.models)
