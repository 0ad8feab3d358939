"""Answers kept for a newer version of a table: a row is found again by what it holds, never by where it stands."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from hashlib import blake2b
from pathlib import Path
from sqlite3 import Connection

from gui_app.errors import N_, JobFileError
from gui_app.jobs import JobState, Recipe, Scope
from gui_app.store import edits, job_file, parts
from gui_app.store.carried import Carried
from gui_app.store.claims import JobWriter
from gui_app.store.network import at_hand
from gui_app.store.packing import pack_cells, unpack_cells
from gui_app.store.places import complete_file

Uses = Callable[[Recipe, Sequence[str]], Sequence[tuple[int, str]]]
"""Where a recipe puts a table's cells into its prompt: (place in the text, name of the column) each."""


class FormerJob:
    """The job whose answers are kept, held so that nobody runs it meanwhile. It stays as it is.

    Args:
        uses: Tells which cells a recipe's prompt is made of.

    Raises:
        JobInUse: Somebody runs it.
        JobFileError: It cannot be used, or rows of it are out overnight.
        StorageError: Its file cannot be written.
    """

    def __init__(self, path: Path, uses: Uses) -> None:
        self.path = path
        self._uses = uses
        self._writer = JobWriter(path)
        try:
            # What a dead owner left running waits again, and is on record as possibly paid for.
            self._writer.recover()
            if parts.open_parts(self._writer):
                raise JobFileError(
                    N_("Rows of “{job}” are with the provider overnight. Collect or cancel them first."),
                    job=self.name,
                )
        except BaseException:
            self._writer.close()
            raise

    @property
    def name(self) -> str:
        """The job's name."""
        return str(job_file.get_meta(self._writer.db, "name", self.path.stem))

    def close(self) -> None:
        """Let go of it."""
        self._writer.close()

    def attach(self, db: Connection) -> None:
        """Let another job's connection read this one, as `former`. Not within a transaction."""
        # Nothing else in a job file has any business with another one.
        db.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 1)
        db.execute("ATTACH DATABASE ? AS former", (f"{self._writer.path.absolute().as_uri()}?mode=ro",))
        # A key for each row of a million: more than memory should hold.
        db.execute("PRAGMA temp_store = FILE")

    @contextmanager
    def _contents(self) -> Iterator[None]:
        # The newer job was just written by Rowmill: what does not fit is in the former one.
        try:
            with job_file.contents(self.path):
                yield
        except sqlite3.Error as error:
            if isinstance(error, sqlite3.IntegrityError) or "user-defined function raised" in str(error):
                raise job_file.damaged(self.path, str(error)) from error
            raise

    def carry_to(self, db: Connection) -> Carried:
        """Give the rows of a job that was just filled the answers that the same rows have here.

        Within the transaction that makes the job ready, so that no row can be sent before it has its answer.

        Raises:
            JobFileError: The newer table lacks a column that the task uses, or has none in common.
        """
        with self._contents():
            return self._carry_to(db)

    def _carry_to(self, db: Connection) -> Carried:
        old, new = _columns(db, "former"), _columns(db, "main")
        shared = [name for name in old if name in new]
        if not shared:
            raise JobFileError(
                N_("The newer file has no column of the former one. Choose a newer version of the same table.")
            )
        draft = job_file.get_meta(self._writer.db, "draft")
        task = None if draft is None else self._check_task(Recipe.from_json(draft), old, new)
        usable = self._usable(db, old, new)
        _prepare(db, old, new)
        whole = _keys(shared, old), _keys(shared, new)
        any_task = f"(s.version IS NULL OR s.version IN ({_listed(usable)}))"
        # What has nothing to give comes last: it must not take a new row's place from one that has its answer.
        _match(db, whole, f"{any_task} AND ({_SETTLED})", wholly=True)
        for columns in dict.fromkeys(filter(None, usable.values())):
            versions = [version for version, used in usable.items() if used == columns]
            keys = _keys(columns, old), _keys(columns, new)
            _match(db, keys, f"s.version IN ({_listed(versions)})", wholly=False)
        if task:
            _match(db, (_keys(task, old), _keys(task, new)), _ONLY_BY_HAND, wholly=False)
        _match(db, whole, any_task, wholly=True)
        _take_over(db, usable)
        _settle_without_hand(db)
        return self._told(db)

    def _usable(self, db: Connection, old: Sequence[str], new: Sequence[str]) -> dict[int, tuple[str, ...]]:
        """The recipe versions that make the same prompt of the same cells in both tables, and the columns they use."""
        found = {}
        for version, text in db.execute("SELECT version, recipe FROM former.recipe_versions ORDER BY version DESC"):
            columns = self._same_columns(Recipe.from_json(text), old, new)
            if columns is not None:
                found[int(version)] = columns
        return found

    def _check_task(self, recipe: Recipe, old: Sequence[str], new: Sequence[str]) -> tuple[str, ...]:
        """The columns of the task as it stands, which both tables must have."""
        columns = self._same_columns(recipe, old, new)
        if columns is not None:
            return columns
        missing = [name for _at, name in self._uses(recipe, old) if name not in new]
        if missing:
            raise JobFileError(
                N_("The newer file has no column “{column}”, which the task of the job uses. Choose another file."),
                column=missing[0],
            )
        raise JobFileError(
            N_("The newer file has a column that changes the prompt of the job. Start a new job from it.")
        )

    def _same_columns(self, recipe: Recipe, old: Sequence[str], new: Sequence[str]) -> tuple[str, ...] | None:
        before, after = list(self._uses(recipe, old)), list(self._uses(recipe, new))
        return tuple(sorted({name for _at, name in before})) if before == after else None

    def _told(self, db: Connection) -> Carried:
        def count(query: str) -> int:
            return int(db.execute(query).fetchone()[0])

        found = count("SELECT count(*) FROM temp.pairs")
        return Carried(
            rows=count("SELECT count(*) FROM main.status"),
            found=found,
            kept=count("SELECT count(*) FROM temp.pairs p JOIN main.status s ON s.row_id = p.new WHERE s.state > 1"),
            gone=count("SELECT count(*) FROM former.status") - found,
            hand_left=count("SELECT count(*) FROM temp.pairs WHERE hand AND NOT with_hand"),
            former=self.name,
        )


