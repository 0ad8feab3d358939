"""The stylesheet: what each role of a widget looks like, in a set of colours and at the size of a font."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtGui import QFont, QFontMetrics

from gui_app.paths import resource
from gui_app.ui.look.palette import Colours

_TITLE, _SUBTITLE, _SMALL = 1.55, 1.18, 0.92
"""Font sizes, relative to the system's own."""


class _Sizes(NamedTuple):
    """Attributes: size_pt: the font's own. line_px: the height of a line of it."""

    size_pt: float
    line_px: int

    @property
    def pill_px(self) -> int:
        """The radius at which the ends of something a line high are round."""
        return (self.line_px + 4) // 2


def stylesheet(c: Colours, font: QFont) -> str:
    """The whole look as one stylesheet. Heights follow the font, so that large fonts are not cut."""
    size_pt = font.pointSizeF() if font.pointSizeF() > 0 else font.pixelSize() * 0.75
    sizes = _Sizes(size_pt, QFontMetrics(font).height())
    # Bold is 700 and nothing less: a Chinese font that comes in one weight only is made bold by Qt from there on,
    # and stood thin beside bold Latin letters in the same heading before.
    # No rule may name ::item of the table: it would send every cell through the stylesheet's slow path.
    return "\n".join(part(c, sizes) for part in _PARTS)


def _drawing(name: str) -> str:
    """The path of a drawing whose colours are fixed in its file."""
    return resource("icons", f"fixed-{name}.svg").as_posix()


def _grounds(c: Colours, sizes: _Sizes) -> str:
    """What everything lies on, and the words that stand on it."""
    return f"""
* {{ outline: none; }}
QMainWindow, QDialog {{ background: {c.window}; }}
/* Some desktops draw no frame around a dialog. */
QDialog {{ border: 1px solid {c.border_strong}; }}
QToolTip {{ background: {c.raised}; color: {c.text}; border: 1px solid {c.border_strong}; padding: 4px 6px; }}
QLabel {{ background: transparent; color: {c.text}; }}
QLabel:disabled {{ color: {c.disabled}; }}
QLabel[role="title"] {{ font-size: {sizes.size_pt * _TITLE:.1f}pt; font-weight: 700; }}
QLabel[role="subtitle"] {{ font-size: {sizes.size_pt * _SUBTITLE:.1f}pt; font-weight: 700; }}
QLabel[role="heading"] {{ font-weight: 700; }}
QLabel[role="hint"] {{ color: {c.muted}; }}
QLabel[role="small"] {{ color: {c.muted}; font-size: {sizes.size_pt * _SMALL:.1f}pt; }}
QLabel[role="error"] {{ color: {c.error}; }}
QLabel[role="warning"] {{ color: {c.warning}; }}
QLabel[role="success"] {{ color: {c.success}; }}
QLabel[role="accent"] {{ color: {c.accent}; }}
"""


def _frames(c: Colours, _sizes: _Sizes) -> str:
    """Frames by their role."""
    return f"""
QFrame[role="sidebar"] {{ background: {c.window}; border: none; }}
QFrame[role="bar"] {{ background: {c.window}; border: none; border-top: 1px solid {c.border}; }}
QFrame[role="header"] {{ background: {c.base}; border: none; border-bottom: 1px solid {c.border}; }}
QFrame[role="panel"] {{ background: {c.base}; border: none; }}
QFrame[role="page"] {{ background: {c.base}; border: none; }}
QFrame[role="card"] {{ background: {c.raised}; border: 1px solid {c.border}; border-radius: 8px; }}
QFrame[role="separator"] {{ background: {c.border}; border: none; max-height: 1px; min-height: 1px; }}
QFrame[role="mark"] {{ background: {c.accent}; border: none; border-radius: 1px; }}
QFrame[role="drop"] {{ background: {c.window}; border: 2px dashed {c.border_strong}; border-radius: 14px; }}
QFrame[role="drop"][tone="over"] {{ background: {c.accent_soft}; border-color: {c.accent}; }}
QFrame[role="banner"] {{ background: {c.accent_soft}; border: none; border-radius: 8px; }}
QFrame[role="banner"][tone="warning"] {{ background: {c.warning_soft}; }}
QFrame[role="banner"][tone="error"] {{ background: {c.error_soft}; }}
QFrame[role="banner"][tone="success"] {{ background: {c.success_soft}; }}
"""


