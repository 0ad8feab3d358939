"""What a library writes to standard error by itself does not reach the terminal; what Rowmill says does."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import xlsxwriter

from tests.helpers.terminal import LABEL, rowmill

CODE = """
import os, sys
from gui_app.commands.native_noise import native_noise_dropped
with native_noise_dropped():
    os.write(2, b"noise\\n")
    print("a sentence", file=sys.stderr)
os.write(2, b"afterwards\\n")
print("the end", file=sys.stderr)
"""


def test_only_python_reaches_the_terminal_meanwhile():
    run = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert run.stderr.split("\n") == ["a sentence", "afterwards", "the end", ""]


def test_a_workbook_that_its_reader_panics_at_is_told_in_one_sentence(tmp_path: Path):
    with closing(xlsxwriter.Workbook(tmp_path / "sums.xlsx")) as workbook:
        sheet, date = workbook.add_worksheet(), workbook.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, ["sum", "review"])
        sheet.write_row(1, 0, [-1e18, "text"], date)
    done = rowmill("run", tmp_path / "sums.xlsx", "--preset", "label", "--field", LABEL, "--provider", "practice")
    assert done.code == 2
    assert done.err.startswith("“sums.xlsx” has a number in a cell that shows dates")
    assert done.err.count("\n") == 1
