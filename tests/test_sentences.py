"""What the user reads: every cause and state in words, errors explained, foreign text made plain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gui_app import i18n, sentences
from gui_app.errors import N_, Cancelled, InputError, InternalError, UserError
from gui_app.jobs import Cause, JobState, RowState
from gui_app.jobs.states import GUARD, LEASE_LOST, LIMIT_OFFLINE
from gui_app.providers.base import CallFailed


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_a_title_a_sentence_and_an_action(language, cause):
    i18n.set_language(language)
    title, what, action = sentences.cause_title(cause), sentences.cause_sentence(cause), sentences.cause_action(cause)
    assert title[-1] not in ".。"
    assert what[-1] in ".。"
    assert action[-1] in ".。"
    assert "_" not in title + what + action
    if language == "en":
        assert 2 <= len(title.split()) <= 4
    else:
        assert not any("a" <= letter <= "z" for letter in title)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_no_two_causes_or_states_read_the_same(language):
    i18n.set_language(language)
    assert len({sentences.cause_title(cause) for cause in Cause}) == len(Cause)
    assert len({sentences.cause_sentence(cause) for cause in Cause}) == len(Cause)
    assert len({sentences.state_name(state) for state in RowState}) == len(RowState)
    assert len({sentences.job_state_name(state) for state in JobState}) == len(JobState)


def test_the_names_of_row_states_are_their_values():
    assert [sentences.state_name(state) for state in RowState] == [state.value for state in RowState]


def test_an_error_is_explained_in_the_language_in_use():
    error = UserError(N_("Rowmill cannot use its own folder {folder} ({reason}). "
                         "Make it writable, or set {variable} to a folder that is."),
                      folder="/data", reason="Read-only", variable="ROWMILL_HOME")  # fmt: skip
    assert sentences.explain(error).startswith("Rowmill cannot use its own folder /data (Read-only).")
    i18n.set_language("zh_CN")
    assert sentences.explain(error).startswith("Rowmill 无法使用自己的文件夹 /data（Read-only）。")


def test_details_are_plain_text_numbers_are_grouped_and_causes_are_named():
    error = InputError("Row {row} of {file}: {cause}", row=12345, file="a\n\x00b", cause=Cause.TOO_LONG)
    assert sentences.explain(error) == "Row 12,345 of a ␀b: Row too long"


def test_a_detail_with_braces_is_not_read_as_a_place():
    assert sentences.explain(InputError("In {file}", file="{row.__class__}.csv")) == "In {row.__class__}.csv"


def test_an_error_within_an_error_is_explained_too():
    inner = InputError("The file {file} is empty.", file="a.csv")
    assert (
        sentences.explain(UserError("Nothing was read. {why}", why=inner))
        == "Nothing was read. The file a.csv is empty."
    )


def test_a_sentence_whose_places_do_not_fit_is_shown_as_it_is():
    assert sentences.explain(UserError("Row {row} of {file}", row=1)) == "Row {row} of {file}"


def test_a_failed_call_is_explained_by_its_cause_with_what_the_server_said():
    error = CallFailed(Cause.KEY_REFUSED, "Incorrect API key\nprovided")
    assert sentences.explain(error) == (
        "The provider did not accept the key. Check the key in Settings, then continue. (Incorrect API key provided)"
    )
    assert sentences.explain(CallFailed(Cause.EMPTY)).endswith("choose another model.")


def test_a_mistake_of_ours_does_not_show_its_own_text():
    for error in (InternalError("secret"), KeyError("secret"), ValueError("secret")):
        assert sentences.explain(error).startswith("Something went wrong")
        assert "secret" not in sentences.explain(error)
    assert sentences.explain(Cancelled()) == "Cancelled."


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\r\nb\tc\u2028d", "a b c d"),
        ("null\x00esc\x1b[31m", "null␀esc␛[31m"),
        ("del\x7f c1\x9b", "del␡ c1⟨U+009B⟩"),
        ("exe\u202etxt.fdp", "exe⟨U+202E⟩txt.fdp"),
        ("zero\u200bwidth\ufeff", "zero⟨U+200B⟩width⟨U+FEFF⟩"),
        ("half \ud83d", "half ⟨U+D83D⟩"),
        ("  <b>not bold</b> & {name} ", "<b>not bold</b> & {name}"),
        ("中文，👩‍👩‍👧 và ệ", "中文，👩‍👩‍👧 và ệ"),
        ("", ""),
    ],
)
def test_foreign_text_is_made_plain(text, shown):
    assert sentences.plain(text) == shown


@given(st.text(alphabet=st.characters(), max_size=60), st.integers(1, 40))
def test_plain_text_is_one_line_within_its_limit_and_can_be_written(text, limit):
    shown = sentences.plain(text, limit)
    assert len(shown) <= limit
    assert shown.isprintable() or all(letter.isprintable() or ord(letter) > 0x7F for letter in shown)
    shown.encode("utf-8")
    assert len(shown.splitlines()) <= 1


def test_a_cut_is_marked_and_huge_cells_cost_nothing():
    assert sentences.plain("x" * 10_000_000, 5) == "xxxx…"
    assert sentences.plain("12345", 5) == "12345"
    assert sentences.plain("\n" * 400 + "end", 10) == "…"


@pytest.mark.parametrize("detail", [GUARD, LIMIT_OFFLINE, LEASE_LOST])
def test_why_a_job_stopped_by_itself_is_told_in_words_and_not_by_its_name_in_the_code(detail: str) -> None:
    told = sentences.explain_cause(Cause.REFUSED, detail)
    assert detail not in told
    assert ("Most of the first rows" in told) == (detail == GUARD)
