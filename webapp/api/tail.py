"""NDJSON of the current rankings from a cursor on, for those who follow a project as it grows."""

from collections.abc import Iterator

from django.http import StreamingHttpResponse
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from annotation.models import Project
from exports.lines import line
from exports.tail import comparisons_since
from webapp.api.live import release_connection

DEFAULT_LIMIT, MOST = 10_000, 1_000_000


def tail(request: Request, project: Project) -> StreamingHttpResponse:
    """Each line carries its `cursor`: give the last one as `since` to go on behind it."""
    try:
        limit = min(MOST, max(1, int(request.query_params.get("limit", DEFAULT_LIMIT))))
        rows = comparisons_since(project, request.query_params.get("since", ""), limit)
    except ValueError as error:
        raise ParseError(str(error)) from error
    release_connection()
    return StreamingHttpResponse(_lines(rows), content_type="application/x-ndjson")


def _lines(rows: Iterator[tuple[str, dict[str, object]]]) -> Iterator[bytes]:
    for cursor, row in rows:
        yield line({"cursor": cursor, **row})
