"""One job's page over a real job file: try, failures, review, second opinion. Only the worker is a stand-in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QTableWidget, QToolButton, QWidget

from gui_app.engine.events import JobProgress
from gui_app.jobs import Cause, Counts, JobState, Recipe, RowFilter, RowState, Scope, ScopeKind
from gui_app.keys import KeyStore
from gui_app.recipes.new_labels import NewLabel
from gui_app.settings import Settings
from gui_app.store.claims import Outcome
from gui_app.store.edits import JobEditor
from gui_app.store.reading.queries import FailureGroup, JobReader
from gui_app.ui.job.job_page import JobPage
from gui_app.ui.job.side_panel import NARROWEST
from gui_app.ui.later.later import Later
from gui_app.ui.pieces.banner import Notice
from gui_app.ui.services import Services
from gui_app.ui.versions.versions_dialog import VersionsDialog
from tests.helpers.finding import part
from tests.helpers.waiting import until
from tests.store.making import OTHER_RECIPE, RECIPE, Run, again, done, doubtful, failed, forget_owner, make_job

ROWS = [[f"text {n} " + "long " * 200 * (n == 4), "good" if n % 2 else "bad"] for n in range(1, 31)]


class Orders:
    """Stands where the worker stands, and keeps what it is told."""

    def __init__(self) -> None:
        self.runs: list[tuple[Recipe, Scope]] = []

    async def stop(self, _job: Path) -> None:
        """Nothing runs."""

    async def run(self, _job: Path, recipe: Recipe, scope: Scope, *_more: object) -> None:
        self.runs.append((recipe, scope))


def answered(path: Path) -> Path:
    """Thirty rows: row 4 too long, row 5 refused, row 6 off the list, the others "good"; ten of them waiting."""

    def answer(row_id: int, version: int) -> Outcome:
        if row_id == 4:
            return failed(row_id, version, Cause.TOO_LONG)
        if row_id == 5:
            return failed(row_id, version, Cause.REFUSED, raw="I would rather <i>not</i>.")
        if row_id == 6:
            return doubtful(row_id, version, raw="Fine.")
        return done(row_id, version, confidence={"label": 1 - row_id / 100})

    make_job(path, ROWS, ("text", "gold"))
    run = Run(path, Scope(rows=RowFilter(row_ids=tuple(range(1, 21)))))
    run.answer_all(answer)
    run.close()
    with closing(JobEditor(path)) as editor:
        editor.save_draft(RECIPE)
        editor.set_note("gold", "gold")
    return path


@pytest.fixture
def orders() -> Orders:
    return Orders()


@pytest.fixture
def opened(tmp_path: Path, home: Path, qloop: object, orders: Orders) -> Callable[..., Any]:
    @asynccontextmanager
    async def page(path: Path | None = None) -> AsyncIterator[JobPage]:
        path = path or answered(tmp_path / "a.rowmill")
        services = Services(cast(Any, orders), Settings(home / "settings.json"), KeyStore({}))
        later = Later(services)
        out = JobPage.of(services, path, None, later)
        out.resize(1200, 800)
        out.show()
        try:
            await until(lambda: out._started and out.model.rowCount() == len(ROWS))
            yield out
        finally:
            await out.aclose()
            await later.aclose()
            out.hide()
            out.deleteLater()

    return page


def press(root: QWidget, name: str) -> None:
    button = part(root, QPushButton, name)
    assert button.isEnabled(), name
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def row_ids(scope: Scope) -> list[int]:
    return list(scope.rows.row_ids or ())


def own_notice(page: JobPage) -> Notice:
    """The sentence over the rows that the page itself put there."""
    make = page._own_notice
    assert make is not None
    return make()


def notice_group(page: JobPage, cause: Cause) -> FailureGroup:
    assert page.overview is not None
    return next(group for group in page.overview.failures if group.cause is cause)


async def shown(page: JobPage, name: str) -> None:
    page.show_page(name)
    await until(lambda: page.isVisible() and page.side.current() == name)


def ended(page: JobPage, path: Path) -> None:
    """The worker's last word of a run."""
    with closing(JobReader(path)) as reader:
        counts = reader.counts()
    page.take(JobProgress(str(path), JobState.FINISHED, counts))


