"""Makes the PNG, ICO and ICNS files from Rowmill's drawings.

python packaging/drawings.py FOLDER
"""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

ICONS = Path(__file__).resolve().parent.parent / "resources" / "icons"
NAMES = ("rowmill", "rowmill-file")
SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)
LARGEST_SMALL = 32
"""Up to here the drawing that was made for 16 pixels is used."""
ICO_SIZES = (16, 24, 32, 48, 64, 128, 256)
# Apple's names for sizes; from 16@2x on the same numbers come back for screens with finer pixels.
ICNS_KINDS = {
    b"icp4": 16,
    b"icp5": 32,
    b"ic07": 128,
    b"ic08": 256,
    b"ic09": 512,
    b"ic11": 32,
    b"ic12": 64,
    b"ic13": 256,
}


def png(name: str, size: int) -> bytes:
    """One drawing in one size."""
    drawing = ICONS / f"{name}{'-small' if size <= LARGEST_SMALL else ''}.svg"
    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(str(drawing)).render(painter, QRectF(0, 0, size, size))
    painter.end()
    held = QByteArray()
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # PySide describes it with bytes, and takes none.
    return bytes(held.data())


def ico(name: str) -> bytes:
    """Windows' container: a head, a line for each size, then the PNG files."""
    pictures = [(size, png(name, size)) for size in ICO_SIZES]
    head = struct.pack("<HHH", 0, 1, len(pictures))
    at, lines = len(head) + 16 * len(pictures), b""
    for size, picture in pictures:
        # 256 does not fit into a byte and is written as 0.
        lines += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(picture), at)
        at += len(picture)
    return head + lines + b"".join(picture for _size, picture in pictures)


def icns(name: str) -> bytes:
    """Apple's container: a head, then each size with its kind and length before it."""
    parts = [(kind, png(name, size)) for kind, size in ICNS_KINDS.items()]
    body = b"".join(struct.pack(">4sI", kind, len(picture) + 8) + picture for kind, picture in parts)
    return struct.pack(">4sI", b"icns", len(body) + 8) + body


def write_all(folder: Path) -> None:
    """`NAME-SIZE.png`, `NAME.ico` and `NAME.icns` for every drawing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        for size in SIZES:
            (folder / f"{name}-{size}.png").write_bytes(png(name, size))
        (folder / f"{name}.ico").write_bytes(ico(name))
        (folder / f"{name}.icns").write_bytes(icns(name))


if __name__ == "__main__":
    app = QGuiApplication([])
    write_all(Path(sys.argv[1]))
