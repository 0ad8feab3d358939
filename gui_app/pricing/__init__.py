"""Tokens to money, and what a whole file will cost and take. The price catalogue is loaded when first asked."""

from __future__ import annotations

from gui_app.pricing.estimate import Estimate, LaneEstimate, TriedRow, estimate
from gui_app.pricing.prices import PriceTable, Rate, charge, cost_usd, is_free, is_told, preload, price_of, table_for
from gui_app.pricing.tokens import estimate_tokens
from gui_app.pricing.worst_case import WorstCase, worst_case_usd

__all__ = [
    "Estimate",
    "LaneEstimate",
    "PriceTable",
    "Rate",
    "TriedRow",
    "WorstCase",
    "charge",
    "cost_usd",
    "estimate",
    "estimate_tokens",
    "is_free",
    "is_told",
    "preload",
    "price_of",
    "table_for",
    "worst_case_usd",
]