async def test_the_rows_keep_their_place_whichever_page_is_beside_them(opened: Callable[..., Any]) -> None:
    async with opened() as page:
        wide = set()
        for name in ("task", "model", "failures", "review", "task"):
            page.show_page(name)
            await asyncio.sleep(0.05)
            wide.add(page.side.width())
        assert wide == {NARROWEST}


async def test_twenty_random_rows_are_the_same_ones_each_time(opened: Callable[..., Any], orders: Orders) -> None:
    async with opened() as page:
        page.run_bar.tryRequested.emit("random")
        await until(lambda: orders.runs)
        recipe, scope = orders.runs[0]
        first = row_ids(scope)
        # Those of the sample that wait; the others have an answer from this very task.
        assert scope.kind is ScopeKind.AGAIN and first and all(row_id > 20 for row_id in first)
        page.side.task.change_prompt("Otherwise: {text}")
        page.run_bar.tryRequested.emit("random")
        await until(lambda: len(orders.runs) == 2)
        again = row_ids(orders.runs[1][1])
        assert len(again) == 20 and set(first) < set(again)
        assert orders.runs[1][0].template == "Otherwise: {text}" != recipe.template


async def test_the_rows_with_a_known_answer_can_be_tried_once_a_column_is_chosen(
    opened: Callable[..., Any], orders: Orders
) -> None:
    async with opened() as page:
        action = page.run_bar._try_actions["gold"]
        await until(action.isEnabled)
        action.trigger()
        await until(lambda: orders.runs)
        assert row_ids(orders.runs[0][1]) == list(range(21, 31))
        page.side.review.gold_box.setCurrentIndex(0)
        assert not action.isEnabled()


async def test_run_after_a_try_asks_only_what_has_no_answer(opened: Callable[..., Any], orders: Orders) -> None:
    async with opened() as page:
        QTest.mouseClick(page.run_bar.run_button, Qt.MouseButton.LeftButton)
        await until(lambda: orders.runs)
        assert orders.runs[0][1] == Scope(ScopeKind.REMAINING)


async def test_a_row_too_long_is_shortened_by_one_click_and_retried_by_another(
    opened: Callable[..., Any], orders: Orders
) -> None:
    async with opened() as page:
        await shown(page, "failures")
        press(part(page, QWidget, "failureGroup_too_long"), "shortenGroupButton")
        await until(lambda: "|" in page.side.recipe().template)
        assert page.side.recipe().template == "{text|503}"
        assert page.side.current() == "task"
        (text, retry) = own_notice(page).actions[0]
        assert "1 row" in text
        retry()
        await until(lambda: orders.runs)
        recipe, scope = orders.runs[0]
        assert recipe.template == "{text|503}" and scope.kind is ScopeKind.RETRY
        assert scope.rows.causes == {Cause.TOO_LONG}


async def test_longer_answers_are_allowed_by_one_click(opened: Callable[..., Any]) -> None:
    async with opened() as page:
        before = page.side.recipe().options.max_output_tokens
        page.remedies.apply("longer", page.overview.failures[0])
        after = page.side.recipe().options.max_output_tokens
        assert before is None and after is not None and after > 100


async def test_waiting_retries_by_itself_unless_it_is_called_off(opened: Callable[..., Any], orders: Orders) -> None:
    async with opened() as page:
        group, other = page.overview.failures[:2]
        retries = page.later.retries

        def told() -> list[str]:
            return [text for text in page.banners.texts() if "retried at" in text]

        page.remedies.apply("wait", group)
        assert len(told()) == 1 and "as long as Rowmill is open" in told()[0]
        retries.cancel(page.path)
        assert not told() and retries.of(page.path) is None
        page.remedies.apply("wait", group)
        page.remedies.apply("wait", other)
        assert str(group.count + other.count) in told()[0]
        retries.now(page.path)
        await until(lambda: orders.runs)
        assert orders.runs[0][0] == RECIPE and orders.runs[0][1].rows.causes == {group.cause, other.cause}
        page.remedies.apply("wait", group)
        retries.of(page.path).timer.start(10)
        await until(lambda: len(orders.runs) == 2)
        assert orders.runs[1][1].rows.causes == {group.cause}
        assert not told()


