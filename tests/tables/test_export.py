"""Exports: right, whole, harmless, and never at the expense of an older file."""

from __future__ import annotations

import csv
import datetime
import errno
import io
import itertools
import json
import os
import re
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from python_calamine import load_workbook

from gui_app.errors import Cancelled, ExportError, StorageError
from gui_app.tables import Cell, ExportReport, kind_of_target, save_table
from gui_app.tables.export_xlsx import write_xlsx

_ROWS: list[list[Cell]] = [["1", "good, very"], ["2", '中文 "quoted"\nand a line']]


def _sheet(path: Path, number: int = 0) -> list[list[object]]:
    return [list(row) for row in load_workbook(path).get_sheet_by_index(number).to_python()]


def _xml(path: Path, part: str = "xl/worksheets/sheet1.xml") -> str:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return archive.read(part).decode()


def _sentences(report: ExportReport) -> list[str]:
    return [sentence.format(**details) for sentence, details in report.notes()]


# -- XLSX


def test_a_workbook_holds_all_cells_and_a_heading(tmp_path: Path) -> None:
    report = save_table(tmp_path / "a.xlsx", ["id", "text"], _ROWS)
    assert _sheet(tmp_path / "a.xlsx") == [["id", "text"], *_ROWS]
    assert (report.rows, report.sheets, report.notes()) == (2, 1, [])


def test_text_stays_text_in_a_workbook(tmp_path: Path) -> None:
    texts = ["007", "1e5", "12345678901234567890", "2024-01-31", "TRUE", " spaced ", "a\r\nb\tc", "_x0041_", "𠀀😀"]
    texts += ["<r>markup</r>", "<r><t>x</t></r>", "& < > \" ' ]]>", "\ufeff", "\u3000", "x" * 32_767]
    save_table(tmp_path / "a.xlsx", ["text"], [[text] for text in texts])
    assert _sheet(tmp_path / "a.xlsx")[1:] == [[text] for text in texts]


def test_numbers_and_dates_are_such_in_a_workbook(tmp_path: Path) -> None:
    row: list[Cell] = [
        12,
        -0.25,
        1e20,
        True,
        datetime.date(2026, 1, 31),
        datetime.datetime(2026, 1, 31, 13, 45, 1),
        datetime.time(9, 5),
        datetime.timedelta(hours=30, minutes=15),
        None,
        "end",
    ]
    save_table(tmp_path / "a.xlsx", [f"c{n}" for n in range(10)], [row])
    assert _sheet(tmp_path / "a.xlsx")[1] == [
        12.0,
        -0.25,
        1e20,
        True,
        datetime.date(2026, 1, 31),
        datetime.datetime(2026, 1, 31, 13, 45, 1),
        datetime.time(9, 5),
        datetime.timedelta(days=1, seconds=22_500),
        "",
        "end",
    ]


def test_what_excel_has_no_number_for_stays_text(tmp_path: Path) -> None:
    zone = datetime.timezone(datetime.timedelta(hours=8))
    row: list[Cell] = [
        12345678901234567,
        float("nan"),
        float("inf"),
        datetime.date(1899, 1, 1),
        datetime.timedelta(hours=-1),
        datetime.datetime(2026, 1, 31, 13, 45, tzinfo=zone),
    ]
    save_table(tmp_path / "a.xlsx", list("abcdef"), [row])
    assert _sheet(tmp_path / "a.xlsx")[1] == [
        "12345678901234567", "nan", "inf", "1899-01-01", "-01:00:00", "2026-01-31 13:45:00+08:00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "=cmd|' /C calc'!A0",
        "@SUM(A1)",
        "+1+1",
        "-1-1",
        "＝1+1",
        "\t=1",
        "http://example.com",
        "mailto:a@b.c",
        "internal:A1",
        "{=1}",
        "external:x",
    ],
)
def test_no_cell_of_a_workbook_is_a_formula_or_a_link(tmp_path: Path, text: str) -> None:
    save_table(tmp_path / "a.xlsx", [text], [[text]])
    assert _sheet(tmp_path / "a.xlsx") == [[text], [text]]
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        everything = "".join(archive.read(name).decode() for name in archive.namelist() if "sheet1" in name)
    assert "<f>" not in everything
    assert "hyperlink" not in everything


