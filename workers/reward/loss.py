"""The K-wise loss: every comparison of a prompt's K answers, from one forward pass (InstructGPT, eq. 1)."""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits


def group_losses(
    scores: Tensor,
    first: Tensor,
    second: Tensor,
    probability: Tensor,
    weight: Tensor,
    group: Tensor,
    groups: int,
) -> Tensor:
    """Each group's mean over its pairs of w · BCE(σ(s_first - s_second), p), in nats; shape (groups,).

    `scores` (N,) are the answers' scores; `first`, `second`, `group` (P,) int64 name each pair's answers and its
    group; `probability`, `weight` (P,) are float. With K strict answers the mean is InstructGPT's 1/C(K,2). A
    tie (p = ½) is least at equal scores, where it costs w · ln 2. A group without pairs costs 0.
    """
    difference = scores[first] - scores[second]  # (P,)
    cost = weight * binary_cross_entropy_with_logits(difference, probability, reduction="none")  # (P,)
    total = torch.zeros(groups, dtype=cost.dtype, device=cost.device).index_add(0, group, cost)
    return total / torch.bincount(group, minlength=groups).clamp(min=1)


def kwise_loss(
    scores: Tensor,
    first: Tensor,
    second: Tensor,
    probability: Tensor,
    weight: Tensor,
    group: Tensor,
    groups: int,
) -> Tensor:
    """The mean of `group_losses`, so that a prompt counts once however many answers it has; a scalar."""
    return group_losses(scores, first, second, probability, weight, group, groups).mean()
