"""The tables of a job file, as migration 1 makes them."""

from __future__ import annotations

from gui_app.jobs import Lane, RowState

APPLICATION_ID = 0x524F574D
"""`ROWM`: tells a job file from any other SQLite file."""

STATE_CODES = {
    RowState.WAITING: 0,
    RowState.RUNNING: 1,
    RowState.DONE: 2,
    RowState.NEEDS_REVIEW: 3,
    RowState.FAILED: 4,
}
STATES = {code: state for state, code in STATE_CODES.items()}
LANE_CODES = {Lane.NOW: 0, Lane.OVERNIGHT: 1}
LANES = {code: lane for lane, code in LANE_CODES.items()}

FOLLOWS = -1.0
"""`not_before` of a row that waits for an identical one's reply."""

COUNTS = "SELECT waiting, running, done, needs_review, failed FROM counts"
STANDING = "SELECT waiting, running, done, needs_review, failed, totals.cost_usd FROM counts, totals"

# Cells never change after the import and may be large, status changes with every reply and is small:
# two tables, so that a reply rewrites a few bytes and not a page of somebody's text.
#
# status.not_before: 0 may be sent now, more than 0 waits for its retry until then, FOLLOWS waits for the identical
#   row named in `follows`. One index then holds the rows that can be taken apart from those that cannot.
# status.share_from: the oldest attempt this row may be given from an identical one, or count as its own; set past the
#   last attempt when the row is asked again, so that "again" never brings an old answer back.
# status.source_row_id: whose request `attempt_id` is, when not this row's own.
V1 = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE columns (position INTEGER PRIMARY KEY, name TEXT NOT NULL);

CREATE TABLE cells (
    row_id INTEGER PRIMARY KEY,
    cells TEXT NOT NULL,
    marks TEXT NOT NULL DEFAULT ''
);

CREATE TABLE status (
    row_id INTEGER PRIMARY KEY,
    state INTEGER NOT NULL DEFAULT 0,
    not_before REAL NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    first_sent_at REAL,
    version INTEGER,
    lane INTEGER NOT NULL DEFAULT 0,
    cause TEXT,
    detail TEXT NOT NULL DEFAULT '',
    attempt_id INTEGER,
    source_row_id INTEGER,
    follows INTEGER,
    share_from INTEGER NOT NULL DEFAULT 0,
    unknown INTEGER NOT NULL DEFAULT 0,
    reserved_usd REAL,
    sent_at REAL,
    part_id INTEGER
);
CREATE INDEX status_by_state ON status (state, not_before, row_id);
CREATE INDEX status_by_cause ON status (cause, state) WHERE cause IS NOT NULL;
CREATE INDEX status_unknown ON status (row_id) WHERE unknown = 1;
CREATE INDEX status_by_follows ON status (follows) WHERE follows IS NOT NULL;
CREATE INDEX status_by_source ON status (source_row_id) WHERE source_row_id IS NOT NULL;
CREATE INDEX status_by_part ON status (part_id) WHERE part_id IS NOT NULL;

CREATE TABLE counts (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    waiting INTEGER NOT NULL DEFAULT 0,
    running INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0,
    needs_review INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0
);
INSERT INTO counts (one) VALUES (1);
CREATE TRIGGER count_states AFTER UPDATE OF state ON status WHEN old.state <> new.state BEGIN
    UPDATE counts SET
        waiting = waiting + (new.state = 0) - (old.state = 0),
        running = running + (new.state = 1) - (old.state = 1),
        done = done + (new.state = 2) - (old.state = 2),
        needs_review = needs_review + (new.state = 3) - (old.state = 3),
        failed = failed + (new.state = 4) - (old.state = 4);
END;

CREATE TABLE run_rows (row_id INTEGER PRIMARY KEY);
CREATE TABLE run_counts (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    total INTEGER NOT NULL DEFAULT 0,
    finished INTEGER NOT NULL DEFAULT 0
);
INSERT INTO run_counts (one) VALUES (1);
CREATE TRIGGER count_run AFTER UPDATE OF state ON status
WHEN (old.state > 1) <> (new.state > 1) AND EXISTS (SELECT 1 FROM run_rows WHERE row_id = new.row_id) BEGIN
    UPDATE run_counts SET finished = finished + (new.state > 1) - (old.state > 1);
