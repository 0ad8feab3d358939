"""The box of tasks to begin with: the built-in ones, the user's own, and a prompt from scratch."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from gui_app.i18n import _
from gui_app.recipes.own import OwnTemplate
from gui_app.recipes.presets import PRESETS
from gui_app.sentences import plain
from gui_app.ui.look.icons import icon
from gui_app.ui.pieces.forms import Captioned, shrinking_box
from gui_app.ui.recipe.own_templates import OWN


class PresetBox(Captioned):
    """Signals: chosen: the preset's id, `OWN` and a name for one of the user's own, "" for a prompt from scratch."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        self.box = shrinking_box(name="presetBox")
        self.box.view().setIconSize(self.box.iconSize())
        super().__init__(self.box, parent)
        self._own: tuple[OwnTemplate, ...] = ()
        self._filling = False
        self.box.currentIndexChanged.connect(self._changed)

    def set_own(self, items: Sequence[OwnTemplate]) -> None:
        """The user's own templates."""
        self._own = tuple(items)
        self.retranslate()

    def show_preset(self, preset: str | None) -> None:
        """Show one as chosen, without announcing it. None: nothing is chosen yet."""
        self._filling = True
        self.box.setCurrentIndex(-1 if preset is None else self.box.findData(preset))
        self._filling = False
        self._describe()

    def preset(self) -> str:
        """What is chosen."""
        return str(self.box.currentData() or "")

    def retranslate(self) -> None:
        """Set every text, and the list again, keeping what is chosen."""
        chosen = None if self.box.currentIndex() < 0 else self.preset()
        self._filling = True
        self.box.clear()
        self.box.setPlaceholderText(_("Choose what to do"))
        for item in PRESETS:
            self.box.addItem(_(item.name), item.id)
        for own in self._own:
            self.box.addItem(icon("bookmark"), plain(own.name, 60), OWN + own.name)
        self.box.addItem(_("My own prompt"), "")
        self._filling = False
        self.show_preset(chosen if chosen is None or self.box.findData(chosen) >= 0 else "")

    def _changed(self) -> None:
        if not self._filling:
            self._describe()
            self.chosen.emit(self.preset())

    def _describe(self) -> None:
        chosen = self.box.currentData()
        about = next((_(item.description) for item in PRESETS if item.id == chosen), "")
        if str(chosen or "").startswith(OWN):
            about = _("A template of your own.")
        self.say(_("Task"), about, _("Fills in a prompt and results to begin with."))
