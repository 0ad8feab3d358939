"""A small chart of a run: rows per minute as an area, money so far as a line, over the time of the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui_app.i18n import _, duration, money, number
from gui_app.ui.look.palette import colours
from gui_app.ui.look.theme import GAP_S, scaled_font
from gui_app.ui.pieces.panel import describe, plain_tip

MOST_POINTS = 240
"""Half of them are left out when there are more: a run of a night takes no more room than one of a minute."""

FEWEST_POINTS = 6


@dataclass(frozen=True, slots=True)
class Point:
    """The run at one moment. `at_s` since it began."""

    at_s: float
    rows_per_minute: float
    cost_usd: float


class RunHistory:
    """What a run was like, in at most `MOST_POINTS` moments that lie evenly apart."""

    def __init__(self) -> None:
        self.points: list[Point] = []
        self._began: float | None = None
        self._apart_s = 1.0

    def clear(self) -> None:
        """Another run begins."""
        self.points, self._began, self._apart_s = [], None, 1.0

    def add(self, now: float, rows_per_minute: float, cost_usd: float) -> bool:
        """Keep a moment, unless the last one is too near. Returns whether it was kept."""
        if self._began is None:
            self._began = now
        at_s = now - self._began
        if self.points and at_s - self.points[-1].at_s < self._apart_s:
            return False
        self.points.append(Point(at_s, rows_per_minute, cost_usd))
        if len(self.points) > MOST_POINTS:
            self.points = self.points[::2]
            self._apart_s *= 2
        return True


class RatePlot(QWidget):
    """Draws a history; told to screen readers in a sentence."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("ratePlot")
        self.history = RunHistory()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.retranslate()

    def clear(self) -> None:
        """Another run begins."""
        self.history.clear()
        self.update()

    def add(self, now: float, rows_per_minute: float, cost_usd: float) -> None:
        """A moment of the run; `now` by a clock that nobody sets."""
        if self.history.add(now, rows_per_minute, cost_usd):
            self.retranslate()
            self.update()

    def is_worth_showing(self) -> bool:
        """There is a line that tells something: a run of a few seconds has none."""
        return len(self.history.points) >= FEWEST_POINTS

    def retranslate(self) -> None:
        """Say in words what is drawn."""
        points = self.history.points
        describe(self, _("Rows per minute and money over time"), self.sentence() if points else "")
        self.setToolTip(plain_tip(self.sentence() if points else ""))

    def sentence(self) -> str:
        """The chart in words."""
        points = self.history.points
        if not points:
            return ""
        return _("{count} rows/min now, {most} at most; {amount} so far; running for {duration}.").format(
            count=number(round(points[-1].rows_per_minute)),
            most=number(round(max(point.rows_per_minute for point in points))),
            amount=money(points[-1].cost_usd),
            duration=duration(points[-1].at_s),
        )

    def sizeHint(self) -> QSize:
        """Qt's hook: as high as two lines of text."""
        line = self.fontMetrics().height()
        return QSize(12 * line, 2 * line + 2 * GAP_S)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt's hook."""
        points = self.history.points
        if len(points) < 2:
            return
        c = colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(scaled_font(self.font(), 0.82))
        metrics = QFontMetrics(painter.font())
        labels = max(metrics.horizontalAdvance(text) for text in self._labels()) + GAP_S
        area = QRectF(1, 2, self.width() - labels - 2, self.height() - 4)
        rates = [point.rows_per_minute for point in points]
        costs = [point.cost_usd for point in points]
        line = _line(area, points, rates)
        ground = QPolygonF([*line, area.bottomRight(), area.bottomLeft()])
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(c.accent_soft))
        painter.drawPolygon(ground)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(c.accent), 1.6))
        painter.drawPolyline(QPolygonF(line))
        if max(costs) > 0:
            # Dashed, so that the two lines can be told apart without their colours.
            painter.setPen(QPen(QColor(c.warning), 1.6, Qt.PenStyle.DashLine))
            painter.drawPolyline(QPolygonF(_line(area, points, costs)))
        painter.setPen(QPen(QColor(c.border_strong), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        self._write(painter, area, labels)
        painter.end()

    def _labels(self) -> tuple[str, str]:
        last = self.history.points[-1]
        # What the top of the chart stands for. The rate of now is told below it, from the newest event.
        most = max(point.rows_per_minute for point in self.history.points)
        rate = _("up to {count}/min").format(count=number(round(most)))
        return rate, money(last.cost_usd) if last.cost_usd else ""

    def _write(self, painter: QPainter, area: QRectF, width: float) -> None:
        c = colours()
        rate, cost = self._labels()
        left = area.right() + GAP_S
        upper = QRectF(left, area.top(), width, area.height() / 2)
        lower = QRectF(left, area.center().y(), width, area.height() / 2)
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(c.accent))
        painter.drawText(upper, flags, rate)
        painter.setPen(QColor(c.warning))
        painter.drawText(lower, flags, cost)


def _line(area: QRectF, points: Sequence[Point], values: Sequence[float]) -> list[QPointF]:
    """The values over time, from the ground of the area to its top."""
    length = max(points[-1].at_s, 0.001)
    most = max(max(values), 1e-12)
    return [
        QPointF(area.left() + area.width() * point.at_s / length, area.bottom() - area.height() * value / most)
        for point, value in zip(points, values, strict=True)
    ]
