"""A worker that says what it does, for a test that kills it: `python mortal_worker.py JOB ROWS`.

Lines: `imported`; `sent ID` before a call would go out; `kept ID` once the answer is acknowledged; `end`.
"""

from __future__ import annotations

import sys
import time
from contextlib import closing
from pathlib import Path

from gui_app.jobs import Scope
from gui_app.store.claims import JobWriter
from gui_app.store.imports import RowsWriter
from gui_app.store.job_file import create_job
from gui_app.store.reading.queries import JobReader
from tests.store.making import RECIPE, done, each_alone, sent_ids


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def import_table(path: Path, rows: int) -> None:
    if not path.exists():
        create_job(path, name="mortal")
    with closing(JobReader(path)) as reader:
        if reader.summary().import_done:
            return
    writer = RowsWriter(path)
    writer.begin(["text"], source_name="t", import_settings={})
    for start in range(1, rows + 1, 50):
        writer.add([([f"text {row_id}"], "") for row_id in range(start, start + 50)])
    writer.finish()


def work(path: Path) -> None:
    with closing(JobWriter(path)) as writer:
        writer.recover()
        version = writer.begin_run(RECIPE, Scope(), {})
        out: list[int] = []
        while True:
            outcomes = [done(row_id, version, value=f"answer {row_id}") for row_id in out]
            claimed = writer.exchange(outcomes, 7, version, each_alone)
            for row_id in out:
                say("kept", row_id)
            out = sent_ids(claimed)
            # So that the killer's chances are spread over the whole way.
            time.sleep(0.002)
            for row_id in out:
                say("sent", row_id)
            if not out and not writer.look_again():
                break


if __name__ == "__main__":
    job = Path(sys.argv[1])
    say("started")
    import_table(job, int(sys.argv[2]))
    say("imported")
    work(job)
    say("end")
