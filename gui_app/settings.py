"""The user's settings: each declared once, kept in one JSON file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, cast, overload

from gui_app import paths
from gui_app.errors import N_, StorageError, UserError

if TYPE_CHECKING:
    from gui_app.newest_written import NewestWritten

T = TypeVar("T")


class Setting(NamedTuple, Generic[T]):
    """One setting.

    Attributes:
        key: Its name in the file; never renamed.
        type: What a stored value must be. `int` takes no true/false.
        text: Its name in the settings dialog, a catalogue entry; "" for what the window remembers by itself.
        choices: The only values allowed. Empty: no such limit.
        choice_texts: The names of the choices, catalogue entries, in the same order; "" for one that names itself.
        minimum, maximum: The inclusive range of a number. None: open.
        accepts: A further check of the value's inside.
    """

    key: str
    type: type[T]
    default: T
    text: str = ""
    choices: tuple[T, ...] = ()
    choice_texts: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    accepts: Callable[[Any], bool] | None = None

    def allows(self, value: object) -> bool:
        """Whether the value can be kept."""
        if not isinstance(value, self.type) or (isinstance(value, bool) and self.type is not bool):
            return False
        if self.choices and value not in self.choices:
            return False
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if self.minimum is not None and value < self.minimum:
                return False
            if self.maximum is not None and value > self.maximum:
                return False
        return self.accepts is None or self.accepts(value)


MOST_AT_ONCE = 500
"""No more calls in flight than this, whatever is typed."""


def _are_ceilings(value: dict[Any, Any]) -> bool:
    return all(
        isinstance(name, str) and isinstance(n, int) and not isinstance(n, bool) and 1 <= n <= MOST_AT_ONCE
        for name, n in value.items()
    )


def _are_recent(value: list[Any]) -> bool:
    return all(
        isinstance(item, dict) and isinstance(item.get("path"), str) and isinstance(item.get("source", ""), str)
        for item in value
    )


def _are_texts(value: list[Any]) -> bool:
    return all(isinstance(item, str) for item in value)


LANGUAGE = Setting(
    "language", str, "system", N_("Language"), ("system", "en", "zh_CN"), (N_("Same as the system"), "", "")
)
THEME = Setting(
    "theme",
    str,
    "system",
    N_("Appearance"),
    ("system", "light", "dark"),
    (N_("Same as the system"), N_("Light"), N_("Dark")),
)
TEXT_SIZE = Setting(
    "text_size",
    str,
    "100",
    N_("Text size"),
    ("100", "125", "150", "200"),
    (N_("Normal"), N_("Larger"), N_("Large"), N_("Twice as large")),
)
"""In percent of the system's own."""
NOTIFY = Setting("notify", bool, True, N_("Tell me when a long job ends"))
BACKGROUND = Setting("background", bool, False, N_("Keep running when the window is closed"))
ASK_IDENTICAL_ONCE = Setting("ask_identical_once", bool, True, N_("Ask identical rows only once"))
FIRST_ROW_HEADER = Setting(
    "first_row_header",
    str,
    "detect",
    N_("First row of a file"),
    ("detect", "header", "data"),
    (N_("Detect automatically"), N_("Holds the column names"), N_("Is data already")),
)
CONCURRENCY = Setting[dict[str, int]](
    "concurrency", dict, {}, N_("Most calls at the same time, by provider"), accepts=_are_ceilings
)
"""By provider name. A provider that is not in it is "Automatic"."""
PROVIDER = Setting("provider", str, "practice")
MODELS = Setting[dict[str, str]]("models", dict, {}, accepts=lambda value: _are_texts([*value, *value.values()]))
"""The model last chosen, by provider name."""
BASE_URLS = Setting[dict[str, str]]("base_urls", dict, {}, accepts=lambda value: _are_texts([*value, *value.values()]))
"""The address last typed, by provider name. Typing it was the consent; none comes from a job or recipe file."""
EXPORT_FOLDER = Setting("export_folder", str, "")
EXPORT_KIND = Setting("export_kind", str, "xlsx", choices=("xlsx", "csv", "json"))
OPEN_FOLDER = Setting("open_folder", str, "")
WINDOW_GEOMETRY = Setting("window_geometry", str, "")
"""What Qt saves of it, in base64. "": never opened."""
WINDOW_LAYOUT = Setting("window_layout", str, "")
SEEN = Setting[dict[str, str]]("seen", dict, {}, accepts=lambda value: _are_texts([*value, *value.values()]))
"""The state each job was last seen in, by its path: what has changed since is told as "while you were away"."""
RECENT = Setting[list[dict[str, str]]]("recent", list, [], accepts=_are_recent)
"""Newest first: {"path": the job file, "source": the table it came from}."""
MOST_RECENT = 50
QUEUE = Setting[list[str]]("queue", list, [], accepts=_are_texts)
"""The job files that wait for their turn, the next one first."""

ALL: tuple[Setting[Any], ...] = (
    LANGUAGE,
    THEME,
    TEXT_SIZE,
    NOTIFY,
    BACKGROUND,
    ASK_IDENTICAL_ONCE,
    FIRST_ROW_HEADER,
    CONCURRENCY,
    PROVIDER,
    MODELS,
    BASE_URLS,
    EXPORT_FOLDER,
    EXPORT_KIND,
    OPEN_FOLDER,
    WINDOW_GEOMETRY,
    WINDOW_LAYOUT,
    SEEN,
    RECENT,
    QUEUE,
)
_BY_KEY = {setting.key: setting for setting in ALL}