END;

CREATE TABLE recipe_versions (
    version INTEGER PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    recipe TEXT NOT NULL,
    created_at REAL NOT NULL
);

CREATE TABLE attempts (
    attempt_id INTEGER PRIMARY KEY,
    row_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    lane INTEGER NOT NULL,
    sent_at REAL,
    ended_at REAL,
    outcome TEXT NOT NULL,
    cause TEXT,
    detail TEXT NOT NULL DEFAULT '',
    raw TEXT,
    field_values TEXT,
    confidence TEXT,
    model TEXT NOT NULL DEFAULT '',
    input_tokens INTEGER,
    output_tokens INTEGER,
    cached_input_tokens INTEGER,
    reasoning_tokens INTEGER,
    cost_usd REAL
);
CREATE INDEX attempts_by_row ON attempts (row_id);

CREATE TABLE totals (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    requests INTEGER NOT NULL DEFAULT 0,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    cached_input_tokens INTEGER NOT NULL DEFAULT 0,
    reasoning_tokens INTEGER NOT NULL DEFAULT 0,
    cost_usd REAL NOT NULL DEFAULT 0,
    unpriced INTEGER NOT NULL DEFAULT 0,
    unknown INTEGER NOT NULL DEFAULT 0,
    identical INTEGER NOT NULL DEFAULT 0
);
INSERT INTO totals (one) VALUES (1);
CREATE TRIGGER add_totals AFTER INSERT ON attempts BEGIN
    UPDATE totals SET
        requests = requests + 1,
        input_tokens = input_tokens + ifnull(new.input_tokens, 0),
        output_tokens = output_tokens + ifnull(new.output_tokens, 0),
        cached_input_tokens = cached_input_tokens + ifnull(new.cached_input_tokens, 0),
        reasoning_tokens = reasoning_tokens + ifnull(new.reasoning_tokens, 0),
        cost_usd = cost_usd + ifnull(new.cost_usd, 0),
        unpriced = unpriced + (new.cost_usd IS NULL),
        unknown = unknown + (new.outcome = 'unknown');
END;

CREATE TRIGGER count_identical AFTER UPDATE OF source_row_id ON status
WHEN (old.source_row_id IS NULL) <> (new.source_row_id IS NULL) BEGIN
    UPDATE totals SET identical = identical + (new.source_row_id IS NOT NULL) - (old.source_row_id IS NOT NULL);
END;

CREATE TABLE prompts_asked (
    version INTEGER NOT NULL,
    digest BLOB NOT NULL,
    row_id INTEGER NOT NULL,
    PRIMARY KEY (version, digest)
) WITHOUT ROWID;

CREATE TABLE hand_values (
    row_id INTEGER NOT NULL,
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    edited_at REAL NOT NULL,
    PRIMARY KEY (row_id, field)
) WITHOUT ROWID;

CREATE TABLE approvals (row_id INTEGER PRIMARY KEY, approved_at REAL NOT NULL);

CREATE TABLE edits (
    edit_id INTEGER PRIMARY KEY,
    step INTEGER NOT NULL,
    row_id INTEGER NOT NULL,
    field TEXT,
    before TEXT,
    after TEXT,
    edited_at REAL NOT NULL,
    undone INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX edits_by_step ON edits (undone, step);

CREATE TABLE parts (
    part_id INTEGER PRIMARY KEY,
    nonce TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    version INTEGER NOT NULL,
    provider TEXT NOT NULL,
    host TEXT NOT NULL,
    key_hint TEXT NOT NULL DEFAULT '',
    batch_id TEXT,
    file_id TEXT,
    rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    reserved_usd REAL,
    created_at REAL NOT NULL,
    submitted_at REAL,
    expires_at REAL,
    results_until REAL,
    ended_at REAL,
    collected_at REAL,
    status TEXT NOT NULL DEFAULT '',
    done INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    cause TEXT,
    detail TEXT NOT NULL DEFAULT ''
);
"""
