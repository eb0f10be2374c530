from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor
from rest_framework.pagination import CursorPagination as BaseCursorPagination
from rest_framework.request import Request


class CursorPagination(BaseCursorPagination):
    """Pages by position, not by offset: a page costs the same wherever it is."""

    ordering = "id"
    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 1000

    def decode_cursor(self, request: Request) -> Cursor | None:
        """A cursor that somebody made up names nothing: 404. The parent checks its spelling, not its position."""
        cursor = super().decode_cursor(request)
        if cursor and cursor.position is not None and not self.is_place(str(cursor.position)):
            raise NotFound(self.invalid_cursor_message)
        return cursor

    def is_place(self, position: str) -> bool:
        """Whether it is a value of the column that the pages are ordered by."""
        return position.isascii() and position.isdecimal() and len(position) < 19


class NewestFirst(CursorPagination):
    ordering = "-created_at"

    def is_place(self, position: str) -> bool:
        try:
            return parse_datetime(position) is not None
        except ValueError:  # spelt like a date, and none: the 31st of February
            return False
