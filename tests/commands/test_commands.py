"""The headless commands: what they write, what they say, how they end."""

from __future__ import annotations

import json
import logging
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
import python_calamine
import xlsxwriter

from gui_app import __main__ as program
from gui_app import paths
from gui_app.commands import jobs
from gui_app.commands.screen import quoted
from gui_app.jobs import Recipe
from gui_app.practice.faults import Fate, Faults
from gui_app.store.reading.queries import JobReader
from tests.helpers.fault_server import FaultServer, Say, response
from tests.helpers.practice import Practice
from tests.helpers.terminal import COLUMNS, LABEL, PROMPT, REVIEWS, Done, practice_in, read_csv, write_reviews

Run = Callable[..., Done]
TASK = ("--prompt", PROMPT, "--field", LABEL)
INSTANT = ("--provider", "practice", "--model", "practice-instant")


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], nothing_left_behind: None) -> Iterator[Run]:
    """`run("jobs")`: a command in this process, with what it printed."""
    root = logging.getLogger()
    before, level, raising = list(root.handlers), root.level, logging.raiseExceptions

    def call(*words: str | Path) -> Done:
        capfd.readouterr()
        try:
            code = program.main([str(word) for word in words])
        except SystemExit as ended:
            code = int(ended.code or 0)
        captured = capfd.readouterr()
        assert "Traceback" not in captured.err
        return Done(code, captured.out, captured.err)

    yield call
    for handler in [handler for handler in root.handlers if handler not in before]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    logging.raiseExceptions = raising


@pytest.fixture
def practice(home: Path, nothing_left_behind: None) -> Iterator[Practice]:
    with practice_in(home) as server:
        yield server


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    return write_reviews(tmp_path / "reviews.csv")


def job_of(done: Done) -> Path:
    return Path(done.last["job"])


# -- what comes out ----------------------------------------------------------------------------------


def test_a_csv_comes_back_with_its_cells_untouched_and_the_answers_behind_them(run, practice, reviews, tmp_path):
    out = tmp_path / "out.csv"
    done = run("run", reviews, *TASK, *INSTANT, "--out", out)
    assert done.code == 0
    lines = read_csv(out)
    assert lines[0] == [*COLUMNS, "sentiment"]
    protected = {"=1+1": "'=1+1"}
    assert [line[:3] for line in lines[1:]] == [[protected.get(cell, cell) for cell in row] for row in REVIEWS]
    assert [line[3] for line in lines[1:]] == ["positive", "negative", "positive", "neutral", "positive"]
    assert done.out == f"{out}\n"
    assert "protective" in done.err
    assert "made up" in done.err


def test_an_excel_file_keeps_its_numbers_and_dates_and_gains_the_answers(run, practice, tmp_path):
    source, out = tmp_path / "in.xlsx", tmp_path / "out.xlsx"
    with xlsxwriter.Workbook(source) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, ["id", "review", "stars", "when"])
        sheet.write_string(1, 0, "007")
        sheet.write_string(1, 1, "wonderful")
        sheet.write_number(1, 2, 4.5)
        sheet.write_datetime(1, 3, date(2026, 1, 31), day)
        sheet.write_row(2, 0, ["=1+1", "糟糕，很差"])
    assert run("run", source, *TASK, *INSTANT, "--out", out).code == 0
    rows = python_calamine.load_workbook(str(out)).get_sheet_by_index(0).to_python()
    assert rows[0] == ["id", "review", "stars", "when", "sentiment"]
    assert rows[1] == ["007", "wonderful", 4.5, date(2026, 1, 31), "positive"]
    assert rows[2][1:] == ["糟糕，很差", "", "", "negative"]


def test_a_json_export_has_one_object_a_row(run, practice, reviews, tmp_path):
    out = tmp_path / "out.json"
    assert run("run", reviews, *TASK, *INSTANT, "--out", out).code == 0
    rows = json.loads(out.read_text("utf-8"))
    assert [tuple(row[name] for name in COLUMNS) for row in rows] == REVIEWS
    assert rows[2]["sentiment"] == "positive"


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("label", ["sentiment"]),
        ("rate", ["rating", "reason"]),
        ("translate", ["translation"]),
        ("extract", ["people", "places", "dates", "amounts"]),
        ("summarise", ["summary"]),
        ("ask", ["answer"]),
    ],
)
def test_every_preset_runs_on_any_table(name, columns, run, practice, reviews, tmp_path):
    out = tmp_path / "out.csv"
    assert run("run", reviews, "--preset", name, *INSTANT, "--out", out).code == 0
    lines = read_csv(out)
    assert lines[0] == [*COLUMNS, *columns]
    assert all(line[3] for line in lines[1:] if name != "extract")


