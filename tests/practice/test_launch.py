"""The practice server as a process: started once, found again, ended in order."""

import errno
import json
import os
import shutil
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openai
import psutil
import pytest

from gui_app.errors import StorageError, UserError
from gui_app.practice import launch
from gui_app.practice.launch import ensure_running, find_running, read_state
from tests.helpers.disks import Ballast, small_disk
from tests.helpers.waiting import wait_until

COMMAND = (sys.executable, "-m", "gui_app.practice")


def alive(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def folder(tmp_path):
    """A home for a server; one that still runs there is ended."""
    path = tmp_path / "practice"
    yield path
    end_all(path)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """The home of a server that runs; tests that change nothing share it."""
    path = tmp_path_factory.mktemp("running")
    ensure_running(path, command=COMMAND)
    yield path
    end_all(path)


def end_all(folder):
    for process in servers_of(folder):
        process.terminate()
    wait_until(lambda: not any(alive(process.pid) for process in servers_of(folder)))


def servers_of(folder):
    """The servers started on a folder, told by their command line: the number in a state file may be anybody's."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "gui_app.practice" in words and str(folder) in words:
            found.append(process)
    return found


def server_of(folder):
    (process,) = servers_of(folder)
    assert process.pid == read_state(folder)["pid"]
    return process


def ended(folder):
    process = server_of(folder)
    process.terminate()
    wait_until(lambda: not alive(process.pid))


def test_a_server_is_started_once_and_found_again(running):
    first = ensure_running(running, command=COMMAND)
    assert first.base_url.startswith("http://127.0.0.1:")
    assert first.base_url.endswith("/v1")
    assert first.root_url + "/v1" == first.base_url
    assert ensure_running(running, command=("/nowhere/at/all",)) == first
    assert find_running(running) == first


def test_the_sdk_works_on_what_is_returned(running):
    server = ensure_running(running, command=COMMAND)
    with openai.OpenAI(base_url=server.base_url, api_key=server.token, max_retries=0) as client:
        assert client.responses.create(model="practice-instant", input="Hello.").output_text == "[practice] Hello."


def test_many_at_once_start_one(folder):
    with ThreadPoolExecutor(4) as pool:
        servers = set(pool.map(lambda _: ensure_running(folder, command=COMMAND), range(4)))
    assert len(servers) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions, priorities and sessions")
def test_it_belongs_to_nobody_steps_back_and_keeps_its_token_private(running):
    process = server_of(running)
    assert process.ppid() != os.getpid()
    assert os.getsid(process.pid) != os.getsid(0)
    assert process.nice() >= 10
    assert stat.S_IMODE((running / "server.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(running.stat().st_mode) == 0o700
    assert read_state(running)["token"] not in " ".join(process.cmdline())


def test_it_listens_on_loopback_only(running):
    listening = [c for c in server_of(running).net_connections() if c.status == "LISTEN"]
    assert {connection.laddr.ip for connection in listening} == {"127.0.0.1"}


def test_after_sigterm_it_comes_again_with_the_same_token(folder):
    first = ensure_running(folder, command=COMMAND)
    ended(folder)
    assert read_state(folder)["pid"] == 0
    assert find_running(folder) is None
    assert ensure_running(folder, command=COMMAND).token == first.token


def test_after_a_kill_it_comes_again(folder):
    first = ensure_running(folder, command=COMMAND)
    process = server_of(folder)
    process.kill()
    wait_until(lambda: not alive(process.pid))
    assert find_running(folder) is None
    assert ensure_running(folder, command=COMMAND).token == first.token


def test_a_state_file_of_another_program_is_not_believed(folder):
    folder.mkdir()
    (folder / "server.json").write_text(json.dumps({"port": 1, "token": "x", "pid": 999_999_999}))
    assert find_running(folder) is None
    assert ensure_running(folder, command=COMMAND).token == "x"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"port": "x"}', '{"port": 70000, "token": "x", "pid": 999999999}'])
def test_a_damaged_state_file_does_not_matter(folder, text):
    folder.mkdir()
    (folder / "server.json").write_text(text)
    assert find_running(folder) is None


def test_a_second_server_on_the_same_folder_leaves_again(running):
    pid = read_state(running)["pid"]
    assert subprocess.run([*COMMAND, "--home", str(running)], check=False, timeout=30).returncode == 0
    assert read_state(running)["pid"] == pid


def test_an_idle_server_ends_by_itself(folder):
    ensure_running(folder, command=(*COMMAND, "--idle-minutes", "0.005"))
    wait_until(lambda: read_state(folder)["pid"] == 0)


def test_a_server_that_does_not_start_is_told_with_its_last_words(folder):
    says = (sys.executable, "-c", "import sys; sys.exit('no room')")
    with pytest.raises(UserError, match="no room"):
        ensure_running(folder, command=says)


def test_a_folder_that_cannot_be_used_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="file"):
        ensure_running(tmp_path / "file" / "practice", command=COMMAND)


def test_the_home_is_the_apps_own_folder(home):
    assert launch.default_home().is_relative_to(home)


def test_launching_imports_nothing_heavy():
    code = (
        "import sys, gui_app.practice.launch; print([m for m in ('aiohttp', 'sqlite3', 'asyncio') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


UNINSTALLED = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from gui_app.practice import process
process.LOOK_EVERY_S = 0.1
sys.exit(process.main(sys.argv[1:]))
"""


def test_a_server_whose_program_was_uninstalled_ends(folder, tmp_path):
    installed = tmp_path / "installed"
    shutil.copytree(Path(launch.__file__).parents[1], installed / "gui_app", ignore=lambda *_: {"ui", "__pycache__"})
    ensure_running(folder, command=(sys.executable, "-c", UNINSTALLED, str(installed)))
    server = psutil.Process(read_state(folder)["pid"])
    # An update takes the file away for a moment.
    file = installed / "gui_app" / "practice" / "process.py"
    file.replace(file.with_suffix(".old"))
    file.with_suffix(".old").replace(file)
    time.sleep(0.5)
    assert server.is_running()
    shutil.rmtree(installed)
    wait_until(lambda: not server.is_running())
    assert read_state(folder)["pid"] == 0


def test_a_full_disk_is_named_and_not_waited_for(folder, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="is full") as told:
        ensure_running(folder, command=COMMAND)
    assert str(folder) in str(told.value)
    assert not servers_of(folder) and sorted(file.name for file in folder.iterdir()) == ["starting.lock"]


@pytest.mark.privileged
def test_a_disk_that_is_really_full_is_named_and_room_on_it_is_all_it_takes(tmp_path):
    with small_disk(tmp_path / "disk", "4m") as disk:
        ballast, folder = Ballast(disk), disk / "practice"
        folder.mkdir()
        ballast.fill()
        with pytest.raises(StorageError, match="is full"):
            ensure_running(folder, command=COMMAND)
        ballast.make_room()
        try:
            ensure_running(folder, command=COMMAND)
        finally:
            end_all(folder)
