"""Progress at the button in Windows' taskbar, over the COM interface that Explorer offers for it.

Two calls through ctypes need no library. The places of the methods in the interface's table are those of Microsoft's
shobjidl_core.h: IUnknown 3, ITaskbarList 5, ITaskbarList2 1, then ITaskbarList3's own.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Any

_TASKBAR_LIST = "{56FDF344-FD6D-11D0-958A-006097C9A090}"
_ITASKBAR_LIST_3 = "{EA1AFB91-9E28-4B86-90E9-9E9F8A5EEFAF}"
_HR_INIT, _SET_PROGRESS_VALUE, _SET_PROGRESS_STATE = 3, 9, 10
_NO_PROGRESS, _NORMAL = 0, 2
_WHOLE = 1_000

# The same on 64 bits; Linux, where only the tests come this way, knows but one.
_method = getattr(ctypes, "WINFUNCTYPE", ctypes.CFUNCTYPE)
_Init = _method(ctypes.c_long, ctypes.c_void_p)
_SetValue = _method(ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint64)
_SetState = _method(ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)


class TaskbarButton:
    """The button of one window.

    Args:
        taskbar: Points to an ITaskbarList3 that stays as long as this.
        window: The window's handle.
    """

    def __init__(self, taskbar: int, window: int) -> None:
        self._taskbar, self._window = taskbar, window
        methods = ctypes.cast(taskbar, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p))).contents
        self._set_value = _SetValue(methods[_SET_PROGRESS_VALUE])
        self._set_state = _SetState(methods[_SET_PROGRESS_STATE])
        self._works = _Init(methods[_HR_INIT])(taskbar) >= 0

    def show(self, values: Mapping[str, Any]) -> None:
        """Tell it, in the words that `TaskbarProgress` has for every desktop. What it answers changes nothing."""
        if not self._works:
            return
        if values["progress-visible"]:
            self._set_state(self._taskbar, self._window, _NORMAL)
            self._set_value(self._taskbar, self._window, round(_WHOLE * values["progress"]), _WHOLE)
        else:
            self._set_state(self._taskbar, self._window, _NO_PROGRESS)


class _Guid(ctypes.Structure):
    _fields_ = [("first", ctypes.c_uint32), ("second", ctypes.c_uint16 * 2), ("third", ctypes.c_ubyte * 8)]


def find_taskbar() -> int | None:
    """Points to Windows' ITaskbarList3; None where there is none. On the window's thread, where Qt has begun COM."""
    libraries = getattr(ctypes, "windll", None)
    if libraries is None:
        return None
    ole = libraries.ole32
    kind, interface, found = _Guid(), _Guid(), ctypes.c_void_p()
    for text, guid in ((_TASKBAR_LIST, kind), (_ITASKBAR_LIST_3, interface)):
        if ole.CLSIDFromString(ctypes.c_wchar_p(text), ctypes.byref(guid)) < 0:
            return None
    in_process = 1
    if ole.CoCreateInstance(ctypes.byref(kind), None, in_process, ctypes.byref(interface), ctypes.byref(found)) < 0:
        return None
    return int(found.value) if found.value else None
