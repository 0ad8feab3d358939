"""The loopback server and the contenders, each in a process of its own, spoken to in JSON lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.benchmarks.loopback_server import Manner
from tests.benchmarks.reporting import FOLDER, ROOT

LIMIT_S = float(os.environ.get("ROWMILL_BENCH_LIMIT_S", "900"))
"""A contender that takes longer than this for one order is killed, and left out with a line."""

UV = ROOT / ".bootstrap" / "bin" / "uv"


class Loopback:
    """A running loopback server."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.base_url = f"http://127.0.0.1:{port}/v1"

    def seen(self) -> dict[str, int]:
        """Its counts so far."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/seen", timeout=10) as answer:
            found = json.loads(answer.read())
        assert isinstance(found, dict)
        return found


@contextmanager
def loopback(manner: Manner) -> Iterator[Loopback]:
    """A server that behaves so, for as long as the block lasts."""
    command = [sys.executable, "-m", "tests.benchmarks.loopback_server", manner.to_json()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            yield Loopback(int(process.stdout.readline()))
        finally:
            process.stdin.close()
            process.wait(10)


class Contender:
    """A program that carries out orders, one JSON line each. Its own output goes to a log file."""

    def __init__(self, name: str, module: str, python: Path | None = None, arguments: Sequence[str] = ()) -> None:
        self.name = name
        FOLDER.mkdir(parents=True, exist_ok=True)
        self.log = FOLDER / f"{name.replace(' ', '_')}.log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(python or sys.executable), "-m", module, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"},
            )

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def do(self, **order: Any) -> dict[str, Any]:
        """Carry out an order and return what it measured.

        Raises:
            RuntimeError: The program died or failed; its log is named.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        try:
            stdin.write(json.dumps(order).encode() + b"\n")
            stdin.flush()
        except OSError:
            raise RuntimeError(f"{self.name} ended; see {self.log}") from None
        watchdog = threading.Timer(LIMIT_S, self._process.kill)
        watchdog.start()
        line = stdout.readline()
        watchdog.cancel()
        watchdog.join()
        found = json.loads(line) if line else {"error": "it ended"}
        if "error" in found:
            raise RuntimeError(f"{self.name}: {found['error']}; see {self.log}")
        assert isinstance(found, dict)
        return found

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


@contextmanager
def contender(name: str, module: str, python: Path | None = None, arguments: Sequence[str] = ()) -> Iterator[Contender]:
    """A contender for as long as the block lasts."""
    one = Contender(name, module, python, arguments)
    try:
        yield one
    finally:
        one.close()


def installed(name: str, packages: Sequence[str]) -> Path | None:
    """The Python of a peer's own environment, made if it is not there. None when the peer cannot be installed.

    The environments lie in build/benchmarks/peers/ and are kept.
    """
    folder = FOLDER / "peers" / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = folder / "installed.json"
    if done.exists() and json.loads(done.read_text()) == list(packages):
        return python
    commands = (
        [str(UV), "venv", "-q", "--clear", "--python", sys.executable, str(folder)],
        [str(UV), "pip", "install", "-q", "--python", str(python), *packages],
    )
    for command in commands:
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=900)
        except (OSError, subprocess.SubprocessError) as error:
            detail = getattr(error, "stderr", None) or str(error).encode()
            print(f"\n  {name} is left out, it does not install: {detail.decode()[-300:].strip()}")
            return None
    done.write_text(json.dumps(list(packages)))
    return python


def version_of(python: Path | None, package: str) -> str:
    """The installed version of a peer."""
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    found = subprocess.run([str(python or sys.executable), "-c", code], capture_output=True, text=True, check=False)
    return found.stdout.strip()


def medians(runs: Sequence[Mapping[str, Any]], *names: str) -> dict[str, float]:
    """The middle value of each of these measurements."""
    from tests.benchmarks.reporting import median

    return {name: median([float(run[name]) for run in runs if run.get(name) is not None]) for name in names}
