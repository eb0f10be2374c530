"""A format straight out of the database, as the data are at this moment: for small or live reads."""

import json
from collections.abc import Iterator
from threading import BoundedSemaphore
from typing import Any

from django.db import connection
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.models.audit import record
from annotation.splitting import SPLITS
from exports import streaming
from exports.formats import FORMATS
from exports.plan import Unreadable, check_readable
from exports.query import Query, read
from webapp.api.access import READS_DATA, caller, project_for
from webapp.api.errors import Unavailable
from webapp.api.schema import PROBLEMS

# A stream holds a web thread and a database connection for as long as its reader takes, unlike a snapshot's file: of a
# process's four threads, half stay free for everybody else.
_seats = BoundedSemaphore(2)


@extend_schema(
    parameters=[
        OpenApiParameter("query", OpenApiTypes.STR, description="A snapshot's query, as JSON; nothing: all there is."),
        OpenApiParameter("split", OpenApiTypes.STR, enum=list(SPLITS), description="One split; nothing: all of them."),
    ],
    responses={
        (200, "application/x-ndjson"): OpenApiTypes.BINARY,
        (503, "application/problem+json"): OpenApiTypes.OBJECT,
        **PROBLEMS,
    },
)
@api_view(["GET"])
def live(request: Request, slug: str, form: str) -> StreamingHttpResponse | Response:
    """A format's rows as JSON lines, streamed from the database: the first comes at once, and nothing is frozen.

    What a later read brings may differ. For anything large, and for whatever is to be told apart from it a year on,
    freeze a snapshot.
    """
    project = project_for(request, slug, READS_DATA)
    if form not in FORMATS:
        raise ParseError(f"There is no format {form!r}; there are {', '.join(FORMATS)}.")
    asked, split = _query(request), request.query_params.get("split") or None
    if split not in (None, *SPLITS):
        raise ParseError(f"split: one of {', '.join(SPLITS)}.")
    try:
        check_readable(asked, project, caller(request))
        rows = streaming.stream(project, asked, form, split)
    except Unreadable as error:
        raise ParseError(str(error)) from error
    if not _seats.acquire(blocking=False):
        raise Unavailable("Others are streaming just now: try again in a moment, or freeze a snapshot.")
    record("project.stream", actor=caller(request), project=project, subject=slug, format=form, split=split)
    return StreamingHttpResponse(_seated(rows), content_type="application/x-ndjson")


def _query(request: Request) -> Query:
    try:
        return read(json.loads(request.query_params.get("query") or "{}"))
    except json.JSONDecodeError as error:
        raise ParseError(f'query: one JSON object is wanted, such as {{"languages": ["en"]}}; {error}.') from error
    except ValueError as error:  # a key that makes no sense
        raise ParseError(f"query: {error}") from error


class _Seated:
    """The rows, and the seat given back once: at their end, or when the reader goes away before the first of them.

    Nothing comes first, which sends the headers: a query that finds little may look for long.
    """

    def __init__(self, rows: Iterator[bytes]):
        self._rows, self._open, self._is_announced = rows, True, False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if not self._is_announced:
            self._is_announced = True
            return b""
        try:
            return next(self._rows)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._open:
            self._open = False
            _seats.release()
            close: Any = getattr(self._rows, "close", None)
            if close:
                close()


def _seated(rows: Iterator[bytes]) -> _Seated:
    release_connection()
    return _Seated(rows)


def release_connection() -> None:
    """The call's connection to others, while a stream reads on one of its own."""
    if not connection.in_atomic_block:
        connection.close()
