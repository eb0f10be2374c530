"""What training makes small: each function gives a loss for each group, from one pass over all its answers.

Pairs (InstructGPT, eq. 1) carry a probability, a weight and a margin, so that strict order, ties, vote shares, people's
reliability and strength of preference are one loss. Whole orders (Plackett-Luce) and safe or unsafe signs (Safe RLHF)
are beside it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

if TYPE_CHECKING:
    from workers.reward.collate import Batch
    from workers.reward.config import TrainConfig


def group_losses(
    scores: Tensor,
    first: Tensor,
    second: Tensor,
    probability: Tensor,
    weight: Tensor,
    group: Tensor,
    groups: int,
    margin: Tensor | None = None,
) -> Tensor:
    """Each group's mean over its pairs of w · BCE(σ(s_first - s_second - m), p), in nats; shape (groups,).

    `scores` (N,) are the answers' scores; `first`, `second`, `group` (P,) int64 name each pair's answers and its
    group; `probability`, `weight`, `margin` (P,) are float. With K strict answers the mean is InstructGPT's 1/C(K,2). A
    tie (p = ½) is least at equal scores, where it costs w · ln 2. A margin is what Llama 2 takes from the difference of
    a strict pair (eq. 2, Touvron et al. 2023, arXiv 2307.09288): positive where it is for the first, negative where it
    is for the second. A group without pairs costs 0.
    """
    difference = scores[first] - scores[second]  # (P,)
    if margin is not None:
        difference = difference - margin
    cost = weight * binary_cross_entropy_with_logits(difference, probability, reduction="none")  # (P,)
    return _sums(cost, group, groups) / torch.bincount(group, minlength=groups).clamp(min=1)


def kwise_loss(
    scores: Tensor,
    first: Tensor,
    second: Tensor,
    probability: Tensor,
    weight: Tensor,
    group: Tensor,
    groups: int,
    margin: Tensor | None = None,
) -> Tensor:
    """The mean of `group_losses`, so that a prompt counts once however many answers it has; a scalar."""
    return group_losses(scores, first, second, probability, weight, group, groups, margin).mean()


def listwise_losses(
    scores: Tensor, answer: Tensor, share: Tensor, ranked: Tensor, weight: Tensor, group: Tensor, groups: int
) -> Tensor:
    """Plackett-Luce: each group's sum over its orders of w · -ln P(order) / (ranked answers - 1); shape (groups,).

    An order is a draw without replacement by exp(score); with two strict answers it is the pair's loss. Of the J orders
    over at most K answers, `answer` (J, K) int64 says whose score each place has, `ranked` (J, K) is 1 for places with
    a rank and 0 for padding, and `share` (J, K, K) how much of each other answer is still there to be drawn when place
    i is: 1 if it ranks lower, 0 if higher. Ties are Efron's (1977): of d that tie, the l-th leaves l/d of each of them
    out, which is near the mean over all their orders, and least at equal scores. `weight`, `group` are (J,).
    """
    drawn = scores[answer]  # (J, K)
    left = torch.logsumexp(drawn.unsqueeze(1) + share.log(), 2)  # (J, K): ln Σ of what place i was drawn from
    cost = ((left - drawn) * ranked).sum(1)
    return _sums(weight * cost / (ranked.sum(1) - 1), group, groups)


def sign_losses(cost: Tensor, unsafe: Tensor, group: Tensor, groups: int) -> Tensor:
    """Safe RLHF's signs (eq. 7, Dai et al. 2023, arXiv 2310.12773): unsafe answers cost more than 0, safe ones less.

    Each group's 2 · mean over its judged answers of BCE(σ(cost), unsafe), so that a pair counts its two answers as the
    paper does; shape (groups,). `cost`, `unsafe` (N,), NaN where nobody judged; `group` (N,) int64.
    """
    judged = ~unsafe.isnan()
    cost, unsafe, group = cost[judged], unsafe[judged], group[judged]
    total = _sums(binary_cross_entropy_with_logits(cost, unsafe, reduction="none"), group, groups)
    return 2 * total / torch.bincount(group, minlength=groups).clamp(min=1)


def _sums(values: Tensor, group: Tensor, groups: int) -> Tensor:
    return torch.zeros(groups, dtype=values.dtype, device=values.device).index_add(0, group, values)


Objective = Callable[[Tensor, "Batch"], Tensor]


def objective(config: "TrainConfig") -> Objective:
    """The loss (groups,) of scores (N,) on a batch, as the configuration has it."""
    order = _listwise if config.loss == "listwise" else _pairs
    if config.target == "reward":
        return order
    # A cost is high where an answer was not preferred.
    return lambda scores, batch: order(-scores, batch) + sign_losses(scores, batch.unsafe, batch.owner, batch.groups)


def _pairs(scores: Tensor, batch: "Batch") -> Tensor:
    return group_losses(scores, *batch.pairs())


def _listwise(scores: Tensor, batch: "Batch") -> Tensor:
    return listwise_losses(scores, *batch.orders, batch.groups)
