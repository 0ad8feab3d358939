"""The samples are in the user's language, the task and the correct answers alike."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import pytest
from python_calamine import CalamineWorkbook

from gui_app import i18n
from gui_app.i18n import _
from gui_app.recipes.presets import preset
from gui_app.ui.samples import SAMPLES, Sample, sample_of


@pytest.fixture(params=["en", "zh_CN"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    i18n.set_language(request.param)
    yield request.param
    i18n.set_language("en")


def table(sample: Sample) -> list[list[str]]:
    if sample.path.suffix == ".xlsx":
        rows = CalamineWorkbook.from_path(str(sample.path)).get_sheet_by_index(0).to_python()
        return [[str(cell) for cell in row] for row in rows]
    with sample.path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, strict=True))


def test_the_correct_labels_are_those_that_the_task_offers(language: str) -> None:
    sample = SAMPLES[0]
    columns, *rows = table(sample)
    (gold,) = [at for at, column in enumerate(columns) if column in sample.gold]
    (field,) = preset(sample.preset).build(columns, rows[:20], _).fields
    assert {row[gold] for row in rows} == set(field.labels)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.id)
def test_a_task_finds_the_columns_it_needs(language: str, sample: Sample) -> None:
    columns, *rows = table(sample)
    template = preset(sample.preset).build(columns, rows[:20], _).template
    # Once per part of the question: a text, what it is compared with or the language it is wanted in.
    assert template.count("{") == {"label": 1, "rate": 3, "translate": 2}[sample.preset]
    assert not any(f"{{{column}}}" in template for column in sample.gold)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.id)
def test_a_sample_is_known_by_its_file_in_either_language(language: str, sample: Sample) -> None:
    path, rows = sample.path, len(table(sample))
    i18n.set_language("en" if language == "zh_CN" else "zh_CN")
    assert sample_of(path) is sample
    assert sample.path != path and len(table(sample)) == rows