async def test_what_is_left_can_wait_for_its_turn(opened: Callable[..., Any], orders: Orders) -> None:
    async with opened() as page:
        queue = page.later.queue
        other = JobProgress("other.rowmill", JobState.RUNNING, Counts())
        queue.take(other)
        page.run_bar.runRequested.emit("queued")
        await until(lambda: queue.order == (page.path,))
        assert any("number 1 in the queue" in text for text in page.banners.texts())
        # The task is changed while it waits: it runs as it was put there.
        page.side.task.change_prompt("Another one: {text}")
        await until(lambda: not page._draft_timer.isActive())
        queue.take(JobProgress("other.rowmill", JobState.FINISHED, Counts()))
        await until(lambda: orders.runs)
        assert orders.runs == [(RECIPE, Scope())]
        assert not any("in the queue" in text for text in page.banners.texts())


async def test_pausing_a_job_holds_the_queue(opened: Callable[..., Any]) -> None:
    async with opened() as page:
        queue = page.later.queue
        queue.take(JobProgress("other.rowmill", JobState.RUNNING, Counts()))
        queue.add(page.path)
        page.run_bar.stopRequested.emit()
        assert queue.is_held
        assert any("The queue is held" in text for text in page.banners.texts())
        await until(lambda: not page.doing._tasks.is_running("stop"))


async def test_when_a_message_goes_that_was_pressed_the_keyboard_is_with_the_rows(opened: Callable[..., Any]) -> None:
    async with opened() as page:
        page.show_notice(lambda: Notice("k", "Read it.", "", (("Read", lambda: page.show_notice(None)),)))
        button = next(button for button in page.banners.findChildren(QPushButton) if button.text() == "Read")
        button.setFocus()
        QTest.keyClick(button, Qt.Key.Key_Space)
        assert page.table.hasFocus()


async def test_another_model_is_led_to_and_the_rows_are_called_by_no_wrong_name(opened: Callable[..., Any]) -> None:
    async with opened() as page:
        for state in (RowState.NEEDS_REVIEW, RowState.FAILED):
            page.remedies._another_model(RowFilter(states=frozenset({state})))
            assert own_notice(page).text == "Choose another model, then ask these rows again."
            assert page.side.model.model_box.hasFocus()


async def test_a_label_is_added_to_the_list_and_the_stored_reply_read_again_without_asking(
    opened: Callable[..., Any], orders: Orders
) -> None:
    async with opened() as page:
        await shown(page, "failures")
        said: list[str] = []
        page.said.connect(said.append)
        press(part(page, QWidget, "failureGroup_off_list"), "labelGroupButton")
        await until(lambda: page._own_notice is not None)
        assert page.side.recipe().fields[0].labels == (*RECIPE.fields[0].labels, "fine")
        notice = own_notice(page)
        assert "“fine”" in notice.text and "1 row was answered" in notice.text
        notice.actions[0][1]()
        await until(lambda: said)
        assert said == ["1 row is done now."] and not orders.runs
        with closing(JobReader(page.path)) as reader:
            (row,) = reader.rows([6])
            assert (row.state, row.values) == (RowState.DONE, {"label": "fine"})
        await until(lambda: page.model.index(5, 2).data() == "fine")
        # Added by hand meanwhile: there is nothing to be read.
        page.remedies.labels.read_again(Cause.REFUSED)
        await until(lambda: len(said) == 2)
        assert "No stored reply" in said[1]


async def test_in_the_review_one_click_puts_the_label_onto_the_list_and_the_row_is_done(
    opened: Callable[..., Any], orders: Orders
) -> None:
    async with opened() as page:
        await shown(page, "review")
        page.table.go_to(6)
        card = page.side.review.card
        await until(lambda: card.row_id() == 6 and card.add_button.isVisible())
        assert card.reason.text() == "Not on the list: “fine”"
        said: list[str] = []
        page.said.connect(said.append)
        press(page.side.review, "addLabelButton")
        await until(lambda: said)
        assert said == ["1 row is done now."] and not orders.runs
        assert page.side.recipe().fields[0].labels[-1] == "fine"
        with closing(JobReader(page.path)) as reader:
            assert reader.rows([6])[0].values == {"label": "fine"}
        await until(lambda: card.add_button.isHidden() and card.reason.isHidden())
        # What the row says stands beside its answer, as far as the prompt puts it in.
        assert card.text.text() == page.model.index(5, 0).data().strip() == "text 6"
        page.side.task.change_prompt("Nothing of the row.")
        assert card.text.isHidden()