def create_successor(path: Path, former: Path) -> None:
    """Make an empty job with the name, the task and the window's notes of the one it follows.

    Raises:
        JobFileError: The former one cannot be used.
        StorageError: The new one cannot be written.
    """
    former = at_hand.to_read(former)
    other = job_file.open_checked(former, read_only=True)
    try:
        with job_file.storage_errors(former):
            kept = other.execute(
                "SELECT key, value FROM meta WHERE key IN ('name', 'draft') OR key LIKE 'note:%'"
            ).fetchall()
    finally:
        job_file.close_reader(other, former)
    with complete_file(path, replace=False) as beside, closing(job_file.connect(beside)) as db:
        job_file.make_empty(db, name=former.stem)
        with job_file.transaction(db, path):
            db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", kept)


def forget_former(db: Connection) -> None:
    """Undo of `FormerJob.attach`. Not within a transaction."""
    for table in ("old_keys", "new_keys", "pairs", "owners"):
        db.execute(f"DROP TABLE IF EXISTS temp.{table}")
    db.execute("DETACH DATABASE former")
    db.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)


def _columns(db: Connection, schema: str) -> tuple[str, ...]:
    return tuple(str(name) for (name,) in db.execute(f"SELECT name FROM {schema}.columns ORDER BY position"))


def _listed(versions: Collection[int]) -> str:
    return ", ".join(str(int(version)) for version in versions)


def _keys(columns: Sequence[str], table: Sequence[str]) -> str:
    """Positions of the columns in a table, as `row_key` takes them."""
    return ",".join(str(table.index(name)) for name in columns)


def _row_key(packed: str, positions: str) -> bytes:
    cells = unpack_cells(packed)
    chosen = pack_cells([cells[int(at)] for at in positions.split(",") if at])
    return blake2b(chosen.encode("utf-8", "surrogatepass"), digest_size=16).digest()


_BY_HAND = "EXISTS (SELECT 1 FROM former.hand_values h WHERE h.row_id = s.row_id)"
_ONLY_BY_HAND = f"s.version IS NULL AND {_BY_HAND}"
_SETTLED = f"s.state > 1 OR {_BY_HAND}"


