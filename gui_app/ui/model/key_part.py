"""The provider's key: typed once, then kept; where it is kept is said."""

from __future__ import annotations

import asyncio

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QPushButton, QToolButton, QWidget

from gui_app.errors import UserError
from gui_app.i18n import _
from gui_app.jobs import Secret
from gui_app.keys import FoundKey, KeyStore
from gui_app.sentences import explain, plain
from gui_app.ui.look.icons import set_icon
from gui_app.ui.look.theme import GAP_S, GAP_XS, set_role
from gui_app.ui.pieces.forms import tell
from gui_app.ui.pieces.help_link import link_under
from gui_app.ui.pieces.named import named
from gui_app.ui.pieces.panel import Panel, describe, hbox, plain_tip, text_label, vbox
from gui_app.ui.pieces.tasks import Tasks


def kept_where(found: FoundKey, problem: str = "") -> str:
    """Where a key lives, in words. `problem`: why the keychain was out of reach, as `KeyStore` names it."""
    if found.origin == "environment":
        return _("The key comes from the environment variable {variable}.").format(variable=found.variable)
    if found.origin == "keychain":
        return _("The key is kept in this computer's keychain.")
    why = {
        "missing": _("This computer has no keychain"),
        "locked": _("The keychain of this computer is locked"),
        "slow": _("The keychain of this computer did not answer"),
    }.get(problem, _("The keychain of this computer cannot be used"))
    return _("{why}, so the key is kept for this session only: until Rowmill is closed.").format(why=why)


