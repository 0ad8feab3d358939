"""What of Qt and of the libraries is left out of a package: the parts that Rowmill has no use for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from fnmatch import fnmatch
from pathlib import PurePath

Entry = tuple[str, str, str]
"""As PyInstaller has it: place in the package, file it comes from, kind."""

# Of Qt's plugins, only these. Everything else there is for other programs (databases, printers, QML, kiosks) and
# pulls in libraries of its own.
PLUGINS = (
    "platforms/*qxcb*",
    "platforms/*qwayland*",
    "platforms/*qoffscreen*",
    "platforms/*qwindows*",
    "platforms/*qcocoa*",
    "xcbglintegrations/*",
    "wayland-shell-integration/*xdg-shell*",
    "wayland-decoration-client/*bradient*",
    "wayland-graphics-integration-client/*wayland-egl*",
    "platforminputcontexts/*compose*",
    "platforminputcontexts/*ibus*",
    "platformthemes/*xdgdesktopportal*",
    "styles/*",
    "iconengines/*svg*",
    "imageformats/*qsvg*",
    "imageformats/*qico*",
)
# The other languages' words for OK and Cancel, in the languages that Rowmill speaks.
QT_WORDS = ("qtbase_zh_CN.qm", "qt_zh_CN.qm")
# How numbers and dates are written: Babel has a thousand languages, Rowmill two, each as its countries write it.
LOCALES = ("root.dat", "en.dat", "en_*.dat", "zh.dat", "zh_*.dat")
# Every Linux desktop has these, and the .deb names them as its needs. Ours would be older than what the system's own
# plugins (graphics drivers, input methods, fonts) were built against, and the older one would win.
SYSTEM = (
    "libstdc++.so.6", "libgcc_s.so.1", "libfontconfig.so.1", "libfreetype.so.6", "libdbus-1.so.3",
    "libglib-2.0.so.0", "libgthread-2.0.so.0",
)  # fmt: skip
# Imported nowhere in Rowmill; freezers find them through code of the libraries that never runs here.
MODULES = (
    "tkinter", "_tkinter", "unittest", "doctest", "pdb", "pydoc", "lib2to3", "ensurepip", "idlelib", "turtle",
    "xmlrpc", "IPython", "numpy", "pandas", "matplotlib", "PIL", "pytest", "hypothesis", "setuptools", "pip",
    "pkg_resources", "PySide6.QtQml", "PySide6.QtQuick", "PySide6.QtOpenGL", "PySide6.QtSql", "PySide6.QtTest",
    "PySide6.QtPrintSupport", "PySide6.QtDesigner", "PySide6.QtHelp", "PySide6.QtUiTools", "keyring.testing",
    "babel.messages.frontend", "openai.cli", "opentelemetry.sdk",
)  # fmt: skip

# What PyInstaller would run before the program at each start, a tenth of it: for programs that use multiprocessing.
# Rowmill starts its own processes by itself.
HOOKS = ("pyi_rth_multiprocessing",)


def is_wanted(place: str) -> bool:
    """Whether a file belongs into the package. `place` is its path there."""
    path = PurePath(place.replace("\\", "/"))
    parts = path.parts
    if "plugins" in parts and "PySide6" in parts:
        inside = "/".join(parts[parts.index("plugins") + 1 :])
        return any(fnmatch(inside, pattern) for pattern in PLUGINS)
    if "translations" in parts and "PySide6" in parts:
        return path.name in QT_WORDS
    if "locale-data" in parts:
        return any(fnmatch(path.name, pattern) for pattern in LOCALES)
    if path.name in SYSTEM:
        return False
    return not ("PySide6" in parts and ("qml" in parts or "typesystems" in parts or path.suffix == ".pyi"))


def trimmed(entries: Iterable[Entry], needs: Callable[[str], Iterable[str]]) -> list[Entry]:
    """The entries without the unwanted ones, nor the libraries and links that only served those.

    Args:
        needs: The files that a library or plugin names as its own needs, by file.
    """
    # The same library may be named by two paths (/lib and /usr/lib).
    everything = [(entry, os.path.realpath(entry[1])) for entry in entries]
    code = [(entry, file) for entry, file in everything if entry[2] in ("BINARY", "EXTENSION")]
    dropped = {file for entry, file in everything if not is_wanted(entry[0])}
    named = {os.path.realpath(need) for file in {file for _entry, file in code} for need in needs(file)}
    # A library that others name comes in through them and is judged by those that are left. One that nobody names
    # (Python itself) is loaded in other ways.
    libraries = {file for entry, file in code if entry[2] == "BINARY" and not _is_plugin(entry[0])} & named - dropped
    kept = _reached([file for _entry, file in code if file not in libraries | dropped], needs, stop=dropped)
    orphans = (libraries & _reached([file for _entry, file in code], needs)) - kept
    left = [entry for entry, file in everything if file not in dropped | orphans]
    places = {PurePath(entry[0]).name for entry in left if entry[2] != "SYMLINK"}
    return [entry for entry in left if entry[2] != "SYMLINK" or PurePath(entry[1]).name in places]


def _reached(files: list[str], needs: Callable[[str], Iterable[str]], stop: Iterable[str] = ()) -> set[str]:
    seen: set[str] = set(stop)
    while files:
        file = files.pop()
        if file not in seen:
            seen.add(file)
            files.extend(os.path.realpath(need) for need in needs(file))
    return seen - set(stop)


def _is_plugin(place: str) -> bool:
    return "plugins" in PurePath(place.replace("\\", "/")).parts