async def test_in_the_review_a_row_is_at_hand_whatever_is_listed(opened: Callable[..., Any]) -> None:
    async with opened() as page:
        await shown(page, "review")
        review, total = page.side.review, page.model.rowCount()
        page.table.go_to(2)
        await until(lambda: review.card.row_id() == 2)
        press(review, "review_review")
        await until(lambda: 0 < page.model.rowCount() < total and review.card.row_id() == page.model.id_at(0))
        assert review.card.row_id() != 2
        kept = review.card.row_id()
        press(review, "review_all")
        await until(lambda: page.model.rowCount() == total and page.table.current_row_id() == kept)
        segment = part(page.side, QToolButton, "reviewSegment")
        segment.setFocus()
        QTest.keyClick(segment, Qt.Key.Key_Up)
        assert page.table.current_row_id() == page.model.id_at(page.model.position_of(kept) - 1)
        page.filter_bar.set_filter(RowFilter(search="nowhere to be found"))
        await until(lambda: not page.model.rowCount() and review.card.row_id() is None)


async def test_a_row_that_was_read_too_late_is_not_shown(opened: Callable[..., Any]) -> None:
    async with opened() as page:
        await shown(page, "review")
        card = page.side.review.card
        page.table.go_to(2)
        await until(lambda: card.row_id() == 2)
        late = await page.link.pages.call(lambda reader: reader.rows([2], full=True))
        page.filter_bar.set_filter(RowFilter(search="nowhere to be found"))
        await until(lambda: not page.model.rowCount() and card.row_id() is None)
        page.reading._show(late)
        assert card.row_id() is None


async def test_among_several_labels_the_user_chooses(opened: Callable[..., Any]) -> None:
    async with opened() as page:
        await shown(page, "failures")
        group = notice_group(page, Cause.OFF_LIST)
        menu = page.remedies.labels.menu(group, [NewLabel("label", "mixed & more", 7), NewLabel("label", "unclear", 1)])
        assert [action.text() for action in menu.actions()] == ["“mixed && more” (7 rows)", "“unclear” (1 row)"]
        menu.actions()[1].trigger()
        assert page.side.recipe().fields[0].labels[-1] == "unclear"


async def test_answering_by_hand_lists_the_rows_and_leads_to_the_review(opened: Callable[..., Any]) -> None:
    async with opened() as page:
        await shown(page, "failures")
        group = next(group for group in page.overview.failures if group.cause is Cause.REFUSED)
        page.remedies.apply("answer", group)
        await until(lambda: page.model.rowCount() == 1)
        assert page.side.current() == "review"
        await until(lambda: page.side.review._row is not None and page.side.review._row.row_id == 5)


async def test_the_raw_reply_of_a_failure_comes_from_the_store(opened: Callable[..., Any]) -> None:
    async with opened() as page:
        await shown(page, "failures")
        card = next(c for c in page.side.failures._cards.values() if c.group.cause is Cause.REFUSED)
        QTest.mouseClick(card._fold.button, Qt.MouseButton.LeftButton)
        await until(lambda: card._example.toPlainText() == "I would rather <i>not</i>.")


async def test_the_raw_reply_of_any_row_is_one_click_away_in_its_menu(opened: Callable[..., Any]) -> None:
    async with opened() as page:

        async def ask(row_id: int, words: str) -> None:
            page.table.go_to(row_id)
            menu = page.menu.build()
            next(action for action in menu.actions() if action.text() == "What the model replied").trigger()
            menu.deleteLater()
            await until(lambda: words in page.pane.text.toPlainText())

        await ask(5, "I would rather <i>not</i>.")
        await ask(25, "Nothing came back.")
        assert page.pane.isVisible()


async def test_the_review_goes_on_by_keys_alone(opened: Callable[..., Any]) -> None:
    async with opened() as page:
        await shown(page, "review")
        page.activateWindow()
        await until(page.isActiveWindow)
        page.table.setFocus()
        review = page.side.review
        await until(lambda: review._row is not None and review._row.row_id == 1)
        QTest.keyClick(page.table, Qt.Key.Key_2)
        await until(lambda: review._row.row_id == 2)
        QTest.keyClick(page.table, Qt.Key.Key_A)
        await until(lambda: review._row.row_id == 3)
        with closing(JobReader(page.path)) as reader:
            await until(lambda: reader.rows([2])[0].approved)
            assert reader.rows([1])[0].hand == {"label": "bad"}
            QTest.keyClick(page.table, Qt.Key.Key_U)
            await until(lambda: not reader.rows([2])[0].approved)
        # In the row's card the arrow keys go from row to row too.
        review.card.approve_button.setFocus()
        QTest.keyClick(review.card.approve_button, Qt.Key.Key_Down)
        await until(lambda: review._row.row_id == 4)
        assert "A" in review.card.keys.text() and review.card.keys.isVisible()


