"""Finds the running practice server, or starts one as a process of its own. Light: imports nothing of the server."""

from __future__ import annotations

import contextlib
import errno
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import gui_app
from gui_app.errors import N_, StorageError, UserError

COMMAND = "practice-server"
"""The word after `rowmill` that runs the server in the foreground."""

_STATE_FILE = "server.json"
_START_LOCK = "starting.lock"
_SERVER_LOCK = "server.lock"
_LOG_FILE = "server.log"
_START_LIMIT_S = 30.0
_HEALTH_LIMIT_S = 3.0
_ROOM_BYTES = 512 * 1024
_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class PracticeServer:
    """Where the practice server is reached.

    Attributes:
        base_url: For OpenAI's SDK, e.g. "http://127.0.0.1:41234/v1".
        token: Its bearer token; a key for this server alone, which is the only reason it is shown as text.
    """

    base_url: str
    token: str

    @property
    def root_url(self) -> str:
        """For Anthropic's SDK, e.g. "http://127.0.0.1:41234"."""
        return self.base_url.removesuffix("/v1")


def default_home() -> Path:
    """The folder of the practice server's state and batches, shared by all jobs."""
    from gui_app import paths

    return paths.data_dir() / "practice"


def ensure_running(home: Path | None = None, *, command: Sequence[str] | None = None) -> PracticeServer:
    """Find the practice server of a folder, or start it and wait until it answers.

    Blocks for up to a second or two when it has to be started: call it off the event loop.

    Args:
        home: Its folder; None means `default_home()`.
        command: What runs the server when it has to be started, before `--home DIR`; None means this program.

    Raises:
        StorageError: The folder cannot be written.
        UserError: It did not start.
    """
    home = (default_home() if home is None else home).absolute()
    found = find_running(home)
    if found is not None:
        return found
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Two windows that start at once must not start two servers.
        with _locked(home / _START_LOCK, _START_LIMIT_S):
            found = find_running(home)
            if found is None:
                _check_room(home)
                found = _start(home, command)
            return found
    except OSError as error:
        if error.errno in _FULL:
            raise StorageError(
                N_("The disk that holds the practice model's folder {folder} is full. Free some space, then go on."),
                folder=str(home),
            ) from error
        raise StorageError(
            N_("The practice model cannot use its folder {folder} ({reason}). Check that you may write there."),
            folder=str(home),
            reason=error.strerror or type(error).__name__,
        ) from error


def find_running(home: Path | None = None) -> PracticeServer | None:
    """The practice server of a folder, if one lives and answers; None otherwise. Never starts one."""
    state = read_state(default_home() if home is None else home)
    if not state.get("pid") or not _answers(state):
        return None
    return PracticeServer(f"http://127.0.0.1:{state['port']}/v1", state["token"])


def read_state(home: Path) -> dict[str, Any]:
    """What the server wrote about itself: `port`, `token`, and `pid` (0 when it has ended). {} when nothing usable."""
    try:
        state = json.loads((home / _STATE_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    usable = isinstance(state, dict) and isinstance(state.get("port"), int) and isinstance(state.get("token"), str)
    return state if usable else {}


def write_state(home: Path, port: int, token: str, pid: int) -> None:
    """Write beside and rename, readable by the owner only from the first byte."""
    beside = home / f"{_STATE_FILE}.{os.getpid()}"
    with contextlib.suppress(FileNotFoundError):
        beside.unlink()
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump({"port": port, "token": token, "pid": pid}, file)
    beside.replace(home / _STATE_FILE)


@contextlib.contextmanager
def owning(home: Path) -> Iterator[bool]:
    """Hold the folder for a server's whole life. Yields False when another server holds it."""
    try:
        with _locked(home / _SERVER_LOCK, 0.0):
            yield True
    except TimeoutError:
        yield False


def _check_room(home: Path) -> None:
    """A server that cannot keep its state dies, and can leave no word why: its log lies on the same disk.

    Raises:
        OSError: There is no room for what it writes on starting, or no writing at all.
    """
    trial = home / f".{os.getpid()}.room"
    try:
        with trial.open("wb") as file:
            file.write(b"\0" * _ROOM_BYTES)
            file.flush()
            os.fsync(file.fileno())
    finally:
        trial.unlink(missing_ok=True)


def _answers(state: dict[str, Any]) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", state["port"], timeout=_HEALTH_LIMIT_S)
    try:
        # "/practice/health" is server.HEALTH_PATH; not imported, because that would bring aiohttp along.
        connection.request("GET", "/practice/health", headers={"Authorization": f"Bearer {state['token']}"})
        response = connection.getresponse()
        return response.status == 200 and json.loads(response.read()).get("rowmill") == "practice"
    except (OSError, http.client.HTTPException, ValueError, AttributeError):
        return False
    finally:
        connection.close()


def _start(home: Path, command: Sequence[str] | None) -> PracticeServer:
    log_file = home / _LOG_FILE
    # What the last server had to say is of no use to this one.
    with open(log_file, "wb") as log:
        process = _spawn([*(command or _own_command()), "--home", str(home), "--detach"], log)
    deadline = time.monotonic() + _START_LIMIT_S
    found = None
    # On POSIX it is the first half that ends here, with 0 once the second one is on its way.
    while found is None and time.monotonic() < deadline and process.poll() in (None, 0):
        time.sleep(0.03)
        found = find_running(home)
    if found is None:
        raise UserError(
            N_("The practice model did not start. What it said last: {reason} Restart Rowmill and try again."),
            reason=_last_line(log_file),
        )
    # On Windows it is the server itself and lives on; without this, Popen warns when the object goes.
    process.returncode = 0
    return found


def _own_command() -> list[str]:
    from gui_app import paths

    return [*paths.program(), COMMAND]


def _spawn(command: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a process that outlives this one and belongs to nobody."""
    root = Path(gui_app.__file__).resolve().parent.parent
    options: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, "cwd": root}
    if sys.platform == "win32":
        options["creationflags"] = (
            subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.BELOW_NORMAL_PRIORITY_CLASS
        )
        return subprocess.Popen(command, **options)
    # With --detach the process forks and its first half ends at once: nothing of ours is left to be waited for, so
    # the server never becomes a zombie of a window that lives for days.
    process = subprocess.Popen(command, start_new_session=True, **options)
    try:
        process.wait(_START_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    return process


def _last_line(path: Path) -> str:
    with contextlib.suppress(OSError):
        lines = path.read_text("utf-8", "replace").strip().splitlines()
        if lines:
            return lines[-1][:200]
    return "(nothing)"


@contextlib.contextmanager
def _locked(path: Path, limit_s: float) -> Iterator[None]:
    """Hold a lock file; the system lets go of it when the process dies.

    Raises:
        TimeoutError: Another process holds it for longer than `limit_s`.
    """
    deadline = time.monotonic() + limit_s
    with open(path, "a+b") as file:
        while not _try_lock(file):
            if time.monotonic() >= deadline:
                raise TimeoutError(f"{path.name} is held by another process")
            time.sleep(0.05)
        try:
            yield
        finally:
            _unlock(file)


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _unlock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
