"""Rows of text files come in as they stand: all of them, as text, in order."""

from __future__ import annotations

import itertools
import tracemalloc
from pathlib import Path

import pytest

from gui_app.errors import InputError
from gui_app.tables import ImportSettings, open_table
from gui_app.tables.lines import BLOCK_BYTES
from tests.tables.reading import cells_of, refusal_of, told_by, write


def test_everything_stays_text(tmp_path: Path) -> None:
    row = ("007", "1e5", "12345678901234567890", "2024-01-31", "TRUE", "1.50", " spaced ", "NULL", "1,5")
    path = write(tmp_path / "a.csv", "a,b,c,d,e,f,g,h,i\n" + ",".join(f'"{cell}"' for cell in row) + "\n")
    with open_table(path) as table:
        assert list(table.rows()) == [(row, "")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_each_kind_of_line_end_ends_a_row(tmp_path: Path, end: str) -> None:
    path = write(tmp_path / "a.csv", end.join(["id,text", "1,a", "2,b", ""]))
    assert cells_of(path) == [("1", "a"), ("2", "b")]


def test_mixed_line_ends_are_fine(tmp_path: Path) -> None:
    assert cells_of(write(tmp_path / "a.csv", "id,text\r\n1,a\n2,b\r3,c\r\n")) == [("1", "a"), ("2", "b"), ("3", "c")]


def test_line_ends_inside_cells_stay_as_they_are(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'id,text\n1,"a\r\nb\nc\rd"\n2,"\x0b\x0c\x1c\x85\u2028"\n')
    assert cells_of(path) == [("1", "a\r\nb\nc\rd"), ("2", "\x0b\x0c\x1c\x85\u2028")]


def test_unicode_line_separators_end_no_row(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text\n1,a\u2028b\x0bc\x85d\n2,e\n")
    assert cells_of(path) == [("1", "a\u2028b\x0bc\x85d"), ("2", "e")]


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "\n\nid,text\n\n1,a\n   \n\n2,b\n\n\n")
    assert cells_of(path) == [("1", "a"), ("2", "b")]


def test_a_row_of_empty_cells_is_a_row(tmp_path: Path) -> None:
    assert cells_of(write(tmp_path / "a.csv", "id,text\n1,a\n,\n2,b\n")) == [("1", "a"), ("", ""), ("2", "b")]


def test_the_last_row_needs_no_line_end(tmp_path: Path) -> None:
    assert cells_of(write(tmp_path / "a.csv", "id,text\n1,a\n2,b")) == [("1", "a"), ("2", "b")]


def test_every_row_of_a_long_file_comes_once_and_in_order(tmp_path: Path) -> None:
    count = 30_000
    text = "id,text\n" + "".join(f'{n},"row {n}, with 中文{chr(10) if n % 7 == 0 else ""}"\n' for n in range(count))
    assert len(text.encode()) > 2 * BLOCK_BYTES
    rows = cells_of(write(tmp_path / "a.csv", text))
    assert [row[0] for row in rows] == [str(n) for n in range(count)]
    assert rows[-1] == (str(count - 1), f"row {count - 1}, with 中文")


def test_a_carriage_return_and_its_line_feed_may_lie_in_two_blocks(tmp_path: Path) -> None:
    head = "id,text\r\n1,"
    for shift in (1, 0, -1):
        filling = "x" * (BLOCK_BYTES - len(head) - 1 + shift)
        path = write(tmp_path / "a.csv", f"{head}{filling}\r\n2,b\r\n")
        assert cells_of(path) == [("1", filling), ("2", "b")]


def test_old_mac_line_ends_may_lie_at_the_end_of_a_block(tmp_path: Path) -> None:
    head = "id,text\r1,"
    filling = "x" * (BLOCK_BYTES - len(head) - 1)
    assert cells_of(write(tmp_path / "a.csv", f"{head}{filling}\r2,b\r3,c")) == [("1", filling), ("2", "b"), ("3", "c")]


def test_a_cell_of_ten_megabytes_comes_whole(tmp_path: Path) -> None:
    cell = "ten megabytes, and a \n line, " * 350_000
    path = write(tmp_path / "a.csv", f'id,text\n1,"{cell}"\n2,b\n3,c\n')
    assert cells_of(path) == [("1", cell), ("2", "b"), ("3", "c")]


def test_reading_holds_a_few_blocks_however_long_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("w") as file:
        file.write("id,text\n")
        for number in range(300_000):
            file.write(f"{number},some text that is not very long\n")
    assert path.stat().st_size > 30 * BLOCK_BYTES
    with open_table(path, ImportSettings(encoding="utf-8")) as table:
        rows = table.rows()
        next(rows)
        tracemalloc.start()
        count = sum(1 for _ in itertools.islice(rows, 100_000))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert count == 100_000
    assert peak < 20 * BLOCK_BYTES


def test_two_thousand_columns_are_fine(tmp_path: Path) -> None:
    columns = [f"column {n}" for n in range(2000)]
    path = write(tmp_path / "a.csv", ",".join(columns) + "\n" + ",".join(map(str, range(2000))) + "\n")
    with open_table(path) as table:
        assert table.columns == tuple(columns)
        assert next(table.rows())[0][1999] == "1999"


def test_more_columns_than_excel_has_are_refused(tmp_path: Path) -> None:
    assert len(cells_of(write(tmp_path / "a.csv", "x," * 16_383 + "x\n" + "1," * 16_383 + "1\n"))[0]) == 16_384
    path = write(tmp_path / "b.csv", "x," * 16_384 + "x\n" + "1," * 16_384 + "1\n")
    assert refusal_of(path) == (
        "“b.csv” has 16385 columns; Rowmill takes up to 16384, as Excel does. "
        "Check the separator, or remove columns in the file."
    )


def test_short_rows_are_filled_and_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'a,b,c\n1,2,3\n"4\n4",5\n6\n')
    assert cells_of(path) == [("1", "2", "3"), ("4\n4", "5", ""), ("6", "", "")]
    assert told_by(path) == [
        "2 rows of “a.csv” have fewer cells than there are columns, the first in line 3. Their missing cells are empty."
    ]


