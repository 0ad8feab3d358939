"""The two sets of colours, and which one is in use."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtGui import QColor, QGuiApplication, QPalette


class Colours(NamedTuple):
    """One theme. Text on its ground has a contrast of at least 4.5:1 (a test computes it).

    Attributes:
        window: The ground of side panels and bars; base: of tables and inputs; raised: of cards and menus.
        accent: Text, icons and focus; accent_fill: the ground of the one primary button.
        answer: The tint under answer columns; hand: under values typed by hand.
    """

    dark: bool
    window: str
    base: str
    raised: str
    hover: str
    pressed: str
    border: str
    border_strong: str
    text: str
    muted: str
    disabled: str
    accent: str
    accent_fill: str
    accent_fill_hover: str
    on_accent: str
    accent_soft: str
    answer: str
    hand: str
    selection: str
    success: str
    success_soft: str
    warning: str
    warning_soft: str
    error: str
    error_soft: str


LIGHT = Colours(
    dark=False,
    window="#f6f7f9",
    base="#ffffff",
    raised="#ffffff",
    hover="#eceef2",
    pressed="#e1e5ea",
    border="#e2e5ea",
    border_strong="#c3c9d2",
    text="#1b1f26",
    muted="#59616b",
    disabled="#9aa1ab",
    accent="#2f55d4",
    accent_fill="#3559d8",
    accent_fill_hover="#2a4bc0",
    on_accent="#ffffff",
    accent_soft="#e9eefc",
    answer="#f4f7fe",
    hand="#fff8e6",
    selection="#dbe5fd",
    success="#18703f",
    success_soft="#e6f4ec",
    warning="#855000",
    warning_soft="#fdf3dd",
    error="#b9252c",
    error_soft="#fdecec",
)

DARK = Colours(
    dark=True,
    window="#16181d",
    base="#1b1e24",
    raised="#23272f",
    hover="#262b34",
    pressed="#2f3540",
    border="#2c313a",
    border_strong="#434b58",
    text="#e7e9ed",
    muted="#a3abb6",
    disabled="#656d79",
    accent="#93adff",
    accent_fill="#4464dd",
    accent_fill_hover="#3b59cb",
    on_accent="#ffffff",
    accent_soft="#262f4d",
    answer="#1d2230",
    hand="#332d1c",
    selection="#2c3a66",
    success="#65cf97",
    success_soft="#1b3327",
    warning="#e6b45c",
    warning_soft="#372d18",
    error="#ff918c",
    error_soft="#3d2224",
)


def colours() -> Colours:
    """The colours in use, told from the application's own palette, so that there is no second truth."""
    ground = QGuiApplication.palette().color(QPalette.ColorRole.Window)
    return DARK if ground == QColor(DARK.window) else LIGHT


def qt_palette(c: Colours) -> QPalette:
    """The same colours in Qt's roles, for everything the stylesheet does not reach."""
    role = QPalette.ColorRole
    out = QPalette()
    for target, colour in (
        (role.Window, c.window),
        (role.WindowText, c.text),
        (role.Base, c.base),
        (role.AlternateBase, c.window),
        (role.Text, c.text),
        (role.PlaceholderText, c.muted),
        (role.Button, c.raised),
        (role.ButtonText, c.text),
        (role.BrightText, c.error),
        (role.ToolTipBase, c.raised),
        (role.ToolTipText, c.text),
        (role.Highlight, c.selection),
        (role.HighlightedText, c.text),
        (role.Accent, c.accent_fill),
        (role.Link, c.accent),
        (role.LinkVisited, c.accent),
        (role.Light, c.raised),
        (role.Midlight, c.hover),
        (role.Mid, c.border_strong),
        (role.Dark, c.border_strong),
        (role.Shadow, c.border_strong),
    ):
        out.setColor(target, QColor(colour))
    for target in (role.WindowText, role.Text, role.ButtonText):
        out.setColor(QPalette.ColorGroup.Disabled, target, QColor(c.disabled))
    return out