def test_every_kind_of_field_has_a_column_in_the_order_of_the_command(run, practice, reviews, tmp_path):
    fields = ["topics=labels:price|quality|service", "score=number:1..5", "ok=yesno", "summary=text:80", LABEL]
    words = [word for field in fields for word in ("--field", field)]
    out = tmp_path / "out.csv"
    done = run("run", reviews, "--prompt", PROMPT, *words, *INSTANT, "--out", out)
    assert done.code in (0, 3)
    lines = read_csv(out)
    assert lines[0] == [*COLUMNS, "topics", "score", "ok", "summary", "sentiment"]
    for line in lines[1:]:
        assert set(filter(None, line[3].split("; "))) <= {"price", "quality", "service"}
        assert line[4] in "12345"
        assert line[5] in ("yes", "no")
        assert line[7] in ("positive", "negative", "neutral")


def test_the_last_line_of_json_says_how_it_ended_and_nothing_else(run, practice, reviews):
    done = run("run", reviews, *TASK, *INSTANT, "--json")
    assert done.code == 0
    job = paths.jobs_dir() / "reviews.rowmill"
    assert done.last == {
        "event": "finished",
        "job": str(job),
        "rows": 5,
        "done": 5,
        "failed": 0,
        "needs_review": 0,
        "waiting": 0,
        "requests": 5,
        "cost_usd": 0.0,
    }
    assert all(json.loads(line)["event"] for line in done.out.splitlines())


def test_rows_limits_what_is_asked_and_what_the_exit_code_speaks_of(run, practice, reviews, tmp_path):
    done = run("run", reviews, *TASK, *INSTANT, "--rows", "2-3", "--json", "--job", tmp_path / "a.rowmill")
    assert (done.code, done.last["done"], done.last["waiting"], done.last["requests"]) == (0, 2, 3, 2)
    assert sorted(entry.prompt.rpartition("\n")[2] for entry in practice.asked()) == sorted(
        row[1] for row in REVIEWS[1:3]
    )
    rest = run("resume", tmp_path / "a.rowmill", "--json")
    assert (rest.code, rest.last["done"], rest.last["requests"]) == (0, 5, 5)
    assert len(practice.asked()) == 5