def test_the_heading_is_bold_frozen_and_filtered_and_columns_are_wide_enough(tmp_path: Path) -> None:
    save_table(tmp_path / "a.xlsx", ["id", "text", "文"], [["1", "a text of some length", "中文" * 10]] * 20)
    sheet = _xml(tmp_path / "a.xlsx")
    assert 'state="frozen"' in sheet
    assert '<autoFilter ref="A1:C21"/>' in sheet
    assert [float(width) for width in re.findall(r'width="([\d.]+)"', sheet)] == [
        pytest.approx(8, abs=1),
        pytest.approx(22, abs=1),
        pytest.approx(41, abs=1),
    ]
    styles = _xml(tmp_path / "a.xlsx", "xl/styles.xml")
    bold = re.findall(r"<font>.*?</font>", styles)[1]
    assert "<b/>" in bold
    assert '<c r="A1" s="1" t="inlineStr"><is><t>id</t></is></c>' in sheet
    assert "$A$1:$C$21" in _xml(tmp_path / "a.xlsx", "xl/workbook.xml")


def test_cells_too_long_for_excel_are_cut_and_told(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [["1", "short"], ["2", "x" * 40_000], ["3", "😀" * 20_000]]
    report = save_table(tmp_path / "a.xlsx", ["id", "text"], rows)
    cells = _sheet(tmp_path / "a.xlsx")
    assert cells[2][1] == "x" * 32_767
    assert cells[3][1] == "😀" * 16_383
    assert _sentences(report) == [
        "2 cells were longer than the 32,767 characters Excel allows and were cut, the first in row 2, "
        "column “text”. Export as CSV or JSON to keep them whole."
    ]


def test_characters_no_workbook_can_hold_are_replaced_and_told(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [["a\x00b"], ["\ud800x"], ["\ufffe\uffff"], ["fine"]]
    report = save_table(tmp_path / "a.xlsx", ["text"], rows)
    assert _sheet(tmp_path / "a.xlsx")[1:] == [["a\ufffdb"], ["\ufffdx"], ["\ufffd\ufffd"], ["fine"]]
    assert _sentences(report) == ["3 cells held characters that this kind of file cannot hold; they show as “\ufffd”."]


def test_control_characters_are_written_as_excel_writes_them_and_come_back(tmp_path: Path) -> None:
    controls = "".join(map(chr, range(1, 32)))
    cells = [controls, "soft\x0bbreak", "_x000B_", "_x000B\x0b_", "a\r\nb"]
    report = save_table(tmp_path / "a.xlsx", ["text"], [[cell] for cell in cells])
    assert [row[0] for row in _sheet(tmp_path / "a.xlsx")[1:]] == cells
    assert "soft_x000B_break" in _xml(tmp_path / "a.xlsx") and _sentences(report) == []


def test_one_cell_is_told_of_as_one(tmp_path: Path) -> None:
    report = save_table(tmp_path / "a.xlsx", ["text"], [["a\x00b"], ["fine"]])
    assert _sentences(report) == ["A cell held characters that this kind of file cannot hold; they show as “\ufffd”."]


def test_more_rows_than_a_sheet_holds_go_into_further_sheets() -> None:
    file, report = io.BytesIO(), ExportReport()
    batches = [[[str(n * 10 + m)] for m in range(10)] for n in range(3)]
    write_xlsx(file, ["n"], batches, report, sheet="Data", sheet_rows=13)
    book = load_workbook(io.BytesIO(file.getvalue()))
    assert book.sheet_names == ["Data", "Data (2)", "Data (3)"]
    sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
    assert [len(sheet) for sheet in sheets] == [13, 13, 7]
    assert all(sheet[0] == ["n"] for sheet in sheets)
    assert [row[0] for sheet in sheets for row in sheet[1:]] == [str(n) for n in range(30)]
    assert report.sheets == 3
    assert _sentences(report) == ["One Excel sheet holds 1,048,576 rows, so the table takes 3 sheets."]
    with zipfile.ZipFile(io.BytesIO(file.getvalue())) as archive:
        assert '<autoFilter ref="A1:A7"/>' in archive.read("xl/worksheets/sheet3.xml").decode()


def test_rows_that_fill_a_sheet_exactly_take_one() -> None:
    file, report = io.BytesIO(), ExportReport()
    write_xlsx(file, ["n"], [[["1"], ["2"]], [["3"], ["4"]]], report, sheet="Data", sheet_rows=5)
    assert report.sheets == 1


def test_a_table_without_rows_is_a_heading(tmp_path: Path) -> None:
    assert save_table(tmp_path / "a.xlsx", ["id", "text"], []).rows == 0
    assert _sheet(tmp_path / "a.xlsx") == [["id", "text"]]
    save_table(tmp_path / "a.csv", ["id", "text"], [], bom=False)
    assert (tmp_path / "a.csv").read_bytes() == b"id,text\r\n"
    save_table(tmp_path / "a.json", ["id", "text"], [])
    assert json.loads((tmp_path / "a.json").read_text()) == []


def test_a_sheet_name_excel_forbids_is_made_one_it_takes(tmp_path: Path) -> None:
    save_table(tmp_path / "a.xlsx", ["a"], [["1"]], sheet="a/b:c*[d]?" + "x" * 40)
    (name,) = load_workbook(tmp_path / "a.xlsx").sheet_names
    assert len(name) <= 31
    save_table(tmp_path / "b.xlsx", ["a"], [["1"]], sheet="'/:'")
    assert load_workbook(tmp_path / "b.xlsx").sheet_names == ["Rowmill"]


def test_sixteen_thousand_columns_fit_and_more_are_refused(tmp_path: Path) -> None:
    wide = [f"c{n}" for n in range(16_384)]
    save_table(tmp_path / "a.xlsx", wide, [["x"] * 16_384])
    assert len(_sheet(tmp_path / "a.xlsx")[1]) == 16_384
    with pytest.raises(ExportError) as caught:
        save_table(tmp_path / "b.xlsx", [*wide, "one more"], [])
    assert str(caught.value) == (
        "An Excel sheet holds 16384 columns and this table has 16385. Export it as CSV instead."
    )
    assert not (tmp_path / "b.xlsx").exists()
    save_table(tmp_path / "b.csv", [*wide, "one more"], [])


# -- CSV


def test_csv_opens_in_excel_with_chinese_intact(tmp_path: Path) -> None:
    save_table(tmp_path / "a.csv", ["id", "评论"], _ROWS)
    contents = (tmp_path / "a.csv").read_bytes()
    assert contents == '\ufeffid,评论\r\n1,"good, very"\r\n2,"中文 ""quoted""\nand a line"\r\n'.encode()


def test_separator_and_mark_can_be_chosen(tmp_path: Path) -> None:
    save_table(tmp_path / "a.csv", ["id", "text"], [["1", "a;b"]], separator=";", bom=False)
    assert (tmp_path / "a.csv").read_bytes() == b'id;text\r\n1;"a;b"\r\n'
    save_table(tmp_path / "a.tsv", ["id", "text"], [["1", "a\tb"]], bom=False)
    assert (tmp_path / "a.tsv").read_bytes() == b'id\ttext\r\n1\t"a\tb"\r\n'
    with pytest.raises(ExportError, match="cannot separate cells"):
        save_table(tmp_path / "a.csv", ["id"], [], separator="ab")


def test_typed_cells_are_written_to_csv_as_the_import_wrote_them(tmp_path: Path) -> None:
    row: list[Cell] = [
        1,
        2.0,
        0.1 + 0.2,
        -5,
        True,
        None,
        datetime.date(2026, 1, 31),
        datetime.datetime(2026, 1, 31, 9, 5),
        datetime.timedelta(hours=30),
        datetime.time(9, 5),
        float("inf"),
    ]
    save_table(tmp_path / "a.csv", [f"c{n}" for n in range(12)], [row], bom=False)
    assert (tmp_path / "a.csv").read_text().splitlines()[1] == (
        "1,2,0.3,-5,TRUE,,2026-01-31,2026-01-31 09:05:00,30:00:00,09:05:00,inf,"
    )


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1+1",
        "-1-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "\u3000＝1",
        "＝1+1",
        "＋1a",
        "－1a",
        "＠x",
        "\tplain",
        "\rplain",
        "- a point",
        "=",
        "-",
        "+49 (0)30",
        "-cmd|'/C calc'!A0",
        "\ufeff=1",
        "\x85=1",
        "﹦1",
    ],
)
def test_what_excel_could_take_for_a_formula_is_protected_in_csv(tmp_path: Path, text: str) -> None:
    report = save_table(tmp_path / "a.csv", ["id", "text"], [["1", text], ["2", "fine"]])
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file))[1:] == [["1", "'" + text], ["2", "fine"]]
    assert _sentences(report) == [
        "A cell that Excel could take for a formula got a protective ' in front. "
        "You can switch that off in the export, or export as Excel file, which needs none."
    ]


