"""Makes the two Linux packages from the frozen folder: a .deb, and a .tar.gz that runs from wherever it is unpacked.

python packaging/linux/packages.py FROZEN MADE TARGET
"""

from __future__ import annotations

import gzip
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "packaging")]

import changes  # noqa: E402

from gui_app import __version__  # noqa: E402

ICON_SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)
# The libraries that a package leaves to the system (trimming.SYSTEM, and what Qt's window on X11 and Wayland loads).
# Newer Debians and Ubuntus have some under another name.
NEEDS = (
    "libc6 (>= {libc})", "libstdc++6", "libgcc-s1", "libglib2.0-0 | libglib2.0-0t64", "libdbus-1-3", "libfontconfig1",
    "libfreetype6", "libegl1", "libgl1", "libxcb1", "zlib1g", "ca-certificates",
    "fonts-dejavu-core | fonts-freefont-ttf", "shared-mime-info", "hicolor-icon-theme",
)  # fmt: skip
# Without a keychain, keys hold for one session; without the others some texts or links do not show or open.
WISHES = (
    "gnome-keyring | kwalletmanager | keepassxc", "xdg-utils", "desktop-file-utils",
    "fonts-wqy-microhei | fonts-noto-cjk",
)  # fmt: skip


@dataclass(frozen=True)
class Work:
    """Where things come from and go to, and the one date that everything in a package carries."""

    frozen: Path
    made: Path
    target: Path
    epoch: int


def main(work: Work) -> None:
    work.target.mkdir(parents=True, exist_ok=True)
    for make in (portable, deb):
        print(make(work))


def portable(work: Work) -> Path:
    """One folder in a .tar.gz: the program, what a desktop needs to know, and a script that puts it into the menu."""
    name = f"rowmill-{__version__}-linux-{platform.machine()}"
    stage = _fresh(work.made / "portable" / name)
    shutil.copytree(work.frozen, stage, symlinks=True, dirs_exist_ok=True)
    desktop_files(stage / "share", work)
    shutil.copy(HERE / "add-to-menu", stage / "add-to-menu")
    shutil.copy(ROOT / "LICENSE", stage)
    shutil.copy(work.made / "third-party-licences.txt", stage)
    out = work.target / f"{name}.tar.gz"
    with gzip.GzipFile(out, "wb", compresslevel=6, mtime=work.epoch) as packed:
        with tarfile.open(fileobj=packed, mode="w") as archive:
            archive.add(stage, name, recursive=False, filter=lambda info: _plain(info, work.epoch))
            for path in sorted(stage.rglob("*")):
                archive.add(
                    path, f"{name}/{path.relative_to(stage)}", recursive=False,
                    filter=lambda info: _plain(info, work.epoch),
                )  # fmt: skip
    return out


def deb(work: Work) -> Path:
    """A package for Debian, Ubuntu and what descends from them. It has no scripts: the system's own triggers do all."""
    stage = _fresh(work.made / "deb")
    shutil.copytree(work.frozen, stage / "usr" / "lib" / "rowmill", symlinks=True)
    command = stage / "usr" / "bin" / "rowmill"
    command.parent.mkdir()
    command.symlink_to("../lib/rowmill/rowmill")
    desktop_files(stage / "usr" / "share", work)
    papers = stage / "usr" / "share" / "doc" / "rowmill"
    papers.mkdir(parents=True)
    (papers / "copyright").write_text(_copyright(work), encoding="utf-8")
    (papers / "changelog.gz").write_bytes(gzip.compress(changes.debian().encode("utf-8"), 9, mtime=0))
    for path in stage.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or (os.access(path, os.X_OK) and _is_program(path)) else 0o644)
    stage.chmod(0o755)
    control = stage / "DEBIAN"
    control.mkdir(mode=0o755)
    (control / "control").write_text(_control(stage), encoding="utf-8")
    (control / "md5sums").write_text("".join(_sums(stage)), encoding="utf-8")
    out = work.target / f"rowmill_{__version__}_{_architecture()}.deb"
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(work.epoch)}
    build = ["dpkg-deb", "--root-owner-group", "-Zzstd", "-z12", "--build", str(stage), str(out)]
    subprocess.run(build, check=True, env=environment, stdout=subprocess.DEVNULL)
    return out


def desktop_files(share: Path, work: Work) -> None:
    """What a desktop looks for below a `share` folder."""
    for place, content in {
        "applications/rowmill.desktop": (HERE / "rowmill.desktop").read_bytes(),
        "mime/packages/rowmill-job.xml": (HERE / "rowmill-job.xml").read_bytes(),
        "metainfo/rowmill.metainfo.xml": changes.in_metainfo((HERE / "rowmill.metainfo.xml").read_text("utf-8")),
        "man/man1/rowmill.1.gz": gzip.compress(changes.in_manual((HERE / "rowmill.1").read_text("utf-8")), 9, mtime=0),
        **_icons(work.made / "icons"),
    }.items():
        path = share / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _icons(drawn: Path) -> dict[str, bytes]:
    out = {}
    for name, place in (("rowmill", "apps/rowmill"), ("rowmill-file", "mimetypes/application-x-rowmill-job")):
        for size in ICON_SIZES:
            out[f"icons/hicolor/{size}x{size}/{place}.png"] = (drawn / f"{name}-{size}.png").read_bytes()
        out[f"icons/hicolor/scalable/{place}.svg"] = (ROOT / "resources" / "icons" / f"{name}.svg").read_bytes()
    return out


def _control(stage: Path) -> str:
    size = sum(path.lstat().st_size for path in stage.rglob("*") if path.is_file()) // 1024
    needs = ", ".join(NEEDS).format(libc=newest_libc(stage))
    return f"""\
Package: rowmill
Version: {__version__}
Architecture: {_architecture()}
Maintainer: The Rowmill authors <rowmill@localhost.invalid>
Installed-Size: {size}
Section: misc
Priority: optional
Depends: {needs}
Recommends: {", ".join(WISHES)}
Description: ask a language model about every row of a spreadsheet
 Drop a spreadsheet, say in plain words what should be done with each row, press
 Run, and get the same spreadsheet back with the answers in new columns.
 .
 For labelling, rating, translating and extracting, with a language model that
 is paid for by the token or runs at home. What is done is on disk and is never
 paid for twice. A practice model is built in, which needs no key and no network.
"""


def newest_libc(folder: Path) -> str:
    """The version of the C library that the programs and libraries in a folder were linked against."""
    found = {(2, 17)}
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.read_bytes()[:4] == b"\x7fELF":
            found |= {
                (int(major), int(minor)) for major, minor in re.findall(rb"GLIBC_(\d+)\.(\d+)\b", path.read_bytes())
            }
    return ".".join(map(str, max(found)))


def _architecture() -> str:
    return subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout.strip()


def _copyright(work: Work) -> str:
    own = (ROOT / "LICENSE").read_text("utf-8")
    return f"{own}\n\n{(work.made / 'third-party-licences.txt').read_text('utf-8')}"


def _sums(stage: Path) -> Iterator[str]:
    for path in sorted(stage.rglob("*")):
        if path.is_file() and not path.is_symlink() and "DEBIAN" not in path.parts:
            yield f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(stage)}\n"


def _is_program(path: Path) -> bool:
    return ".so" not in path.name


def _plain(info: tarfile.TarInfo, epoch: int) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = "root"
    info.mtime = epoch
    return info


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


if __name__ == "__main__":
    # `make package` gives the date of the last commit, so that the same tree makes the same package.
    date = int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    frozen, made, target = (Path(argument).absolute() for argument in sys.argv[1:4])
    main(Work(frozen, made, target, epoch=date))
