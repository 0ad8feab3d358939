"""Output fields: checked before a run, asked for with a schema, read from the reply."""

from __future__ import annotations

from gui_app.recipes.checks import check_fields
from gui_app.recipes.reading import ReplyReader, read_reply
from gui_app.recipes.schema import keys_for, schema_for

__all__ = ["ReplyReader", "check_fields", "keys_for", "read_reply", "schema_for"]
