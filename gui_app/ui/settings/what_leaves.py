"""What leaves this computer and to whom: for the job that is open, and in general."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from PySide6.QtWidgets import QWidget

from gui_app.i18n import _, ngettext, number, one_after_another
from gui_app.jobs import Lane, Recipe
from gui_app.providers import catalog
from gui_app.providers.hosts import is_loopback, proxy_for
from gui_app.recipes.template import Template
from gui_app.sentences import plain
from gui_app.ui.look.theme import GAP_L, GAP_M, GAP_S
from gui_app.ui.model.provider_box import provider_title
from gui_app.ui.pieces.panel import Panel, clear, text_label, vbox

NAMES_SHOWN = 12

Paragraph = tuple[str, str]
"""A heading and what stands under it."""


@dataclass(frozen=True, slots=True)
class OpenJob:
    """What has to be known of a job to say where its rows go.

    Attributes:
        recipe: As it stands in the panels now.
        with_key: A key goes along.
        rows_sent: Requests that went out so far.
    """

    name: str
    recipe: Recipe
    columns: tuple[str, ...]
    lane: Lane
    with_key: bool
    rows_sent: int = 0


class WhatLeaves(Panel):
    """The page. `job`: None when no job is open."""

    def __init__(self, job: OpenJob | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("whatLeavesPage")
        self._job = job
        self._column = vbox(self, gap=GAP_L)
        self.retranslate()

    def retranslate(self) -> None:
        """Both parts, in the language in use."""
        clear(self._column)
        card = Panel(role="card")
        card.setObjectName("whatLeavesOfThisJob")
        _fill(card, [_title(self._job), *of_job(self._job)], GAP_M)
        rest = QWidget()
        _fill(rest, in_general(), 0)
        self._column.addWidget(card)
        self._column.addWidget(rest)

    def words(self) -> str:
        """All that can be read here."""
        return "\n".join(
            f"{heading}\n{text}" for heading, text in [_title(self._job), *of_job(self._job), *in_general()]
        )


def _fill(widget: QWidget, paragraphs: Sequence[Paragraph], margin: int) -> None:
    column = vbox(widget, (margin, margin, margin, margin), GAP_S)
    for heading, text in paragraphs:
        for words, role in ((heading, "heading"), (text, "")):
            if words:
                label = text_label(role, wrap=True)
                label.setText(words)
                column.addWidget(label)
        column.addSpacing(GAP_S)


def _title(job: OpenJob | None) -> Paragraph:
    if job is None:
        text = _("No job is open. Open one, and this page says what leaves this computer for it, and to whom.")
        return _("The open job"), text
    return _("The open job: “{name}”").format(name=plain(job.name, 80)), _sent_so_far(job)


def _sent_so_far(job: OpenJob) -> str:
    if not job.rows_sent:
        return _("So far nothing of it has been sent. When you press Try or Run, this is what happens:")
    text = ngettext(
        "So far {count} request has gone out. When you press Try or Run, this is what happens:",
        "So far {count} requests have gone out. When you press Try or Run, this is what happens:",
        job.rows_sent,
    )
    return text.format(count=number(job.rows_sent))


def of_job(job: OpenJob | None) -> list[Paragraph]:
    """What a run of this job sends, and to whom."""
    if job is None:
        return []
    at_home = stays_here(job.recipe)
    out = [(_("It goes to"), _whom(job.recipe)), (_("What goes"), _what(job, at_home))]
    if not at_home:
        key = _("The key you entered for this server goes along, so that it knows who pays.")
        out.append((_("Key"), key if job.with_key else _("No key goes along.")))
    out.append((_("What stays here"), _what_stays(job)))
    if job.lane is Lane.OVERNIGHT and not at_home:
        text = _(
            "Overnight, the finished prompts lie at the provider as a file until they are answered, and the results "
            "until Rowmill has collected them or the provider's time for them is over."
        )
        out.append((_("How long it lies there"), text))
    return out


def stays_here(recipe: Recipe) -> bool:
    """Nothing of a run leaves this computer."""
    return recipe.provider == "practice" or is_loopback(_address(recipe))


def _address(recipe: Recipe) -> str:
    try:
        return recipe.base_url or catalog.entry(recipe.provider).base_url or ""
    except Exception:  # A provider of a later version, in a job from somebody else.
        return recipe.base_url or ""


def _whom(recipe: Recipe) -> str:
    if recipe.provider == "practice":
        return _("The practice model, a part of Rowmill on this computer. Nothing leaves this computer.")
    address = _address(recipe)
    if not address:
        return _("No server is chosen yet.")
    host = plain(urlsplit(address).netloc.rpartition("@")[2], 100)
    if is_loopback(address):
        return _("{host}, a server on this computer. Nothing leaves this computer.").format(host=host)
    text = _("{provider}, at {host}. The connection is encrypted.").format(
        provider=provider_title(recipe.provider), host=host
    )
    proxy = proxy_for(address)
    if proxy is not None:
        shown = plain(urlsplit(proxy).netloc.rpartition("@")[2], 100)
        text = one_after_another(text, _("It goes through this computer's proxy, {host}.").format(host=shown))
    return text


def _what(job: OpenJob, at_home: bool) -> str:
    template = Template(job.recipe.template, job.columns)
    used = template.columns_used
    if used:
        cells = _("of each row you run, the cells of {columns}").format(columns=_names(used))
    else:
        cells = _("no cell: your prompt names no column")
    text = _("Your prompt with the examples in it, the labels and their meanings, and {cells}.").format(cells=cells)
    if job.recipe.options.ask_identical_once and not at_home:
        text = one_after_another(text, _("Rows with the very same prompt are sent once."))
    return text


def _what_stays(job: OpenJob) -> str:
    used = set(Template(job.recipe.template, job.columns).columns_used)
    left = [name for name in job.columns if name not in used]
    rest = _("the name of the file and of the job, the other rows, and what you correct by hand")
    if not left:
        return _("Every column is in your prompt. What stays here: {rest}.").format(rest=rest)
    return _("The columns {columns}; {rest}.").format(columns=_names(left), rest=rest)


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(f"“{plain(name, 40)}”" for name in names[:NAMES_SHOWN])
    if len(names) <= NAMES_SHOWN:
        return shown
    return _("{names} and {count} more").format(names=shown, count=number(len(names) - NAMES_SHOWN))


def in_general() -> list[Paragraph]:
    """What holds for every job."""
    return [
        (
            _("Your rows"),
            _(
                "When you try or run a job, the finished prompt of each row goes to the provider you chose: your "
                "words, and the cells of the columns you put into the prompt. Other columns stay here. What the "
                "provider does with it is written in your contract with them. OpenAI is asked not to store it."
            ),
        ),
        (
            _("Practice model and local servers"),
            _("With the practice model, or a server on this computer such as Ollama, nothing leaves this computer."),
        ),
        (
            _("Your keys"),
            _(
                "A key lies in this computer's keychain, never in a job file, a log or an export. It is sent only to "
                "the server it was entered for."
            ),
        ),
        (
            _("Job files"),
            _(
                "A job file holds your table, the task and the answers. Whoever you give it to can read them all. "
                "It holds no key."
            ),
        ),
        (
            _("Nothing else"),
            _(
                "Rowmill sends no statistics and no crash reports, and does not look for updates. "
                "Prices come with the app."
            ),
        ),
    ]
