"""One request, answered or not: the rules, the faults and the attempts behind both wires and both lanes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gui_app.practice.asked import Answered, Asked, Ending, Refused, Trouble, prompt_hash
from gui_app.practice.faults import Draw, Fate
from gui_app.practice.limits import Gate
from gui_app.practice.models import PracticeModel
from gui_app.practice.rules.answers import Plans
from gui_app.practice.rules.text import tokens_of
from gui_app.practice.state import Attempts

DECLINED = "I'm sorry, but I can't help with this text. (The practice model declines some texts on purpose.)"

_STRIKE = {
    Fate.FAILING: (Trouble.SERVER, "The server had an error on purpose. Try again."),
    Fate.STUBBORN: (Trouble.SERVER, "The server had an error on purpose, and will have a few more for this text."),
    Fate.OVERLOADED: (Trouble.OVERLOADED, "The model is overloaded on purpose. Try again later."),
    Fate.RATE_LIMITED: (Trouble.RATE, "Rate limit reached on purpose. Try again after the time given."),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What comes of a request, and after which wait.

    Attributes:
        answer: The answer; None when there is an error or a broken connection instead.
        refused: The error to send; None when there is none.
        fate: The fault that struck; NONE for an ordinary answer. DROPPED, HTML, HANGING and MALFORMED are for the
            server to act out.
    """

    answer: Answered | None
    refused: Refused | None
    fate: Fate
    wait_s: float


class Desk:
    """All that belongs to one model: its draw of faults and its gate."""

    def __init__(self, model: PracticeModel, seed: int) -> None:
        self.model = model
        self.draw = Draw(model.faults, model.id, seed)
        self.gate = Gate(model.faults)
        self.answered = 0


class Answering:
    """Decides what comes of each request.

    Args:
        attempts: How often each prompt has failed since its last answer; kept by the state.
        seed: Another seed, other rows with faults and other ties.
    """

    def __init__(self, models: Iterable[PracticeModel], attempts: Attempts, seed: int = 0) -> None:
        self._seed = seed
        self._attempts = attempts
        self._plans = Plans()
        self.desks: dict[str, Desk] = {}
        self.set_models(models)

    def set_models(self, models: Iterable[PracticeModel]) -> None:
        """Replace the models, with their faults and limits."""
        self.desks = {model.id: Desk(model, self._seed) for model in models}

    def desk(self, model: str) -> Desk:
        """The desk of a model.

        Raises:
            Refused: There is no such model.
        """
        desk = self.desks.get(model)
        if desk is None:
            known = ", ".join(self.desks)
            raise Refused(Trouble.MODEL, f"The model `{model[:80]}` does not exist. There are: {known}.", param="model")
        return desk

    def live(self, asked: Asked) -> Outcome:
        """What comes of a live request. Counts the attempt."""
        desk = self.desk(asked.model)
        faults = desk.draw.faults
        if faults.key_refused_after is not None and desk.answered >= faults.key_refused_after:
            return Outcome(None, Refused(Trouble.KEY, "This key is not valid any more."), Fate.NONE, 0.0)
        if faults.balance_gone_after is not None and desk.answered >= faults.balance_gone_after:
            return Outcome(None, Refused(Trouble.BALANCE, "You have used up your practice balance."), Fate.NONE, 0.0)
        lot = desk.draw.lot(asked.prompt)
        if lot.passing:
            key = f"{asked.model}/{prompt_hash(asked.prompt)}"
            if desk.draw.strikes(lot.fate, self._attempts.failures(key)):
                self._attempts.failed(key)
                refused = None
                if lot.fate in _STRIKE:
                    trouble, message = _STRIKE[lot.fate]
                    wait_s = faults.retry_after_s if trouble is Trouble.RATE else None
                    refused = Refused(trouble, message, retry_after_s=wait_s)
                return Outcome(None, refused, lot.fate, 0.0 if trouble_at_once(lot.fate) else lot.latency_s)
            self._attempts.answered(key)
        outcome = self._answer(desk, asked, lot.fate)
        desk.answered += outcome.answer is not None
        return replace(outcome, wait_s=lot.latency_s)

    def in_batch(self, asked: Asked) -> Outcome:
        """What comes of a request in a batch: no waits, no limits; passing faults make an errored row once."""
        desk = self.desk(asked.model)
        lot = desk.draw.lot(asked.prompt)
        if lot.fate in (Fate.FAILING, Fate.STUBBORN, Fate.OVERLOADED):
            key = f"{asked.model}/{prompt_hash(asked.prompt)}"
            if desk.draw.strikes(lot.fate, self._attempts.failures(key)):
                self._attempts.failed(key)
                trouble, message = _STRIKE[lot.fate]
                return Outcome(None, Refused(trouble, message), lot.fate, 0.0)
            self._attempts.answered(key)
        return self._answer(desk, asked, lot.fate)

    def _answer(self, desk: Desk, asked: Asked, fate: Fate) -> Outcome:
        input_tokens = asked.input_tokens
        context = desk.draw.faults.context_tokens
        if fate is Fate.TOO_LONG or input_tokens > context:
            said = max(input_tokens, context + 1) if fate is Fate.TOO_LONG else input_tokens
            message = (
                f"This model's maximum context length is {context} tokens, but your messages came to {said} tokens."
            )
            return Outcome(None, Refused(Trouble.TOO_LONG, message, param="messages"), Fate.TOO_LONG, 0.0)
        if fate in (Fate.REFUSED, Fate.FILTERED):
            ending = Ending.REFUSED if fate is Fate.REFUSED else Ending.FILTERED
            text = DECLINED if fate is Fate.REFUSED else ""
            return Outcome(Answered(text, input_tokens, tokens_of(text), ending), None, fate, 0.0)
        if fate is Fate.EMPTY:
            return Outcome(Answered("", input_tokens, 1), None, fate, 0.0)
        plan = self._plans.of(asked.instructions, asked.schema, asked.json_wanted)
        text = plan.answer(asked.prompt, self._seed, off_list=fate is Fate.OFF_LIST)
        answer = _within(asked, text, input_tokens, halved=fate is Fate.CUT_OFF)
        if fate is Fate.NO_USAGE:
            answer = replace(answer, count_tokens=False)
        struck = fate in _SHAPING
        return Outcome(answer, None, fate if struck else Fate.NONE, 0.0)


_SHAPING = frozenset({Fate.OFF_LIST, Fate.CUT_OFF, Fate.MALFORMED, Fate.NO_USAGE, Fate.SLOW})


def trouble_at_once(fate: Fate) -> bool:
    """True for refusals that a server gives before it has done any work."""
    return fate in (Fate.RATE_LIMITED, Fate.OVERLOADED, Fate.HTML)


def _within(asked: Asked, text: str, input_tokens: int, halved: bool) -> Answered:
    """The answer under the request's own token limit: cut off where it does not fit, as with a real model."""
    output_tokens = tokens_of(text)
    if halved:
        return Answered(text[: max(1, len(text) // 2)], input_tokens, max(1, output_tokens // 2), Ending.CUT_OFF)
    cap = asked.max_output_tokens
    if cap is not None and output_tokens > cap:
        kept = text.encode("utf-8", "surrogatepass")[: cap * 4].decode("utf-8", "ignore")
        return Answered(kept, input_tokens, cap, Ending.CUT_OFF)
    return Answered(text, input_tokens, output_tokens)