def _buttons(c: Colours, sizes: _Sizes) -> str:
    """Buttons as they are without a role, and two that are joined."""
    return f"""
QPushButton, QToolButton {{
    background: {c.raised}; color: {c.text}; border: 1px solid {c.border_strong}; border-radius: 6px;
    padding: 5px 12px; min-height: {sizes.line_px}px;
}}
QToolButton {{ padding: 5px 8px; }}
QPushButton:hover, QToolButton:hover {{ background: {c.hover}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {c.pressed}; }}
QPushButton:focus, QToolButton:focus {{ border: 1px solid {c.accent}; }}
QPushButton:disabled, QToolButton:disabled {{
    color: {c.disabled}; background: {c.window}; border-color: {c.border};
}}
*[role="primary"] {{
    background: {c.accent_fill}; color: {c.on_accent}; border: 1px solid {c.accent_fill};
    font-weight: 700; padding: 5px 16px;
}}
QToolButton[joined="left"] {{ border-top-right-radius: 0; border-bottom-right-radius: 0; border-right: none; }}
QToolButton[joined="right"] {{
    border-top-left-radius: 0; border-bottom-left-radius: 0; padding: 5px 0 5px 0; min-width: 26px; max-width: 26px;
}}
QToolButton[joined="left"]:focus {{ border-right: 1px solid {c.accent}; }}
QToolButton[joined="right"][role="primary"] {{ border-left: 1px solid {c.accent_fill_hover}; }}
QToolButton[joined="right"][role="primary"]:focus {{ border: 2px solid {c.text}; padding: 4px 0 4px 0; }}
*[role="primary"]:hover {{ background: {c.accent_fill_hover}; border-color: {c.accent_fill_hover}; }}
*[role="primary"]:focus {{ border: 2px solid {c.text}; padding: 4px 15px; }}
*[role="primary"]:disabled {{ background: {c.pressed}; color: {c.disabled}; border-color: {c.pressed}; }}
QToolButton[joined="right"][role="primary"]:disabled {{ border-left: 1px solid {c.border_strong}; }}
"""


