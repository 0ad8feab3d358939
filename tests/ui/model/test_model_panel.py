"""The Model tab: provider, model, key, test, price, limits; nothing is asked of anybody before the user does."""

from __future__ import annotations

from typing import Any, cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QStandardItemModel
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPushButton, QStyleOptionViewItem, QToolButton
from pytestqt.qtbot import QtBot

from gui_app import i18n
from gui_app.jobs import Account, Cause, FieldKind, Lane, Options, OutputField, Price, Recipe, RunOptions, Secret
from gui_app.keys import KeyStore
from gui_app.pricing.prices import FREE, PriceTable, Rate
from gui_app.providers import catalog
from gui_app.providers.base import CallFailed, ModelInfo
from gui_app.providers.local import LocalServer
from gui_app.settings import BASE_URLS, MODELS, PROVIDER, Settings
from gui_app.ui.model.model_panel import ModelPanel, current_recipe
from gui_app.ui.model.provider_box import ProviderBox
from gui_app.ui.pieces.forms import choose
from gui_app.ui.recipe.recipe_panel import RecipePanel
from gui_app.ui.services import Services
from gui_app.worker.protocol import KeyTest
from tests.helpers.finding import part
from tests.helpers.keychain import Keychain
from tests.helpers.waiting import until

FIELDS = (OutputField("a", FieldKind.TEXT),)


class Asked:
    """Stands where the worker does, and remembers what it was asked."""

    def __init__(self) -> None:
        self.listed: list[Account] = []
        self.tested: list[Account] = []
        self.models: list[ModelInfo] | Exception = [ModelInfo("m-1"), ModelInfo("m-2", retires_on="2027-01-14")]
        self.result: KeyTest | Exception = KeyTest(True, models=2)

    async def list_models(self, account: Account) -> list[ModelInfo]:
        self.listed.append(account)
        if isinstance(self.models, Exception):
            raise self.models
        return self.models

    async def test_key(self, account: Account) -> KeyTest:
        self.tested.append(account)
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


def prices(provider: str, model: str, _base_url: str | None) -> PriceTable | None:
    """Free at home, known for one model, else unknown."""
    if catalog.entry(provider).local:
        return FREE
    return PriceTable(Rate(0.1), Rate(0.4)) if model == "gpt-6-luna" else None


class Desk:
    """A panel with what stands behind it."""

    def __init__(self, environ: dict[str, str]) -> None:
        self.worker, self.keychain, self.settings = Asked(), Keychain(), Settings()
        self.keys = KeyStore(environ, self.keychain)
        self.running_here: list[LocalServer] = []
        self.looked = 0
        services = Services(cast(Any, self.worker), self.settings, self.keys)
        self.panel = ModelPanel(services, prices=prices, local=self.look)

    async def look(self) -> list[LocalServer]:
        self.looked += 1
        return self.running_here


@pytest.fixture
def environ() -> dict[str, str]:
    return {}


@pytest.fixture
def desk(qtbot: QtBot, environ: dict[str, str]) -> Desk:
    out = Desk(environ)
    qtbot.addWidget(out.panel)
    out.panel.resize(380, 900)
    out.panel.show()
    return out


def recipe(provider: str, model: str = "m", base_url: str | None = None) -> Recipe:
    """A recipe of that provider."""
    return Recipe("{a}", FIELDS, provider, model, base_url)


def test_it_starts_with_the_practice_model_and_says_what_its_answers_are(desk: Desk) -> None:
    panel = desk.panel
    assert panel.provider() == "practice" and panel.model_id() == "practice" and panel.problem() == ""
    assert "made up" in panel._provider.note.text()
    assert not panel.key_part.isVisibleTo(panel) and not panel.address_edit.isVisibleTo(panel)
    assert not panel.run_part.budget_edit.isVisibleTo(panel)


def test_every_provider_can_be_chosen_and_shows_its_first_model(desk: Desk) -> None:
    box = part(desk.panel, QComboBox, "providerBox")
    for name in catalog.names():
        choose(box, name)
        assert desk.panel.provider() == name
        assert desk.panel.model_id() == catalog.entry(name).first_model
        assert desk.settings.get(PROVIDER) == name
    assert desk.worker.listed == [] and desk.worker.tested == []


