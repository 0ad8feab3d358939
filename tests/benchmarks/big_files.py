"""Large tables and large jobs to measure with, made once and kept in build/benchmarks/files/."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import xlsxwriter

from gui_app.jobs import Scope
from gui_app.store import migrations
from gui_app.store.claims import JobWriter
from gui_app.store.imports import RowsWriter
from gui_app.store.job_file import create_job
from tests.benchmarks.peers.rowmill_run import recipe_for
from tests.benchmarks.reporting import FOLDER

FILES = FOLDER / "files"
COLUMNS = ["id", "date", "city", "stars", "text"]
_CITIES = ("Shanghai", "Lyon", "Boston", "東京", "São Paulo", "Kraków", "Nairobi")


def rows(count: int) -> Iterator[tuple[str, str, str, str, str]]:
    """Rows of 5 cells, about 130 characters each."""
    for number in range(1, count + 1):
        mixed = (number * 2_654_435_761) & 0xFFFFFFFF
        yield (
            f"{number:07}",
            f"2026-{1 + mixed % 12:02}-{1 + mixed % 28:02}",
            _CITIES[mixed % len(_CITIES)],
            str(1 + mixed % 5),
            f"row #{number}: came {mixed % 9} days late, but the thing works well and looks as pictured {mixed:x}",
        )


def csv_file(count: int) -> Path:
    """A CSV of so many rows."""
    path = FILES / f"{count}.csv"
    if not path.exists():
        FILES.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".part")
        with beside.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(rows(count))
        beside.rename(path)
    return path


def xlsx_file(count: int) -> Path:
    """An Excel file of so many rows."""
    path = FILES / f"{count}.xlsx"
    if not path.exists():
        FILES.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".part.xlsx")
        with xlsxwriter.Workbook(str(beside), {"constant_memory": True}) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, COLUMNS)
            for number, cells in enumerate(rows(count), start=1):
                sheet.write_row(number, 0, cells)
        beside.rename(path)
    return path


def job_file(count: int, *, answered: bool) -> Path:
    """A job of so many rows, waiting, or with nine tenths of them answered. Copy it before you change it."""
    path = FILES / f"{count}-{'answered' if answered else 'waiting'}-{_format()}.rowmill"
    if not path.exists():
        FILES.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".part")
        for stale in FILES.glob(f"{beside.name}*"):
            stale.unlink()
        create_job(beside, name="large")
        writer = RowsWriter(beside)
        writer.begin(COLUMNS, source_name="large.csv", import_settings={})
        waiting = rows(count)
        while batch := [(cells, "") for cells in islice(waiting, 5000)]:
            writer.add(batch)
        writer.finish()
        if answered:
            _answer(beside)
        beside.rename(path)
    return path


def _format() -> str:
    """Tells the job files of one state of the schema from those of another, before and after it was changed."""
    objects = sorted(map(str, migrations.expected_objects(migrations.LATEST)))
    return hashlib.blake2b("".join(objects).encode(), digest_size=4).hexdigest()


def copy_of(job: Path, target: Path) -> Path:
    """A copy that may be changed."""
    shutil.copyfile(job, target)
    return target


def _answer(job: Path) -> None:
    """What a run would have left, written in bulk: a run of a million rows takes many minutes."""
    owner = JobWriter(job)
    owner.recover()
    owner.begin_run(recipe_for("practice", None, "practice"), Scope(first=1), {"lane": "now"})
    owner.close()
    with closing(sqlite3.connect(job, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("BEGIN")
        values = [json.dumps({"label": label}) for label in ("good", "bad")]
        db.execute(
            "INSERT INTO attempts (row_id, version, lane, sent_at, ended_at, outcome, raw, field_values, model,"
            " input_tokens, output_tokens, cost_usd) SELECT row_id, 1, 0, 1.0, 2.0, 'done', '{}',"
            " iif(row_id % 3, ?, ?), 'practice', 60, 8, 0.0001 FROM status WHERE row_id % 10 <> 0 ORDER BY row_id",
            values,
        )
        db.execute(
            "UPDATE status SET state = iif(row_id % 10 = 9, 4, iif(row_id % 10 = 8, 3, 2)), version = 1, tries = 1,"
            " cause = iif(row_id % 10 = 9, 'refused', NULL),"
            " attempt_id = (SELECT a.attempt_id FROM attempts a WHERE a.row_id = status.row_id)"
            " WHERE row_id % 10 <> 0"
        )
        db.execute("UPDATE meta SET value = '\"paused\"' WHERE key = 'state'")
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