async def test_the_least_sure_rows_come_first_where_the_model_says_how_sure_it_is(
    opened: Callable[..., Any],
) -> None:
    async with opened() as page:
        await shown(page, "review")
        button = page.side.review.unsure_button
        await until(button.isVisible)
        button.click()
        await until(lambda: page.model.id_at(0) == 20)
        # The review begins with it.
        await until(lambda: page.table.current_row_id() == 20)
        page.table.horizontalHeader().setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        assert not button.isChecked()


async def test_a_second_opinion_leaves_the_first_answers_and_shows_where_the_two_differ(
    opened: Callable[..., Any], orders: Orders
) -> None:
    async with opened() as page:
        await shown(page, "review")
        page.side.task.change_prompt("Once more: {text}")
        press(page.side.review, "askTwiceButton")
        await until(lambda: orders.runs)
        recipe, scope = orders.runs[0]
        asked = row_ids(scope)
        # Every answered row; those without a usable answer (failed, waiting, in need of review) are none.
        assert asked == [1, 2, 3, *range(7, 21)] and scope.kind is ScopeKind.AGAIN
        # What the worker does with such an order.
        run = Run(page.path, scope, recipe)
        run.answer_all(lambda row_id, version: done(row_id, version, "bad" if row_id in (2, 3) else "good"))
        run.close()
        ended(page, page.path)
        view = page.side.review.second.view
        await until(lambda: view._result is not None)
        assert view._result.compared == 17 and view._result.agreed == 15
        assert [item.row_id for item in view._result.disagreements()] == [2, 3]
        assert "first good, then bad" in view.rows.item(0).text()
        with closing(JobReader(page.path)) as reader:
            rows = reader.rows(range(1, 21))
            assert [row.shown("label") for row in rows if row.row_id in (2, 3)] == ["good", "good"]
            assert reader.counts() == Counts(waiting=10, done=17, needs_review=1, failed=2)
            assert not any(row.stale for row in rows)
        press(page.side.review, "second_showDisagreementsButton")
        await until(lambda: page.model.rowCount() == 2)


async def test_first_answers_come_back_when_the_window_died_in_the_middle(
    opened: Callable[..., Any], orders: Orders, tmp_path: Path
) -> None:
    async with opened() as page:
        await shown(page, "review")
        press(page.side.review, "askTwiceButton")
        await until(lambda: orders.runs)
        recipe, scope = orders.runs[0]
        path = page.path
    run = Run(path, scope, recipe)
    run.keep(*(done(row_id, run.version, "bad") for row_id in run.claim(3)))
    run.close()
    with closing(JobReader(path)) as reader:
        assert reader.counts().done == 3
        async with opened(path):
            await until(lambda: reader.counts().done == 17)
        assert {row.shown("label") for row in reader.rows([1, 2, 3])} == {"good"}


async def test_an_answer_made_by_hand_outlives_every_rerun(opened: Callable[..., Any], orders: Orders) -> None:
    async with opened() as page:
        await shown(page, "review")
        page.edits.set_value(1, "label", "bad")
        with closing(JobReader(page.path)) as reader:
            await until(lambda: reader.rows([1])[0].hand)
        page.ask_again(RowFilter(row_ids=(1, 2)))
        await until(lambda: orders.runs)
        recipe, scope = orders.runs[0]
        for again in (scope, Scope(ScopeKind.AGAIN)):
            run = Run(page.path, again, recipe)
            run.answer_all(lambda row_id, version: done(row_id, version, "good"))
            run.close()
        ended(page, page.path)
        with closing(JobReader(page.path)) as reader:
            row = reader.rows([1])[0]
            assert row.shown("label") == "bad" and row.hand == {"label": "bad"} and row.state is RowState.DONE
            await until(lambda: page.model.index(0, 2).data() == "bad")