@pytest.mark.qt_log_ignore("does not support grabbing the keyboard", extend=True)
async def test_servers_that_run_on_this_computer_are_marked_when_the_list_is_opened(desk: Desk, qloop: object) -> None:
    desk.running_here = [
        LocalServer("ollama", "http://localhost:11434/v1", ("qwen3:4b", "llama3.3")),
        LocalServer("vllm", "http://localhost:8000/v1", ()),
    ]
    box = part(desk.panel, ProviderBox, "providerBox")
    assert desk.looked == 0
    box.showPopup()
    await until(lambda: box.itemText(box.findData("ollama")) == "Ollama (running here)")
    assert box.view().isVisible()
    box.hidePopup()
    assert box.itemText(box.findData("lmstudio")) == "LM Studio"
    assert desk.panel.provider() == "practice"
    choose(box, "ollama")
    # What it has loaded is there without another question, and a model is chosen because none was.
    assert desk.panel.model_id() == "qwen3:4b"
    assert [desk.panel.model_box.itemText(row) for row in range(2)] == ["qwen3:4b", "llama3.3"]
    assert desk.panel.problem() == ""
    i18n.set_language("zh_CN")
    desk.panel.retranslate()
    assert box.itemText(box.findData("ollama")) == "Ollama（正在本机运行）"
    await desk.panel.aclose()


async def test_a_local_server_chosen_by_keyboard_is_looked_for_and_a_typed_model_stays(
    desk: Desk, qloop: object
) -> None:
    desk.running_here = [LocalServer("ollama", "http://localhost:11434/v1", ("qwen3:4b",))]
    desk.settings.set(MODELS, {"ollama": "mine"})
    choose(part(desk.panel, ProviderBox, "providerBox"), "ollama")
    await until(lambda: desk.panel.model_box.is_listed())
    assert desk.looked == 1
    assert desk.panel.model_id() == "mine"
    await desk.panel.aclose()


async def test_the_list_says_what_each_model_costs_and_until_when_there_is_one(desk: Desk, qloop: object) -> None:
    desk.worker.models = [ModelInfo("gpt-6-luna", retires_on="2027-01-14"), ModelInfo("m-2"), ModelInfo("m-3")]
    choose(part(desk.panel, ProviderBox, "providerBox"), "openai")
    box = desk.panel.model_box
    box.showPopup()

    def notes() -> list[str]:
        role = Qt.ItemDataRole.AccessibleDescriptionRole
        return [str(box.itemData(row, role) or "") for row in range(box.count())]

    await until(lambda: any(notes()))
    assert notes() == ["$0.10 in, $0.40 out · until 2027-01-14", "", ""]
    plain, noted = (box.itemDelegate().sizeHint(QStyleOptionViewItem(), box.model().index(row, 0)) for row in (1, 0))
    assert noted.width() > plain.width() + 40
    box.hidePopup()
    await desk.panel.aclose()


def test_a_provider_comes_back_with_the_model_it_was_left_with(desk: Desk) -> None:
    choose(desk.panel.provider_box, "openai")
    desk.panel.model_box.setEditText("gpt-9")
    choose(desk.panel.provider_box, "practice")
    choose(desk.panel.provider_box, "openai")
    assert desk.panel.model_id() == "gpt-9" and desk.settings.get(MODELS)["openai"] == "gpt-9"


def test_a_provider_without_overnight_says_so(desk: Desk) -> None:
    choose(desk.panel.provider_box, "openai")
    lane = part(desk.panel, QComboBox, "laneBox")
    choose(lane, Lane.OVERNIGHT.value)
    assert desk.panel.run_options().lane is Lane.OVERNIGHT
    choose(desk.panel.provider_box, "ollama")
    assert desk.panel.run_options().lane is Lane.NOW
    assert "does not offer overnight" in desk.panel.run_part._lane.note.text()
    model = lane.model()
    assert isinstance(model, QStandardItemModel) and not model.item(1).isEnabled()