class Settings:
    """The settings of one user. Not shared between threads.

    Attributes:
        notice: Why the file could not be used, for the window to show once; None when all is well.
        failed: Told of what `save_soon` could not save, on a thread of its own.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._values: dict[str, Any] = {}
        self.notice: UserError | None = None
        self.failed: Callable[[StorageError], object] | None = None
        self._writing: NewestWritten[dict[str, Any]] | None = None

    @classmethod
    def load(cls, path: Path | None = None) -> Settings:
        """Read the file. What is missing or not allowed has its default; this never fails.

        A file that is not JSON is set aside under another name, so that saving does not overwrite it.

        Args:
            path: None means the user's own, `paths.config_file()`.
        """
        settings = cls(path)
        try:
            settings._path = path or paths.config_file()
            text = settings._path.read_text("utf-8")
        except FileNotFoundError:
            return settings
        except StorageError as error:
            settings.notice = error
            return settings
        except (OSError, UnicodeDecodeError) as error:
            settings._set_aside(error)
            return settings
        try:
            values = json.loads(text)
            if not isinstance(values, dict):
                raise ValueError("not an object")
        except (ValueError, RecursionError) as error:
            settings._set_aside(error)
            return settings
        # Keys of a later version are kept as they are.
        settings._values = values
        return settings

    @overload
    def get(self, setting: Setting[T]) -> T: ...
    @overload
    def get(self, setting: str) -> Any: ...
    def get(self, setting: Setting[Any] | str) -> Any:
        """The value, or the default. Lists and dicts are copies: change them with `set`."""
        declared = _declared(setting)
        value = self._values.get(declared.key, declared.default)
        if not declared.allows(value):
            value = declared.default
        return json.loads(json.dumps(value)) if isinstance(value, (dict, list)) else value

    @overload
    def set(self, setting: Setting[T], value: T) -> None: ...
    @overload
    def set(self, setting: str, value: Any) -> None: ...
    def set(self, setting: Setting[Any] | str, value: Any) -> None:
        """Change a value in memory; `save` and `save_soon` keep it.

        Raises:
            ValueError: The setting does not allow it. The dialog offers only what is allowed, so this is a mistake.
        """
        declared = _declared(setting)
        if not declared.allows(value):
            raise ValueError(f"{declared.key}: {value!r} is not allowed")
        self._values[declared.key] = value

    def remember_job(self, job: Path, source: Path | str = "") -> None:
        """Put a job at the top of the recent ones."""
        entry = {"path": str(job), "source": str(source)}
        others = [item for item in self.get(RECENT) if item["path"] != entry["path"]]
        self.set(RECENT, [entry, *others][:MOST_RECENT])

    def forget_job(self, job: Path) -> None:
        """Take a job out of the recent ones."""
        self.set(RECENT, [item for item in self.get(RECENT) if item["path"] != str(job)])

    def save(self) -> None:
        """Write the file, for whoever has no window to keep waiting. Where `save_soon` is used, this is not.

        Raises:
            StorageError: It cannot be written.
        """
        self._write(self._values)

    def save_soon(self) -> None:
        """Write the file as the settings are now, on a thread of its own; `failed` hears why it cannot be written.

        What is changed and saved while the disk is busy is written once it is not, all of it together.
        """
        if self._writing is None:
            from gui_app.newest_written import NewestWritten

            self._writing = NewestWritten(self._write_and_tell, "settings")
        # The values themselves are never changed, but set anew.
        self._writing.put(dict(self._values))

    def wait_saved(self, limit_s: float) -> bool:
        """Wait for what `save_soon` began. False: the disk takes longer than that."""
        return self._writing is None or self._writing.wait(limit_s)

    def _write_and_tell(self, values: Mapping[str, Any]) -> None:
        try:
            self._write(values)
        except StorageError as error:
            if (tell := self.failed) is not None:
                tell(error)

    def _write(self, values: Mapping[str, Any]) -> None:
        """Beside itself and renamed, so that there is a whole one at every moment."""
        import tempfile

        target = self._path or paths.config_file()
        # Escaped, because a file name that is not UTF-8 holds characters that cannot be written otherwise.
        text = json.dumps(values, indent=2, sort_keys=True) + "\n"
        temporary = ""
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(prefix=".settings-", suffix=".json", dir=target.parent)
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, target)
        except OSError as error:
            if temporary:
                Path(temporary).unlink(missing_ok=True)
            raise StorageError(
                N_("The settings cannot be saved in {file} ({reason}). They hold until Rowmill is closed."),
                file=str(target),
                reason=error.strerror or type(error).__name__,
            ) from None

    def _set_aside(self, error: Exception) -> None:
        path = cast(Path, self._path)
        aside = path.with_name(path.name + ".damaged")
        try:
            os.replace(path, aside)
        except OSError:
            aside = path
        self.notice = StorageError(
            N_(
                "The settings file could not be read ({reason}), so Rowmill starts with its first settings. "
                "The file was kept as {file}."
            ),
            reason=getattr(error, "strerror", None) or type(error).__name__,
            file=str(aside),
        )


def _declared(setting: Setting[Any] | str) -> Setting[Any]:
    return setting if isinstance(setting, Setting) else _BY_KEY[setting]