def test_a_job_lies_where_the_command_says_also_on_a_relative_path(run, practice, reviews, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run("run", "reviews.csv", *TASK, *INSTANT, "--job", "my.rowmill", "--out", "out.csv", "--json")
    assert done.code == 0
    assert job_of(done) == tmp_path / "my.rowmill"
    assert (tmp_path / "out.csv").exists()
    assert not list(paths.jobs_dir().iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="no such names there")
def test_a_name_that_moves_the_cursor_is_shown_and_not_done_and_can_be_typed(run, practice, reviews, tmp_path):
    job = tmp_path / "it's \x1b[2J a\nb \u202ename\\.rowmill"
    done = run("run", reviews, *TASK, *INSTANT, "--job", job, "--rows", "1-2", "--concurrency", "1")
    assert done.code == 0 and job.exists()
    assert "\x1b" not in done.err and "\u202e" not in done.err
    assert "it's ␛[2J a b ⟨U+202E⟩name" in done.err
    typed = subprocess.run(["bash", "-c", f"printf %s {quoted(job)}"], capture_output=True, check=True).stdout
    assert typed == os.fsencode(job)
    plain = tmp_path / "my job.rowmill"
    assert quoted(plain) == shlex.quote(str(plain))


def test_a_second_run_of_the_same_table_makes_a_second_job(run, practice, reviews):
    first, second = (job_of(run("run", reviews, *TASK, *INSTANT, "--json")) for _ in range(2))
    assert first.name == "reviews.rowmill"
    assert second.name == "reviews 2.rowmill"


def test_a_finished_job_run_again_asks_nothing(run, practice, reviews):
    job = job_of(run("run", reviews, *TASK, *INSTANT, "--json"))
    done = run("run", job, "--json")
    assert (done.code, done.last["requests"]) == (0, 5)
    assert len(practice.asked()) == 5


def test_a_recipe_printed_by_one_job_runs_in_another(run, practice, reviews, tmp_path):
    job = job_of(run("run", reviews, *TASK, *INSTANT, "--json"))
    printed = run("recipe", job)
    assert Recipe.from_json(printed.out).fields[0].name == "sentiment"
    (tmp_path / "recipe.json").write_text(printed.out, "utf-8")
    done = run("run", reviews, "--recipe", tmp_path / "recipe.json", "--json")
    assert (done.code, done.last["done"]) == (0, 5)


# -- what goes wrong ---------------------------------------------------------------------------------


def test_failed_rows_end_in_3_and_can_be_retried_by_their_cause(run, home, reviews):
    with practice_in(home, Faults(by_word={"Terrible": Fate.REFUSED, "Tuesday": Fate.TOO_LONG})) as server:
        done = run("run", reviews, *TASK, *INSTANT, "--json")
        assert (done.code, done.last["failed"], done.last["done"]) == (3, 2, 3)
        job = job_of(done)
        server.set_faults()
        one = run("retry", job, "--cause", "refused", "--json")
        assert (one.code, one.last["failed"], one.last["done"]) == (0, 1, 4)
        assert "3" in str(run("resume", job).code)
        rest = run("retry", job, "--json")
        assert (rest.code, rest.last["done"], rest.last["requests"]) == (0, 5, 7)


def test_answers_that_need_review_are_no_failure(run, home, reviews):
    with practice_in(home, Faults(by_word={"Terrible": Fate.OFF_LIST})):
        done = run("run", reviews, *TASK, *INSTANT, "--json")
    assert (done.code, done.last["needs_review"]) == (0, 1)


def test_a_refused_key_stops_the_job_and_a_good_one_resumes_it(run, reviews, monkeypatch):
    good = response('{"sentiment": "positive"}')
    bad = {"error": {"message": "Incorrect API key", "type": "invalid_request_error", "code": "invalid_api_key"}}
    monkeypatch.setenv("OPENAI_API_KEY", "sk-" + "x" * 20)
    with FaultServer(Say(bad, 401)) as server:
        words = ("--provider", "openai", "--model", "m", "--base-url", f"{server.url}/v1")
        done = run("run", reviews, *TASK, *words, "--json")
        assert (done.code, done.last["waiting"]) == (4, 5)
        assert "did not accept the key" in done.err
        server.say(Say(good))
        resumed = run("resume", job_of(done), "--json")
        assert (resumed.code, resumed.last["done"]) == (0, 5)
        assert resumed.last["cost_usd"] is None
        assert {seen.headers["authorization"] for seen in server.seen} == {"Bearer sk-" + "x" * 20}


def test_a_server_that_points_elsewhere_stops_the_job_and_its_user_learns_where(run, reviews, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-" + "x" * 20)
    with FaultServer(Say("", 308, {"Location": "https://elsewhere.example/v1"})) as server:
        words = ("--provider", "openai", "--model", "m", "--base-url", f"{server.url}/v1", "--concurrency", "1")
        done = run("run", reviews, *TASK, *words)
    assert done.code == 4
    assert "redirect to https://elsewhere.example/v1" in done.err


def test_a_missing_key_stops_before_anything_is_sent_and_leaves_a_job_to_resume(run, reviews, monkeypatch):
    done = run("run", reviews, *TASK, "--provider", "openai", "--json")
    assert (done.code, done.last["waiting"], done.last["requests"]) == (4, 5, 0)
    assert "OPENAI_API_KEY" in done.err
    assert job_of(done).exists()
    again = run("resume", job_of(done))
    assert again.code == 4


def test_an_address_in_a_recipe_is_no_consent(run, reviews, tmp_path, monkeypatch):
    monkeypatch.setenv("ROWMILL_API_KEY", "sk-secret")
    recipe = Recipe("{review}", (), provider="compatible", model="m", base_url="https://evil.example/v1")
    text = json.loads(recipe.to_json())
    text["fields"] = [{"name": "a", "kind": "yesno"}]
    (tmp_path / "recipe.json").write_text(json.dumps(text))
    done = run("run", reviews, "--recipe", tmp_path / "recipe.json")
    assert done.code == 2
    assert "https://evil.example/v1" in done.err
    assert "--base-url" in done.err
    assert not list(paths.jobs_dir().iterdir())


def test_a_limit_without_a_price_is_refused_before_anything_is_sent(run, reviews, monkeypatch):
    with FaultServer(Say({})) as server:
        words = ("--provider", "compatible", "--model", "m", "--base-url", f"{server.url}/v1", "--budget", "1")
        done = run("run", reviews, *TASK, *words)
        assert done.code == 2
        assert "price" in done.err
        assert not server.seen


def _bad(name: str, *words: str, says: str) -> object:
    return pytest.param(words, says, id=name)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        _bad("no file", "run", "nix.csv", *TASK, says="“nix.csv” was not found"),
        _bad("no task", "run", "reviews.csv", says="Say what to do"),
        _bad("no field", "run", "reviews.csv", "--prompt", "{review}", says="--field"),
        _bad("one label", "run", "reviews.csv", "--prompt", "{review}", "--field", "a=label:x", says="a"),
        _bad("range", "run", "reviews.csv", "--prompt", "{review}", "--field", "a=number:5..1", says="upside down"),
        _bad("no column", "run", "reviews.csv", "--prompt", "hi", "--field", LABEL, *INSTANT, says="names no column"),
        _bad("no preset", "run", "reviews.csv", "--preset", "nix", says="no preset “nix”"),
        _bad("no recipe", "run", "reviews.csv", "--recipe", "nix.json", says="“nix.json” was not found"),
        _bad("bad recipe", "run", "reviews.csv", "--recipe", "reviews.csv", says="not a recipe"),
        _bad("no provider", "run", "reviews.csv", *TASK, "--provider", "nix", says="no provider named nix"),
        _bad("no address", "run", "reviews.csv", *TASK, "--provider", "compatible", says="address"),
        _bad(
            "open address", "run", "reviews.csv", *TASK, "--provider", "openai", "--base-url", "http://x.example",
            says="not encrypted",
        ),
        _bad("budget", "run", "reviews.csv", *TASK, "--budget", "lots", says="“lots” is not an amount"),
        _bad("no money", "run", "reviews.csv", *TASK, "--budget", "0", says="not an amount"),
        _bad("speed", "run", "reviews.csv", *TASK, "--concurrency", "0", says="--concurrency"),
        _bad("rows", "run", "reviews.csv", *TASK, "--rows", "9-1", says="not a range of rows"),
        _bad("rows beyond", "run", "reviews.csv", *TASK, *INSTANT, "--rows", "6-9", says="no row 6"),
        _bad("out kind", "run", "reviews.csv", *TASK, "--out", "x.pdf", says=".xlsx, .csv or .json"),
        _bad("out folder", "run", "reviews.csv", *TASK, "--out", "nix/x.csv", says="folder is not there"),
        _bad("job name", "run", "reviews.csv", *TASK, "--job", "x.txt", says=".rowmill"),
        _bad("lane", "run", "reviews.csv", *TASK, "--lane", "never", says="--lane"),
        _bad("unknown option", "run", "reviews.csv", "--nix", says="--nix"),
        _bad("both tasks", "run", "reviews.csv", "--preset", "label", "--prompt", "{review}", says="--prompt"),
        _bad("no job", "resume", "nix.rowmill", says="“nix.rowmill”"),
        _bad("no job file", "resume", "reviews.csv", says="not a Rowmill job"),
        _bad("empty job file", "retry", "empty.csv", says="is empty"),
        _bad("empty table", "run", "empty.csv", *TASK, says="“empty.csv”"),
        _bad("header only", "run", "header.csv", *TASK, says="“header.csv”"),
        _bad("binary table", "run", "binary.csv", *TASK, says="“binary.csv”"),
        _bad("folder", "run", ".", *TASK, says="folder"),
        _bad("neither file nor command", "rnu", "reviews.csv", says="neither a file nor a command"),
        _bad("missing window file", "nix.csv", says="“nix.csv” is neither a file"),
        _bad("no arguments to run", "run", says="FILE"),
        _bad("export kind", "export", "nix.rowmill", "out.doc", says=".xlsx, .csv or .json"),
        _bad("export extra", "export", "nix.rowmill", "out.csv", "--with", "nix", says="The extra columns are"),
        _bad("export state", "export", "nix.rowmill", "out.csv", "--state", "nix", says="no state “nix”"),
        _bad("cause", "retry", "nix.rowmill", "--cause", "nix", says="no cause “nix”"),
    ],
)  # fmt: skip
def test_bad_usage_and_bad_input_are_said_in_a_sentence_and_leave_nothing(
    words, says, run, practice, reviews, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "header.csv").write_bytes(b"a,b\n")
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)) * 20)
    done = run(*words)
    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert len(done.err.strip().splitlines()) <= 3
    assert not list(paths.jobs_dir().iterdir())
    assert not practice.asked()


