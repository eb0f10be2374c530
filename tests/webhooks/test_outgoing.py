"""This server talks to the public internet and to nobody in its own house, whatever an address looks like."""

import ipaddress

import httpcore
import pytest
from pytest_django.fixtures import Settings

from workers import outgoing


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://localhost/", "https://10.1.2.3/", "https://192.168.0.1:8080/x", "https://[::1]/",
        "https://169.254.169.254/latest/meta-data/", "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::a00:1]/",
        "https://0.0.0.0/", "https://2130706433/", "https://0x7f.1/", "https://100.64.0.1/", "https://[fe80::1]/",
        "https://224.0.0.1/", "https://[2002:0a00:0001::]/",
        "http://198.41.0.4/", "ftp://198.41.0.4/", "https:///x", "https://me:secret@198.41.0.4/", "javascript:alert(1)",
        "https://no-such-host.invalid/",
    ],
)  # fmt: skip
def test_what_is_not_allowed(url: str) -> None:
    with pytest.raises(outgoing.NotAllowed):
        outgoing.post(url, b"{}", {})


def test_a_public_address_is_allowed() -> None:
    outgoing.check("https://198.41.0.4/hook")


def test_the_connection_checks_again(settings: Settings) -> None:
    """A name may have another address by the time of the connection (DNS rebinding)."""
    with pytest.raises(outgoing.NotAllowed):
        outgoing._Guarded().connect_tcp("localhost", 443)


def test_hosts_of_ones_own_are_named_in_the_settings(settings: Settings) -> None:
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    outgoing.check("http://127.0.0.1:9/hook")
    with pytest.raises(OSError):
        outgoing.post("http://127.0.0.1:9/hook", b"{}", {})


def test_an_answer_that_drips_in_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = outgoing._Bounded(httpcore.MockStream([b"H", b"T"]), ends=0.0)
    with pytest.raises(httpcore.ReadTimeout):
        stream.read(1)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
def test_public(address: str) -> None:
    assert outgoing._is_public(ipaddress.ip_address(address))