def test_long_rows_near_the_top_get_columns_of_their_own(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "a,b\n1,2\n3,4,5\n6,7,,\n")
    assert cells_of(path) == [("1", "2", ""), ("3", "4", "5"), ("6", "7", "")]
    with open_table(path) as table:
        assert table.columns == ("a", "b", "Column 3")
    assert told_by(path)[0] == (
        "Some rows of “a.csv” have more cells than its heading has columns. They got one more column."
    )


def test_long_rows_far_down_lose_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text\n" + "1,a\n" * 60_000 + "2,b, and c, and d\n3,e,,\n")
    rows = cells_of(path)
    assert len(rows) == 60_002
    assert rows[-2:] == [("2", "b, and c, and d"), ("3", "e")]
    assert told_by(path) == [
        "Line 60002 of “a.csv” has more cells than there are columns. The rest stands in its last column."
    ]


def test_nul_characters_are_removed_and_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text\n1,a\n2,b\0c\0\n3,d\n")
    assert cells_of(path) == [("1", "a"), ("2", "bc"), ("3", "d")]
    assert told_by(path) == ["2 NUL characters were removed from “a.csv”, the first in line 3."]


def test_the_line_of_a_nul_far_down_is_right(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text\n" + '1,"a\nb"\n' * 100_000 + "2,b\0c\n")
    assert told_by(path) == ["A NUL character was removed from “a.csv”, in line 200002."]


def test_headings_become_unique_and_this_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'text,,text, text ,Column 2,"two\nlines"\n1,2,3,4,5,6\n')
    with open_table(path) as table:
        assert table.columns == ("text", "Column 2 (2)", "text (2)", "text (3)", "Column 2", "two lines")
        assert table.renamed == (
            (1, "", "Column 2 (2)"),
            (2, "text", "text (2)"),
            (3, " text ", "text (3)"),
            (5, "two\nlines", "two lines"),
        )
    assert told_by(path) == [
        "4 headings of “a.csv” were blank, repeated or too long and got names of their own: "
        "column 2 is now called “Column 2 (2)”."
    ]


@pytest.mark.parametrize(
    ("unnamed", "names"),
    [
        ("第 {n} 列", ("a", "第 2 列", "第 3 列")),
        (None, ("a", "Column 2", "Column 3")),
        # Out of a job file that somebody else has made.
        ("the same for all", ("a", "Column 2", "Column 3")),
        ("two\nlines {n}", ("a", "two lines 2", "two lines 3")),
    ],
)
def test_a_column_without_a_heading_is_called_as_was_asked_for(
    tmp_path: Path, unnamed: str | None, names: tuple[str, ...]
) -> None:
    path = write(tmp_path / "a.csv", "a,,\n1,2,3\n")
    with open_table(path, ImportSettings(header=True, unnamed=unnamed)) as table:
        assert table.columns == names
        # Kept with the job, and so the same when it is read again.
        assert ImportSettings.from_dict(table.settings.to_dict()).unnamed == unnamed