def _button_roles(c: Colours, sizes: _Sizes) -> str:
    """Buttons by their role."""
    return f"""
*[role="quiet"], *[role="icon"] {{ background: transparent; border: 1px solid transparent; }}
*[role="icon"] {{ padding: 5px; }}
*[role="quiet"]:hover, *[role="icon"]:hover {{ background: {c.hover}; }}
*[role="quiet"]:pressed, *[role="icon"]:pressed, *[role="icon"]:checked {{ background: {c.pressed}; }}
*[role="quiet"]:focus, *[role="icon"]:focus {{ border: 1px solid {c.accent}; }}
*[role="quiet"]:disabled, *[role="icon"]:disabled {{ background: transparent; border-color: transparent; }}
*[role="danger"] {{ color: {c.error}; border-color: {c.border_strong}; }}
*[role="danger"]:hover {{ background: {c.error_soft}; border-color: {c.error}; }}
*[role="danger"]:disabled {{ color: {c.disabled}; border-color: {c.border}; }}
*[role="sample"] {{
    background: {c.raised}; border: 1px solid {c.border}; border-radius: 10px; padding: 0; text-align: left;
}}
*[role="sample"]:hover {{ border-color: {c.accent}; background: {c.accent_soft}; }}
*[role="sample"]:focus {{ border: 2px solid {c.accent}; }}
*[role="lane"] {{
    background: {c.raised}; border: 1px solid {c.border_strong}; border-radius: 8px; padding: 0; text-align: left;
}}
*[role="lane"]:hover {{ border-color: {c.accent}; }}
*[role="lane"]:checked {{ background: {c.accent_soft}; border: 1px solid {c.accent}; }}
*[role="lane"]:focus {{ border: 2px solid {c.accent}; }}
*[role="lane"]:disabled {{ background: {c.window}; border-color: {c.border}; }}
*[role="link"] {{
    background: transparent; border: 1px solid transparent; color: {c.accent}; padding: 2px 4px 2px 0; text-align: left;
}}
*[role="link"]:hover {{ text-decoration: underline; background: transparent; }}
*[role="link"]:focus {{ border: 1px solid {c.accent}; }}
*[role="chip"] {{
    background: {c.accent_soft}; color: {c.accent}; border: 1px solid transparent;
    border-radius: {sizes.pill_px}px; padding: 2px 10px; min-height: {sizes.line_px}px;
}}
*[role="chip"]:hover {{ border: 1px solid {c.accent}; background: {c.accent_soft}; }}
*[role="chip"]:focus {{ border: 1px solid {c.accent}; }}
*[role="chip"]:disabled {{ background: {c.hover}; color: {c.disabled}; border: 1px solid transparent; }}
*[role="count"] {{
    background: transparent; border: 1px solid transparent; border-radius: {sizes.pill_px}px; padding: 2px 8px;
}}
*[role="count"]:hover {{ background: {c.hover}; }}
*[role="count"]:checked {{ background: {c.accent_soft}; border: 1px solid {c.accent}; }}
*[role="count"]:focus {{ border: 1px solid {c.accent}; }}
*[role="count"]:disabled {{ color: {c.muted}; background: transparent; border: 1px solid transparent; }}
*[role="segment"] {{
    background: transparent; color: {c.muted}; border: none; border-bottom: 2px solid transparent;
    border-radius: 0; padding: 9px 12px 8px 12px;
}}
*[role="segment"]:hover {{ color: {c.text}; background: transparent; }}
*[role="segment"]:checked {{ color: {c.accent}; border-bottom: 2px solid {c.accent}; font-weight: 700; }}
*[role="segment"]:focus {{ background: {c.hover}; color: {c.text}; border-bottom: 2px solid {c.accent}; }}
"""


def _inputs(c: Colours, sizes: _Sizes) -> str:
    """Where something is typed or chosen."""
    mode = "dark" if c.dark else "light"
    up, down = _drawing(f"chevron-up-{mode}"), _drawing(f"chevron-down-{mode}")
    return f"""
QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox, QComboBox, QDateEdit {{
    background: {c.base}; color: {c.text}; border: 1px solid {c.border_strong}; border-radius: 6px;
    padding: 4px 8px; min-height: {sizes.line_px}px; placeholder-text-color: {c.muted};
    selection-background-color: {c.selection}; selection-color: {c.text};
}}
QPlainTextEdit, QTextEdit {{ padding: 6px; }}
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus {{
    border: 1px solid {c.accent};
}}
QLineEdit:disabled, QPlainTextEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled {{
    background: {c.window}; color: {c.disabled}; border-color: {c.border};
}}
QLineEdit[role="error"], QPlainTextEdit[role="error"], QComboBox[role="error"] {{ border: 1px solid {c.error}; }}
QPlainTextEdit:read-only, QLineEdit:read-only {{ background: {c.window}; }}
/* A list under the box: as a menu over it, Qt would draw a second frame. As high as a line that is typed in. */
QComboBox {{ padding: 3px 4px 3px 8px; min-height: {sizes.line_px + 4}px; combobox-popup: 0; }}
/* The line in it stands off by 2 more. */
QComboBox:editable {{ padding-left: 6px; }}
QComboBox::drop-down {{ border: none; width: 22px; }}
QComboBox::down-arrow {{ image: url("{down}"); width: 12px; height: 12px; }}
QComboBox[role="quiet"] {{ background: transparent; border: 1px solid transparent; }}
QComboBox[role="quiet"]:hover {{ background: {c.hover}; }}
QComboBox[role="quiet"]:focus {{ border: 1px solid {c.accent}; }}
QComboBox[role="quiet"] {{ padding: 2px 2px 2px 6px; color: {c.muted}; }}
QComboBox QAbstractItemView {{
    background: {c.raised}; color: {c.text}; border: 1px solid {c.border_strong}; padding: 4px; outline: 0;
    selection-background-color: {c.selection}; selection-color: {c.text};
}}
QComboBox QAbstractItemView::item {{ min-height: {sizes.line_px + 8}px; }}
QSpinBox::up-button, QDoubleSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::down-button {{
    border: none; background: transparent; width: 20px;
}}
QSpinBox::up-arrow, QDoubleSpinBox::up-arrow {{ image: url("{up}"); width: 10px; height: 10px; }}
QSpinBox::down-arrow, QDoubleSpinBox::down-arrow {{ image: url("{down}"); width: 10px; height: 10px; }}
"""


