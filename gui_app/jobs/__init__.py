"""The nouns every room shares: jobs, rows, recipes, output fields, replies, answers, causes."""

from gui_app.jobs.asking import Account, FieldValue, Finish, Question, RateLimits, Reading, Reply, Row, Secret, Usage
from gui_app.jobs.exporting import EXPORT_EXTRAS, EXPORT_KINDS, ExportOptions
from gui_app.jobs.recipe import CAN_BE_SURE, FieldKind, Options, OutputField, Recipe
from gui_app.jobs.running import Counts, Price, RowFilter, RunOptions, Scope, ScopeKind
from gui_app.jobs.states import Cause, JobState, Lane, RowState

__all__ = [
    "CAN_BE_SURE",
    "EXPORT_EXTRAS",
    "EXPORT_KINDS",
    "Account",
    "Cause",
    "Counts",
    "ExportOptions",
    "FieldKind",
    "FieldValue",
    "Finish",
    "JobState",
    "Lane",
    "Options",
    "OutputField",
    "Price",
    "Question",
    "RateLimits",
    "Reading",
    "Recipe",
    "Reply",
    "Row",
    "RowFilter",
    "RowState",
    "RunOptions",
    "Scope",
    "ScopeKind",
    "Secret",
    "Usage",
]
