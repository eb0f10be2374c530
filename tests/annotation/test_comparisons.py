"""What the reward model learns from: a wrong pair, probability or weight here teaches it the wrong thing."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from annotation.comparisons import Pair, groups, pairs_of, pooled, strict_pairs
from annotation.models import Gold
from annotation.splitting import SPLITS, TEST, TRAIN, VALIDATION, checked_fractions, split_of
from tests.exports.building import judge, project, task

ranks = st.lists(st.none() | st.integers(0, 4), min_size=0, max_size=9)


def test_pairs_of_it_works() -> None:
    assert pairs_of([7, 8, 9], [1, 0, 1]) == [Pair(7, 8, 0.0), Pair(7, 9, 0.5), Pair(8, 9, 1.0)]


def test_an_unranked_sample_is_in_no_pair() -> None:
    assert pairs_of([7, 8, 9], [None, 1, 0]) == [Pair(8, 9, 0.0)]


def test_strict_pairs_leave_ties_out() -> None:
    assert strict_pairs([7, 8, 9], [1, 0, 1]) == [(8, 7), (8, 9)]


@given(ranks)
def test_pairs_are_all_of_the_ranked_two_by_two(ranks: list[int | None]) -> None:
    ids = list(range(len(ranks)))
    k = sum(rank is not None for rank in ranks)
    pairs = pairs_of(ids, ranks)
    assert len(pairs) == k * (k - 1) // 2
    assert all(pair.first < pair.second for pair in pairs)
    for better, worse in strict_pairs(ids, ranks):
        assert (ranks[better] or 0) < (ranks[worse] or 0)


def test_two_who_agree_weigh_twice_and_two_who_differ_make_a_half() -> None:
    assert pooled([[Pair(0, 1, 1.0)], [Pair(0, 1, 1.0)]]) == [Pair(0, 1, 1.0, 2.0)]
    assert pooled([[Pair(0, 1, 1.0)], [Pair(0, 1, 0.0)]]) == [Pair(0, 1, 0.5, 2.0)]


@given(st.lists(st.lists(st.none() | st.integers(0, 3), min_size=4, max_size=4), max_size=5))
def test_in_the_mean_over_pairs_each_judgement_counts_one(orders: list[list[int | None]]) -> None:
    cast = [pairs_of(range(4), order) for order in orders]
    pairs = pooled(cast)
    judgements = sum(bool(order) for order in cast)
    assert sum(pair.weight for pair in pairs) == pytest.approx(judgements * len(pairs))
    assert all(0 <= pair.probability <= 1 for pair in pairs)


@pytest.mark.django_db
def test_groups_it_works() -> None:
    chat = project()
    first = task(chat, "Name a colour.", ["Blue.", "Red!"])
    judge(first, "ann", [0, 1])
    judge(first, "bob", [0, 0])
    [group] = groups(chat)
    order = [first.sample_ids.index(sample) for sample in group.sample_ids]
    assert group.messages == [{"role": "user", "content": "Name a colour."}]
    assert group.texts == [["Blue.", "Red!"][place] for place in order]
    assert (group.first, group.second, group.weight, group.judgements) == ([0], [1], [2.0], 2)
    assert group.probability == [0.75 if order == [0, 1] else 0.25]


@pytest.mark.django_db
def test_only_the_current_revision_counts() -> None:
    chat = project()
    judge(work := task(chat, "Hi", ["a", "b"]), "ann", [0, 1])
    judge(work, "ann", [1, 0])
    [group] = groups(chat)
    winner = group.first[0] if group.probability[0] == 1 else group.second[0]
    assert group.texts[winner] == "b"
    assert group.weight == [1.0]


@pytest.mark.django_db
def test_each_persons_order_and_how_far_to_rely_on_them() -> None:
    chat = project()
    first = task(chat, "Hi", ["a", "b", "c"])
    ann, bob = judge(first, "ann", [0, 1, None]).person, judge(first, "bob", [2, 0, 1]).person
    [group] = groups(chat, reliance={ann.pk: 0.5, bob.pk: 2.0})
    by_text = [dict(zip(group.texts, order, strict=True)) for order in group.ranks]
    assert by_text == [{"a": 0, "b": 1, "c": -1}, {"a": 2, "b": 0, "c": 1}]
    assert group.rank_weight == [0.5, 2.0]
    pair = next(n for n, (i, j) in enumerate(zip(group.first, group.second, strict=True))
                if {group.texts[i], group.texts[j]} == {"a", "b"})  # fmt: skip
    # Ann gave one pair, which counts her ½ thrice in a mean over three; each of Bob's three counts his 2.
    a_wins = 1.5 / 3.5
    assert group.probability[pair] == pytest.approx(a_wins if group.texts[group.first[pair]] == "a" else 1 - a_wins)
    assert group.weight[pair] == pytest.approx(3.5)


@pytest.mark.django_db
def test_who_counts_nothing_is_left_out() -> None:
    chat = project()
    first = task(chat, "Hi", ["a", "b"])
    ann = judge(first, "ann", [0, 1]).person
    judge(first, "bob", [1, 0])
    [group] = groups(chat, reliance={ann.pk: 0.0})
    assert group.judgements == 1
    assert group.probability[0] in (0.0, 1.0)


@pytest.mark.django_db
def test_strength_is_a_margin_for_the_preferred() -> None:
    chat = project()
    first = task(chat, "Hi", ["a", "b"])
    judge(first, "ann", [0, 1], strength=4)  # 1 for a
    judge(first, "bob", [1, 0], strength=2)  # 1/3 for b
    [group] = groups(chat)
    assert group.margin == [pytest.approx((1 - 1 / 3) / 2 * (1 if group.texts[0] == "a" else -1))]


@pytest.mark.django_db
def test_unsafe_is_whom_a_category_of_harm_was_named_for() -> None:
    chat = project()
    chat.questions = {"categories": [{"name": "privacy", "label": "Privacy"}]}
    chat.save()
    first = task(chat, "Hi", ["a", "b"])
    a, _ = first.sample_ids
    judge(first, "ann", [1, 0], categories={str(a): {"privacy": ""}})
    judge(first, "bob", [1, 0])
    [group] = groups(chat)
    assert dict(zip(group.texts, group.unsafe, strict=True)) == {"a": 0.5, "b": 0.0}


@pytest.mark.django_db
def test_where_nobody_is_asked_nothing_is_known_of_harm() -> None:
    chat = project()
    judge(task(chat, "Hi", ["a", "b"]), "ann", [0, 1])
    [group] = groups(chat)
    assert (group.unsafe, group.margin, group.language) == ([], [], "en")


@pytest.mark.django_db
def test_gold_teaches_no_model() -> None:
    chat = project()
    known = task(chat, "Hi", ["a", "b"])
    judge(known, "ann", [0, 1])
    judge(task(chat, "Ho", ["a", "b"]), "ann", [0, 1])
    Gold.objects.create(task=known, sample_ids=known.sample_ids, ranks=[0, 1], created_by=chat.created_by)
    assert [group.messages[0]["content"] for group in groups(chat)] == ["Ho"]


@pytest.mark.django_db
def test_groups_without_a_pair_and_other_projects_stay_out() -> None:
    chat, other = project(), project("other")
    judge(task(chat, "All are bad", ["a", "b"]), "ann", [None, None], all_bad=True)
    judge(task(chat, "One is ranked", ["a", "b"]), "ann", [0, None])
    task(chat, "Nobody judged it", ["a", "b"])
    judge(task(other, "Hi", ["a", "b"]), "ann", [0, 1])
    assert list(groups(chat)) == []


@pytest.mark.django_db
def test_the_order_is_the_datas_not_the_databases() -> None:
    def content(slug: str, prompts: list[str]) -> list[tuple[str, list[str], list[float]]]:
        chat = project(slug)
        for prompt in prompts:
            judge(task(chat, prompt, [f"{prompt} a", f"{prompt} b", f"{prompt} c"]), "ann", [0, 1, 2])
            judge(task(chat, prompt, [f"{prompt} d", f"{prompt} e"]), "ann", [1, 0])
        return [(g.content_hash, g.texts, g.probability) for g in groups(chat)]

    prompts = [f"Prompt {n}" for n in range(20)]
    assert content("one", prompts) == content("two", prompts[::-1])


@pytest.mark.django_db
def test_one_statement_whatever_the_size() -> None:
    chat = project()
    for n in range(30):
        judge(task(chat, f"Prompt {n}", ["a", "b"]), "ann", [0, 1])
    with CaptureQueriesContext(connection) as queries:
        assert len(list(groups(chat))) == 30
    assert len(queries) == 1


def test_a_split_is_the_familys_and_stays() -> None:
    families = [f"tree-{n}" for n in range(4000)]
    splits = [split_of(family) for family in families]
    assert splits == [split_of(family) for family in families]
    assert splits.count(TRAIN) / 4000 == pytest.approx(0.9, abs=0.02)
    assert splits.count(TEST) / 4000 == pytest.approx(0.05, abs=0.015)
    assert splits != [split_of(family, seed=1) for family in families]


def test_splits_do_not_move_between_releases() -> None:
    # Held fast on purpose: another hash here would leak yesterday's training prompts into tomorrow's test.
    expected = [TRAIN, TRAIN, VALIDATION, TRAIN, TRAIN, TRAIN, VALIDATION, TEST]
    assert [split_of(f"tree-{n}", seed=7, fractions=(0.4, 0.3, 0.3)) for n in range(8)] == expected


def test_a_fraction_of_nought_is_empty_and_of_one_is_all() -> None:
    assert {split_of(str(n), fractions=(0, 0, 1)) for n in range(100)} == {TEST}
    assert {split_of(str(n), fractions=(0.5, 0, 0.5)) for n in range(100)} == {TRAIN, TEST}
    assert set(SPLITS) == {split_of(str(n), fractions=(0.3, 0.3, 0.4)) for n in range(100)}


@pytest.mark.parametrize("bad", [None, 1, [1, 0], [0.5, 0.4, 0.2], [1.5, -0.5, 0], ["a", 0, 1], [True, False, False]])
def test_fractions_that_are_none_are_refused(bad: object) -> None:
    with pytest.raises(ValueError, match="fractions: "):
        checked_fractions(bad)