def _prepare(db: Connection, old: Sequence[str], new: Sequence[str]) -> None:
    db.create_function("row_key", 2, _row_key, deterministic=True)
    # hand: what was made by hand of the former row, NULL for nothing. with_hand: it goes with the answer.
    # wholly: every cell that both tables have is the same, not only those that the prompt is made of.
    db.execute("CREATE TEMP TABLE old_keys (key BLOB, row_id INTEGER, worth INTEGER, hand TEXT)")
    db.execute("CREATE TEMP TABLE new_keys (key BLOB, row_id INTEGER)")
    db.execute(
        "CREATE TEMP TABLE pairs (new INTEGER PRIMARY KEY, old INTEGER UNIQUE, hand INTEGER, with_hand INTEGER, "
        "wholly INTEGER)"
    )
    db.execute("CREATE TEMP TABLE owners (attempt_id INTEGER PRIMARY KEY, row_id INTEGER)")
    db.execute("CREATE INDEX temp.old_by_key ON old_keys (key)")
    db.execute("CREATE INDEX temp.new_by_key ON new_keys (key)")


_HAND = """
    CASE WHEN EXISTS (SELECT 1 FROM former.hand_values h WHERE h.row_id = s.row_id)
           OR EXISTS (SELECT 1 FROM former.approvals p WHERE p.row_id = s.row_id)
    THEN (SELECT json_group_array(h.field || char(0) || h.value) FROM
            (SELECT field, value FROM former.hand_values WHERE row_id = s.row_id ORDER BY field) h)
         || EXISTS (SELECT 1 FROM former.approvals p WHERE p.row_id = s.row_id) END
"""

# Rows that look alike are paired in file order. Where fewer are left than there were, those with more to lose go first.
# What was made by hand goes along only where it is plain whose it is: with rows that look alike in the cells of the
# prompt, when all have the same; with rows that are alike altogether, also when there are as many as before.
_PAIR = """
    INSERT INTO temp.pairs
    WITH alike AS (
        SELECT key, count(*) AS olds, count(DISTINCT ifnull(hand, '')) AS hands,
               (SELECT count(*) FROM temp.new_keys n WHERE n.key = o.key) AS news
        FROM temp.old_keys o GROUP BY key
    ), olds AS (
        SELECT o.key, o.row_id, o.hand, g.hands = 1 OR (:wholly AND g.olds = g.news) AS plain,
               row_number() OVER (
                   PARTITION BY o.key ORDER BY CASE WHEN g.olds > g.news THEN -o.worth ELSE 0 END, o.row_id
               ) AS place
        FROM temp.old_keys o JOIN alike g ON g.key = o.key WHERE g.news > 0
    ), news AS (
        SELECT key, row_id, row_number() OVER (PARTITION BY key ORDER BY row_id) AS place FROM temp.new_keys
    )
    SELECT n.row_id, o.row_id, o.hand IS NOT NULL, o.hand IS NOT NULL AND o.plain, :wholly
    FROM olds o JOIN news n ON n.key = o.key AND n.place = o.place
"""


def _match(db: Connection, keys: tuple[str, str], condition: str, *, wholly: bool) -> None:
    """Pair the rows of both tables that hold the same in some columns, and have no pair yet."""
    db.execute("DELETE FROM temp.old_keys")
    db.execute("DELETE FROM temp.new_keys")
    db.execute(
        f"INSERT INTO temp.old_keys SELECT row_key(c.cells, ?), s.row_id, "
        f"8 * ({_HAND} IS NOT NULL) + 4 * (s.state = 2) + 2 * (s.state = 3) + (s.state = 4), {_HAND} "
        "FROM former.status s JOIN former.cells c ON c.row_id = s.row_id "
        f"WHERE s.row_id NOT IN (SELECT old FROM temp.pairs) AND {condition} ORDER BY s.row_id",
        (keys[0],),
    )
    db.execute(
        "INSERT INTO temp.new_keys SELECT row_key(cells, ?), row_id FROM main.cells "
        "WHERE row_id NOT IN (SELECT new FROM temp.pairs) ORDER BY row_id",
        (keys[1],),
    )
    db.execute(_PAIR, {"wholly": wholly})