@pytest.mark.parametrize(
    "text",
    ["-5", "+1,234.50", "-0.5", "-1e5", "+49 30 1234", "-12%", " leading space", "\nline", "a=b", "", "'x", "-.5"],
)
def test_plain_numbers_and_harmless_text_are_left_alone_in_csv(tmp_path: Path, text: str) -> None:
    report = save_table(tmp_path / "a.csv", ["id", "text"], [["1", text]])
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file))[1] == ["1", text]
    assert report.protected_cells == 0


def test_a_heading_is_protected_too(tmp_path: Path) -> None:
    save_table(tmp_path / "a.csv", ["=1+1"], [], bom=False)
    assert (tmp_path / "a.csv").read_text().strip() == "'=1+1"


def test_the_protection_can_be_switched_off(tmp_path: Path) -> None:
    report = save_table(tmp_path / "a.csv", ["text"], [["=1+1"]], protect=False, bom=False)
    assert (tmp_path / "a.csv").read_text().splitlines() == ["text", "=1+1"]
    assert report.protected_cells == 0


def test_half_a_surrogate_pair_is_replaced_in_csv_and_told(tmp_path: Path) -> None:
    report = save_table(tmp_path / "a.csv", ["text"], [["\ud800x"], ["fine"]], bom=False)
    assert (tmp_path / "a.csv").read_text().splitlines() == ["text", "\ufffdx", "fine"]
    assert report.replaced_cells == 1


