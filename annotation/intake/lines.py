"""Bytes → numbered lines: streamed, so that memory does not grow with the file.

What cannot be read is a `BadRow` in its place, never an exception. A line of JSON ends at a newline and nowhere
else: U+2028 and its kin are part of the text.
"""

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar, cast

from django.utils.translation import gettext as _

from annotation.intake.rows import BadRow

MAX_RECORD = 32_000_000  # bytes of a line, characters of an element or a table's row
DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error)
T = TypeVar("T")
Numbered = Iterator[tuple[int, T] | BadRow]


class Readable(Protocol):
    """A file of bytes, or a request's body."""

    def read(self, size: int = ..., /) -> bytes: ...
    def readline(self, size: int = ..., /) -> bytes: ...


def cut_off(reason: str) -> str:
    """A reason after which nothing of the file can be read any more."""
    return _("%(reason)s The rest of the file was not read.") % {"reason": reason}


def opened(path: Path) -> BinaryIO:
    """The file's bytes, unpacked where it is gzip (told by its first two bytes, not by its name)."""
    with path.open("rb") as peek:
        packed = peek.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, io.BufferedReader(gzip.GzipFile(path))) if packed else path.open("rb")


def text_lines(stream: Readable) -> Numbered[str]:
    """The lines that are not blank, numbered from 1."""
    return until_damaged(decoded(item) for item in numbered(stream))


def until_damaged(items: Numbered[T]) -> Numbered[T]:
    """The items up to where packed data breaks off, and then a bad row that says so."""
    line = 0
    try:
        for item in items:
            line = item.line if isinstance(item, BadRow) else item[0]
            yield item
    except DAMAGED as error:
        yield BadRow(line + 1, cut_off(_("The gzip data is damaged (%(error)s).") % {"error": error}))


def numbered(stream: Readable, number: int = 1, first: bytes | None = None) -> Numbered[bytes]:
    """The lines, stripped of white space and without the blank ones; `first` is what was read of them already."""
    line = (stream.readline(MAX_RECORD) if first is None else first).removeprefix(codecs.BOM_UTF8)
    while line:
        if len(line) >= MAX_RECORD and not line.endswith(b"\n"):
            words = _("The line is longer than %(most)s bytes.")
            yield BadRow(number, cut_off(words % {"most": f"{MAX_RECORD:,}"}))
            return
        if stripped := line.strip(b" \t\r\n"):
            yield number, stripped
        number, line = number + 1, stream.readline(MAX_RECORD)


def decoded(item: tuple[int, bytes] | BadRow) -> tuple[int, str] | BadRow:
    if isinstance(item, BadRow):
        return item
    line, raw = item
    try:
        return line, raw.decode()
    except UnicodeDecodeError as error:
        words = _("The line is not UTF-8 (byte %(n)d): save the file as UTF-8.")
        return BadRow(line, words % {"n": error.start + 1})
