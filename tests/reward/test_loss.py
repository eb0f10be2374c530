"""Figures derived by hand: σ(ln 3) = ¾, so -ln σ(ln 3) = ln 4/3 and -ln σ(-ln 3) = ln 4."""

from math import log

import pytest
import torch

from workers.reward.loss import group_losses, kwise_loss


def loss_of(scores, pairs, groups=1):
    """`pairs`: (first, second, probability, weight, group)."""
    first, second, probability, weight, group = zip(*pairs, strict=True)
    integers = [torch.tensor(column) for column in (first, second)]
    reals = [torch.tensor(column, dtype=torch.float64) for column in (probability, weight)]
    return kwise_loss(scores, *integers, *reals, torch.tensor(group), groups)


def scores_of(*values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def test_one_strict_pair():
    assert loss_of(scores_of(log(3), 0.0), [(0, 1, 1.0, 1.0, 0)]).item() == pytest.approx(log(4 / 3))


def test_preferred_answer_may_be_the_second():
    assert loss_of(scores_of(log(3), 0.0), [(0, 1, 0.0, 1.0, 0)]).item() == pytest.approx(log(4))


def test_all_pairs_of_three_answers_count_a_third_each():
    pairs = [(0, 1, 1.0, 1.0, 0), (0, 2, 1.0, 1.0, 0), (1, 2, 1.0, 1.0, 0)]
    expected = (log(4 / 3) + log(10 / 9) + log(4 / 3)) / 3  # differences ln 3, ln 9, ln 3
    assert loss_of(scores_of(log(9), log(3), 0.0), pairs).item() == pytest.approx(expected)


def test_tie_is_least_at_equal_scores_and_costs_ln_2():
    scores = scores_of(0.7, 0.7)
    loss = loss_of(scores, [(0, 1, 0.5, 1.0, 0)])
    loss.backward()
    assert loss.item() == pytest.approx(log(2))
    assert scores.grad.tolist() == pytest.approx([0.0, 0.0])


def test_votes_of_several_people():
    expected = 0.75 * log(4 / 3) + 0.25 * log(4)  # three of four prefer the first: the least loss there is
    scores = scores_of(log(3), 0.0)
    loss = loss_of(scores, [(0, 1, 0.75, 1.0, 0)])
    loss.backward()
    assert loss.item() == pytest.approx(expected)
    assert scores.grad.tolist() == pytest.approx([0.0, 0.0])


def test_weight_multiplies():
    scores = scores_of(log(3), 0.0)
    assert loss_of(scores, [(0, 1, 1.0, 0.4, 0)]).item() == pytest.approx(0.4 * log(4 / 3))


def test_a_prompt_counts_once_however_many_pairs_it_has():
    scores = scores_of(log(9), log(3), 0.0, 0.0, log(3))
    triple = [(0, 1, 1.0, 1.0, 0), (0, 2, 1.0, 1.0, 0), (1, 2, 1.0, 1.0, 0)]
    lone = [(3, 4, 1.0, 1.0, 1)]
    expected = ((log(4 / 3) + log(10 / 9) + log(4 / 3)) / 3 + log(4)) / 2
    assert loss_of(scores, triple + lone, groups=2).item() == pytest.approx(expected)


def test_gradient_by_hand():
    scores = scores_of(log(3), 0.0, 0.0)
    loss_of(scores, [(0, 1, 1.0, 1.0, 0), (1, 2, 1.0, 2.0, 0)]).backward()
    # w (σ(d) - p) / 2 pairs: first (¾ - 1) / 2 = -⅛; second 2 (½ - 1) / 2 = -½
    assert scores.grad.tolist() == pytest.approx([-1 / 8, 1 / 8 - 1 / 2, 1 / 2])


def test_gradient_equals_the_naive_pairwise_loop():
    torch.manual_seed(0)
    scores = torch.randn(4, dtype=torch.float64, requires_grad=True)
    pairs = [(i, j, 1.0, 1.0, 0) for i in range(4) for j in range(i + 1, 4)]
    (together,) = torch.autograd.grad(loss_of(scores, pairs), scores)
    naive = -sum(torch.nn.functional.logsigmoid(scores[i] - scores[j]) for i, j, *_ in pairs) / 6
    (apart,) = torch.autograd.grad(naive, scores)
    torch.testing.assert_close(together, apart)


def test_huge_differences_stay_finite():
    scores = scores_of(-1e4, 1e4)
    loss = loss_of(scores, [(0, 1, 1.0, 1.0, 0)])
    loss.backward()
    assert loss.item() == pytest.approx(2e4)
    assert torch.isfinite(scores.grad).all()


def test_group_without_pairs_costs_nothing():
    arguments = ([torch.tensor([0]), torch.tensor([1])], [torch.ones(1), torch.ones(1)], torch.tensor([0]))
    losses = group_losses(torch.zeros(2), *arguments[0], *arguments[1], arguments[2], 2)
    assert losses.tolist() == pytest.approx([log(2), 0.0])