# -- JSON


def test_json_is_an_array_of_objects(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [["1", 2.5, True, None, datetime.date(2026, 1, 31)], ["中", "\ud800"]]
    save_table(tmp_path / "a.json", ["a", "b", "a", "", "e"], rows)
    assert json.loads((tmp_path / "a.json").read_bytes()) == [
        {"a": "1", "b": 2.5, "a (2)": True, "Column 4": None, "e": "2026-01-31"},
        {"a": "中", "b": "\ud800", "a (2)": None, "Column 4": None, "e": None},
    ]


def test_json_lines_are_one_object_a_line(tmp_path: Path) -> None:
    save_table(tmp_path / "a.jsonl", ["id"], [[str(n)] for n in range(600)])
    lines = (tmp_path / "a.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == [str(n) for n in range(600)]


def test_numbers_json_does_not_know_are_null(tmp_path: Path) -> None:
    save_table(tmp_path / "a.json", ["a", "b"], [[float("nan"), float("-inf")]])
    assert json.loads((tmp_path / "a.json").read_text()) == [{"a": None, "b": None}]


# -- the target


def test_the_suffix_says_the_kind() -> None:
    names = ("a.xlsx", "A.CSV", "a.tsv", "a.json", "a.jsonl")
    assert [kind_of_target(name) for name in names] == ["xlsx", "csv", "tsv", "json", "jsonl"]


@pytest.mark.parametrize("name", ["a.xls", "a", "a.pdf", ".xlsx"])
def test_an_unknown_suffix_is_refused_in_words(tmp_path: Path, name: str) -> None:
    with pytest.raises(ExportError) as caught:
        save_table(tmp_path / name, ["a"], [])
    assert str(caught.value) == (
        f"“{name}” does not say what kind of file it should be. End its name in .xlsx, .csv or .json."
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", ["xlsx", "csv", "json"])
def test_an_older_file_survives_whatever_goes_wrong(tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"a.{suffix}"
    target.write_text("older")

    def rows() -> Iterator[list[Cell]]:
        for _ in range(2000):
            yield ["x"]
        raise RuntimeError("the store failed")

    with pytest.raises(RuntimeError, match="the store failed"):
        save_table(target, ["a"], rows())
    assert target.read_text() == "older"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("suffix", ["xlsx", "csv", "json"])
def test_an_export_can_be_cancelled(tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"a.{suffix}"
    target.write_text("older")
    seen: list[int] = []
    with pytest.raises(Cancelled):
        save_table(
            target, ["a"], ([str(n)] for n in range(10**9)), progress=seen.append, cancelled=lambda: len(seen) > 5
        )
    assert target.read_text() == "older"
    assert list(tmp_path.iterdir()) == [target]


def test_progress_counts_rows_up_to_the_last(tmp_path: Path) -> None:
    seen: list[int] = []
    report = save_table(tmp_path / "a.csv", ["a"], ([str(n)] for n in range(1234)), progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == report.rows == 1234
    assert max(later - earlier for earlier, later in itertools.pairwise(seen)) <= 500
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 1235


def test_an_older_file_is_replaced_and_keeps_its_permissions(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    target.write_text("older")
    target.chmod(0o640)
    save_table(target, ["a"], [["1"]], bom=False)
    assert target.read_bytes() == b"a\r\n1\r\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_killed_export_left_is_cleared_away_after_a_day(tmp_path: Path) -> None:
    old, new, other = (tmp_path / f".a.csv.{mark}.part" for mark in ("aaaaaaaa", "bbbbbbbb", "cccc"))
    for file in (old, new, other):
        file.write_text("half")
    for file in (old, other):
        os.utime(file, (1_000_000_000, 1_000_000_000))
    save_table(tmp_path / "a.csv", ["a"], [["1"]])
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted([new.name, other.name, "a.csv"])


def test_a_symbolic_link_stays_and_its_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real" / "b.csv", tmp_path / "a.csv"
    real.write_text("older")
    link.symlink_to(real)
    save_table(link, ["a"], [["1"]], bom=False)
    assert link.is_symlink()
    assert real.read_bytes() == b"a\r\n1\r\n"
    assert list((tmp_path / "real").iterdir()) == [real]


def test_a_link_to_nowhere_makes_the_file_it_points_to(tmp_path: Path) -> None:
    link = tmp_path / "a.csv"
    link.symlink_to(tmp_path / "b.csv")
    save_table(link, ["a"], [["1"]], bom=False)
    assert (tmp_path / "b.csv").read_bytes() == b"a\r\n1\r\n"
    assert link.is_symlink()


def test_a_folder_or_device_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(ExportError) as caught:
        save_table(tmp_path / "a.csv", ["a"], [])
    assert str(caught.value) == "“a.csv” is a folder. Choose a file name inside it."
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "b.csv")
        with pytest.raises(ExportError, match="is not an ordinary file but a device"):
            save_table(tmp_path / "b.csv", ["a"], [])


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError) as caught:
        save_table(tmp_path / "gone" / "a.csv", ["a"], [])
    assert str(caught.value) == (
        "“a.csv” cannot be written: its folder is not there. Choose another folder, and export again."
    )


def test_a_name_that_is_too_long_is_told(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="is too long a name for this system"):
        save_table(tmp_path / ("x" * 300 + ".csv"), ["a"], [])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StorageError, match="open in another program"):
            save_table(tmp_path / "a.csv", ["a"], [])
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("suffix", ["xlsx", "csv", "json"])
@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "was not written: the drive is full. Free some space or choose another, and export again."),
        (errno.EACCES, "cannot be written: it is open in another program (Excel?), or it or its folder is read-only."),
        (errno.EROFS, "cannot be written: the drive is read-only. Choose another place."),
        (
            errno.EIO,
            "cannot be written (Input/output error). Check that its drive is connected, or choose another place.",
        ),
    ],
)
def test_trouble_with_the_drive_is_told(tmp_path: Path, suffix: str, number: int, sentence: str) -> None:
    target = tmp_path / f"a.{suffix}"
    target.write_text("older")

    def rows() -> Iterator[list[Cell]]:
        yield ["1"]
        raise OSError(number, os.strerror(number))

    with pytest.raises(StorageError) as caught:
        save_table(target, ["a"], rows())
    assert str(caught.value).startswith(f"“a.{suffix}” {sentence}")
    assert target.read_text() == "older"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device here")
@pytest.mark.parametrize("suffix", ["xlsx", "csv", "json"])
def test_a_full_drive_under_the_export_leaves_no_warning_behind(suffix: str, tmp_path: Path) -> None:
    """The archive writer must not trip over the same error again when it is thrown away."""
    import resource
    import signal

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, limits[1]))
    try:
        with pytest.raises(StorageError, match="the drive is full"):
            save_table(tmp_path / f"a.{suffix}", ["a"], ([os.urandom(40).hex()] for _ in range(50_000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, previous)
    assert list(tmp_path.iterdir()) == []
