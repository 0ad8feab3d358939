"""Loads what lies in packaging/: scripts, not a package."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def script(place: str) -> Any:
    """The module of a script, e.g. `script("linux/packages.py")`; loaded once."""
    path = ROOT / "packaging" / place
    name = f"packaging_script_{path.stem}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        # Before it runs: a dataclass looks its own module up.
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]
