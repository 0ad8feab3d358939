"""Rowmill: ask a language model about every row of a spreadsheet."""

__version__ = "0.1.0"
