"""The test of the connection: asks the provider with the key in use, and says in words what came back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from gui_app.errors import UserError
from gui_app.i18n import _
from gui_app.sentences import explain_cause, plain
from gui_app.ui.look.theme import GAP_S
from gui_app.ui.model.connection import Connection, said
from gui_app.ui.pieces.forms import tell
from gui_app.ui.pieces.help_link import link_under
from gui_app.ui.pieces.help_topics import topic_of, topic_of_cause
from gui_app.ui.pieces.named import named
from gui_app.ui.pieces.panel import Panel, describe, text_label, vbox
from gui_app.ui.pieces.tasks import Tasks

if TYPE_CHECKING:
    from gui_app.worker.client import WorkerClient

_TASK = "test the key"


class ConnectionTest(Panel):
    """A button and what it found.

    Args:
        tasks: Where the asking runs; its owner ends it.
    """

    def __init__(
        self, connection: Connection, worker: WorkerClient, tasks: Tasks, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._connection, self._worker, self._tasks = connection, worker, tasks
        self.button = named(QPushButton(), "testKeyButton")
        self.result = text_label("hint", wrap=True)
        self.result.setObjectName("testResult")
        self._link = link_under(self.result, "model")
        column = vbox(self, gap=GAP_S)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.result)
        column.addWidget(self._link, 0, Qt.AlignmentFlag.AlignLeft)
        self.button.clicked.connect(self._start)
        self.retranslate()

    def retranslate(self) -> None:
        """Set every text."""
        self.button.setText(_("Test the connection"))
        describe(self.button, _("Test the connection"), _("Asks the provider with this key, and says what came back."))
        self.result.setAccessibleName(_("Result of the test"))
        self.forget()

    def forget(self) -> None:
        """What was found holds no more."""
        tell(self.result, "")

    def say(self) -> None:
        """Whether it can be pressed now."""
        self.button.setEnabled(not self._tasks.is_running(_TASK))

    def _place(self) -> tuple[str, str | None, str]:
        return self._connection.provider(), self._connection.base_url(), self._connection.model_id()

    def _start(self) -> None:
        if wrong := self._connection.cannot_ask():
            tell(self.result, wrong, "error")
            return
        tell(self.result, _("Asking…"))
        self._tasks.start(_TASK, self._ask())
        self.say()

    async def _ask(self) -> None:
        place = self._place()
        topic = "model"
        try:
            await self._connection.key_kept()
            test = await self._worker.test_key(self._connection.account())
            ok, sentence = test.ok, ""
            if test.cause is not None:
                sentence, topic = explain_cause(test.cause, test.detail), topic_of_cause(test.cause)
            elif not ok:
                sentence = _("It does not work: {detail}").format(detail=plain(test.detail))
            elif test.models and not await self._lists(place[2]):
                sentence = _(
                    "The connection works, but the provider does not list a model named “{model}”. Check its name."
                ).format(model=plain(place[2], 80))
        except UserError as error:
            ok, sentence, topic = False, said(error), topic_of(error)
        finally:
            self._tasks.forget(_TASK)
        if place == self._place():
            self._link.topic = topic
            tone = "error" if not ok else "warning" if sentence else "success"
            tell(self.result, sentence or _("It works."), tone)
        self.say()

    async def _lists(self, model: str) -> bool:
        """Whether the provider lists this model. A mistake in its name would else be found by the first row."""
        if not model:
            return True
        return any(item.id == model for item in await self._worker.list_models(self._connection.account()))
