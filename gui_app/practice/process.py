"""The practice server as a process: `rowmill practice-server`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from gui_app.practice import launch

_IDLE_MINUTES = 30.0
LOOK_EVERY_S = 10.0
"""At whether the program is still installed."""


def main(argv: Sequence[str]) -> int:
    """Run the practice server until it is told to stop or has nothing to do for a while.

    Args:
        argv: The words after `practice-server`.

    Returns:
        The exit code. 0 also when another server already serves the folder.
    """
    parser = argparse.ArgumentParser(
        prog=f"rowmill {launch.COMMAND}", description="The built-in offline practice model."
    )
    parser.add_argument("--home", type=Path, default=None, help="the folder of its state")
    parser.add_argument("--idle-minutes", type=float, default=_IDLE_MINUTES, help="end after so long without work")
    parser.add_argument("--detach", action="store_true", help="go to the background at once")
    options = parser.parse_args(argv)
    if options.detach:
        # Before the fork: what cannot be imported is then told by the exit code to the one who waits for it.
        from gui_app.practice import server  # noqa: F401

        if _sent_to_background():
            return 0
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    _step_back()
    home = (options.home or launch.default_home()).absolute()
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with launch.owning(home) as ours:
        if ours:
            asyncio.run(_serve(home, options.idle_minutes * 60))
    return 0


def _sent_to_background() -> bool:
    """Fork where the system can; True in the half that is to end. Before any thread or loop exists."""
    if sys.platform == "win32":
        return False
    return os.fork() != 0


def _step_back() -> None:
    """The window comes first where cores are few. On Windows the starter asks for a lower priority."""
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            # What starts it may have stepped back already.
            os.nice(max(0, 10 - os.nice(0)))


async def _serve(home: Path, idle_s: float) -> None:
    # Imported here, so that `--help` and a second start are quick.
    from gui_app.practice.server import Server

    before = launch.read_state(home)
    # The same token and, where it is free, the same port as last time: to those who know this server, and to the jobs
    # whose batches it holds, it is one server that has slept.
    server = Server(home, token=before.get("token"), port=before.get("port", 0), idle_s=idle_s)
    stop = server.ended
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            _on_signal(loop, getattr(signal, name), stop)
    await server.start()
    launch.write_state(home, server.port, server.token, os.getpid())
    watching = asyncio.create_task(_until_removed(_program_file()), name="watch the program's file")
    watching.add_done_callback(lambda _: stop.set())
    try:
        await stop.wait()
    finally:
        watching.cancel()
        launch.write_state(home, server.port, server.token, 0)
        await server.stop()


def _program_file() -> Path:
    """A file that is there as long as the program is installed."""
    return Path(sys.executable if getattr(sys, "frozen", False) else __file__)


async def _until_removed(file: Path) -> None:
    """Until the program was uninstalled: a server whose files are gone is of no use to anybody.

    Twice missing, because an update replaces it.
    """
    missing = 0
    while missing < 2:
        await asyncio.sleep(LOOK_EVERY_S)
        missing = 0 if await asyncio.to_thread(file.exists) else missing + 1


def _on_signal(loop: asyncio.AbstractEventLoop, number: int, stop: asyncio.Event) -> None:
    try:
        loop.add_signal_handler(number, stop.set)
    except NotImplementedError:
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