class KeyPart(Panel):
    """Shows whether there is a key for a provider and host, takes a new one, forgets it.

    The keychain may take its time: everything about it happens in threads.

    Signals:
        changed: The key in use is another one, or none.
    """

    changed = Signal()

    def __init__(self, keys: KeyStore, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keys, self._tasks = keys, tasks
        self._provider, self._title, self._needed = "", "", False
        self._base_url: str | None = None
        self._typed_address = False
        self._found: FoundKey | None = None
        self._problem = ""
        self._wrong = ""
        # Counts what was kept and forgotten: a look from before then saw what is no longer so.
        self._turn = 0
        self.edit = named(QLineEdit(), "keyEdit")
        self.edit.setEchoMode(QLineEdit.EchoMode.Password)
        self.edit.setMaxLength(1000)
        self.edit.editingFinished.connect(self.keep)
        self.edit.textEdited.connect(lambda: self._say(""))
        self._reveal = named(QToolButton(), "showKeyButton")
        self._reveal.setCheckable(True)
        set_role(self._reveal, "icon")
        set_icon(self._reveal, "eye")
        self._reveal.toggled.connect(self._show_typed)
        self._forget = named(QPushButton(), "forgetKeyButton", "link")
        self._forget.clicked.connect(self._forget_clicked)
        self.caption = text_label("heading")
        self.caption.setBuddy(self.edit)
        self._where = text_label("hint", wrap=True)
        line = hbox(None, gap=GAP_XS)
        line.addWidget(self.edit, 1)
        line.addWidget(self._reveal)
        column = vbox(self, gap=GAP_S // 2)
        column.addWidget(self.caption)
        column.addLayout(line)
        column.addWidget(self._where)
        column.addWidget(link_under(self._where, "keys"), 0, Qt.AlignmentFlag.AlignLeft)
        last = hbox(None)
        last.addWidget(self._forget)
        last.addStretch(1)
        column.addLayout(last)
        self.retranslate()

    def set_place(self, provider: str, title: str, base_url: str | None, *, needed: bool, typed: bool) -> None:
        """Which provider and host the key is for; looks for it.

        Args:
            title: The provider's name as shown.
            typed: The user typed this address, and so agreed to it.
        """
        place = (provider, base_url, typed)
        if place == (self._provider, self._base_url, self._typed_address):
            return
        self.edit.clear()
        self._provider, self._title, self._base_url = provider, title, base_url
        self._needed, self._typed_address = needed, typed
        self._found, self._problem = None, ""
        self.look_again()
        self._say()

    def look_again(self) -> None:
        """Ask for the key once more: it may have been changed in the settings."""
        if self._provider not in ("", "practice"):
            self._tasks.start("find the key", self._find())

    def key(self) -> Secret | None:
        """The key in use: what is typed here, else what was found."""
        typed = self.edit.text().strip()
        if typed and not self._from_environment():
            return Secret(typed)
        return self._found.secret if self._found else None

    def found(self) -> FoundKey | None:
        """The key that is kept for this place, and where; None when there is none, or it is not found yet."""
        return self._found

    def keep(self) -> None:
        """Keep what was typed, if anything was."""
        typed = self.edit.text().strip()
        if typed and not self._tasks.is_running("keep the key"):
            self._tasks.start("keep the key", self._keep(Secret(typed)))

    async def kept(self) -> None:
        """As `keep`, and wait until it is."""
        typed = self.edit.text().strip()
        if typed:
            self._tasks.cancel("keep the key")
            await self._keep(Secret(typed))

    def retranslate(self) -> None:
        """Set every text."""
        self.caption.setText(_("Key"))
        self._reveal.setToolTip(plain_tip(_("Show what is typed")))
        describe(self._reveal, _("Show the key while it is typed"))
        self._forget.setText(_("Forget this key"))
        describe(self._forget, _("Forget this key"), _("Removes it from the keychain of this computer."))
        self._say()

    async def _find(self) -> None:
        place, turn = (self._provider, self._base_url), self._turn
        typed = self._typed_address
        try:
            found = await asyncio.to_thread(self._keys.find, *place, typed=typed)
            sentence = ""
        except UserError as error:
            found, sentence = None, explain(error)
        if (*place, turn) == (self._provider, self._base_url, self._turn):
            self._found = found
            self._problem = self._keys.keychain_problem
            self._tasks.forget("find the key")
            self._say(sentence or self._wrong)
            self.changed.emit()

    async def _keep(self, secret: Secret) -> None:
        place = (self._provider, self._base_url)
        self._turn += 1
        try:
            origin = await asyncio.to_thread(self._keys.save, *place, secret)
        except UserError as error:
            self._say(explain(error))
            return
        if place != (self._provider, self._base_url):
            return
        self._turn += 1
        self._found = FoundKey(secret, origin)
        self._problem = self._keys.keychain_problem
        if self.edit.text().strip() == secret.reveal():
            self.edit.clear()
        self._say()
        self.changed.emit()

    async def _remove(self) -> None:
        place = (self._provider, self._base_url)
        self._turn += 1
        try:
            await asyncio.to_thread(self._keys.forget, *place)
        except UserError as error:
            self._say(explain(error))
            return
        await self._find()
        self.edit.setFocus()

    def _forget_clicked(self) -> None:
        self._tasks.start("forget the key", self._remove())

    def _show_typed(self, shown: bool) -> None:
        self.edit.setEchoMode(QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password)
        set_icon(self._reveal, "eye-off" if shown else "eye")

    def _from_environment(self) -> bool:
        return self._found is not None and self._found.origin == "environment"

    def _say(self, wrong: str = "") -> None:
        self._wrong = wrong
        found, fixed = self._found, self._from_environment()
        self.edit.setEnabled(not fixed)
        self._reveal.setVisible(not fixed)
        self._forget.setVisible(found is not None and not fixed)
        if found is not None:
            self.edit.setPlaceholderText("••••••••••••••••")
            sentence = kept_where(found, self._problem)
        elif self._needed:
            self.edit.setPlaceholderText(_("Paste the key here"))
            sentence = _(
                "From your account with {provider}. It goes into this computer's keychain, never into a job file."
            ).format(provider=plain(self._title, 40))
        else:
            self.edit.setPlaceholderText(_("No key"))
            sentence = _("Leave it blank if the server asks for none.")
        tell(self._where, wrong or sentence, "error" if wrong else "hint")
        describe(self.edit, _("Key"), wrong or sentence)
