"""Rows to prompts, and replies to answers: the template, the output fields, presets. No I/O in here."""
