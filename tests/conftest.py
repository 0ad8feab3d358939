"""What every test stands on: a home of its own, no keychain, no screen, and nothing left behind."""

from __future__ import annotations

import asyncio
import inspect
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.helpers.leftovers import LogWatch, Snapshot, strays
from tests.helpers.loops import run_to_the_end
from tests.helpers.screen import own_screen

if TYPE_CHECKING:
    from qasync import QEventLoop

# Set here, before anything is imported, so that child processes have them too.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# A Qt program started from a test follows no desktop theme and speaks no platform's accessibility bus.
os.environ.update(QT_ACCESSIBILITY="0", NO_AT_BRIDGE="1", PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring")
# The developer's own keys, hosts, proxies and language have no part in a test.
for _name in list(os.environ):
    if _name.upper().endswith(("_API_KEY", "_BASE_URL", "_PROXY")) or _name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        del os.environ[_name]
os.environ["LANG"] = "C.UTF-8"
# A user's Python keeps back what it writes, and may fail at its exit for what nobody has read.
os.environ.pop("PYTHONUNBUFFERED", None)

_ASYNC_LIMIT_S = 60.0
# How long threads and processes have to end after a test; only a failing test waits so long.
_PATIENCE_S = float(os.environ.get("ROWMILL_TEST_PATIENCE_S", "5"))
_HOMES: list[Path] = []


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    # Without Qt, `-p no:pytest-qt` runs everything below the window; its settings must then be known to somebody.
    if pluginmanager.is_blocked("pytest-qt"):
        for name in ("qt_api", "qt_log_level_fail"):
            parser.addini(name, "unused without pytest-qt")
        parser.addini("qt_log_ignore", "unused without pytest-qt", type="linelist")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run `async def` tests: on qasync when they ask for `qloop`, else on plain asyncio."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    loop: Any = pyfuncitem.funcargs.get("qloop")
    names = inspect.signature(pyfuncitem.obj).parameters
    test = pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names})
    marker = pyfuncitem.get_closest_marker("timeout")
    # Well before pytest-timeout, whose signal may hit pytest itself.
    limit_s = max(0.5 * marker.args[0], marker.args[0] - 30) if marker and marker.args else _ASYNC_LIMIT_S
    if loop is None:
        asyncio.run(run_to_the_end(test, limit_s))
    else:
        loop.run_until_complete(run_to_the_end(test, limit_s))
    return True


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This test's own `ROWMILL_HOME`: settings, job files, logs and runtime files of the app lie there."""
    folder = tmp_path / "rowmill-home"
    monkeypatch.setenv("ROWMILL_HOME", str(folder))
    _HOMES.append(folder)
    return folder


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """Every test starts in English, whatever the one before chose."""
    from gui_app import i18n

    i18n.set_language("en")
    yield
    i18n.set_language("en")


@pytest.fixture
def expect_log() -> Iterator[Callable[[str], None]]:
    """`expect_log("regular expression")`: this test logs such a warning or error, and must."""
    watch = LogWatch.current()
    yield watch.expect
    watch.check_expected()


@pytest.fixture(autouse=True)
def nothing_left_behind(request: pytest.FixtureRequest, home: Path, in_english: None) -> Iterator[None]:
    """Fail a test that logs unexpectedly, or leaves threads, processes, timers or windows behind."""
    with_qt = not {"qapp", "qtbot", "qloop"}.isdisjoint(request.fixturenames)
    if with_qt:
        request.getfixturevalue("qapp")
    before = Snapshot.take(with_qt=with_qt)
    with LogWatch() as logged:
        yield
        left = before.left_behind(patience_s=_PATIENCE_S)
    problems = [*left, *(f"unexpected log record: {record}" for record in logged.unexpected())]
    if problems:
        pytest.fail("The test left behind:\n  " + "\n  ".join(problems), pytrace=False)


@pytest.fixture
def qloop(qapp: Any, nothing_left_behind: None) -> Iterator[QEventLoop]:
    """A qasync loop on the test's QApplication. An `async def` test that asks for it runs on it."""
    from qasync import QEventLoop

    # The last window closed must not end the loop under a test that goes on.
    quits = qapp.quitOnLastWindowClosed()
    qapp.setQuitOnLastWindowClosed(False)
    loop = QEventLoop(qapp)
    asyncio.set_event_loop(loop)
    try:
        yield loop
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
        asyncio.set_event_loop(None)
        qapp.setQuitOnLastWindowClosed(quits)


@pytest.fixture
def screen(nothing_left_behind: None) -> Iterator[str]:
    """The name of an X server of this test's own, for a Rowmill started as another process."""
    if not sys.platform.startswith("linux"):
        pytest.skip("Xvfb is there on Linux only")
    with own_screen() as display:
        yield display


@pytest.fixture(scope="session", autouse=True)
def no_strays() -> Iterator[None]:
    """No process outlives the run, also none that was detached on purpose (the practice server)."""
    yield
    homes = {str(home) for home in _HOMES}
    deadline = time.monotonic() + _PATIENCE_S
    while left := strays(homes):
        if time.monotonic() > deadline:
            for process in left.values():
                process.kill()
            pytest.fail("Processes outlived their tests:\n  " + "\n  ".join(left), pytrace=False)
        time.sleep(0.1)