def test_a_huge_heading_is_cut(tmp_path: Path) -> None:
    with open_table(write(tmp_path / "a.csv", "id," + "x" * 10_000 + "\n1,a\n")) as table:
        assert table.columns == ("id", "x" * 254 + "…")


def test_text_behind_a_closing_quote_is_read_as_excel_does_and_told(tmp_path: Path) -> None:
    good = "".join(f'{n},"fine, text {n}",x\n' for n in range(500))
    path = write(tmp_path / "a.csv", f'id,text,label\n{good}500,"Big" size,x\n501,"fine, too",y\n')
    rows = cells_of(path)
    assert rows[500:] == [("500", "Big size", "x"), ("501", "fine, too", "y")]
    assert told_by(path) == [
        "Line 502 of “a.csv” has text after a closing quote and was read as Excel reads it. Check that row."
    ]


def test_a_quote_never_closed_is_refused_with_its_line(tmp_path: Path) -> None:
    good = "".join(f'{n},"fine\n text {n}"\n' for n in range(400))
    path = write(tmp_path / "a.csv", f'id,text\n{good}400,"never closed\n401,b\n402,c\n')
    assert refusal_of(path) == (
        '“a.csv”: the quote (") opened in line 802, cell 2, is not closed where the cell ends. '
        "Close it in the file, or choose “no quotes” in the line above the table."
    )


def test_a_quote_that_swallows_rows_is_refused_with_its_line(tmp_path: Path) -> None:
    good = "".join(f'{n},"fine, text {n}",x\n' for n in range(300))
    more = "".join(f'{n},"fine, text {n}",x\n' for n in range(301, 600))
    path = write(tmp_path / "a.csv", f'id,text,label\n{good}300,"never closed,x\n{more}')
    assert 'the quote (") opened in line 302, cell 2, is not closed' in refusal_of(path)


def test_in_a_short_file_one_quoted_cell_is_enough_to_refuse_an_open_quote(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'id,text\r\n1,"two\r\nlines"\r\n2,"never closed\r\n3,b\r\n')
    assert 'the quote (") opened in line 4, cell 2, is not closed' in refusal_of(path)


def test_where_nothing_else_is_quoted_an_open_quote_is_text_and_told_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'id,text\n1,fine\n2,"never closed\n3,b\n')
    assert cells_of(path) == [("1", "fine"), ("2", '"never closed'), ("3", "b")]
    with open_table(path) as table:
        assert [(details["line"], details["cell"]) for _sentence, details in table.warnings] == [(3, 2)]
        assert "read as text" in table.warnings[0][0]


def test_an_open_quote_can_be_read_as_text(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'id,text\n1,"never closed\n2,b\n')
    assert cells_of(path, ImportSettings(quote="")) == [("1", '"never closed'), ("2", "b")]


def test_inch_marks_inside_cells_are_text(tmp_path: Path) -> None:
    assert cells_of(write(tmp_path / "a.csv", 'id,text\n1,a 5" disk\n2,"6"" disk"\n'))[0] == ("1", 'a 5" disk')


def test_reading_twice_gives_the_same_rows_and_warnings(tmp_path: Path) -> None:
    with open_table(write(tmp_path / "a.csv", "a,b\n1\n2,3\n")) as table:
        first = list(table.rows()), list(table.warnings)
        assert (list(table.rows()), list(table.warnings)) == first


def test_progress_goes_from_nothing_to_all(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text\n" + "1,some text\n" * 100_000)
    with open_table(path) as table:
        assert table.total_bytes == path.stat().st_size
        seen = [table.bytes_read()]
        for _ in table.batches():
            seen.append(table.bytes_read())
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert 0 < seen[1] < table.total_bytes / 2
    assert seen[-1] == table.total_bytes


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text\n" + "1,some text\n" * 100_000)
    with open_table(path) as table:
        batches = table.batches()
        next(batches)
        with path.open("a") as file:
            file.write("2,more\n")
        with pytest.raises(InputError, match="was changed by another program while it was read"):
            list(batches)


def test_a_file_cut_short_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text\n" + "1,some text\n" * 100_000)
    with open_table(path) as table:
        batches = table.batches()
        next(batches)
        path.write_bytes(b"")
        with pytest.raises(InputError, match="was changed by another program while it was read"):
            list(batches)


def test_the_file_is_never_written_to(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text\n1,a\n2\n")
    before = path.read_bytes(), path.stat().st_mtime_ns
    cells_of(path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert list(tmp_path.iterdir()) == [path]
