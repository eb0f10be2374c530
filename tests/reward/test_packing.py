"""The packer to the exact tensor, and what each token of a packed row sees."""

import pytest
import torch

from workers.reward.attention import block_mask
from workers.reward.collate import collate_packed
from workers.reward.data import Group
from workers.reward.packing import Encoded, Layout, fill, pack

TWO = [Encoded([1, 2, 3], [[4, 5], [6]]), Encoded([7], [[8], [9, 10, 11]])]


def test_row_holds_each_prompt_once_and_no_padding():
    inputs, layout = pack(TWO)
    assert inputs["input_ids"].tolist() == [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]]
    assert inputs["position_ids"].tolist() == [[0, 1, 2, 3, 4, 3, 0, 1, 1, 2, 3]]
    assert layout.ends.tolist() == [4, 5, 7, 10]
    assert [(span.start, span.split, span.stop) for span in layout.spans] == [(0, 3, 6), (6, 7, 11)]
    assert layout.tokens == 11


def test_empty_prompt_and_lone_answer():
    inputs, layout = pack([Encoded([], [[1, 2]])])
    assert inputs["position_ids"].tolist() == [[0, 1]]
    assert layout.ends.tolist() == [1]


def test_answers_see_their_prompt_and_themselves():
    _, layout = pack([Encoded([1, 2], [[3], [4, 5]]), Encoded([6], [[7]])])
    sees = block_mask(layout, torch.device("cpu")).mask_mod
    places = torch.arange(7)
    found = sees(torch.tensor(0), torch.tensor(0), places[:, None], places[None, :]).int().tolist()
    assert found == [
        [1, 0, 0, 0, 0, 0, 0],  # prompt
        [1, 1, 0, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0, 0],  # first answer
        [1, 1, 0, 1, 0, 0, 0],  # second answer does not see the first
        [1, 1, 0, 1, 1, 0, 0],
        [0, 0, 0, 0, 0, 1, 0],  # another group
        [0, 0, 0, 0, 0, 1, 1],
    ]


def test_pairs_count_answers_through_the_row():
    def group(name, first, second, answers):
        ones = [1.0] * len(first)
        names = [str(n) for n in range(answers)]
        return Group(name, name, name, "train", [], names, names, first, second, ones, ones)

    batch = collate_packed([group("a", [1], [0], 2), group("b", [0, 1], [1, 0], 2)], TWO)
    assert batch.first.tolist() == [1, 2, 3]
    assert batch.second.tolist() == [0, 3, 2]
    assert batch.group.tolist() == [0, 1, 1]
    assert batch.owner.tolist() == [0, 0, 1, 1]
    assert batch.margin.tolist() == [0, 0, 0]
    assert batch.layout == Layout.of(TWO)
    assert batch.tokens == 11


@pytest.mark.parametrize(
    ("sizes", "runs"),
    [([3, 3, 3], [[0, 1], [2]]), ([9, 1, 1], [[0], [1, 2]]), ([1, 9], [[0], [1]]), ([], []), ([6], [[0]])],
)
def test_runs_fill_in_order(sizes, runs):
    assert list(fill(sizes, 6)) == runs
