"""What libraries that are no Python write to standard error by themselves is kept from the terminal.

The reader of workbooks is written in Rust, which reports each thing it did not expect with a stack of its own. The user
is told in a sentence; see `WorkbookTable`.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def native_noise_dropped() -> Iterator[None]:
    """Python's own `sys.stderr` goes on reaching the terminal."""
    try:
        is_real = sys.stderr.fileno() == 2
    except (OSError, ValueError, AttributeError):
        is_real = False
    if not is_real:
        yield
        return
    python = sys.stderr
    python.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with open(kept, "w", encoding=python.encoding, errors=python.errors, buffering=1) as terminal:
        os.dup2(nowhere, 2)
        sys.stderr = terminal
        try:
            yield
        finally:
            terminal.flush()
            os.dup2(kept, 2)
            sys.stderr = python
            os.close(nowhere)
