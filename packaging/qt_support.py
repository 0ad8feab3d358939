"""Takes PySide's own Python files out of its library and compiles them, for a package: into the folder that is given.

The library holds them as one text, which every program unpacks and compiles each time it starts, a fifth of the start
of an empty window. PySide looks for them in a folder `files.dir` beside itself first; it makes that folder when it is
told to (`SBK_EMBED`, see signature_bootstrap.py in it).
"""

from __future__ import annotations

import compileall
import os
import py_compile
import shutil
import subprocess
import sys
from pathlib import Path

import shiboken6


def main(target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    # A copy of the package, because what PySide is told to make it makes beside itself.
    copy = target / "shiboken6"
    shutil.copytree(Path(shiboken6.__file__).parent, copy)
    environment = {**os.environ, "SBK_EMBED": "0", "PYTHONPATH": str(target), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([sys.executable, "-c", "import shiboken6.Shiboken"], env=environment, check=True)
    files = target / "files.dir"
    shutil.move(copy / "files.dir", files)
    shutil.rmtree(copy)
    # Without times and places of this machine: the same tree makes the same package.
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    if not compileall.compile_dir(files, quiet=1, legacy=True, optimize=1, stripdir=target, invalidation_mode=mode):
        sys.exit("PySide's own files do not compile.")
    for source in files.rglob("*.py"):
        source.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