def _ticks(c: Colours, _sizes: _Sizes) -> str:
    """Boxes to tick, and how far something is."""
    return f"""
QCheckBox, QRadioButton {{ background: transparent; color: {c.text}; spacing: 8px; padding: 3px; }}
QCheckBox:disabled, QRadioButton:disabled {{ color: {c.disabled}; }}
QCheckBox::indicator, QRadioButton::indicator {{
    width: 16px; height: 16px; border: 1px solid {c.border_strong}; background: {c.base};
}}
QCheckBox::indicator {{ border-radius: 4px; }}
QRadioButton::indicator {{ border-radius: 9px; }}
QCheckBox::indicator:hover, QRadioButton::indicator:hover {{ border-color: {c.accent}; }}
QCheckBox::indicator:focus, QRadioButton::indicator:focus {{ border: 2px solid {c.accent}; }}
QCheckBox::indicator:checked {{
    background: {c.accent_fill}; border-color: {c.accent_fill}; image: url("{_drawing("check")}");
}}
QRadioButton::indicator:checked {{ background: {c.base}; border: 5px solid {c.accent_fill}; width: 8px; height: 8px; }}
QCheckBox:focus, QRadioButton:focus {{ color: {c.accent}; }}

QProgressBar {{
    background: {c.pressed}; border: none; border-radius: 3px; min-height: 6px; max-height: 6px; color: transparent;
}}
QProgressBar::chunk {{ background: {c.accent_fill}; border-radius: 3px; }}
QProgressBar[tone="error"]::chunk {{ background: {c.error}; }}
QProgressBar[tone="success"]::chunk {{ background: {c.success}; }}
QProgressBar[tone="muted"]::chunk {{ background: {c.muted}; }}
"""


def _lists(c: Colours, _sizes: _Sizes) -> str:
    """Tables and lists, with their headings."""
    return f"""
QTableView {{
    background: {c.base}; color: {c.text}; border: none; gridline-color: {c.border};
    selection-background-color: {c.selection}; selection-color: {c.text};
}}
QListView, QTreeView {{
    background: {c.base}; color: {c.text}; border: none;
    selection-background-color: {c.selection}; selection-color: {c.text};
}}
/* Not every list: what a text field offers below it is a window, and a window's ground is black where it has none. */
QListWidget {{ background: transparent; }}
QListView[role="boxed"], QTableView[role="boxed"], QTreeView[role="boxed"] {{
    background: {c.base}; border: 1px solid {c.border}; border-radius: 6px;
}}
QHeaderView[role="columns"] {{ font-weight: 700; }}
QHeaderView {{ background: {c.window}; border: none; }}
QHeaderView::section {{
    background: {c.window}; color: {c.muted}; border: none; border-right: 1px solid {c.border};
    border-bottom: 1px solid {c.border}; padding: 5px 8px;
}}
QHeaderView::section:horizontal {{ font-weight: 700; }}
QHeaderView::section:hover {{ color: {c.text}; }}
QTableCornerButton::section {{ background: {c.window}; border: none; border-bottom: 1px solid {c.border}; }}
"""