@pytest.mark.parametrize(("text", "calls"), [("Automatic", None), ("7", 7), ("500", 500), ("", None)])
def test_speed_is_automatic_or_a_number(desk: Desk, text: str, calls: int | None) -> None:
    desk.panel.run_part.speed_box.setEditText(text)
    assert desk.panel.run_options().concurrency == calls and desk.panel.problem() == ""


def test_a_typed_speed_stays_when_the_language_changes(desk: Desk) -> None:
    box = part(desk.panel, QComboBox, "speedBox")
    box.setEditText("3")
    for language in ("zh_CN", "en"):
        i18n.set_language(language)
        desk.panel.run_part.retranslate()
        assert box.currentText() == "3" and desk.panel.run_options().concurrency == 3
    box.setCurrentIndex(0)
    box.setEditText(box.itemText(0))
    i18n.set_language("zh_CN")
    desk.panel.run_part.retranslate()
    assert box.currentText() == "自动" and desk.panel.run_options().concurrency is None


@pytest.mark.parametrize("text", ["0", "501", "-1", "2.5", "fast"])
def test_a_speed_that_is_none_is_said(desk: Desk, text: str) -> None:
    desk.panel.run_part.speed_box.setEditText(text)
    assert "from 1 to 500" in desk.panel.problem()


@pytest.mark.parametrize(
    ("text", "usd", "fine"),
    [
        ("5", 5.0, True),
        ("$2,50", 2.5, True),
        ("", None, True),
        ("0", 0.0, False),
        ("-1", None, False),
        ("x", None, False),
    ],
)
def test_a_spending_limit_is_an_amount(desk: Desk, text: str, usd: float | None, fine: bool) -> None:
    desk.keychain["Rowmill", "openai https://api.openai.com"] = "sk-1"
    choose(desk.panel.provider_box, "openai")
    part(desk.panel, QLineEdit, "budgetEdit").setText(text)
    assert desk.panel.run_options().budget_usd == usd
    assert (desk.panel.run_part.problem() == "") is fine


async def test_an_unknown_price_is_asked_for_and_a_limit_needs_it(desk: Desk, qloop: object) -> None:
    panel = desk.panel
    choose(panel.provider_box, "openai")
    panel.model_box.setEditText("gpt-unheard-of")
    part = panel.run_part
    await until(lambda: not part._price.isHidden())
    assert "budget" not in part.problem() and part.problem() == ""
    part.budget_edit.setText("5")
    assert "needs the price" in part.problem()
    part.input_price_edit.setText("0.25")
    part.output_price_edit.setText("1")
    assert part.problem() == ""
    assert panel.run_options() == RunOptions(budget_usd=5.0, price=Price(0.25, 1.0))
    await panel.aclose()


async def test_a_known_price_is_shown_beside_the_model(desk: Desk, qloop: object) -> None:
    choose(desk.panel.provider_box, "openai")
    await until(lambda: "$0.10" in desk.panel._model.note.text())
    assert desk.panel.run_part._price.isHidden()
    await desk.panel.aclose()


async def test_a_key_goes_into_the_keychain_and_the_panel_says_so(desk: Desk, qloop: object, qtbot: QtBot) -> None:
    panel = desk.panel
    choose(panel.provider_box, "openai")
    await until(lambda: not panel._tasks.is_running("find the key"))
    assert "needs a key" in panel.problem()
    edit = part(panel, QLineEdit, "keyEdit")
    assert edit.echoMode() is QLineEdit.EchoMode.Password
    edit.setFocus()
    qtbot.keyClicks(edit, "sk-secret")
    assert panel.problem() == ""
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    await until(lambda: desk.keychain)
    await until(lambda: "keychain" in panel.key_part._where.text() and not edit.text())
    assert desk.keychain == {("Rowmill", "openai https://api.openai.com"): "sk-secret"}
    key = panel.account().key
    assert key is not None and key.reveal() == "sk-secret"
    qtbot.mouseClick(part(panel, QPushButton, "forgetKeyButton"), Qt.MouseButton.LeftButton)
    await until(lambda: not desk.keychain and panel.account().key is None)
    await panel.aclose()