@pytest.fixture
def two_versions(tmp_path: Path) -> Path:
    """As `answered`; a second version said "bad" to the first three rows."""
    path = answered(tmp_path / "b.rowmill")
    run = Run(path, Scope(ScopeKind.AGAIN, RowFilter(row_ids=(1, 2, 3))), OTHER_RECIPE)
    run.answer_all(lambda row_id, version: done(row_id, version, "bad" if row_id != 3 else "good"))
    run.close()
    with closing(JobEditor(path)) as editor:
        editor.save_draft(OTHER_RECIPE)
    return path


async def history(page: JobPage) -> VersionsDialog:
    await until(page.side.task.history_button.isVisible)
    page.side.task.history_button.click()
    dialog = page.history.dialog
    assert dialog is not None
    await until(lambda: dialog.pairs.table.rowCount() == 3)
    return dialog


def cells(table: QTableWidget, row: int) -> list[str]:
    return [table.item(row, column).text() for column in range(table.columnCount())]  # type: ignore[union-attr]


async def test_two_versions_are_compared_on_the_same_rows_side_by_side(
    opened: Callable[..., Any], two_versions: Path
) -> None:
    async with opened(two_versions) as page:
        dialog = await history(page)
        assert [cells(dialog.list, row)[0] for row in (0, 1)] == ["2 (in use)", "1"]
        assert cells(dialog.list, 0)[3:5] == ["3", "3"] and cells(dialog.list, 1)[3] == "20"
        assert [cells(dialog.pairs.table, row)[2:] for row in range(3)] == [
            ["good", "bad", "good"],
            ["good", "bad", "bad"],
            ["good", "good", "good"],
        ]
        assert "3 rows were asked with both; the answers to 1 are the same." in dialog.pairs.summary.text()
        assert "the first version has 2 right, the second 2." in dialog.pairs.summary.text()
        dialog.pairs.differ_box.click()
        assert [cells(dialog.pairs.table, row)[0] for row in range(dialog.pairs.table.rowCount())] == ["1", "2"]


async def test_the_newest_version_is_compared_with_one_that_was_asked_about_its_rows(
    opened: Callable[..., Any], two_versions: Path
) -> None:
    # Two rows were retried with another model; then the first three were tried with another prompt.
    retried = replace(OTHER_RECIPE, model="another-model")
    run = Run(two_versions, Scope(ScopeKind.AGAIN, RowFilter(row_ids=(15, 16))), retried)
    run.answer_all()
    run.close()
    tried = replace(OTHER_RECIPE, template="Say it of {text}")
    run = Run(two_versions, Scope(ScopeKind.AGAIN, RowFilter(row_ids=(1, 2, 3))), tried)
    run.answer_all()
    run.close()
    async with opened(two_versions) as page:
        pairs = (await history(page)).pairs
        assert (pairs.first_box.currentData(), pairs.second_box.currentData()) == (1, 4)
        for box in (pairs.first_box, pairs.second_box):
            assert box.width() >= box.fontMetrics().horizontalAdvance(box.currentText()) + 30


async def test_an_earlier_version_comes_back_with_its_answers_and_costs_nothing(
    opened: Callable[..., Any], two_versions: Path, orders: Orders
) -> None:
    async with opened(two_versions) as page:
        dialog = await history(page)
        dialog.list.setCurrentCell(1, 0)
        assert dialog.prompt.toPlainText() == RECIPE.template
        dialog.answers_button.click()
        assert page.side.recipe().template == RECIPE.template
        with closing(JobReader(two_versions)) as reader:
            await until(lambda: [row.shown("label") for row in reader.rows([1, 2, 3])] == ["good"] * 3)
            await until(lambda: reader.latest_version() == 1)
        await until(lambda: cells(dialog.list, 1)[0] == "1 (in use)")
        assert orders.runs == []
        dialog.close()
        await until(lambda: page.history.dialog is None)


async def test_a_version_is_asked_about_the_rows_the_other_has_answered(
    opened: Callable[..., Any], two_versions: Path, orders: Orders
) -> None:
    async with opened(two_versions) as page:
        dialog = await history(page)
        assert dialog.pairs.ask_button.text() == "Ask version 2 about 17 more rows"
        dialog.pairs.ask_button.click()
        await until(lambda: orders.runs)
        recipe, scope = orders.runs[0]
        assert recipe.hash == OTHER_RECIPE.hash and row_ids(scope) == list(range(4, 21))


