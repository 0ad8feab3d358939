"""The log files: where it happened, and nobody's row."""

from __future__ import annotations

import logging

from gui_app.errors import N_, InputError
from gui_app.logs import DiscreetFormatter, discreet_traceback


def _raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        raise error from cause
    except type(error) as caught:
        return caught


def test_a_traceback_names_the_place_and_the_kind_but_quotes_no_value():
    text = discreet_traceback(_raised(ValueError("somebody's cell"), KeyError("somebody's label")))
    assert "test_logs.py" in text
    assert "ValueError" in text
    assert "KeyError" in text
    assert "somebody" not in text


def test_errors_that_speak_of_files_and_our_own_sentences_keep_their_words():
    assert "No space left" in discreet_traceback(_raised(OSError(28, "No space left on device")))
    ours = discreet_traceback(_raised(InputError(N_("“{file}” is empty."), file="salaries.csv")))
    assert "is empty" in ours
    assert "salaries" not in ours


def test_what_asyncio_quotes_is_left_out():
    message = "Task exception was never retrieved\nfuture: <Task exception=ValueError('somebody')>"
    record = logging.LogRecord("asyncio", logging.ERROR, "x.py", 1, message, None, None)
    assert DiscreetFormatter("%(message)s").format(record) == "Task exception was never retrieved"


def test_a_traceback_that_another_handler_wrote_is_not_copied():
    error = _raised(ValueError("somebody's cell"))
    record = logging.LogRecord(
        "a", logging.ERROR, "x.py", 1, "it failed", None, (ValueError, error, error.__traceback__)
    )
    logging.Formatter().format(record)
    assert "somebody" in str(record.exc_text)
    assert "somebody" not in DiscreetFormatter().format(record)