@pytest.mark.parametrize("shown", [False, True])
async def test_a_key_gets_no_further_than_its_field(desk: Desk, qloop: object, qtbot: QtBot, shown: bool) -> None:
    """Not into the clipboard while it is hidden, not into the settings, and not back by an undo once it is kept."""
    panel = desk.panel
    choose(panel.provider_box, "openai")
    await until(lambda: not panel._tasks.is_running("find the key"))
    edit, clipboard = part(panel, QLineEdit, "keyEdit"), QApplication.clipboard()
    clipboard.setText("before")
    edit.setFocus()
    if shown:
        qtbot.mouseClick(part(panel, QToolButton, "showKeyButton"), Qt.MouseButton.LeftButton)
    qtbot.keyClicks(edit, "sk-canary-17")
    if not shown:
        for keys in (QKeySequence.StandardKey.SelectAll, QKeySequence.StandardKey.Copy):
            QTest.keySequence(edit, QKeySequence(keys))
        assert clipboard.text() == "before"
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    await until(lambda: desk.keychain)
    await until(lambda: not edit.text())
    for _ in range(20):
        QTest.keySequence(edit, QKeySequence(QKeySequence.StandardKey.Undo))
    assert edit.text() == ""
    assert "canary" not in repr(vars(desk.settings)) + repr(panel.account()) + repr(vars(panel.key_part))
    await panel.aclose()
    clipboard.clear()


@pytest.mark.parametrize("environ", [{"OPENAI_API_KEY": "sk-env"}])
async def test_a_key_from_the_environment_is_named_and_cannot_be_typed_over(desk: Desk, qloop: object) -> None:
    panel = desk.panel
    choose(panel.provider_box, "openai")
    await until(lambda: "OPENAI_API_KEY" in panel.key_part._where.text())
    assert not panel.key_part.edit.isEnabled()
    key = panel.account().key
    assert key is not None and key.reveal() == "sk-env"
    await panel.aclose()


async def test_without_a_keychain_the_key_is_for_this_session_only(qtbot: QtBot, qloop: object) -> None:
    class Broken(Keychain):
        def set_password(self, service: str, username: str, password: str) -> None:
            raise RuntimeError("denied")

    settings = Settings()
    panel = ModelPanel(Services(cast(Any, Asked()), settings, KeyStore({}, Broken())), prices=prices)
    qtbot.addWidget(panel)
    panel.show()
    choose(panel.provider_box, "anthropic")
    panel.key_part.edit.setText("sk-ant")
    panel.key_part.keep()
    await until(lambda: "this session only" in panel.key_part._where.text())
    await panel.aclose()


async def test_what_is_no_key_is_refused_in_words(desk: Desk, qloop: object) -> None:
    panel = desk.panel
    choose(panel.provider_box, "openai")
    panel.key_part.edit.setText("this is no key")
    panel.key_part.keep()
    await until(lambda: "does not look like a key" in panel.key_part._where.text())
    await panel.aclose()


async def test_the_test_says_in_plain_words_that_it_works(desk: Desk, qloop: object, qtbot: QtBot) -> None:
    panel = desk.panel
    choose(panel.provider_box, "openai")
    panel.model_box.set_model_id("m-1")
    panel.key_part.edit.setText("sk-secret")
    qtbot.mouseClick(part(panel, QPushButton, "testKeyButton"), Qt.MouseButton.LeftButton)
    await until(lambda: panel._test.result.text() == "It works.")
    assert desk.worker.tested[0].key is not None and desk.worker.tested[0].key.reveal() == "sk-secret"
    assert panel._test.button.isEnabled()
    await panel.aclose()


async def test_a_mistake_in_the_model_s_name_is_found_by_the_test(desk: Desk, qloop: object, qtbot: QtBot) -> None:
    panel = desk.panel
    choose(panel.provider_box, "openai")
    panel.model_box.set_model_id("m-11")
    panel.key_part.edit.setText("sk-secret")
    qtbot.mouseClick(part(panel, QPushButton, "testKeyButton"), Qt.MouseButton.LeftButton)
    await until(lambda: "does not list a model named “m-11”" in panel._test.result.text())
    await panel.aclose()


