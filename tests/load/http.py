"""The least HTTP/1.1 client that keeps its connections: what the client burns, the server cannot have."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any


class Refused(Exception):
    def __init__(self, status: int, body: bytes):
        super().__init__(f"HTTP {status}: {body[:300]!r}")
        self.status = status


@dataclass
class Client:
    """One person's connection, opened when first needed and again when the server has closed it."""

    port: int
    token: str
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = field(default=None, repr=False)

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON, or None for 204. Raises `Refused` for any other status than 2xx."""
        status, answer = await self._exchange(self._request(method, path, body))
        if status == 204:
            return None
        if not 200 <= status < 300:
            raise Refused(status, answer)
        return json.loads(answer)

    async def throw(self, method: str, path: str, body: Any) -> None:
        """Send, and hang up without waiting for the answer."""
        _reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(self._request(method, path, body))
        await writer.drain()
        writer.close()

    def _request(self, method: str, path: str, body: Any) -> bytes:
        sent = b"" if body is None else json.dumps(body).encode()
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Token {self.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n\r\n"
        )
        return head.encode() + sent

    async def _exchange(self, request: bytes) -> tuple[int, bytes]:
        kept = self.streams is not None
        try:
            return await self._once(request)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.close()
            if not kept:
                raise
            return await self._once(request)  # an idle connection that the server had closed

    async def _once(self, request: bytes) -> tuple[int, bytes]:
        if self.streams is None:
            self.streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        body = await reader.readexactly(length) if length else b""
        if b"connection: close" in head:
            self.close()
        return int(head[9:12]), body

    def close(self) -> None:
        if self.streams:
            self.streams[1].close()
        self.streams = None
