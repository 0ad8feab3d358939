"""All keys there are: for which provider, where each is kept, and a way to forget it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from gui_app.errors import UserError
from gui_app.i18n import _
from gui_app.keys import FoundKey, KeyStore
from gui_app.providers import catalog
from gui_app.sentences import explain, plain
from gui_app.settings import BASE_URLS, Settings
from gui_app.ui.look.theme import GAP_M, GAP_S, GAP_XS
from gui_app.ui.model.key_part import KeyPart, kept_where
from gui_app.ui.pieces.forms import calm_wheel, shrinking_box, tell
from gui_app.ui.pieces.help_link import link_under
from gui_app.ui.pieces.named import named
from gui_app.ui.pieces.panel import Panel, clear, describe, hbox, text_label, vbox
from gui_app.ui.pieces.tasks import Tasks


@dataclass(frozen=True)
class Place:
    """A provider at a host. `base_url` None: its own address."""

    provider: str
    base_url: str | None

    def title(self) -> str:
        """As shown: the provider, and the host where it is not the provider's own."""
        name = _(catalog.entry(self.provider).title)
        return (
            name
            if self.base_url is None
            else _("{provider} at {host}").format(provider=name, host=plain(self.base_url, 80))
        )


class KeyList(Panel):
    """One line for each key, and a field to enter another.

    Signals:
        changed: A key was entered or forgotten.
    """

    changed = Signal()

    def __init__(self, settings: Settings, keys: KeyStore, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings, self._keys, self._tasks = settings, keys, tasks
        self._found: list[tuple[Place, FoundKey]] = []
        self._looked = False
        self._lines = vbox(None, gap=GAP_S)
        self._none = text_label("hint", wrap=True)
        self._wrong = text_label("error", wrap=True)
        self._wrong.hide()
        self._caption = text_label("heading")
        self.place_box = shrinking_box(name="keyProviderBox")
        calm_wheel(self.place_box)
        self.part = KeyPart(keys, tasks)
        column = vbox(self, gap=GAP_M)
        column.addLayout(self._lines)
        column.addWidget(self._none)
        column.addWidget(self._wrong)
        column.addWidget(link_under(self._wrong, "keys"), 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(Panel(role="separator"))
        column.addWidget(self._caption)
        column.addWidget(self.place_box)
        column.addWidget(self.part)
        self.place_box.currentIndexChanged.connect(self._place_chosen)
        self.part.changed.connect(self._part_changed)
        self.retranslate()

    def look(self) -> None:
        """Find the keys; the keychain may take its time."""
        self._tasks.start("look at all keys", self._look())
        self._place_chosen()

    def retranslate(self) -> None:
        """Set every text."""
        self._caption.setText(_("Enter a key"))
        describe(self.place_box, _("Provider"))
        self._none.setText(_("Looking…") if not self._looked else _("There is no key yet."))
        chosen = self.place_box.currentIndex()
        self.place_box.blockSignals(True)
        self.place_box.clear()
        for place in self._places():
            self.place_box.addItem(place.title(), place)
        self.place_box.setCurrentIndex(max(0, chosen))
        self.place_box.blockSignals(False)
        self._show()

    def _places(self) -> list[Place]:
        entries = [catalog.entry(name) for name in catalog.names()]
        out = [Place(entry.name, None) for entry in entries if entry.needs_key]
        return out + [Place(name, url) for name, url in sorted(self._settings.get(BASE_URLS).items())]

    async def _look(self) -> None:
        places = self._places()
        # Without `self`: another thread must not be the last to know the list.
        keys = self._keys
        found = await asyncio.to_thread(lambda: [_find(keys, place) for place in places])
        before, looked = self._contents(), self._looked
        self._found = [(place, key) for place, key in zip(places, found, strict=True) if key is not None]
        self._looked = True
        self.retranslate()
        if looked and self._contents() != before:
            self.changed.emit()

    def _contents(self) -> list[tuple[Place, str, str]]:
        return [(place, key.origin, key.secret.reveal()) for place, key in self._found]

    def _show(self) -> None:
        clear(self._lines)
        for place, key in self._found:
            self._lines.addWidget(self._line(place, key))
        self._none.setVisible(not self._found)

    def _line(self, place: Place, key: FoundKey) -> QWidget:
        out = Panel(role="card")
        name, where = text_label("heading", wrap=True), text_label("hint", wrap=True)
        name.setText(place.title())
        where.setText(kept_where(key, self._keys.keychain_problem))
        words = vbox(None, gap=GAP_XS)
        words.addWidget(name)
        words.addWidget(where)
        line = hbox(out, (GAP_M, GAP_S, GAP_S, GAP_S), GAP_S)
        line.addLayout(words, 1)
        if key.origin != "environment":
            button = named(QPushButton(_("Forget")), "forgetKeyButton", "danger")
            describe(button, _("Forget the key of {provider}").format(provider=place.title()))
            button.clicked.connect(lambda: self._tasks.start("forget a key", self._forget(place)))
            line.addWidget(button)
        return out

    async def _forget(self, place: Place) -> None:
        try:
            await asyncio.to_thread(self._keys.forget, place.provider, place.base_url)
            tell(self._wrong, "")
        except UserError as error:
            tell(self._wrong, explain(error), "error")
        await self._look()
        self.part.look_again()

    def _place_chosen(self) -> None:
        place = self.place_box.currentData()
        if isinstance(place, Place):
            self.part.set_place(
                place.provider, place.title(), place.base_url, needed=True, typed=place.base_url is not None
            )

    def _part_changed(self) -> None:
        if self._looked:
            self._tasks.start("look at all keys", self._look())


def _find(keys: KeyStore, place: Place) -> FoundKey | None:
    try:
        return keys.find(place.provider, place.base_url, typed=place.base_url is not None)
    except UserError:
        return None