@pytest.mark.parametrize("raised", [True, False])
async def test_a_refused_key_is_said_with_what_to_do(desk: Desk, qloop: object, raised: bool) -> None:
    panel = desk.panel
    cause, detail = Cause.KEY_REFUSED, "<b>wrong</b> key"
    desk.worker.result = CallFailed(cause, detail) if raised else KeyTest(False, cause, detail)
    choose(panel.provider_box, "openai")
    panel.key_part.edit.setText("sk-secret")
    panel._test.button.click()
    await until(lambda: "did not accept the key" in panel._test.result.text())
    assert "<b>wrong</b> key" in panel._test.result.text()
    assert panel._test.result.textFormat() is Qt.TextFormat.PlainText
    await panel.aclose()


@pytest.mark.qt_log_ignore("does not support grabbing the keyboard")
@pytest.mark.qt_log_ignore("does not support grabbing the keyboard", extend=True)
async def test_opening_the_list_fetches_the_models_once(desk: Desk, qloop: object) -> None:
    panel = desk.panel
    box = part(panel, QComboBox, "modelBox")
    box.setFocus()
    box.showPopup()
    await until(lambda: box.count() == 2)
    assert panel.model_id() == "practice", "what was chosen stays"
    assert box.view().isVisible(), "one click opens it, although the list had to be fetched first"
    box.hidePopup()
    box.showPopup()
    box.hidePopup()
    assert len(desk.worker.listed) == 1
    box.setCurrentIndex(1)
    assert panel.model_id() == "m-2" and "2027-01-14" in panel._model.note.text()
    await panel.aclose()


async def test_a_list_that_cannot_be_fetched_leaves_typing(desk: Desk, qloop: object) -> None:
    panel = desk.panel
    desk.worker.models = CallFailed(Cause.NETWORK)
    panel._model.reload.click()
    await until(lambda: "connection" in panel._model.note.text())
    panel.model_box.setEditText("typed")
    assert panel.model_id() == "typed" and panel.problem() == ""
    await panel.aclose()


async def test_model_names_with_hidden_characters_are_not_offered(desk: Desk, qloop: object) -> None:
    desk.worker.models = [ModelInfo("fine"), ModelInfo("bad\u202e"), ModelInfo("two\nlines"), ModelInfo("")]
    desk.panel._model.reload.click()
    await until(lambda: desk.panel.model_box.count())
    assert [desk.panel.model_box.itemText(i) for i in range(desk.panel.model_box.count())] == ["fine"]
    await desk.panel.aclose()


def test_a_compatible_server_needs_an_address(desk: Desk, qtbot: QtBot) -> None:
    panel = desk.panel
    choose(panel.provider_box, "compatible")
    edit = part(panel, QLineEdit, "baseUrlEdit")
    assert "address" in panel.problem()
    qtbot.keyClicks(edit, "http://example.com/v1")
    assert "not encrypted" in panel.problem()
    edit.clear()
    qtbot.keyClicks(edit, "https://example.com/v1/")
    assert panel.account().base_url == "https://example.com/v1"
    panel.model_box.setEditText("m")
    panel._place_changed()
    panel._settle.stop()
    assert panel.problem() == "" and desk.settings.get(BASE_URLS) == {"compatible": "https://example.com/v1"}


def test_the_usual_address_of_a_local_server_is_none_in_the_recipe(desk: Desk) -> None:
    choose(desk.panel.provider_box, "ollama")
    assert "11434" in desk.panel.address_edit.text() and desk.panel.base_url() is None


