"""Files on their way out cost no web thread: the connection is handed to one thread that feeds them all (ADR 9).

A download of gigabytes over a slow line takes minutes to hours, and a web process has a handful of threads. So once
the headers of a file's answer are out, the socket is taken from gunicorn's hands, and `Sender` sends the rest whenever
the reader has room. Under any other server the answer's own iterator sends the file, as everywhere else.
"""

import logging
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)
BLOCK = 256 * 1024
PATIENCE_S = 120.0  # without a byte taken by the reader
LINGER_S = 5.0  # for the reader's own end of the connection, so that its last bytes are not cut off
TICK_S = 5.0

WSGI = Callable[[dict[str, Any], Any], Iterable[bytes]]


@dataclass(frozen=True)
class Part:
    """`length` bytes of a file, from `first` on."""

    path: Path
    first: int
    length: int


class Handover:
    """WSGI middleware around Django: an answer with a `part` (ranges.py) leaves gunicorn once its headers are out."""

    def __init__(self, application: WSGI):
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answer = self.application(environ, start_response)
        part: Part | None = getattr(answer, "part", None)
        response: Any = getattr(start_response, "__self__", None)  # gunicorn's own, of which this is a method
        if part is None or "gunicorn.socket" not in environ or not hasattr(response, "force_close"):
            return answer
        response.force_close()  # the connection will not come back for another call: say so in the headers
        return _Handed(answer, environ["gunicorn.socket"], part)


class _Handed:
    def __init__(self, answer: Iterable[bytes], connection: socket.socket, part: Part):
        self.answer, self.connection, self.part = answer, connection, part

    def __iter__(self) -> Iterator[bytes]:
        file = os.open(self.part.path, os.O_RDONLY)
        try:
            yield b""  # gunicorn sends the headers
        except GeneratorExit:  # to a reader who is gone already
            os.close(file)
            raise
        sender().take(socket.socket(fileno=self.connection.detach()), file, self.part)

    def close(self) -> None:
        """The call is over for Django: its database connection goes back to the pool."""
        if close := getattr(self.answer, "close", None):
            close()


@dataclass
class _Transfer:
    """One file on its way: closed when all of it is out, or when its reader takes no more."""

    connection: socket.socket
    file: int
    at: int
    end: int
    moved_at: float = field(default_factory=time.monotonic)

    @property
    def is_sent(self) -> bool:
        return self.at >= self.end

    def overdue(self, now: float) -> bool:
        return now - self.moved_at > (LINGER_S if self.is_sent else PATIENCE_S)

    def close(self) -> None:
        os.close(self.file)
        self.connection.close()


class Sender:
    """One thread, any number of transfers: each gets a block a turn, whenever its reader has room for one."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._lock = threading.Lock()
        self._new: list[_Transfer] = []
        self._bell, self._ringer = socket.socketpair()
        for end in (self._bell, self._ringer):
            end.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ)
        threading.Thread(target=self._run, name="sender", daemon=True).start()

    def take(self, connection: socket.socket, file: int, part: Part) -> None:
        """Send that part of the open file and close both. Both belong to the sender from now on."""
        connection.setblocking(False)
        transfer = _Transfer(connection, file, part.first, part.first + part.length)
        with self._lock:
            self._new.append(transfer)
        self._ringer.send(b"!")

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select(TICK_S):
                if key.fileobj is self._bell:
                    self._begin()
                else:
                    self._move(key.data)
            self._give_up_on_the_slow()

    def _begin(self) -> None:
        self._bell.recv(4096)
        with self._lock:
            taken, self._new = self._new, []
        for transfer in taken:
            self._selector.register(transfer.connection, selectors.EVENT_WRITE, transfer)

    def _move(self, transfer: _Transfer) -> None:
        try:
            over = self._linger(transfer) if transfer.is_sent else self._send(transfer)
        except BlockingIOError:
            return
        except OSError as error:  # the reader is gone, or the disk is
            logger.info("a download ended early: %s", error)
            over = True
        if over:
            self._end(transfer)

    def _send(self, transfer: _Transfer) -> bool:
        block = os.pread(transfer.file, min(BLOCK, transfer.end - transfer.at), transfer.at)
        if not block:
            raise OSError("the file is shorter than its headers said")
        transfer.at += transfer.connection.send(block)
        transfer.moved_at = time.monotonic()
        if transfer.is_sent:
            transfer.connection.shutdown(socket.SHUT_WR)
            self._selector.modify(transfer.connection, selectors.EVENT_READ, transfer)
        return False

    def _linger(self, transfer: _Transfer) -> bool:
        return not transfer.connection.recv(4096)

    def _give_up_on_the_slow(self) -> None:
        now = time.monotonic()
        transfers = [key.data for key in list(self._selector.get_map().values()) if key.data]
        for transfer in transfers:
            if transfer.overdue(now):
                self._end(transfer)

    def _end(self, transfer: _Transfer) -> None:
        self._selector.unregister(transfer.connection)
        transfer.close()


_sender: Sender | None = None
_making = threading.Lock()


def sender() -> Sender:
    """This process's own: made on first use, after gunicorn's fork, which takes no threads along."""
    global _sender
    with _making:
        if _sender is None:
            _sender = Sender()
        return _sender
