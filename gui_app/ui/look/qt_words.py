"""The words of Qt's own dialogs (Open, Cancel, context menus of text fields), in the language in use."""

from __future__ import annotations

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

from gui_app.i18n import language


def use_qt_words(app: QApplication) -> None:
    """Put Qt's own catalogue in, in place of the one before."""
    before = app.findChild(QTranslator, "qtWords")
    if before is not None:
        app.removeTranslator(before)
        before.setParent(None)
    QLocale.setDefault(QLocale(language()))
    words = QTranslator(app)
    words.setObjectName("qtWords")
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if words.load(f"qtbase_{language()}", folder):
        app.installTranslator(words)
