"""What is imported is never looked through for garbage; all else is, seldom."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import gc
from gui_app.worker.garbage import collect_seldom, uncollected

collect_seldom()
collected = []
gc.callbacks.append(lambda phase, info: collected.append(info["generation"]))
with uncollected():
    assert not gc.isenabled()
    import gui_app.worker.conductor, gui_app.providers.openai
assert gc.isenabled() and not collected
imported = gc.get_freeze_count()
assert imported > 50_000, imported

class Circle:
    pass

circle = Circle()
circle.itself = circle
del circle
# As at the start of every run of a worker's life: nothing is imported any more.
with uncollected():
    import gui_app.worker.conductor
assert abs(gc.get_freeze_count() - imported) < 100
assert gc.collect() >= 1
"""


def test_what_is_imported_is_never_looked_through_and_what_is_dropped_later_is_found():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
