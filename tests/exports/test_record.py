"""Several people's orders as one: a wrong consensus makes a wrong best answer in every SFT set."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.record import consensus
from tests.exports.examples import answer, record, verdict


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        ([[2, 0, 1]], [2, 0, 1]),
        ([[0, 0, 3]], [0, 0, 1]),
        ([[0, 1, 2], [0, 1, 2], [2, 1, 0]], [0, 1, 2]),
        ([[0, 1], [1, 0]], [0, 0]),
        ([[0, None, 1], [0, None, 1]], [0, None, 1]),
        ([[None, None]], [None, None]),
        ([], []),
    ],
)
def test_consensus(orders: list[list[int | None]], expected: list[int | None]) -> None:
    assert consensus(orders) == expected


@given(st.lists(st.integers(0, 3), min_size=2, max_size=6), st.integers(1, 4))
def test_people_who_agree_have_their_own_order(order: list[int], people: int) -> None:
    assert consensus([order] * people) == consensus([order])


@given(st.lists(st.lists(st.none() | st.integers(0, 3), min_size=4, max_size=4), min_size=1, max_size=4))
def test_the_order_of_the_people_does_not_matter(orders: list[list[int | None]]) -> None:
    assert consensus(orders) == consensus(orders[::-1])


def test_a_group_is_named_by_its_prompt_and_answers_alone() -> None:
    one = record()
    assert one.group_id == record(verdicts=[verdict("p9", [1, 0, 0])], family="other").group_id
    assert one.group_id != record(responses=[answer("d", "Red.")]).group_id