async def test_leaving_the_job_closes_its_history(opened: Callable[..., Any], two_versions: Path) -> None:
    async with opened(two_versions) as page:
        await history(page)
    assert page.history.dialog is None


async def test_a_search_that_finds_nothing_is_said_in_the_table(opened: Callable[..., Any]) -> None:
    async with opened() as page:
        assert not page.table.lists_none()
        page.filter_bar.search.setText("there is no such text")
        await until(lambda: page.model.rowCount() == 0)
        assert page.table.lists_none()
        page.filter_bar.search.clear()
        await until(lambda: page.model.rowCount() == len(ROWS))
        assert not page.table.lists_none()


async def test_a_job_that_cannot_be_opened_shows_its_name_and_why_and_nothing_else(
    tmp_path: Path, home: Path, qloop: object, orders: Orders
) -> None:
    path = answered(tmp_path / "tea.rowmill")
    path.write_bytes(path.read_bytes()[:3000] + bytes(9000))
    services = Services(cast(Any, orders), Settings(home / "settings.json"), KeyStore({}))
    later = Later(services)
    page = JobPage.of(services, path, None, later)
    page.show()
    try:
        await until(lambda: any("damaged" in text for text in page.banners.texts()))
        assert page.title.label.text() == "tea"
        assert part(page, QLabel, "jobStateLabel").text() == "cannot be opened"
        assert not any(shown.isVisible() for shown in (page.import_line, page.table, page.run_bar, page.side))
    finally:
        await page.aclose()
        await later.aclose()
        page.hide()
        page.deleteLater()


async def test_failures_are_held_from_the_press_of_run_until_the_job_rests(
    opened: Callable[..., Any], orders: Orders, tmp_path: Path
) -> None:
    async with opened() as page:
        await shown(page, "failures")
        panel = page.side.failures
        await until(lambda: panel.retry_button.isVisible())
        assert panel.retry_button.isEnabled()
        counts = page.overview.summary.counts
        page.doing.is_starting = True
        page.doing.starting.emit(True)
        assert not panel.retry_button.isEnabled()
        page.doing.is_starting = False
        for state in (JobState.RUNNING, JobState.PAUSING, JobState.OFFLINE):
            page._show_progress(JobProgress(str(page.path), state, counts))
            assert not panel.retry_button.isEnabled(), state
        page._show_progress(JobProgress(str(page.path), JobState.PAUSED, counts))
        assert panel.retry_button.isEnabled()


async def test_answers_of_the_practice_model_among_others_are_told_of_as_some(
    opened: Callable[..., Any], tmp_path: Path
) -> None:
    path = answered(tmp_path / "mixed.rowmill")
    real = RECIPE.with_model("openai", "gpt")
    with Run(path, Scope(rows=RowFilter(row_ids=tuple(range(21, 31)))), real) as run:
        run.answer_all()
        run.writer.set_state(JobState.PAUSED)
    async with opened(path) as page:
        await until(lambda: any("some of these answers" in text for text in page.banners.texts()))
        assert not any("made these answers up" in text for text in page.banners.texts())
    with Run(path, again(row_ids=tuple(range(1, 21))), real) as run:
        run.answer_all()
        run.writer.set_state(JobState.PAUSED)
    async with opened(path) as page:
        await until(lambda: page._answered_by is not None)
        assert not any("practice model" in text for text in page.banners.texts())


async def test_rows_that_nobody_asks_about_any_more_wait_as_soon_as_the_job_is_opened(
    opened: Callable[..., Any], tmp_path: Path
) -> None:
    path = answered(tmp_path / "killed.rowmill")
    with Run(path) as run:
        assert len(run.claim()) == 10
    forget_owner(path)
    async with opened(path) as page:
        await until(lambda: page.overview.summary.counts.waiting == len(ROWS) - 20)
        assert page.overview.summary.counts.running == 0
        await until(lambda: page.model.row_at(20) is not None and page.model.row_at(20).state is RowState.WAITING)
        assert "running" not in page.run_bar.counts.text()
        # Continue says what may be paid twice.
        assert any("10 rows were sent" in text for text in page.banners.texts())
