"""Hostile text is stored as it was said, except for what PostgreSQL cannot hold."""

import pytest

from workers.generation import dedupe, storable


@pytest.mark.parametrize(
    ("said", "stored"),
    [
        ("a\0b\0", "ab"),
        ("\ud800", "\ufffd"),
        ("a\ud800b", "a\ufffdb"),
        ("\udc00\ud800", "\ufffd\ufffd"),
        ("\ud83d\ude00", "😀"),  # a pair that JSON's escapes brought in halves
        ("\ud800\ud83d\ude00", "\ufffd😀"),
        ("\ud83d\ude00\udc00x", "😀\ufffdx"),
    ],
)
def test_what_the_database_cannot_hold_is_replaced(said: str, stored: str) -> None:
    assert storable(said) == stored
    storable(said).encode("utf-8")


@pytest.mark.parametrize(
    "text",
    ["", " \r\n\t ", "<script>alert(1)</script>", "\u202eevil\u2066", "e\u0301", "\ufeff", "\uffff", "x" * 200_000],
)
def test_everything_else_is_left_alone(text: str) -> None:
    assert storable(text) == text


def test_dedupe_keeps_the_first_and_reports_the_rest() -> None:
    distinct = dedupe(["a", "b", " a\n", "a\0", "A", "b"])
    assert distinct.kept == [0, 1, 4]
    assert distinct.duplicates == [(2, 0), (3, 0), (5, 1)]


def test_dedupe_of_nothing() -> None:
    assert dedupe([]) == ([], [])
