"""What goes wrong on somebody's machine gets a plain sentence with the cure, before anything is touched."""

import socket
from pathlib import Path

import pytest

from webapp.embedded import CannotStart, prepare, running
from webapp.embedded.secret import ensure_secret
from webapp.supervisor.checks import check_port, only_one


def test_a_half_made_database(tmp_path: Path) -> None:
    (tmp_path / "postgres" / "base").mkdir(parents=True)
    with pytest.raises(CannotStart, match=r"not a whole database.*Move it away"), running(tmp_path):
        pass
    assert (tmp_path / "postgres" / "base").exists()


def test_a_database_of_another_version(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("15\n")
    with pytest.raises(CannotStart, match=r"made by PostgreSQL 15, and this is 18.*pg_dump"), running(tmp_path):
        pass


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(CannotStart, match=r"cannot be written: .*PREFLOOP_DATA_DIR"), running(tmp_path / "data"):
        pass


def test_a_full_disk(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match=r"is full: .*Free some space"):
        prepare(tmp_path, least_free=2**62)


def test_a_taken_port() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=f"Port {port} is taken.*--port {port + 1}"):
            check_port("127.0.0.1", port)
    check_port("127.0.0.1", port)


def test_a_second_copy_over_the_same_folder(tmp_path: Path) -> None:
    with only_one(tmp_path, "http://127.0.0.1:1234"):
        with pytest.raises(CannotStart, match=r"runs already.*http://127.0.0.1:1234.*Ctrl-C"):
            with only_one(tmp_path, "http://127.0.0.1:1235"):
                pass
    with only_one(tmp_path, "http://127.0.0.1:1235"):
        pass


def test_the_secret_key_is_made_once_and_ours_alone(tmp_path: Path) -> None:
    path = ensure_secret(tmp_path)
    secret = path.read_text()
    assert len(secret) >= 50
    assert path.stat().st_mode & 0o777 == 0o600
    assert ensure_secret(tmp_path).read_text() == secret
