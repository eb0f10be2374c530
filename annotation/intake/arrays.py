"""The elements of one big JSON array, one at a time: the file is never in memory as a whole."""

import codecs
import json
import re
from typing import Any

from django.utils.translation import gettext as _

from annotation.intake.lines import MAX_RECORD, Numbered, Readable, cut_off
from annotation.intake.rows import BadRow

CHUNK = 1 << 16
_SPACE = re.compile(r"[ \t\r\n]*")
_NOT_UTF8 = re.compile("[\udc80-\udcff]")  # what the decoder makes of bytes that are not UTF-8


def problem(error: Exception) -> str:
    """What a JSON decoder stumbled over, in words."""
    if isinstance(error, json.JSONDecodeError):
        return error.msg
    return _("it is nested too deeply") if isinstance(error, RecursionError) else str(error)


def _no_constant(name: str) -> None:
    raise ValueError(_("%(name)s is not a JSON number") % {"name": name})


DECODER = json.JSONDecoder(parse_constant=_no_constant)


class Malformed(Exception):
    """The array cannot be read on from here; the message says why."""


def elements(line: int, head: bytes, stream: Readable) -> Numbered[Any]:
    """The elements of the array that begins with `head` on `line`, each with the line it starts on.

    Where the JSON breaks there is no telling where the next element starts: one bad row says so, and reading ends.
    """
    window = Window(line, head, stream)
    try:
        window.expect("[")
        while window.peek() != "]":
            yield window.element()
            if window.peek() != "]":
                window.expect(",")
        window.expect("]")
        if window.peek():
            raise Malformed(_("something follows the end of the array"))
    except Malformed as error:
        yield BadRow(window.line, cut_off(_("The file is not a JSON array: %(error)s.") % {"error": error}))


class Window:
    """The part of the text that is being read: `text[at:]` is unread, `line` is the number of the line at `at`."""

    def __init__(self, line: int, head: bytes, stream: Readable):
        self.line, self.at, self.stream = line, 0, stream
        self.decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self.text = self.decoder.decode(head)
        self.ended = False

    def more(self, size: int = CHUNK) -> bool:
        """Read on, forgetting what was read; False at the end of the stream."""
        data = self.stream.read(size)
        self.ended = not data
        self.text = self.text[self.at :] + self.decoder.decode(data, final=self.ended)
        self.at = 0
        return not self.ended

    def step(self, end: int) -> None:
        self.line += self.text.count("\n", self.at, end)
        self.at = end

    def peek(self) -> str:
        """The next character that is not white space; empty at the end."""
        while True:
            found = _SPACE.match(self.text, self.at)
            self.step(found.end() if found else self.at)
            if self.at < len(self.text) or not self.more():
                return self.text[self.at : self.at + 1]

    def expect(self, character: str) -> None:
        if (found := self.peek()) != character:
            words = _("there is %(found)s where %(expected)s should be") if found else _("it ends too early")
            raise Malformed(words % {"found": repr(found), "expected": repr(character)})
        self.step(self.at + 1)

    def element(self) -> tuple[int, Any] | BadRow:
        self.peek()
        line = self.line
        value, end = self.decoded()
        bad = _NOT_UTF8.search(self.text, self.at, end)
        self.step(end)
        return BadRow(line, _("The row is not UTF-8: save the file as UTF-8.")) if bad else (line, value)

    def decoded(self) -> tuple[Any, int]:
        """The value at hand and where it ends; reads twice as much as before until the value is whole."""
        while True:
            try:
                value, end = DECODER.raw_decode(self.text, self.at)
                if end < len(self.text) or self.ended:
                    return value, end
            except RecursionError as error:
                raise Malformed(problem(error)) from error
            except ValueError as error:
                self.check_hope(error)
            self.more(max(CHUNK, len(self.text) - self.at))

    def check_hope(self, error: ValueError) -> None:
        """Raise `Malformed` where more text cannot make a value of what was read."""
        if self.ended or len(self.text) - self.at > MAX_RECORD:
            raise Malformed(problem(error)) from error
