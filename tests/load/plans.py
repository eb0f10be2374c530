"""What PostgreSQL does for the hot statements: their plans, as their prepared selves have them."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.db import connection

from annotation import statements as hot
from annotation.statements import numbered

SCANS = ("Seq Scan", "Parallel Seq Scan")


def generic(sql: str) -> dict[str, Any]:
    """The plan that all calls share, without running the statement."""
    with connection.cursor() as cursor:
        text, _names = numbered(sql)
        cursor.execute("EXPLAIN (GENERIC_PLAN, FORMAT JSON) " + text.decode().replace("%", "%%"), [])
        return dict(cursor.fetchone()[0][0]["Plan"])


def analysed(sql: str, values: Mapping[str, Any]) -> str:
    """EXPLAIN (ANALYZE, BUFFERS) of one call, by the generic plan; what it wrote is rolled back."""
    text, names = numbered(sql)
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        try:
            cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
            cursor.execute(b"PREPARE hot AS " + text.replace(b"%", b"%%"), [])
            places = ", ".join("%s" for _ in names)
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) EXECUTE hot ({places})", [values[name] for name in names])
            return "\n".join(row[0] for row in cursor.fetchall())
        finally:
            cursor.execute("ROLLBACK")
            cursor.execute("DEALLOCATE hot")  # and no other: the connection has its own


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def scanned_whole(plan: Mapping[str, Any]) -> set[str]:
    """Tables that the plan reads from end to end."""
    return {str(node["Relation Name"]) for node in nodes(plan) if node["Node Type"] in SCANS}


def scanned_in(text: str) -> set[str]:
    return set(re.findall(r"Seq Scan on (\w+)", text))


@contextmanager
def recorded() -> Iterator[list[tuple[str, Mapping[str, Any]]]]:
    """The statements that run meanwhile."""
    ran: list[tuple[str, Mapping[str, Any]]] = []
    execute = hot._execute

    def noted(raw: Any, sql: str, values: Mapping[str, Any]) -> Any:
        ran.append((sql, values))
        return execute(raw, sql, values)

    with patch.object(hot, "_execute", noted):
        yield ran
