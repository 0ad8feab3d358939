"""Paints a job in the list: its name, its state in an icon and words, and a thin bar while it is under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from gui_app.i18n import _, number, percent
from gui_app.jobs import JobState
from gui_app.sentences import job_state_name, plain
from gui_app.ui.job.job_title import state_words
from gui_app.ui.jobs_list.job_list import ENTRY, WAITS
from gui_app.ui.look.icons import MOST_GROWN, pixmap
from gui_app.ui.look.palette import Colours, colours
from gui_app.ui.look.sizes import scaled
from gui_app.ui.look.states import JOB_STATE_ICONS, job_state_colour
from gui_app.ui.look.theme import GAP_S, scaled_font

if TYPE_CHECKING:
    from gui_app.store.copies import JobGlance

MOVING = (JobState.RUNNING, JobState.PAUSING, JobState.OFFLINE)
_ICON = 14
_UNDER_WAY = (JobState.RUNNING, JobState.PAUSING, JobState.PAUSED, JobState.OFFLINE, JobState.STOPPED)


class JobDelegate(QStyledItemDelegate):
    """Items hold a `JobGlance` under `ENTRY`."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Qt's hook."""
        return QSize(180, 2 * option.fontMetrics.height() + 26)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Qt's hook."""
        entry: JobGlance = index.data(ENTRY)
        c = colours()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = option.rect.adjusted(GAP_S, 1, -GAP_S, -1)
        _ground(painter, rect, option, c)
        inner = rect.adjusted(10, 8, -10, -8)
        name_font = QFont(option.font)
        name_font.setWeight(QFont.Weight.Bold)
        line = QFontMetrics(name_font).height()
        painter.setPen(QColor(c.text))
        _line(painter, QRect(inner.left(), inner.top(), inner.width(), line), plain(entry.name, 120), name_font)
        broken = entry.error is not None
        colour = c.error if broken else job_state_colour(c, entry.state)
        small = scaled_font(option.font, 0.92)
        top = inner.top() + line + 3
        height = QFontMetrics(small).height()
        waits = "" if broken or entry.state in MOVING else index.data(WAITS) or ""
        drawing = "circle-alert" if broken else "clock" if waits else JOB_STATE_ICONS[entry.state]
        device = painter.device()
        ratio = 1.0 if device is None else device.devicePixelRatioF()
        side = scaled(_ICON, MOST_GROWN)
        painter.drawPixmap(inner.left(), top + (height - side) // 2, pixmap(drawing, colour, side, ratio))
        painter.setPen(QColor(c.muted))
        left = inner.left() + side + 6
        _line(painter, QRect(left, top, inner.right() - left, height), told(entry, waits), small)
        total = entry.counts.rows
        if entry.state in _UNDER_WAY and total and not broken:
            _bar(painter, QRectF(inner.left(), rect.bottom() - 5, inner.width(), 3), entry.counts.finished / total, c)
        painter.restore()


def _ground(painter: QPainter, rect: QRect, option: QStyleOptionViewItem, c: Colours) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    if option.state & QStyle.StateFlag.State_Selected:
        painter.setBrush(QColor(c.selection))
        painter.drawRoundedRect(rect, 7, 7)
    elif option.state & QStyle.StateFlag.State_MouseOver:
        painter.setBrush(QColor(c.hover))
        painter.drawRoundedRect(rect, 7, 7)
    if option.state & QStyle.StateFlag.State_HasFocus:
        painter.setPen(QColor(c.accent))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rect.adjusted(0, 0, -1, -1), 7, 7)


def _line(painter: QPainter, box: QRect, text: str, font: QFont) -> None:
    painter.setFont(font)
    cut = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, box.width())
    flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
    painter.drawText(box, int(flags), cut)


def _bar(painter: QPainter, box: QRectF, share: float, c: Colours) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(c.pressed))
    painter.drawRoundedRect(box, 1.5, 1.5)
    painter.setBrush(QColor(c.accent_fill))
    box.setWidth(max(3.0, box.width() * share))
    painter.drawRoundedRect(box, 1.5, 1.5)


def told(entry: JobGlance, waits: str = "") -> str:
    """A job's state and progress in a few words, or for what it waits."""
    if entry.error is not None:
        return _("cannot be opened")
    if waits and entry.state not in MOVING:
        return waits
    if entry.behind and entry.state not in MOVING:
        return _("not copied back yet")
    total, finished = entry.counts.rows, entry.counts.finished
    if total and 0 < finished < total:
        return _("{state}, {percent}").format(
            state=state_words(entry.state, tried=True), percent=percent(finished / total, 0)
        )
    if entry.state is JobState.SUBMITTED:
        # How many are out is told over the rows; here the words would not fit beside a number.
        return job_state_name(entry.state)
    return _("{state}, {count} rows").format(state=job_state_name(entry.state), count=number(total))
