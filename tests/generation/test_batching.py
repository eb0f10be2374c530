"""Batches hold every row once and stay within their budget."""

import random

import pytest

from workers.generation.batching import Size, batches


@pytest.mark.parametrize("seed", range(20))
def test_every_row_is_in_one_batch_that_fits(seed: int) -> None:
    dice = random.Random(seed)
    sizes = [Size(dice.randint(1, 400), dice.choice([16, 64, 256])) for _ in range(dice.randint(0, 60))]
    groups = batches(sizes, max_rows=8, max_tokens=2000)
    assert sorted(i for group in groups for i in group) == list(range(len(sizes)))
    for group in groups:
        width = max(sizes[i].prompt for i in group) + max(sizes[i].new for i in group)
        assert len(group) <= 8
        assert len(group) * width <= 2000


def test_a_row_too_large_for_any_batch_runs_alone() -> None:
    assert batches([Size(10, 10), Size(5000, 100), Size(10, 10)], max_rows=8, max_tokens=100) == [[1], [0, 2]]


def test_short_answers_do_not_wait_for_long_ones() -> None:
    sizes = [Size(10, 8), Size(10, 500), Size(10, 8), Size(10, 500)]
    assert batches(sizes, max_rows=2, max_tokens=10_000) == [[1, 3], [0, 2]]
