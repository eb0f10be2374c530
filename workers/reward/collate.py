"""From encoded groups to the tensors of one forward pass."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import nan

import torch
from torch import Tensor

from workers.reward.data import Group
from workers.reward.encoding import Row
from workers.reward.packing import Encoded, Layout, pack


@dataclass(frozen=True)
class Batch:
    """G groups with N answers of at most T tokens, and P pairs of answers."""

    inputs: dict[str, Tensor]
    """input_ids, attention_mask and, for models with segments, token_type_ids; each (N, T) int64. Of a packed row:
    input_ids and position_ids, each (1, T)."""
    first: Tensor
    """(P,) row of the pair's first answer."""
    second: Tensor
    """(P,) row of its second."""
    probability: Tensor
    """(P,) that the first is preferred."""
    weight: Tensor
    """(P,)"""
    group: Tensor
    """(P,) number of the pair's group, 0 … G-1."""
    margin: Tensor
    """(P,) by which the first should lead; negative for the second."""
    owner: Tensor
    """(N,) number of each answer's group."""
    unsafe: Tensor
    """(N,) share of people who called the answer unsafe; NaN where nobody judged."""
    orders: tuple[Tensor, Tensor, Tensor, Tensor, Tensor]
    """J whole orders over at most K answers: answer, share, ranked, weight, group: see `loss.listwise_losses`."""
    groups: int
    """G"""
    layout: Layout | None = None
    """Where the groups lie in a packed row; None where each answer has a row of its own."""

    @property
    def tokens(self) -> int:
        """All that one pass computes, padding too."""
        return self.inputs["input_ids"].numel()

    def to(self, device: torch.device) -> "Batch":
        moved = {name: getattr(self, name).to(device) for name in TENSORS}
        inputs = {name: value.to(device) for name, value in self.inputs.items()}
        answer, share, ranked, weight, group = (part.to(device) for part in self.orders)
        return replace(self, inputs=inputs, orders=(answer, share, ranked, weight, group), **moved)

    def pairs(self) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, int, Tensor]:
        """What `loss.kwise_loss` takes after the scores."""
        return self.first, self.second, self.probability, self.weight, self.group, self.groups, self.margin


TENSORS = ("first", "second", "probability", "weight", "group", "margin", "owner", "unsafe")


def pad_rows(rows: Sequence[Row], pad_id: int, segments: bool) -> dict[str, Tensor]:
    """The model's inputs, each (N, T), padded on the right to the longest row."""
    length = max(len(row.ids) for row in rows)
    gaps = [length - len(row.ids) for row in rows]
    rows_and_gaps = list(zip(rows, gaps, strict=True))
    inputs = {
        "input_ids": torch.tensor([row.ids + [pad_id] * gap for row, gap in rows_and_gaps]),
        "attention_mask": torch.tensor([[1] * len(row.ids) + [0] * gap for row, gap in rows_and_gaps]),
    }
    if segments:
        inputs["token_type_ids"] = torch.tensor([row.segments + [0] * gap for row, gap in rows_and_gaps])
    return inputs


def collate(groups: Sequence[Group], rows: Sequence[Sequence[Row]], pad_id: int, segments: bool) -> Batch:
    """`rows[g]` are the encoded answers of `groups[g]`, in order."""
    flat = [row for answers in rows for row in answers]
    return _batch(groups, [len(answers) for answers in rows], pad_rows(flat, pad_id, segments), None)


def collate_packed(groups: Sequence[Group], encoded: Sequence[Encoded]) -> Batch:
    """The groups in one row: see `packing`. `encoded[g]` belongs to `groups[g]`."""
    inputs, layout = pack(encoded)
    return _batch(groups, [len(group.answers) for group in encoded], inputs, layout)


def _batch(groups: Sequence[Group], sizes: Sequence[int], inputs: dict[str, Tensor], layout: Layout | None) -> Batch:
    """`sizes[g]` is the number of answers of `groups[g]`."""
    starts = torch.tensor([0, *sizes[:-1]]).cumsum(0)
    number = torch.tensor([g for g, group in enumerate(groups) for _ in group.first], dtype=torch.int64)
    first, second = ([i for group in groups for i in getattr(group, side)] for side in ("first", "second"))
    return Batch(
        inputs=inputs,
        first=starts[number] + torch.tensor(first, dtype=torch.int64),
        second=starts[number] + torch.tensor(second, dtype=torch.int64),
        probability=torch.tensor([p for group in groups for p in group.probability], dtype=torch.float32),
        weight=torch.tensor([w for group in groups for w in group.weight], dtype=torch.float32),
        group=number,
        margin=torch.tensor([m for group in groups for m in group.margin or [0.0] * len(group.first)]),
        owner=torch.arange(len(groups)).repeat_interleave(torch.tensor(sizes)),
        unsafe=torch.tensor([u for group in groups for u in group.unsafe or [nan] * len(group.responses)]),
        orders=orders_of(groups, starts.tolist()),
        groups=len(groups),
        layout=layout,
    )


def orders_of(groups: Sequence[Group], starts: Sequence[int]) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """`Batch.orders`; `starts[g]` is the number of the first answer of `groups[g]`. An order of one says nothing."""
    found = [
        (g, starts[g], [(k, rank) for k, rank in enumerate(ranks) if rank >= 0], weight)
        for g, group in enumerate(groups)
        for ranks, weight in zip(group.ranks, group.rank_weight, strict=True)
    ]
    found = [order for order in found if len(order[2]) > 1]
    most = max((len(places) for _, _, places, _ in found), default=2)
    answer = torch.zeros(len(found), most, dtype=torch.int64)
    share = torch.eye(most).repeat(len(found), 1, 1)
    ranked = torch.zeros(len(found), most)
    for row, (_, start, places, _) in enumerate(found):
        size = len(places)
        answer[row, :size] = torch.tensor([start + k for k, _ in places])
        share[row, :size, :size] = _shares(torch.tensor([rank for _, rank in places]))
        ranked[row, :size] = 1
    weight = torch.tensor([weight for *_, weight in found])
    return answer, share, ranked, weight, torch.tensor([g for g, *_ in found], dtype=torch.int64)


def _shares(ranks: Tensor) -> Tensor:
    """(K, K): how much of answer k is left to draw from when answer i is; ties lose an equal part at each draw."""
    ties = ranks[:, None] == ranks
    drawn_before = ties.tril(-1).sum(1, keepdim=True) / ties.sum(1, keepdim=True)
    return torch.where(ties, 1 - drawn_before, (ranks > ranks[:, None]).float())


def runs(lengths: Sequence[int], sizes: Sequence[int], tokens: int) -> Iterator[list[int]]:
    """Item numbers, the shortest first, in runs of at most `tokens` tokens once padded; one item never splits.

    Item n is `sizes[n]` rows of at most `lengths[n]` tokens. Sorting leaves little to pad.
    """
    run: list[int] = []
    for n in sorted(range(len(lengths)), key=lambda n: lengths[n]):
        if run and lengths[n] * (sum(sizes[m] for m in run) + sizes[n]) > tokens:
            yield run
            run = []
        run.append(n)
    if run:
        yield run
