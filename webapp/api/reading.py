"""Bodies in: one JSON value within bounds, or NDJSON read line by line as it arrives."""

import json
from collections.abc import Iterator, Mapping
from typing import IO, Any, NoReturn

import orjson
from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from annotation.intake.rows import BadRow
from webapp.api.errors import TooLarge

MAX_LINE = 20 * 2**20  # bytes


class JSONParser(BaseParser):
    """One JSON value, refused when larger than the settings allow."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        body = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge
        try:
            return loads(body)
        except ValueError as error:
            raise ParseError(f"The body is not JSON: {error}.") from error


class NDJSONParser(BaseParser):
    """An iterator over `(line number, value)` or `BadRow`, read from the network as it is consumed."""

    media_type = "application/x-ndjson"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        return lines(stream)


class JSONLinesParser(NDJSONParser):
    media_type = "application/jsonl"


def lines(stream: IO[bytes]) -> Iterator[tuple[int, Any] | BadRow]:
    """Each line's number and value; what is not JSON becomes a `BadRow` rather than the end of the file."""
    number = 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise TooLarge(f"Line {number} is longer than {MAX_LINE >> 20} MiB.")
        if line.strip():
            yield _row(number, line)


def _row(number: int, line: bytes) -> tuple[int, Any] | BadRow:
    try:
        return number, loads(line)
    except ValueError as error:
        return BadRow(number, f"This line is not JSON: {error}.")


def loads(body: bytes) -> Any:
    """JSON to Python. Broken surrogate escapes pass here, and are replaced where texts are stored.

    Raises ValueError, which names the place.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return _loads_slowly(body)


def _loads_slowly(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
