"""Sees from outside when a program's window is on the screen: asks the X server, through its own library."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator
from contextlib import contextmanager

_VIEWABLE = 2
_ALL_PLANES, _Z_PIXMAP = ctypes.c_ulong(-1), 2


class _Attributes(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int) for name in ("x", "y", "width", "height", "border", "depth")),
        ("visual", ctypes.c_void_p),
        ("root", ctypes.c_ulong),
        *((name, ctypes.c_int) for name in ("kind", "bit_gravity", "gravity", "backing")),
        ("planes", ctypes.c_ulong),
        ("pixel", ctypes.c_ulong),
        ("save_under", ctypes.c_int),
        ("colormap", ctypes.c_ulong),
        ("colormap_is_there", ctypes.c_int),
        ("map_state", ctypes.c_int),
        *((name, ctypes.c_long) for name in ("all_events", "your_events", "not_passed_on")),
        ("override_redirect", ctypes.c_int),
        ("screen", ctypes.c_void_p),
    ]


class Screen:
    """One connection to an X server."""

    def __init__(self, x: ctypes.CDLL, display: ctypes.c_void_p) -> None:
        self._x, self._display = x, display
        self._root = ctypes.c_ulong(x.XDefaultRootWindow(display))

    def has_window(self, least_width: int = 600) -> bool:
        """Whether a window of some size is mapped, so that its program has drawn it or is about to."""
        root, parent = ctypes.c_ulong(), ctypes.c_ulong()
        children, count = ctypes.POINTER(ctypes.c_ulong)(), ctypes.c_uint()
        self._x.XQueryTree(
            self._display, self._root, ctypes.byref(root), ctypes.byref(parent), ctypes.byref(children),
            ctypes.byref(count),
        )  # fmt: skip
        try:
            return any(self._is_shown(children[at], least_width) for at in range(count.value))
        finally:
            if count.value:
                self._x.XFree(children)

    def _is_shown(self, window: int, least_width: int) -> bool:
        found = _Attributes()
        self._x.XGetWindowAttributes(self._display, ctypes.c_ulong(window), ctypes.byref(found))
        return found.map_state == _VIEWABLE and found.width >= least_width

    def pixel(self, x: int, y: int) -> int:
        """The colour of a point of the screen, as 0xRRGGBB."""
        image = self._x.XGetImage(self._display, self._root, x, y, 1, 1, _ALL_PLANES, _Z_PIXMAP)
        try:
            return int(self._x.XGetPixel(image, 0, 0)) & 0xFFFFFF
        finally:
            self._x.XDestroyImage(image)

    def find_below(self, x: int, y: int, colour: int, limit_s: float = 10.0) -> int:
        """The first y from there on, in steps of 4, where the screen has a colour; waits for it.

        Raises:
            TimeoutError: It is nowhere.
        """
        deadline = time.monotonic() + limit_s
        while True:
            found = next((below for below in range(y, 800, 4) if self.pixel(x, below) == colour), None)
            if found is not None:
                return found
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing has the colour {colour:06x} below {x}, {y}")

    def point_at(self, x: int, y: int) -> None:
        """Move the pointer there; the program under it is told."""
        self._x.XWarpPointer(self._display, None, self._root, 0, 0, 0, 0, x, y)
        self._x.XSync(self._display, 0)

    def wait_for_change(self, x: int, y: int, before: int, limit_s: float = 10.0) -> int:
        """Until a point has another colour than before; gives the new one.

        Raises:
            TimeoutError: It took too long.
        """
        deadline = time.monotonic() + limit_s
        while (now := self.pixel(x, y)) == before:
            if time.monotonic() > deadline:
                raise TimeoutError(f"nothing changes at {x}, {y}")
            time.sleep(0.001)
        return now

    def wait_for(self, wanted: bool, limit_s: float = 10.0) -> None:
        """Until there is a window, or none any more.

        Raises:
            TimeoutError: It took too long.
        """
        deadline = time.monotonic() + limit_s
        while self.has_window() is not wanted:
            if time.monotonic() > deadline:
                raise TimeoutError("no window" if wanted else "the window stays")
            time.sleep(0.002)


@contextmanager
def watching(display: str) -> Iterator[Screen]:
    """Connect to a display such as ":5"."""
    x = ctypes.CDLL("libX11.so.6")
    x.XOpenDisplay.restype = ctypes.c_void_p
    x.XDefaultRootWindow.restype = ctypes.c_ulong
    x.XDefaultRootWindow.argtypes = x.XCloseDisplay.argtypes = [ctypes.c_void_p]
    x.XQueryTree.argtypes = [ctypes.c_void_p, ctypes.c_ulong, *[ctypes.c_void_p] * 4]
    x.XGetWindowAttributes.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p]
    x.XGetImage.restype = ctypes.c_void_p
    x.XGetImage.argtypes = [
        ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_int, ctypes.c_uint, ctypes.c_uint, ctypes.c_ulong,
        ctypes.c_int,
    ]  # fmt: skip
    x.XGetPixel.restype = ctypes.c_ulong
    x.XGetPixel.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
    x.XDestroyImage.argtypes = [ctypes.c_void_p]
    x.XWarpPointer.argtypes = [
        ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ulong, *[ctypes.c_int] * 2, *[ctypes.c_uint] * 2,
        *[ctypes.c_int] * 2,
    ]  # fmt: skip
    x.XSync.argtypes = [ctypes.c_void_p, ctypes.c_int]
    x.XFree.argtypes = [ctypes.c_void_p]
    opened = x.XOpenDisplay(display.encode("ascii"))
    if not opened:
        raise OSError(f"no X server on {display}")
    try:
        yield Screen(x, opened)
    finally:
        x.XCloseDisplay(opened)
