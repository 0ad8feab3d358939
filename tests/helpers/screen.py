"""An X server of its own for tests that need a real window."""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def own_screen(size: str = "1440x900x24") -> Iterator[str]:
    """Start Xvfb on a free display and give its name, such as ":5"; end it afterwards.

    Windows are opened by another process with `DISPLAY` set to it and `QT_QPA_PLATFORM=xcb`.

    Raises:
        FileNotFoundError: Xvfb is not installed; `make setup` installs it.
    """
    # Xvfb chooses the number itself and says it, so two runs at once never meet.
    reading, writing = os.pipe()
    try:
        command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", size, "-nolisten", "tcp", "-noreset"]
        server = subprocess.Popen(command, pass_fds=(writing,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    finally:
        os.close(writing)
    try:
        ready, _, _ = select.select([reading], [], [], 30)
        number = os.read(reading, 16).decode().strip() if ready else ""
        if not number:
            raise RuntimeError("Xvfb did not start")
        yield f":{number}"
    finally:
        os.close(reading)
        server.terminate()
        server.wait(10)
