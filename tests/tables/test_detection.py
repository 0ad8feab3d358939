"""What is found out about a text file: encoding, separator, quoting, header, preamble."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from gui_app.tables import ImportSettings, open_table
from tests.tables.reading import cells_of, refusal_of, told_by, write

_CHINESE = "编号,评论\n" + "".join(f"{n},这个产品非常好用，我很喜欢，已经第{n}次购买了\n" for n in range(40))
_TRADITIONAL = "編號,評論\n" + "".join(f"{n},這個產品非常好用，我很喜歡，已經第{n}次購買了\n" for n in range(40))
_JAPANESE = "番号,コメント\n" + "".join(f"{n},この製品はとても良いです。また買います。\n" for n in range(40))
_GERMAN = "id,text\n" + "".join(f"{n},Das Gerät für 5 € ist „schön“ – sehr gut\n" for n in range(40))
_RARE = "id,text\n" + "".join(f"{n},很好用的东西㐂𠀀第{n}次\n" for n in range(40))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (_CHINESE, "utf-8"),
        (_CHINESE, "utf-8-sig"),
        (_CHINESE, "utf-16"),
        (_CHINESE, "utf-32"),
        (_CHINESE, "utf-16-le"),
        (_CHINESE, "utf-16-be"),
        (_GERMAN, "utf-16-le"),
        (_CHINESE, "gbk"),
        (_RARE, "gb18030"),
        (_TRADITIONAL, "big5"),
        (_JAPANESE, "shift_jis"),
        (_JAPANESE, "euc_jp"),
        (_GERMAN, "cp1252"),
    ],
)
def test_the_encoding_is_found(tmp_path: Path, text: str, encoding: str) -> None:
    path = write(tmp_path / "a.csv", text, encoding)
    expected = [tuple(line.split(",")) for line in text.splitlines()[1:]]
    assert cells_of(path) == expected
    with open_table(path) as table:
        assert table.columns == tuple(text.splitlines()[0].split(","))


def test_utf_16_big_endian_with_its_mark_is_found(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", codecs.BOM_UTF16_BE + "id,文\n1,好\n".encode("utf-16-be"))
    assert cells_of(path) == [("1", "好")]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_chinese_in_utf_16_without_its_mark_is_found(tmp_path: Path, encoding: str) -> None:
    # 不 is 4E 0D and 一 is 4E 00: the bytes of a line end and of no letter at all.
    text = "编号,评论\r\n" + "".join(f"{n},不好，不能用一次就坏了，不买\r\n" for n in range(3))
    assert cells_of(write(tmp_path / "a.csv", text.encode(encoding)))[2] == ("2", "不好，不能用一次就坏了，不买")
    assert cells_of(write(tmp_path / "b.csv", text, "gb18030"))[2] == ("2", "不好，不能用一次就坏了，不买")


def test_a_short_latin_text_is_taken_for_western_european(tmp_path: Path) -> None:
    assert cells_of(write(tmp_path / "a.csv", "id,text\n1,café\n", "cp1252")) == [("1", "café")]


@pytest.mark.parametrize(
    ("line", "encoding"),
    [
        ("J’ai été déçu : l’appareil est cassé… « très » mauvais", "cp1252"),
        ("¿Qué tal? El niño comió más piña", "cp1252"),
        ("Bardzo dobry produkt, świetna jakość i szybka wysyłka", "cp1250"),
        ("Çok güzel bir ürün, teşekkürler, ığdır şişe", "cp1254"),
        ("очень хороший товар", "cp1251"),
        ("Πολύ καλό προϊόν, ευχαριστώ", "cp1253"),
        ("정말 좋은 제품입니다 감사합니다", "cp949"),
    ],
)
def test_other_languages_are_found(tmp_path: Path, line: str, encoding: str) -> None:
    path = write(tmp_path / "a.csv", "id;text\n" + f"1;{line}\n" * 40, encoding)
    assert cells_of(path) == [("1", line)] * 40


def test_gbk_is_found_behind_a_megabyte_of_plain_ascii(tmp_path: Path) -> None:
    plain = "id,text\n" + "1,only plain letters here\n" * 50_000
    path = write(tmp_path / "a.csv", plain.encode() + ("2,这个产品非常好用，我很喜欢\n" * 30).encode("gbk"))
    assert cells_of(path)[-1] == ("2", "这个产品非常好用，我很喜欢")


def test_damaged_utf_8_stays_utf_8_and_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", _CHINESE.encode() + b"40,\xff\xfe ok\n")
    assert cells_of(path)[39] == ("39", "这个产品非常好用，我很喜欢，已经第39次购买了")
    assert told_by(path) == [
        "2 places in “a.csv” are not valid utf-8 and show as “\ufffd”, the first in line 42. "
        "If many cells look wrong, choose another encoding."
    ]


def test_the_users_encoding_wins(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text\n1,привет\n", "cp1251")
    assert cells_of(path, ImportSettings(encoding="cp1251")) == [("1", "привет")]
    with open_table(path, ImportSettings(encoding="CP1251")) as table:
        assert table.settings.encoding == "cp1251"


@pytest.mark.parametrize("name", ["klingon", "rot13", "zlib", "", "undefined"])
def test_an_encoding_that_is_none_is_refused_in_words(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "a.csv", "id,text\n1,a\n")
    assert refusal_of(path, ImportSettings(encoding=name)) == (
        f"“a.csv” cannot be read with the encoding “{name}”: there is no such encoding. Choose another."
    )


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("id,text\n1,a\n2,b\n", ","),
        ("id;text\n1;a\n2;b\n", ";"),
        ("id\ttext\n1\ta, b\n2\tb, c\n", "\t"),
        ("id|text\n1|a\n2|b\n", "|"),
        ("name;price;weight\nx;1,5;2,25\ny;2,5;3,5\n", ";"),
        ("1,5;2,25;3,75\n2,5;3,5;4,25\n", ";"),
        ('id,text\n1,"a; b; c"\n2,"d; e; f"\n3,"g"\n', ","),
        ('id;text\n1;"a, b"\n2;"c, d, e"\n', ";"),
        ("id,text\n1,a; b\n2,c; d; e\n3,f\n", ","),
        ("id,text,label\n1,\"one\ntwo; three\n\",x\n2,b,y\n", ","),
        ("date;time;text\n2024-01-31;12:30;a\n2024-02-01;12:31;b\n", ";"),
        ("sep=;\na;b,c\n1;2,3\n", ";"),
        ("SEP=|\r\na|b;c\r\n1|2;3\r\n", "|"),
        ("only\none\ncolumn\n", ","),
    ],
)  # fmt: skip
def test_the_separator_is_found(tmp_path: Path, text: str, separator: str) -> None:
    with open_table(write(tmp_path / "a.csv", text)) as table:
        assert table.settings.separator == separator


def test_a_sep_line_is_no_row(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "\ufeffsep=;\r\nid;text\r\n1;a,b\r\n")
    assert cells_of(path) == [("1", "a,b")]
    with open_table(path) as table:
        again = table.settings
    assert cells_of(path, again) == [("1", "a,b")], "what was detected gives the same table when it is asked for"


def test_lines_of_prose_are_whole_cells(tmp_path: Path) -> None:
    lines = ["Well, I like it", "No", "It came late, broken, and in the wrong colour, sadly", "Fine, thanks"]
    path = write(tmp_path / "comments.txt", "\n".join(lines))
    assert cells_of(path, ImportSettings(header=False)) == [(line,) for line in lines]


def test_a_heading_above_prose_makes_one_column(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "comment\nWell, I like it\nLate, broken, and wrong, sadly\nFine, fine, fine\nOk\n")
    assert cells_of(path)[1] == ("Late, broken, and wrong, sadly",)


def test_quotes_that_quote_nothing_are_text(tmp_path: Path) -> None:
    rows = "".join(f'{n}\t"Great" product {n}"\tgood\n' for n in range(20))
    path = write(tmp_path / "a.tsv", "id\ttext\tlabel\n" + rows)
    assert cells_of(path)[3] == ("3", '"Great" product 3"', "good")


def test_backslash_escapes_are_found(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'id,text\n1,"He said \\"hi, you\\" twice"\n2,"b"\n')
    assert cells_of(path) == [("1", 'He said "hi, you" twice'), ("2", "b")]


def test_json_with_doubled_quotes_keeps_its_backslashes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'id,text\n1,"{""a"": ""x\\\\n""}"\n2,b\n')
    assert cells_of(path)[0] == ("1", '{"a": "x\\\\n"}')


def test_single_quotes_are_found(tmp_path: Path) -> None:
    assert cells_of(write(tmp_path / "a.csv", "'id','text'\n'1','a, b'\n'2','c'\n")) == [("1", "a, b"), ("2", "c")]


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("id,text\n1,good\n2,bad\n", True),
        ("1,good\n2,bad\n", False),
        ("text,label\nnice thing,positive\nbad thing,negative\n", True),
        ("nice thing,positive\nbad thing,negative\nother thing,positive\n", False),
        ("country,2019,2020\nA,1,2\nB,3,4\n", True),
        ("2024-01-31,good\n2024-02-01,bad\n", False),
        ("编号,评论\n1,很好\n", True),
        ("a,b\nc,d\ne,f\n", True),
        ("007,1e5\n008,1e6\n", False),
    ],
)
def test_the_header_is_found(tmp_path: Path, text: str, header: bool) -> None:
    with open_table(write(tmp_path / "a.csv", text)) as table:
        assert table.settings.header is header


def test_without_a_header_no_row_is_lost(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text\n1,a\n")
    assert cells_of(path, ImportSettings(header=False)) == [("id", "text"), ("1", "a")]
    with open_table(path, ImportSettings(header=False)) as table:
        assert table.columns == ("Column 1", "Column 2")
        assert table.renamed == ()


def test_titles_above_the_table_are_left_out_and_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "Report of 2024\nMade by accounting\n\nid,text,label\n1,a,x\n2,b,y\n")
    assert cells_of(path) == [("1", "a", "x"), ("2", "b", "y")]
    assert told_by(path) == ["The first 3 lines of “a.csv” stand above the table and were left out."]
    with open_table(path) as table:
        assert table.columns == ("id", "text", "label")
        assert table.settings.skip_lines == 3
        again = table.settings
    assert len(cells_of(path, again)) == 2


def test_titles_padded_by_excel_are_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "Report,,\n,,\nid,text,label\n1,a,x\n2,b,y\n")
    assert cells_of(path) == [("1", "a", "x"), ("2", "b", "y")]


def test_the_user_decides_how_many_lines_are_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "Report of 2024\nid,text\n1,a\n2,b\n")
    assert cells_of(path, ImportSettings(skip_lines=0, header=False))[0] == ("Report of 2024", "")
    assert cells_of(path, ImportSettings(skip_lines=2, header=False)) == [("1", "a"), ("2", "b")]
    assert refusal_of(path, ImportSettings(skip_lines=9)) == (
        "“a.csv” has no row left when its first 9 lines are left out. Leave out fewer lines."
    )


def test_a_first_row_with_an_empty_cell_is_no_title(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", ",text\n0,hello\n1,world\n")
    assert cells_of(path) == [("0", "hello"), ("1", "world")]


def test_settings_survive_json() -> None:
    settings = ImportSettings("utf-8", ";", "", "\\", False, 3, "S")
    assert ImportSettings.from_dict(settings.to_dict()) == settings


def test_settings_from_a_stranger_are_taken_with_care() -> None:
    strange = {"encoding": 7, "header": "yes", "skip_lines": True, "sheet": ["S"], "unknown": 1, "separator": ";"}
    assert ImportSettings.from_dict(strange) == ImportSettings(separator=";")


@pytest.mark.parametrize("separator", ["ab", "\n", "\0"])
def test_a_separator_that_is_none_is_refused_in_words(tmp_path: Path, separator: str) -> None:
    path = write(tmp_path / "a.csv", "id,text\n1,a\n")
    assert "a separator or quote is one character" in refusal_of(path, ImportSettings(separator=separator))


def test_a_separator_that_is_also_the_quote_is_refused_in_words(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "id,text\n1,a\n")
    assert refusal_of(path, ImportSettings(separator='"', quote='"')) == (
        '“"” cannot both separate cells and quote them in “a.csv”. Choose another separator.'
    )
