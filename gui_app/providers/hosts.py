"""Which addresses a call may go to, and through which proxy."""

from __future__ import annotations

import ipaddress
import urllib.request
from urllib.parse import urlsplit

from gui_app.errors import N_, KeyStoreError
from gui_app.jobs import Cause
from gui_app.keys import origin_of
from gui_app.providers.base import CannotOpen


def is_loopback(url: str) -> bool:
    """Whether an address is on this very machine, told from its spelling alone (no name is looked up)."""
    try:
        host = urlsplit(url.strip()).hostname or ""
    except ValueError:
        return False
    host = host.lower().rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def checked_base_url(address: str) -> str:
    """The address as it will be used: trimmed, without a slash at its end.

    Raises:
        CannotOpen: Not an http(s) address; a name or password in it; a query or fragment; or unencrypted `http://`
            to another machine.
    """
    address = address.strip()
    if any(ch.isspace() or not ch.isprintable() for ch in address):
        raise CannotOpen(
            Cause.HOST_REFUSED,
            N_("{address} is not an address. It should look like https://api.example.com/v1."),
            address=_shown(address),
        )
    try:
        origin_of(address)
    except KeyStoreError:
        raise CannotOpen(
            Cause.HOST_REFUSED,
            N_("{address} is not an address. It should look like https://api.example.com/v1."),
            address=_shown(address),
        ) from None
    parts = urlsplit(address)
    if parts.username is not None or parts.password is not None:
        raise CannotOpen(
            Cause.HOST_REFUSED,
            N_("The address {address} has a name or password in it. Remove it, and enter the key in its own field."),
            address=_shown(address),
        )
    if parts.query or parts.fragment:
        raise CannotOpen(
            Cause.HOST_REFUSED,
            N_("The address {address} has a part after ? or #. Leave that part out."),
            address=_shown(address),
        )
    if parts.scheme.lower() == "http" and not is_loopback(address):
        raise CannotOpen(
            Cause.HOST_REFUSED,
            N_(
                "{address} is not encrypted, so anybody on the way could read the key and the rows. Use an address that"
                " starts with https://. Only servers on this computer may be reached through http://."
            ),
            address=_shown(address),
        )
    return address.rstrip("/")


def proxy_for(base_url: str) -> str | None:
    """The proxy that the system or the environment names for this address, or None. Never one for loopback."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if is_loopback(base_url) or urllib.request.proxy_bypass(host if parts.port is None else f"{host}:{parts.port}"):
        return None
    proxies = urllib.request.getproxies()
    found = proxies.get(parts.scheme) or proxies.get("all")
    if not found:
        return None
    return found if "://" in found else f"http://{found}"


def _shown(address: str) -> str:
    """The address for a sentence: without a name or password, plain, cut."""
    scheme, separator, rest = address.partition("://")
    authority, slash, path = (rest if separator else scheme).partition("/")
    text = (scheme + separator if separator else "") + authority.rpartition("@")[2] + slash + path
    text = text.split("?", 1)[0].split("#", 1)[0]
    return "".join(ch if ch.isprintable() else "\N{REPLACEMENT CHARACTER}" for ch in text)[:100]
