"""The job files there are: listed, named, copied, taken away and brought back. Runs on a thread of its own."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from gui_app.errors import N_, JobInUse, StorageError
from gui_app.paths import JOB_SUFFIX
from gui_app.store.carry import create_successor
from gui_app.store.copies import JobGlance, duplicate_job, job_glance, save_copy
from gui_app.store.edits import JobEditor
from gui_app.store.job_file import create_job
from gui_app.store.network import copy_back, working_copy
from gui_app.store.reading.queries import JobReader
from gui_app.ui.jobs_list.elsewhere import Elsewhere

_ASIDE = ".deleted"
_BESIDE = ("", "-wal", "-shm")


class JobShelf:
    """The jobs folder, and job files that lie elsewhere and were opened lately."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._elsewhere = Elsewhere(_found_elsewhere)

    def close(self) -> None:
        """Nothing is held open."""

    def entries(self, elsewhere: Iterable[Path]) -> list[JobGlance]:
        """All jobs, the last changed first."""
        here = dict.fromkeys(self._folder.glob(f"*{JOB_SUFFIX}"))
        there = dict.fromkeys(path for path in elsewhere if path not in here)
        found = [*map(_glance, here), *self._elsewhere.look(there)]
        return sorted(found, key=lambda glance: -glance.updated_at)

    def new_path(self, name: str) -> Path:
        """A free file name for a new job."""
        stem = re.sub(r"[^\w\- ]+", "-", name).strip(" -.")[:60] or "job"
        if stem.split(".")[0].upper() in _RESERVED:
            stem = f"{stem}-job"
        path = self._folder / f"{stem}{JOB_SUFFIX}"
        at = 2
        while any(Path(f"{path}{end}").exists() for end in _BESIDE):
            path = self._folder / f"{stem}-{at}{JOB_SUFFIX}"
            at += 1
        return path

    def create(self, name: str) -> Path:
        """An empty job."""
        path = self.new_path(name)
        create_job(path, name=name)
        return path

    def rename(self, path: Path, name: str) -> None:
        """Give a job another name; its file keeps its own."""
        with closing(JobEditor(path)) as editor:
            editor.rename(name)

    def follow(self, former: Path) -> tuple[Path, dict[str, object]]:
        """An empty job for a newer version of a job's table, with its name and task.

        Returns:
            Where it lies, and how the former table was read as far as that holds for a newer one.
        """
        with closing(JobReader(former)) as reader:
            summary = reader.summary()
        target = self.new_path(summary.name)
        create_successor(target, former)
        read_as = summary.import_settings
        kept = {"header": read_as.get("header"), "unnamed": read_as.get("unnamed")}
        if len(summary.sheets) > 1:
            kept["sheet"] = read_as.get("sheet")
        return target, {name: value for name, value in kept.items() if value is not None}

    def archive(self, path: Path, archived: bool) -> None:
        """Put a job away, or take it out again; its file stays where it is."""
        with closing(JobEditor(path)) as editor:
            editor.archive(archived)

    def duplicate(self, path: Path, name: str, *, with_answers: bool) -> Path:
        """A copy of table and recipe, and of the answers if wanted."""
        target = self.new_path(name)
        duplicate_job(path, target, with_answers=with_answers, name=name)
        return target

    def save_copy(self, path: Path, target: Path) -> None:
        """A copy of a job as it is at this moment, also while it runs."""
        save_copy(path, target)

    def set_aside(self, path: Path) -> Path:
        """Take a job out of the list, so that it can be brought back. Returns where it lies now."""
        if job_glance(path).owner is not None:
            raise JobInUse(N_("“{file}” is running. Stop it before you delete it."), file=path.name)
        copy_back.settle(path)
        folder = path.parent / _ASIDE
        target = folder / f"{uuid.uuid4().hex[:8]}-{path.name}"
        self._move(path, target)
        working_copy.forget(path)
        return target

    def bring_back(self, aside: Path, path: Path) -> None:
        """Undo of `set_aside`."""
        self._move(aside, path)

    def delete_aside(self) -> None:
        """Delete for good what was set aside, when nobody can press Undo any more."""
        folder = self._folder / _ASIDE
        for path in folder.glob("*") if folder.is_dir() else ():
            path.unlink(missing_ok=True)

    def forget(self, aside: Path) -> None:
        """Delete for good."""
        for end in _BESIDE:
            Path(f"{aside}{end}").unlink(missing_ok=True)

    @staticmethod
    def _move(source: Path, target: Path) -> None:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            # The file itself last: until then the job is whole in its old place.
            for end in reversed(_BESIDE):
                part = Path(f"{source}{end}")
                if part.exists():
                    os.replace(part, f"{target}{end}")
        except OSError as error:
            raise StorageError(
                N_("“{file}” cannot be moved ({reason}). Check that its folder can be written."),
                file=source.name,
                reason=error.strerror or type(error).__name__,
            ) from None


def _is_there(path: Path) -> bool:
    # Of a job whose share is away, all that is new may lie here.
    return path.exists() or ((here := working_copy.copy_of(path)) is not None and working_copy.is_ahead(here))


def _found_elsewhere(path: Path) -> JobGlance | None:
    return _glance(path) if _is_there(path) else None


def _glance(path: Path) -> JobGlance:
    glance = job_glance(path)
    if glance.error is None:
        return glance
    try:
        return replace(glance, updated_at=path.stat().st_mtime)
    except OSError:
        return glance


_RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{name}{n}" for name in ("COM", "LPT") for n in range(1, 10))}
