"""Writes what Windows shows of a program under Properties, Details.

python packaging/windows/version_information.py FOLDER
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from gui_app import __version__

# The form is PyInstaller's. 040904B0: US English in Unicode.
TEMPLATE = """\
VSVersionInfo(
  ffi=FixedFileInfo(filevers={numbers}, prodvers={numbers}, mask=0x3F, flags=0x0, OS=0x40004, fileType=0x1),
  kids=[
    StringFileInfo([StringTable("040904B0", [
      StringStruct("CompanyName", "The Rowmill authors"),
      StringStruct("FileDescription", "Rowmill"),
      StringStruct("FileVersion", "{version}"),
      StringStruct("InternalName", "rowmill"),
      StringStruct("LegalCopyright", "Copyright (c) 2026 The Rowmill authors. MIT licence."),
      StringStruct("ProductName", "Rowmill"),
      StringStruct("ProductVersion", "{version}"),
    ])]),
    VarFileInfo([VarStruct("Translation", [0x0409, 1200])]),
  ],
)
"""


def information(version: str) -> str:
    """Windows wants four numbers: 0.1.0 is (0, 1, 0, 0)."""
    numbers = [int(part) for part in re.findall(r"\d+", version)[:3]]
    return TEMPLATE.format(numbers=tuple([*numbers, 0, 0, 0][:4]), version=version)


if __name__ == "__main__":
    (Path(sys.argv[1]) / "version-info.txt").write_text(information(__version__), encoding="utf-8")
