"""A network of its own for some processes (root): its loopback goes down and up, its names come and go."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest


class Namespace:
    """Like a computer that has nothing but itself."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._end = ""
        self.hosts = Path("/etc/netns", name, "hosts")

    def command(self, words: Sequence[str | Path]) -> list[str]:
        """The command line that runs another one in here."""
        return ["ip", "netns", "exec", self.name, *map(str, words)]

    def network(self, there: bool) -> None:
        """Take the network down, or bring it up."""
        subprocess.run(["ip", "-n", self.name, "link", "set", "lo", "up" if there else "down"], check=True)

    def cable(self, other: Namespace, mine: str, theirs: str) -> None:
        """Lay a cable to another namespace, with an address at each end."""
        ends = [f"rm{secrets.token_hex(4)}" for _ in range(2)]
        subprocess.run(["ip", "link", "add", ends[0], "type", "veth", "peer", "name", ends[1]], check=True)
        for space, end, address in ((self, ends[0], mine), (other, ends[1], theirs)):
            subprocess.run(["ip", "link", "set", end, "netns", space.name], check=True)
            subprocess.run(["ip", "-n", space.name, "addr", "add", address, "dev", end], check=True)
            subprocess.run(["ip", "-n", space.name, "link", "set", end, "up"], check=True)
        self._end = ends[0]

    def move(self, old: str, new: str) -> None:
        """Another address at this end of the cable; what was under way to the old one is never heard of."""
        subprocess.run(["ip", "-n", self.name, "addr", "del", old, "dev", self._end], check=True)
        subprocess.run(["ip", "-n", self.name, "addr", "add", new, "dev", self._end], check=True)

    def names(self, *lines: str) -> None:
        """Say which host names are known."""
        # In place: it is mounted over /etc/hosts.
        self.hosts.write_text("".join(f"{line}\n" for line in lines))


@contextmanager
def namespace() -> Iterator[Namespace]:
    """A namespace, removed at the end."""
    if shutil.which("ip") is None or os.getuid() != 0:
        pytest.skip("only root has network namespaces")
    found = Namespace(f"rowmill-{secrets.token_hex(4)}")
    found.hosts.parent.mkdir(parents=True)
    (found.hosts.parent / "resolv.conf").write_text("")
    found.names("127.0.0.1 localhost")
    subprocess.run(["ip", "netns", "add", found.name], check=True)
    try:
        found.network(True)
        yield found
    finally:
        subprocess.run(["ip", "netns", "delete", found.name], check=True)
        shutil.rmtree(found.hosts.parent)
