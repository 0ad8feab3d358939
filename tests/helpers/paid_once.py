"""An independent look at a night: from the job file and the server's journal alone, with no line of Rowmill's.

`python tests/helpers/paid_once.py JOB.rowmill PRACTICE.sqlite3` prints what is wrong, and nothing when all is well.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

DONE = 2


def wrong(job: Path, journal: Path) -> list[str]:
    """Every row that is not answered exactly once with its own answer, or was paid for more or less than once."""
    with closing(sqlite3.connect(job)) as db:
        rows = db.execute(
            "SELECT c.row_id, c.cells, s.state, a.field_values, a.raw, a.row_id FROM cells c "
            "JOIN status s ON s.row_id = c.row_id LEFT JOIN attempts a ON a.attempt_id = s.attempt_id"
        ).fetchall()
        kept = Counter(row_id for (row_id,) in db.execute("SELECT row_id FROM attempts"))
        nonces = {nonce for (nonce,) in db.execute("SELECT nonce FROM parts")}
        out = db.execute("SELECT count(*) FROM parts WHERE state IN ('sending','sent','cancelling','ended')").fetchone()
    with closing(sqlite3.connect(journal)) as db:
        ids = [custom_id for (custom_id,) in db.execute("SELECT custom_id FROM journal WHERE status = 200")]
    # Ours are told by their part's mark, and the row by the number behind it.
    paid = Counter(int(row) for mark, _, row in (custom_id.rpartition("-") for custom_id in ids) if mark in nonces)
    found = []
    for row_id, cells, state, values, raw, asked_row in rows:
        text = json.loads(cells)[0]
        if state != DONE:
            found.append(f"row {row_id} is in state {state}")
        elif text not in str(json.loads(values or "{}")) or text not in str(raw) or asked_row != row_id:
            found.append(f"row {row_id} has another row's answer")
        if kept[row_id] != 1:
            found.append(f"row {row_id} has {kept[row_id]} attempts on record")
        if paid[row_id] != 1:
            found.append(f"row {row_id} was answered and paid {paid[row_id]} times")
    found += [f"row {row_id} was paid and is in no job" for row_id in paid.keys() - {row[0] for row in rows}]
    if out[0]:
        found.append(f"{out[0]} parts are still out")
    return found


if __name__ == "__main__":
    problems = wrong(Path(sys.argv[1]), Path(sys.argv[2]))
    print("\n".join(problems))
    sys.exit(bool(problems))
