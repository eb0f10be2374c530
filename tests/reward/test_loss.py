"""Figures derived by hand: σ(ln 3) = ¾, so -ln σ(ln 3) = ln 4/3 and -ln σ(-ln 3) = ln 4."""

from itertools import permutations
from math import exp, log, nan

import pytest
import torch

from workers.reward.collate import orders_of
from workers.reward.data import Group
from workers.reward.loss import group_losses, kwise_loss, listwise_losses, sign_losses


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


def pair_with_margin(scores, probability, margin):
    sides = torch.tensor([0]), torch.tensor([1])
    reals = (torch.tensor([value], dtype=torch.float64) for value in (probability, 1.0))
    return group_losses(scores, *sides, *reals, torch.tensor([0]), 1, torch.tensor([margin], dtype=torch.float64))


def test_margin_is_taken_from_the_lead():
    """A lead of ln 9 with a margin of ln 3 costs what a lead of ln 3 does."""
    assert pair_with_margin(scores_of(log(9), 0.0), 1.0, log(3)).item() == pytest.approx(log(4 / 3))


def test_margin_for_the_second_has_the_other_sign():
    assert pair_with_margin(scores_of(0.0, log(9)), 0.0, -log(3)).item() == pytest.approx(log(4 / 3))


def ranked_group(*orders, answers=3, weights=None):
    names = [str(n) for n in range(answers)]
    weights = weights or [1.0] * len(orders)
    return Group("g", "p", "f", "train", [], names, names, ranks=[list(o) for o in orders], rank_weight=weights)


def listwise(scores, *groups):
    starts, at = [], 0
    for group in groups:
        starts.append(at)
        at += len(group.responses)
    return listwise_losses(scores, *orders_of(groups, starts), len(groups))


def plackett_luce(scores, order):
    """-ln P(order), one draw after the other."""
    total, left = 0.0, list(order)
    for drawn in order:
        total += log(sum(exp(scores[k]) for k in left)) - scores[drawn]
        left.remove(drawn)
    return total


def test_order_of_three_is_two_draws():
    """Worths 4, 2, 1: the best is drawn with 4/7, the next with 2/3; two ranked places after the first."""
    found = listwise(scores_of(log(4), log(2), 0.0), ranked_group([0, 1, 2]))
    assert found.item() == pytest.approx(-log(4 / 7 * 2 / 3) / 2)


def test_order_of_two_is_the_pair():
    assert listwise(scores_of(0.0, log(3)), ranked_group([1, 0], answers=2)).item() == pytest.approx(log(4 / 3))


def test_unranked_answers_are_in_no_draw():
    assert listwise(scores_of(log(3), 50.0, 0.0), ranked_group([0, -1, 1])).item() == pytest.approx(log(4 / 3))


def test_tie_is_efrons():
    """Worths 3, 1, 1; the last two tie. 3/5, then of the tied ones 1/2 and 1/(2 - 1): half of each was drawn."""
    found = listwise(scores_of(log(3), 0.0, 0.0), ranked_group([0, 1, 1]))
    assert found.item() == pytest.approx(-log(3 / 5 * 1 / 2 * 1 / 1) / 2)


def test_tie_is_near_the_mean_over_its_orders():
    scores = [0.4, 0.1, -0.2]
    mean = sum(plackett_luce(scores, [0, *rest]) for rest in permutations([1, 2])) / 2
    found = 2 * listwise(scores_of(*scores), ranked_group([0, 1, 1])).item()
    assert found == pytest.approx(mean, abs=0.02)


def test_tie_is_least_at_equal_scores():
    scores = scores_of(1.0, 0.2, -0.3)
    listwise(scores, ranked_group([0, 0, 0])).backward()
    assert scores.grad[0] > 0 > scores.grad[2]
    level = scores_of(0.5, 0.5, 0.5)
    listwise(level, ranked_group([0, 0, 0])).backward()
    assert level.grad.tolist() == pytest.approx([0, 0, 0])


def test_orders_of_several_people_and_groups_add_up():
    scores = scores_of(log(3), 0.0, 0.0, log(3))
    one = ranked_group([0, 1], [1, 0], answers=2, weights=[2.0, 0.5])
    other = ranked_group([0, -1], [1, 0], answers=2)  # an order of one answer says nothing
    assert listwise(scores, one, other).tolist() == pytest.approx([2 * log(4 / 3) + 0.5 * log(4), log(4 / 3)])


def test_padded_orders_have_whole_gradients():
    scores = scores_of(1.0, 0.0, 2.0, 0.0, 1.0)
    listwise(scores, ranked_group([0, 1], answers=2), ranked_group([0, 1, 2])).sum().backward()
    assert torch.isfinite(scores.grad).all()
    assert scores.grad.abs().min() > 0


def test_signs_pull_unsafe_answers_above_nought():
    """Costs ln 3 (unsafe) and -ln 3 (safe) cost ln 4/3 each, ln 3 of a safe one ln 4; the unjudged nothing."""
    costs = scores_of(log(3), -log(3), log(3), 7.0)
    unsafe = torch.tensor([1.0, 0.0, 0.0, nan], dtype=torch.float64)
    found = sign_losses(costs, unsafe, torch.tensor([0, 0, 1, 1]), 3)
    assert found.tolist() == pytest.approx([2 * log(4 / 3), 2 * log(4), 0.0])


def test_safe_rlhf_of_one_pair():
    """The paper's loss of one pair: the ranking's term and a term for each answer's sign."""
    worse, better = log(3), -log(3)
    costs = scores_of(worse, better)
    signs = sign_losses(costs, torch.tensor([1.0, 0.0], dtype=torch.float64), torch.tensor([0, 0]), 1)
    ranking = loss_of(-costs, [(1, 0, 1.0, 1.0, 0)])
    expected = -log(9 / 10) - log(3 / 4) - log(3 / 4)
    assert (signs + ranking).item() == pytest.approx(expected)
