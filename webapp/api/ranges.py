"""Files over HTTP with `ETag`, `Content-Length` and single byte ranges (RFC 9110, section 14)."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.cache import patch_cache_control

from webapp.handover import Part

Response = TypeVar("Response", HttpResponse, StreamingHttpResponse)
BLOCK = 256 * 1024
SMALL = 64 * 1024  # bytes that fit a socket's buffer: not worth a connection of their own
RANGE = re.compile(r"bytes=(\d*)-(\d*)$")


def ranged(request: HttpRequest, path: Path, *, etag: str, content_type: str) -> HttpResponse | StreamingHttpResponse:
    """The file, the part of it that `Range` asks for, 304 when the reader has it, 412 when `If-Match` is of another
    one, or 416 past its end."""
    size, quoted = path.stat().st_size, f'"{etag}"'
    if "If-Match" in request.headers and not _listed(request.headers["If-Match"]) & {quoted, "*"}:
        return _headed(HttpResponse(status=412), quoted)
    if _listed(request.headers.get("If-None-Match", ""), weakly=True) & {quoted, "*"}:
        return _headed(HttpResponse(status=304), quoted)
    span = _span(request, size, quoted)
    if span is None:
        return _headed(HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"}), quoted)
    first, last = span
    response = StreamingHttpResponse(_blocks(path, first, last + 1 - first), content_type=content_type)
    response["Content-Length"] = last + 1 - first
    if (first, last) != (0, size - 1):
        response.status_code = 206
        response["Content-Range"] = f"bytes {first}-{last}/{size}"
    if last + 1 - first > SMALL:
        response.part = Part(path, first, last + 1 - first)  # type: ignore[attr-defined]  # see webapp/handover.py
    response.as_it_is = True  # type: ignore[attr-defined]  # see webapp/compression.py
    return _headed(response, quoted)


def _listed(header: str, *, weakly: bool = False) -> set[str]:
    """The tags of the header; compared weakly, a weak one is as good (RFC 9110, section 8.8.3.2)."""
    tags = {tag.strip() for tag in header.split(",")}
    return {tag.removeprefix("W/") for tag in tags} if weakly else tags


def _span(request: HttpRequest, size: int, etag: str) -> tuple[int, int] | None:
    """First and last byte to send; None when the range holds nothing. What we do not understand means all of it."""
    whole = (0, size - 1)
    asked = RANGE.match(request.headers.get("Range", ""))
    if not asked or request.headers.get("If-Range", etag) != etag or asked.groups() == ("", ""):
        return whole
    start, end = asked.groups()
    if start and end and int(end) < int(start):
        return whole
    first = max(0, size - int(end)) if start == "" else int(start)
    last = size - 1 if start == "" or end == "" else min(int(end), size - 1)
    return (first, last) if first <= last else None


def _blocks(path: Path, first: int, length: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(first)
        while length > 0 and (block := file.read(min(BLOCK, length))):
            length -= len(block)
            yield block


def _headed(response: Response, etag: str) -> Response:
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    patch_cache_control(response, private=True, max_age=31536000, immutable=True)
    return response
