"""The settings: declared once, kept in a file that is whole at every moment, never in the way."""

from __future__ import annotations

import json
import os
import threading

import pytest

from gui_app import paths, settings
from gui_app.errors import StorageError
from gui_app.sentences import explain
from gui_app.settings import ALL, CONCURRENCY, LANGUAGE, NOTIFY, RECENT, THEME, Settings


def test_without_a_file_everything_has_its_default():
    loaded = Settings.load()
    assert loaded.notice is None
    assert all(loaded.get(setting) == setting.default for setting in ALL)


def test_what_was_saved_is_there_next_time():
    first = Settings.load()
    first.set(LANGUAGE, "zh_CN")
    first.set(NOTIFY, False)
    first.set(CONCURRENCY, {"openai": 20})
    first.save()
    second = Settings.load()
    assert (second.get(LANGUAGE), second.get(NOTIFY), second.get(CONCURRENCY)) == ("zh_CN", False, {"openai": 20})


def test_a_setting_is_found_by_its_key_too():
    loaded = Settings.load()
    loaded.set("theme", "dark")
    assert loaded.get("theme") == loaded.get(THEME) == "dark"
    with pytest.raises(KeyError):
        loaded.get("no_such_setting")


def test_every_default_is_allowed_and_every_key_is_its_own():
    assert all(setting.allows(setting.default) for setting in ALL)
    assert len({setting.key for setting in ALL}) == len(ALL)
    declared = [value for value in vars(settings).values() if isinstance(value, settings.Setting)]
    assert set(map(id, declared)) == set(map(id, ALL))


def test_every_choice_has_a_name():
    assert all(len(setting.choice_texts) in (0, len(setting.choices)) for setting in ALL)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("language", "tlh"),
        ("language", 5),
        ("notify", 1),
        ("notify", "yes"),
        ("concurrency", {"openai": 0}),
        ("concurrency", {"openai": True}),
        ("concurrency", {"openai": 10**9}),
        ("concurrency", [20]),
        ("recent", [{"source": "a.csv"}]),
        ("recent", ["a.rowmill"]),
        ("window_geometry", None),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_and_in_the_file_ignored(key, value):
    loaded = Settings.load()
    with pytest.raises(ValueError, match=key):
        loaded.set(key, value)
    paths.config_file().write_text(json.dumps({key: value, "theme": "dark"}), "utf-8")
    from_file = Settings.load()
    assert from_file.notice is None
    assert from_file.get(key) == Settings().get(key)
    assert from_file.get(THEME) == "dark"


def test_keys_of_a_later_version_are_kept():
    paths.config_file().write_text('{"from_the_future": [1, 2], "theme": "dark"}', "utf-8")
    loaded = Settings.load()
    loaded.set(LANGUAGE, "en")
    loaded.save()
    assert json.loads(paths.config_file().read_text("utf-8"))["from_the_future"] == [1, 2]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe\x00", b"[" * 100_000])
def test_a_damaged_file_is_set_aside_and_said(content):
    file = paths.config_file()
    file.write_bytes(content)
    loaded = Settings.load()
    assert loaded.get(THEME) == "system"
    assert loaded.notice is not None
    assert "settings.json.damaged" in explain(loaded.notice)
    assert file.with_name("settings.json.damaged").read_bytes() == content
    loaded.save()
    assert Settings.load().notice is None


def test_saving_leaves_one_file_and_keeps_the_old_one_when_it_fails(tmp_path):
    loaded = Settings.load()
    loaded.save()
    assert [path.name for path in paths.config_file().parent.iterdir()] == ["settings.json"]
    (tmp_path / "in-the-way").write_text("")
    lost = Settings.load(tmp_path / "in-the-way" / "settings.json")
    with pytest.raises(StorageError) as caught:
        lost.save()
    assert "cannot be saved" in explain(caught.value)


def test_a_home_that_cannot_be_used_is_no_reason_not_to_start(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ROWMILL_HOME", str(tmp_path / "file"))
    loaded = Settings.load()
    assert loaded.get(LANGUAGE) == "system"
    assert loaded.notice is not None


def test_lists_and_dicts_are_copies():
    loaded = Settings.load()
    loaded.get(RECENT).append({"path": "x"})
    loaded.get(CONCURRENCY)["openai"] = 3
    assert (loaded.get(RECENT), loaded.get(CONCURRENCY)) == ([], {})
    assert (RECENT.default, CONCURRENCY.default) == ([], {})


def test_recent_jobs_are_newest_first_once_each_and_not_too_many(tmp_path):
    loaded = Settings.load()
    for n in [*range(60), 30]:
        loaded.remember_job(tmp_path / f"{n}.rowmill", f"{n}.csv")
    recent = loaded.get(RECENT)
    assert len(recent) == settings.MOST_RECENT
    assert recent[0] == {"path": str(tmp_path / "30.rowmill"), "source": "30.csv"}
    assert [item["path"] for item in recent].count(str(tmp_path / "30.rowmill")) == 1
    loaded.forget_job(tmp_path / "30.rowmill")
    assert len(loaded.get(RECENT)) == settings.MOST_RECENT - 1


@pytest.mark.skipif(os.name != "posix", reason="file names that are not UTF-8")
def test_a_file_name_that_is_not_utf8_survives():
    name = os.fsdecode(b"/tmp/\xff\xfe.csv")
    loaded = Settings.load()
    loaded.set("export_folder", name)
    loaded.save()
    assert Settings.load().get("export_folder") == name


def test_whoever_changes_a_setting_does_not_wait_for_a_slow_disk(monkeypatch):
    let = threading.Event()
    flushed = []

    def slow(handle):
        flushed.append(threading.current_thread())
        assert let.wait(30)

    monkeypatch.setattr(os, "fsync", slow)
    loaded = Settings.load()
    for theme in ("dark", "light", "dark"):
        loaded.set(THEME, theme)
        loaded.save_soon()
    assert not loaded.wait_saved(0.0)
    loaded.set(LANGUAGE, "zh_CN")
    loaded.save_soon()
    loaded.set(NOTIFY, False)
    let.set()
    assert loaded.wait_saved(30)
    again = Settings.load()
    assert (again.get(THEME), again.get(LANGUAGE)) == ("dark", "zh_CN")
    assert again.get(NOTIFY), "it was changed after the last save"
    assert len(flushed) <= 2
    assert threading.current_thread() not in flushed
    assert [path.name for path in paths.config_file().parent.iterdir()] == ["settings.json"]


def test_what_cannot_be_saved_on_the_thread_is_told(tmp_path):
    (tmp_path / "in-the-way").write_text("")
    lost = Settings.load(tmp_path / "in-the-way" / "settings.json")
    lost.save_soon()
    assert lost.wait_saved(30)
    told: list[StorageError] = []
    lost.failed = told.append
    for _ in range(2):
        lost.save_soon()
        assert lost.wait_saved(30)
    assert ["cannot be saved" in explain(error) for error in told] == [True, True]


def test_nothing_saved_is_nothing_to_wait_for():
    assert Settings.load().wait_saved(30)
