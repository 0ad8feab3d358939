"""A practice server inside the test's own process, on a thread and a loop of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from gui_app.practice.asked import prompt_hash
from gui_app.practice.faults import Batching, Faults
from gui_app.practice.models import MODELS, PracticeModel
from gui_app.practice.server import Server
from gui_app.practice.state import Entry

T = TypeVar("T")

_ASKING = ("/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/decisions")


class Practice:
    """A running practice server. Use it as a context manager, or `start()` and `stop()`.

    All three models ("practice", "practice-instant", "practice-with-faults") behave as `faults` and `batching` say;
    by default there are no faults and no latency, and batches end at once. With `real=True` each behaves as in the app.

    Args:
        home: The folder of its state: start another one on the same folder and its batches are there again.
        prompts: The journal holds the prompts themselves.
        models: Instead of the practice models: some that go by a real model's name, and have its price.
        token, port: As `Server`. Give those of the one before to be "the same server after a restart".
    """

    def __init__(
        self,
        home: Path,
        faults: Faults | None = None,
        batching: Batching | None = None,
        *,
        real: bool = False,
        seed: int = 0,
        journal: bool = True,
        prompts: bool = True,
        token: str | None = None,
        port: int = 0,
        models: Iterable[PracticeModel] | None = None,
    ) -> None:
        self.home = home
        usual = MODELS if real else alike(faults or Faults(), batching or Batching())
        self._models = usual if models is None else tuple(models)
        self._options: dict[str, Any] = {
            "token": token,
            "port": port,
            "seed": seed,
            "journal": journal,
            "keep_prompts": prompts,
        }
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> Practice:
        """Start it and wait until it listens."""
        started = threading.Event()
        failed: list[BaseException] = []

        def run() -> None:
            with asyncio.Runner() as runner:
                self._loop = runner.get_loop()
                try:
                    runner.run(self._begin())
                except BaseException as error:
                    failed.append(error)
                    return
                finally:
                    started.set()
                # `stop` ends the loop; the runner then closes what is left, as asyncio.run does.
                self._loop.run_forever()

        self._thread = threading.Thread(target=run, name="practice server", daemon=True)
        self._thread.start()
        started.wait(30)
        if failed:
            self._thread.join()
            self._thread = None
            raise failed[0]
        return self

    async def _begin(self) -> None:
        self.server = Server(self.home, models=self._models, **self._options)
        await self.server.start()

    def stop(self) -> None:
        """Stop it and wait until its thread has ended. Idempotent."""
        if self._thread is None or self._loop is None:
            return
        self.run(self.server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        assert not self._thread.is_alive(), "the practice server's thread did not end"
        self._thread = None

    def __enter__(self) -> Practice:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the server's loop and wait for it."""
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    @property
    def base_url(self) -> str:
        """For OpenAI's SDK: "http://127.0.0.1:PORT/v1"."""
        return self.server.base_url

    @property
    def root_url(self) -> str:
        """For Anthropic's SDK: "http://127.0.0.1:PORT"."""
        return self.server.root_url

    @property
    def token(self) -> str:
        """The key."""
        return self.server.token

    @property
    def port(self) -> int:
        """The port."""
        return self.server.port

    def set_faults(self, faults: Faults | None = None, batching: Batching | None = None) -> None:
        """Change how all models behave from the next request on. Batches already made keep theirs."""

        async def change() -> None:
            self.server.set_models(alike(faults or Faults(), batching or Batching()))

        self.run(change())

    def go_away(self) -> None:
        """Break all connections and refuse new ones, as a network that is gone."""
        self.run(self.server.go_away())

    def come_back(self) -> None:
        """Listen again, on the same port."""
        self.run(self.server.come_back())

    def journal(self, *, endpoint: str = "", prompt: str = "", batch_id: str = "") -> list[Entry]:
        """What was requested so far, oldest first: all, or only this endpoint, prompt or batch."""

        async def read() -> list[Entry]:
            hashed = prompt_hash(prompt) if prompt else ""
            return list(self.server.state.journal(endpoint=endpoint, prompt_hash=hashed, batch_id=batch_id))

        return self.run(read())

    def asked(self) -> list[Entry]:
        """Only the live requests for an answer, whatever came of them; not model lists, files or batches."""
        return [entry for entry in self.journal() if entry.endpoint.partition(" ")[2] in _ASKING]

    def answers(self, prompt: str = "") -> int:
        """How many requests, live and in batches, got an answer (status 200): of one prompt, or of all."""
        asking = {f"POST {path}" for path in _ASKING} | {"batch"}
        return sum(entry.status == 200 and entry.endpoint in asking for entry in self.journal(prompt=prompt))


def alike(faults: Faults, batching: Batching) -> Iterable[PracticeModel]:
    """The practice models, all behaving the same way."""
    return tuple(replace(model, faults=faults, batching=batching) for model in MODELS)
