"""Controls made from the settings' own declarations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QSpinBox, QWidget

from gui_app.i18n import LANGUAGES, _, number
from gui_app.providers import catalog
from gui_app.sentences import plain
from gui_app.settings import CONCURRENCY, MOST_AT_ONCE, Setting, Settings
from gui_app.ui.look.theme import GAP_M, GAP_S
from gui_app.ui.pieces.forms import Captioned, calm_wheel, choose, shrinking_box
from gui_app.ui.pieces.panel import Panel, describe, text_label, vbox

Changed = Callable[[Setting[Any]], None]


class ChoiceControl(Captioned):
    """A setting with a few choices."""

    def __init__(self, setting: Setting[str], settings: Settings, changed: Changed) -> None:
        self._setting, self._settings, self._changed = setting, settings, changed
        self.box = shrinking_box(name=f"{setting.key}Box")
        super().__init__(self.box)
        calm_wheel(self.box)
        self.retranslate()
        self.box.currentIndexChanged.connect(self._chosen)

    def retranslate(self) -> None:
        """Set every text, keeping what is chosen."""
        self.say(_(self._setting.text))
        self.box.blockSignals(True)
        self.box.clear()
        for value, text in zip(self._setting.choices, self._setting.choice_texts, strict=True):
            # A language is named in itself, so that whoever reads no other finds it.
            self.box.addItem(_(text) if text else LANGUAGES.get(value, value), value)
        choose(self.box, self._settings.get(self._setting))
        self.box.blockSignals(False)

    def _chosen(self) -> None:
        self._settings.set(self._setting, str(self.box.currentData()))
        self._changed(self._setting)


class SwitchControl(QCheckBox):
    """A setting that is on or off."""

    def __init__(self, setting: Setting[bool], settings: Settings, changed: Changed) -> None:
        super().__init__()
        self._setting, self._settings, self._changed = setting, settings, changed
        self.setObjectName(f"{setting.key}Box")
        self.setChecked(settings.get(setting))
        self.retranslate()
        self.toggled.connect(self._toggled)

    def retranslate(self) -> None:
        """Set the text."""
        self.setText(_(self._setting.text))
        describe(self, self.text())

    def _toggled(self, on: bool) -> None:
        self._settings.set(self._setting, on)
        self._changed(self._setting)


class CeilingControls(Panel):
    """The most calls at once, a number for each provider.

    Signals:
        edited: Any of them; kept in the settings already.
    """

    edited = Signal()

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._note = text_label("hint", wrap=True)
        self._lines: dict[str, tuple[QLabel, QSpinBox]] = {}
        grid = QGridLayout()
        grid.setHorizontalSpacing(GAP_M)
        grid.setVerticalSpacing(GAP_S)
        grid.setColumnStretch(0, 1)
        known = settings.get(CONCURRENCY)
        for line, name in enumerate(catalog.names()):
            label, box = text_label(), QSpinBox()
            box.setObjectName(f"ceiling_{name}")
            box.setRange(0, MOST_AT_ONCE)
            box.setValue(known.get(name, 0))
            box.setMinimumWidth(170)
            box.valueChanged.connect(self._keep)
            label.setBuddy(box)
            box.lineEdit().setTextMargins(6, 0, 0, 0)
            calm_wheel(box)
            grid.addWidget(label, line, 0)
            grid.addWidget(box, line, 1)
            self._lines[name] = (label, box)
        column = vbox(self, gap=GAP_M)
        column.addWidget(self._note)
        column.addLayout(grid)
        self.retranslate()

    def values(self) -> Mapping[str, int]:
        """By provider name; one that is not in it is automatic."""
        return {name: box.value() for name, (_label, box) in self._lines.items() if box.value()}

    def retranslate(self) -> None:
        """Set every text."""
        self._note.setText(
            _("How many rows Rowmill asks a provider at the same time, at most. All jobs of a provider share it.")
        )
        for name, (label, box) in self._lines.items():
            entry = catalog.entry(name)
            label.setText(plain(_(entry.title), 60))
            box.setSpecialValueText(_("Automatic (at most {n})").format(n=number(catalog.most_concurrency(name))))
            describe(box, _("Most at the same time: {provider}").format(provider=label.text()))

    def _keep(self) -> None:
        self._settings.set(CONCURRENCY, dict(self.values()))
        self.edited.emit()