def _menus(c: Colours, sizes: _Sizes) -> str:
    """Menus, scroll bars, tabs and what else frames a window."""
    arrow = _drawing(f"chevron-right-{'dark' if c.dark else 'light'}")
    return f"""
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QDialogButtonBox QPushButton:default:enabled {{
    background: {c.accent_fill}; color: {c.on_accent}; border-color: {c.accent_fill}; font-weight: 700;
}}
QDialogButtonBox QPushButton:default:enabled:hover {{ background: {c.accent_fill_hover}; }}
QDialogButtonBox QPushButton:default:enabled:focus {{ border: 2px solid {c.text}; padding: 4px 11px; }}
QMenu {{ background: {c.raised}; color: {c.text}; border: 1px solid {c.border_strong}; padding: 4px; }}
QMenu::item {{ padding: 6px 26px 6px 12px; border-radius: 4px; }}
QMenu::item:selected {{ background: {c.selection}; }}
QMenu::item:disabled {{ color: {c.disabled}; }}
QMenu::separator {{ height: 1px; background: {c.border}; margin: 4px 8px; }}
QMenu::icon {{ padding-left: 8px; }}
/* Qt's own tick and arrow are of another family, and the tick is black on black in a dark menu of some systems. */
QMenu::indicator {{
    width: 14px; height: 14px; margin-left: 8px; border: 1px solid {c.border_strong}; border-radius: 4px;
    background: {c.base};
}}
QMenu::indicator:checked {{
    background: {c.accent_fill}; border-color: {c.accent_fill}; image: url("{_drawing("check")}");
}}
QMenu::right-arrow {{ image: url("{arrow}"); width: 12px; height: 12px; }}

QAbstractScrollArea::corner {{ background: transparent; border: none; }}
QScrollArea {{ background: transparent; border: none; }}
QScrollArea > QWidget > QWidget {{ background: transparent; }}
QScrollBar:vertical {{ background: transparent; width: 12px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 0; }}
QScrollBar::handle {{ background: {c.border_strong}; border-radius: 4px; margin: 2px; }}
QScrollBar::handle:vertical {{ min-height: 32px; }}
QScrollBar::handle:horizontal {{ min-width: 32px; }}
QScrollBar::handle:hover {{ background: {c.muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; background: none; border: none; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: none; }}
QSplitter::handle {{ background: {c.border}; }}
QSplitter::handle:horizontal {{ width: 1px; }}
QSplitter::handle:vertical {{ height: 1px; }}
QSplitter::handle:hover {{ background: {c.accent}; }}
QTabWidget::pane {{ border: none; border-top: 1px solid {c.border}; }}
QTabBar {{ qproperty-drawBase: 0; }}
QTabBar::tab {{
    background: transparent; color: {c.muted}; border: none; border-bottom: 2px solid transparent; padding: 8px 12px;
}}
QTabBar::tab:hover {{ color: {c.text}; }}
QTabBar::tab:selected {{ color: {c.accent}; border-bottom: 2px solid {c.accent}; font-weight: 700; }}
QTabBar::tab:focus {{ background: {c.hover}; }}
QGroupBox {{ border: none; margin-top: {sizes.line_px + 6}px; font-weight: 700; }}
QGroupBox::title {{ subcontrol-origin: margin; left: 0; }}
QStatusBar {{ background: {c.window}; color: {c.muted}; }}
"""


_PARTS = (_grounds, _frames, _buttons, _button_roles, _inputs, _ticks, _lists, _menus)
