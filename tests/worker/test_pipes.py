"""Lines over pipes, and errors that cross them."""

from __future__ import annotations

import os
import threading

import pytest

from gui_app.engine.events import JobProgress
from gui_app.errors import N_, Cancelled, InputError, InternalError, JobInUse, UserError
from gui_app.jobs import Cause, Counts, JobState
from gui_app.providers.base import CallFailed, CannotOpen
from gui_app.worker import pipes, protocol


def progress(done: int) -> dict[str, object]:
    event = JobProgress("job", JobState.RUNNING, Counts(done=done), changed=((done, done),))
    return {"event": "progress", **event.to_dict()}


def test_a_reader_that_sleeps_holds_nobody_up_and_misses_no_row(nothing_left_behind):
    read, write = os.pipe()
    writer = pipes.LineWriter(write, lambda: None)
    for done in range(20_000):
        writer.send_progress("job", progress(done))
    writer.send({"id": 1, "result": None})
    closing = threading.Thread(target=writer.close)
    got: list[JobProgress] = []
    for line in pipes.lines(read):
        message = protocol.load(line)
        assert message is not None
        if "id" in message:
            break
        got.append(JobProgress.from_dict(message))
    closing.start()
    closing.join()
    os.close(read)
    os.close(write)
    assert got[-1].counts.done == 19_999
    assert len(got) < 20_000
    seen = {row for event in got for row, _last in event.changed}
    assert seen == set(range(20_000)) or any(event.many for event in got)


def test_a_reader_that_is_gone_is_noticed(nothing_left_behind):
    read, write = os.pipe()
    os.close(read)
    gone = threading.Event()
    writer = pipes.LineWriter(write, gone.set)
    writer.send({"id": 1})
    assert gone.wait(10)
    writer.send({"id": 2})
    writer.close()
    os.close(write)


def test_lines_come_whole_however_they_are_cut(nothing_left_behind):
    read, write = os.pipe()
    for piece in (b'{"a"', b": 1}\n{", b'"b": 2}\n', b'\n{"c": "' + b"x" * 30_000, b'"}\nrest'):
        os.write(write, piece)
    os.close(write)
    found = [protocol.load(line) for line in pipes.lines(read)]
    os.close(read)
    assert found == [{"a": 1}, {"b": 2}, None, {"c": "x" * 30_000}]


@pytest.mark.parametrize(
    "error",
    [
        UserError(N_("plain")),
        InputError(N_("“{file}” row {row}"), file="a.csv", row=3),
        JobInUse(N_("by {who}"), who="me"),
        CannotOpen(Cause.KEY_REFUSED, N_("no key")),
        CannotOpen(Cause.HOST_REFUSED, N_("{address} is bad"), address="x"),
        CallFailed(Cause.RATE_LIMIT, "slow down"),
        Cancelled(),
        InternalError("mine"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_is_the_same_on_the_other_side(error):
    back = protocol.error_from_dict(protocol.load(protocol.dump(protocol.error_to_dict(error))) or {})
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert getattr(back, "cause", None) == getattr(error, "cause", None)
    assert getattr(back, "reason", None) == getattr(error, "reason", None)


def test_a_mistake_of_ours_crosses_without_its_text():
    back = protocol.error_from_dict(protocol.error_to_dict(ValueError("a cell")))
    assert isinstance(back, InternalError)
    assert "a cell" not in str(back)