def test_a_full_job_name_is_refused_before_anything_is_read(run, practice, reviews, tmp_path):
    job = tmp_path / "a.rowmill"
    assert run("run", reviews, *TASK, *INSTANT, "--job", job).code == 0
    done = run("run", reviews, *TASK, *INSTANT, "--job", job)
    assert done.code == 2
    assert "there already" in done.err


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_said_before_anything_is_sent(run, practice, reviews, tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    assert run("run", reviews, *TASK, *INSTANT, "--out", locked / "x.csv").code == 2
    assert not practice.asked()


def test_a_mistake_of_ours_is_one_sentence_and_a_log_file(run, home, monkeypatch, expect_log):
    def broken(_options: object) -> int:
        raise ValueError("a cell of somebody's table")

    monkeypatch.setattr(jobs, "jobs", broken)
    expect_log("a command failed")
    done = run("jobs")
    assert done.code == 70
    log = home / "logs" / "command.log"
    assert str(log) in done.err
    text = log.read_text("utf-8")
    assert "ValueError" in text
    assert "test_commands.py" in text
    assert "somebody's table" not in text + done.err


# -- export, jobs ------------------------------------------------------------------------------------


def test_an_export_takes_only_the_states_that_are_asked_for(run, home, reviews, tmp_path):
    with practice_in(home, Faults(by_word={"Terrible": Fate.OFF_LIST, "Tuesday": Fate.REFUSED})):
        job = job_of(run("run", reviews, *TASK, *INSTANT, "--json"))
    out = tmp_path / "out.csv"
    done = run("export", job, out, "--state", "done,needs-review", "--with", "state,cause,tokens,cost,model")
    assert done.code == 0
    lines = read_csv(out)
    extra = ["state", "cause", "input tokens", "output tokens", "cost (USD)", "model"]
    assert lines[0] == [*COLUMNS, "sentiment", *extra]
    assert [line[0] for line in lines[1:]] == ["007", "1e5", "12345678901234567890", "5"]
    assert lines[2][4:6] == ["needs review", "off_list"]
    assert lines[1][9] == "practice-instant"
    assert run("export", job, out, "--state", "failed").code == 0
    assert [line[0] for line in read_csv(out)[1:]] == ["0x10"]


def test_the_table_itself_is_never_exported_over(run, practice, reviews, tmp_path):
    before = reviews.read_bytes()
    (tmp_path / "link.csv").symlink_to(reviews)
    for out in (reviews, tmp_path / "link.csv"):
        done = run("run", reviews, *TASK, *INSTANT, "--out", out)
        assert done.code == 2 and "is the table itself, which is never changed" in done.err
    assert reviews.read_bytes() == before


def test_a_name_that_no_file_can_have_is_refused_in_words(run, practice, reviews, tmp_path):
    done = run("run", reviews, *TASK, *INSTANT, "--out", tmp_path / f"{'n' * 300}.csv")
    assert done.code == 2 and "is too long" in done.err


def test_an_answer_column_named_like_an_original_one_gets_a_number(run, practice, reviews, tmp_path):
    out = tmp_path / "out.csv"
    assert run("run", reviews, "--prompt", PROMPT, "--field", "Note=yesno", *INSTANT, "--out", out).code == 0
    assert read_csv(out)[0] == [*COLUMNS, "Note 2"]


def test_answers_of_an_earlier_task_stay_in_the_export_behind_the_present_ones(run, practice, reviews, tmp_path):
    job = job_of(run("run", reviews, *TASK, *INSTANT, "--rows", "1-2", "--json"))
    out = tmp_path / "out.csv"
    assert run("run", job, "--prompt", "Good? {review}", "--field", "good=yesno", "--out", out).code == 0
    lines = read_csv(out)
    assert lines[0] == [*COLUMNS, "good", "sentiment"]
    assert lines[1][3:] == ["", "positive"]
    assert lines[3][4] == ""
    assert lines[3][3] in ("yes", "no")


def test_an_older_export_is_whole_until_the_new_one_is(run, practice, reviews, tmp_path):
    out = tmp_path / "out.csv"
    out.write_text("old")
    job = job_of(run("run", reviews, *TASK, *INSTANT, "--json"))
    assert run("export", job, out).code == 0
    assert read_csv(out)[0] == [*COLUMNS, "sentiment"]
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix in (".csv", ".part")) == [
        "out.csv",
        "reviews.csv",
    ]


