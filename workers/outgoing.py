"""HTTP to addresses that people name: never to this machine or its neighbours, never to wherever a redirect points.

A name is looked up here, every address it has is checked, and the connection goes to the address that was checked, so
that a second look-up cannot lead elsewhere (DNS rebinding). `settings.WEBHOOK_HOSTS` names the exceptions.
"""

import ipaddress
import socket
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import httpcore
from django.conf import settings

from workers.sentences import Spoken

TIMEOUT_S = 10.0  # of each step
LONGEST_S = 30.0  # of an answer
NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotAllowed(Spoken):
    """The address is none that this server talks to; the message is a sentence for who named it."""


def check(url: str) -> None:
    """Raise `NotAllowed` for what can be seen to be wrong without a look-up, or with one where it answers."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in ("https", "http") or not host:
        raise NotAllowed("Give an address that begins with https:// and names a host.")
    if parts.username or parts.password:
        raise NotAllowed("An address must not hold a user name or password.")
    if host in settings.WEBHOOK_HOSTS:
        return
    if parts.scheme != "https":
        raise NotAllowed("Give an address that begins with https://: what is sent would be readable on its way.")
    try:
        _public(host)
    except OSError as error:
        raise NotAllowed("The host %(host)s is not known.", host=host) from error


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """POST `body`; answers the status. Nothing of the answer's body is read.

    Raises `NotAllowed` before a connection is made, and `OSError` where none comes about or it breaks.
    """
    check(url)
    sent = [(name, value) for name, value in {"Content-Type": "application/json", **headers}.items()]
    timeouts = dict.fromkeys(("connect", "read", "write", "pool"), TIMEOUT_S)
    try:
        with httpcore.ConnectionPool(network_backend=_Guarded()) as pool:
            with pool.stream("POST", url, headers=sent, content=body, extensions={"timeout": timeouts}) as answer:
                return int(answer.status)
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
        raise OSError(type(error).__name__) from error


class _Guarded(httpcore.SyncBackend):
    def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        address = host if host in settings.WEBHOOK_HOSTS else _public(host)
        return _Bounded(super().connect_tcp(address, port, *args, **kwargs), time.monotonic() + LONGEST_S)


class _Bounded(httpcore.NetworkStream):
    """A connection that ends at a set time: an answer that drips in byte by byte must not hold a worker."""

    def __init__(self, stream: httpcore.NetworkStream, ends: float):
        self._stream, self._ends = stream, ends

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the answer took too long")
        return self._stream.read(max_bytes, min(left, timeout or left))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(self, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        return _Bounded(self._stream.start_tls(*args, **kwargs), self._ends)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _public(host: str) -> str:
    """One of the host's addresses, all of which are public. Raises `NotAllowed`, and `OSError` for an unknown name."""
    addresses = [ipaddress.ip_address(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    if private := [address for address in addresses if not _is_public(address)]:
        raise NotAllowed(
            "%(host)s is not on the public internet (%(address)s): this server does not talk to it.",
            host=host,
            address=private[0],
        )
    return str(addresses[0])


def _is_public(address: Address) -> bool:
    return all(each.is_global and not each.is_multicast for each in [address, *_within(address)])


def _within(address: Address) -> Iterable[Address]:
    """The IPv4 addresses that an IPv6 address stands for."""
    if isinstance(address, ipaddress.IPv4Address):
        return
    if address in NAT64:
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    yield from filter(None, [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())])