def _take_over(db: Connection, usable: Collection[int]) -> None:
    _own_attempts(db)
    versions = _listed(usable)
    names = [row[1] for row in db.execute("PRAGMA main.table_info(attempts)") if row[1] != "row_id"]
    listed = ", ".join(names)
    db.execute("INSERT INTO main.recipe_versions SELECT * FROM former.recipe_versions")
    db.execute(
        f"INSERT INTO main.attempts (row_id, {listed}) SELECT o.row_id, {', '.join(f'a.{name}' for name in names)} "
        "FROM temp.owners o JOIN former.attempts a ON a.attempt_id = o.attempt_id ORDER BY a.attempt_id"
    )
    db.execute(
        "INSERT INTO main.hand_values SELECT p.new, h.field, h.value, h.edited_at FROM temp.pairs p "
        "JOIN former.hand_values h ON h.row_id = p.old WHERE p.with_hand"
    )
    db.execute(
        "INSERT INTO main.approvals SELECT p.new, a.approved_at FROM temp.pairs p "
        "JOIN former.approvals a ON a.row_id = p.old WHERE p.with_hand"
    )
    db.execute(_STATES)
    # An attempt is numbered after the last one there is: less than a row that waits for a newer one may ask for.
    db.execute(
        "UPDATE main.status SET share_from = min(share_from, "
        "(SELECT ifnull(max(attempt_id), 0) + 1 FROM main.attempts)) WHERE share_from > 0"
    )
    db.execute(_PROMPTS.format(versions=versions))
    _put_state(db)


def _own_attempts(db: Connection) -> None:
    # A row that is alike only in the cells of its last prompt has had other prompts under other recipes.
    db.execute(
        "INSERT INTO temp.owners SELECT a.attempt_id, p.new FROM temp.pairs p "
        "JOIN former.attempts a ON a.row_id = p.old JOIN former.status s ON s.row_id = p.old "
        "WHERE p.wholly OR a.version = s.version"
    )
    # Where the row that was asked is gone, the first of those that share its answer stands in for it.
    db.execute(
        "INSERT OR IGNORE INTO temp.owners SELECT s.attempt_id, min(p.new) FROM temp.pairs p "
        "JOIN former.status s ON s.row_id = p.old WHERE s.attempt_id IS NOT NULL GROUP BY s.attempt_id"
    )


_STATES = """
    UPDATE main.status SET (state, version, lane, cause, detail, attempt_id, source_row_id, share_from, unknown) = (
        SELECT f.state, f.version, CASE WHEN f.state > 1 THEN f.lane ELSE 0 END, f.cause, f.detail, f.attempt_id,
               nullif(o.row_id, p.new), f.share_from, f.unknown
        FROM temp.pairs p JOIN former.status f ON f.row_id = p.old
        LEFT JOIN temp.owners o ON o.attempt_id = f.attempt_id WHERE p.new = status.row_id
    ) WHERE row_id IN (SELECT new FROM temp.pairs)
"""

# Who was asked a prompt, so that a new row with the very same one shares the answer instead of being paid for.
_PROMPTS = """
    INSERT OR IGNORE INTO main.prompts_asked
    SELECT q.version, q.digest, p.new FROM former.prompts_asked q JOIN temp.pairs p ON p.old = q.row_id
    JOIN former.status s ON s.row_id = q.row_id
    WHERE q.version IN ({versions}) AND (p.wholly OR q.version = s.version)
    UNION ALL
    SELECT q.version, q.digest, o.row_id FROM former.prompts_asked q
    JOIN former.status s ON s.row_id = q.row_id AND s.version = q.version
    JOIN temp.owners o ON o.attempt_id = s.attempt_id
    WHERE q.version IN ({versions}) AND q.row_id NOT IN (SELECT old FROM temp.pairs)
"""


def _settle_without_hand(db: Connection) -> None:
    """Rows whose answer by hand was left behind have the model's, or wait."""
    for (row_id,) in db.execute("SELECT new FROM temp.pairs WHERE hand AND NOT with_hand").fetchall():
        db.execute(edits.SETTLE, {"row_id": row_id})


def _put_state(db: Connection) -> None:
    run = db.execute("SELECT value FROM former.meta WHERE key = 'run'").fetchone()
    state = JobState.DRAFT
    if run is not None:
        db.execute(
            "INSERT OR REPLACE INTO main.meta VALUES ('run', json_set(?, '$.scope', json(?)))",
            (run[0], json.dumps(Scope().to_dict())),
        )
        left = db.execute("SELECT EXISTS (SELECT 1 FROM main.status WHERE state = 0)").fetchone()[0]
        state = JobState.PAUSED if left else JobState.FINISHED
    job_file.put_meta(db, state=state.value)
