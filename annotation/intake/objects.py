"""JSON in either of the two shapes that files have: one object a line (NDJSON, JSONL), or one array of objects."""

import codecs
import json
from typing import Any

from django.utils.translation import gettext as _

from annotation.content import kind_of
from annotation.intake.arrays import DECODER, elements, problem
from annotation.intake.lines import MAX_RECORD, Numbered, Readable, decoded, numbered, until_damaged
from annotation.intake.rows import BadRow, Data

FIRST_LOOK = 1 << 16


def objects(stream: Readable) -> Numbered[Data]:
    """The JSON objects of a stream: one a line (NDJSON), or the elements of one array."""
    return until_damaged(_objects(stream))


def _objects(stream: Readable) -> Numbered[Data]:
    number, head = _first_line(stream)
    if head.startswith(b"["):
        yield from (_an_object(item) for item in elements(number, head, stream))
        return
    if head and not head.endswith(b"\n"):
        head += stream.readline(MAX_RECORD)
    yield from (_an_object(_json(decoded(item))) for item in numbered(stream, number, head))


def _first_line(stream: Readable) -> tuple[int, bytes]:
    """The number and the beginning of the first line that is not blank."""
    number = 1
    line = stream.readline(FIRST_LOOK).removeprefix(codecs.BOM_UTF8)
    while line and not line.strip():
        number += line.endswith(b"\n")
        line = stream.readline(FIRST_LOOK)
    return number, line.lstrip()


def _json(item: tuple[int, str] | BadRow) -> tuple[int, Any] | BadRow:
    if isinstance(item, BadRow):
        return item
    line, text = item
    try:
        return line, DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        words = _("The line is not JSON: %(problem)s.")
        if isinstance(error, json.JSONDecodeError):
            words = _("The line is not JSON: %(problem)s at character %(n)d.")
        return BadRow(line, words % {"problem": problem(error), "n": getattr(error, "pos", 0) + 1})


def _an_object(item: tuple[int, Any] | BadRow) -> tuple[int, Data] | BadRow:
    if isinstance(item, BadRow) or isinstance(item[1], dict):
        return item
    return BadRow(item[0], _("A row must be a JSON object, not %(kind)s.") % {"kind": kind_of(item[1])})
