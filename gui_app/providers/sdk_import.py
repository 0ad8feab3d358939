"""Imports the SDKs without the half of them that no row uses."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import InspectLoader, Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

LATER = ("openai.types", "anthropic.types", "anthropic.resources", "anthropic.lib.tools")
"""Packages whose `__init__` imports hundreds of models of requests and replies; those in them likewise."""

_FROM = re.compile(r"^from (\.\w[.\w]*) import (?:\(([^)]*)\)|(.*)$)", re.MULTILINE)
_COMMENT = re.compile(r"#.*")

_importing = threading.RLock()


@contextmanager
def light_imports() -> Iterator[None]:
    """In this block an SDK is imported without what takes long and is not needed. It notices nothing."""
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Later(ModuleType):
    """A package that imports of its own what is asked for, when it is asked for.

    WORKAROUND: `import openai` makes 650 pydantic models and `import anthropic` 2,000, which takes longer than all the
    rest of them. Our calls are `client.post`, which uses none. Everything is still there for whoever asks.
    (`importlib.util.LazyLoader` would run all of a package as soon as one of its submodules is imported.)
    Remove when the SDKs import their types when they are first used.
    """

    def __getattr__(self, name: str) -> Any:
        loader = self.__spec__.loader if self.__spec__ else None
        # The names that Python itself asks of every module say nothing; what a star imports, does.
        if isinstance(loader, _LaterLoader) and (name == "__all__" or not name.startswith("__")):
            # As in LazyLoader: another thread waits until it is there.
            with _importing:
                if name not in self.__dict__:
                    loader.fetch(self, name)
            if name in self.__dict__:
                return self.__dict__[name]
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")

    def __dir__(self) -> list[str]:
        getattr(self, "__all__", None)
        return list(self.__dict__)


class _LaterLoader(Loader):
    """Loads a package as a `_Later`.

    Args:
        own: Its own loader.
    """

    def __init__(self, own: Loader) -> None:
        self._own = own
        self._origins: dict[str, tuple[str, str]] | None = None
        self._ran = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._own.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__class__ = _Later

    def fetch(self, module: ModuleType, name: str) -> None:
        """Import one thing that a package offers; all of it, should that not be found in its text."""
        if self._origins is None:
            source = self._own.get_source(module.__name__) if isinstance(self._own, InspectLoader) else None
            self._origins = dict(_origins(source or ""))
        if name in self._origins:
            submodule, own_name = self._origins[name]
            module.__dict__[name] = getattr(import_module(submodule, module.__name__), own_name)
        elif find_spec(f"{module.__name__}.{name}") is not None:
            import_module(f"{module.__name__}.{name}")
        elif not self._ran:
            self._ran = True
            self._own.exec_module(module)


def _origins(source: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """What a package's text imports from its own submodules: its name there, the submodule and the name in that."""
    for submodule, many, few in _FROM.findall(source):
        for words in _COMMENT.sub("", many or few).split(","):
            own_name, _, name = words.strip().partition(" as ")
            yield name.strip() or own_name, (submodule, own_name)


class _Finder(MetaPathFinder):
    # The others find it; packages then get their loader wrapped.
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith(LATER):
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(fullname, path, target)
            if spec is not None:
                if spec.loader is not None and spec.submodule_search_locations is not None:
                    spec.loader = _LaterLoader(spec.loader)
                return spec
        return None