@pytest.mark.parametrize("environ", [{"ROWMILL_API_KEY": "sk-mine"}])
def test_an_address_that_came_with_a_recipe_gets_no_key_until_agreed(desk: Desk, qtbot: QtBot) -> None:
    panel = desk.panel
    panel.set_recipe(recipe("compatible", "m", "https://collector.example.net/v1"))
    assert panel._question.isVisibleTo(panel) and "collector.example.net" in panel._question._text.text()
    assert "not agreed" in panel.problem() and panel.account().key is None
    panel._test.button.click()
    assert desk.worker.tested == []
    qtbot.mouseClick(part(panel, QPushButton, "agreeAddressButton"), Qt.MouseButton.LeftButton)
    assert panel.problem() == "" and not panel._question.isVisibleTo(panel)
    panel.set_recipe(recipe("practice"))
    panel.set_recipe(recipe("compatible", "m", "https://collector.example.net/v1"))
    assert panel.problem() == ""


def test_an_address_that_was_declined_is_gone(desk: Desk, qtbot: QtBot) -> None:
    panel = desk.panel
    panel.set_recipe(recipe("openai", "gpt-6-luna", "https://collector.example.net/v1"))
    qtbot.mouseClick(part(panel, QPushButton, "declineAddressButton"), Qt.MouseButton.LeftButton)
    assert panel.account().base_url is None and desk.settings.get(BASE_URLS) == {}


def test_a_recipe_without_an_address_gets_the_providers_own_and_not_the_last_one(desk: Desk) -> None:
    desk.settings.set(BASE_URLS, {"openai": "https://proxy.example.com/v1"})
    desk.panel.set_recipe(recipe("openai"))
    assert desk.panel.base_url() is None


def test_showing_a_recipe_announces_and_remembers_nothing(desk: Desk, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(desk.panel.changed):
        desk.panel.set_recipe(recipe("openai", "of-a-stranger", "https://stranger.example/v1"))
    assert desk.settings.get(MODELS) == {} and desk.settings.get(BASE_URLS) == {}
    assert desk.settings.get(PROVIDER) == "practice"


def test_options_go_in_and_come_out(desk: Desk) -> None:
    options = Options(max_output_tokens=500, temperature=0.5, ask_identical_once=False, confidence=True)
    shown = Recipe("{a}", FIELDS, "openai", "m", None, options)
    desk.panel.set_recipe(shown)
    assert desk.panel.options() == options
    run = RunOptions(Lane.OVERNIGHT, 7, 2.5, None)
    desk.panel.set_run_options(run)
    assert desk.panel.run_options() == run


def test_a_reply_length_out_of_range_is_said(desk: Desk) -> None:
    desk.panel.run_part.tokens_edit.setText("3")
    assert "whole number" in desk.panel.problem()


def test_a_provider_of_a_later_version_is_shown_as_another_server(desk: Desk) -> None:
    desk.panel.set_recipe(recipe("newcomer", "m", "https://newcomer.example/v1"))
    assert desk.panel.provider() == "compatible" and "not agreed" in desk.panel.problem()


def test_both_tabs_together_make_the_recipe(desk: Desk, qtbot: QtBot) -> None:
    task = RecipePanel()
    qtbot.addWidget(task)
    whole = Recipe("{a}", FIELDS, "openai", "gpt-6-luna", None, Options(max_output_tokens=99))
    task.set_recipe(whole)
    desk.panel.set_recipe(whole)
    assert current_recipe(task, desk.panel) == whole


def test_showing_a_recipe_twice_keeps_what_is_typed_in_the_key_field(desk: Desk) -> None:
    desk.panel.set_recipe(recipe("openai"))
    desk.panel.key_part.edit.setText("sk-half")
    desk.panel.set_recipe(recipe("openai"))
    assert desk.panel.key_part.edit.text() == "sk-half"


def test_a_wheel_over_a_box_changes_nothing(desk: Desk) -> None:
    from PySide6.QtCore import QPoint, QPointF
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QApplication

    box = desk.panel.provider_box
    desk.panel.model_box.setFocus()
    none, phase = Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton, none, phase, False
    )
    QApplication.sendEvent(box, event)
    assert desk.panel.provider() == "practice"


def test_the_secret_is_not_in_the_panels_words(desk: Desk) -> None:
    assert repr(Secret("sk-x")) == "Secret(***)"