def test_jobs_lists_whatever_lies_in_the_folder(run, practice, reviews):
    assert "There are no jobs" in run("jobs").err
    run("run", reviews, *TASK, *INSTANT)
    (paths.jobs_dir() / "broken.rowmill").write_bytes(b"SQLite format 3\x00" + bytes(200))
    done = run("jobs")
    assert done.code == 0
    lines = dict(line.split("\t", 1) for line in done.out.splitlines())
    assert lines[str(paths.jobs_dir() / "reviews.rowmill")].startswith("finished\t5 of 5 done, 0 failed")
    assert lines[str(paths.jobs_dir() / "broken.rowmill")]


def test_help_and_version_need_no_window(run):
    assert run("--version").out.startswith("Rowmill ")
    assert "resume" in run("--help").out
    assert "--base-url" in run("run", "--help").out


def test_the_spending_limit_of_the_first_run_still_holds_on_resume(run, practice, reviews):
    job = job_of(run("run", reviews, *TASK, *INSTANT, "--budget", "2.5", "--rows", "1-2", "--json"))
    assert run("resume", job).code == 0
    reader = JobReader(job)
    try:
        last = reader.run()
    finally:
        reader.close()
    assert last is not None
    assert last["options"]["budget_usd"] == 2.5


def test_a_newer_file_is_asked_only_about_what_is_new_in_it(run: Run, practice: Practice, tmp_path: Path) -> None:
    job, out = tmp_path / "first.rowmill", tmp_path / "out.csv"
    first = write_reviews(tmp_path / "in.csv")
    assert run("run", first, *TASK, *INSTANT, "--job", job).code == 0
    asked = practice.answers()
    newer = write_reviews(tmp_path / "in2.csv", [REVIEWS[4], ("6", "Awful and broken", ""), REVIEWS[0], REVIEWS[2]])
    done = run("run", newer, "--answers-from", job, "--job", tmp_path / "second.rowmill", "--out", out)
    assert done.code == 0
    assert "3 of 4 rows are unchanged; 3 of them keep their answers. 1 row is new or changed." in done.err
    assert practice.answers() == asked + 1
    assert [line[-1] for line in read_csv(out)] == ["sentiment", "positive", "negative", "positive", "positive"]


def test_answers_can_only_come_from_a_job(run: Run, tmp_path: Path) -> None:
    done = run("run", write_reviews(tmp_path / "in.csv"), "--answers-from", write_reviews(tmp_path / "in2.csv"))
    assert done.code == 2
    assert "not a Rowmill job" in done.err
    assert not list(paths.jobs_dir().glob("*.rowmill"))


@pytest.mark.skipif(sys.platform == "win32", reason="there the window itself has none")
@pytest.mark.parametrize("closed", [(2,), (1, 2), (0, 1, 2)])
def test_a_service_that_has_no_standard_files_runs_all_the_same(closed, home, practice, reviews, tmp_path):
    job = tmp_path / "j.rowmill"
    words = [sys.executable, "-m", "gui_app", "run", str(reviews), *TASK, *INSTANT, "--job", str(job)]
    shut = " ".join(f"{number}>&-" for number in closed)
    assert subprocess.run(["sh", "-c", f'exec "$@" {shut}', "sh", *words], check=False, timeout=100).returncode == 0
    with closing(JobReader(job)) as reader:
        assert reader.counts().done == len(REVIEWS)
