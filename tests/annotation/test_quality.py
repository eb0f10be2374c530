"""Each figure of quality on cases small enough to work out by hand, and alpha beside the package that computes it."""

import random
from datetime import date

import krippendorff
import numpy as np
import pytest

from annotation.quality.agreement import compare, mid_ranks
from annotation.quality.alpha import Coincidences
from annotation.quality.bias import Habits, first_wins, longer_wins, see, too_fast
from annotation.quality.gold import score
from annotation.quality.measure import Measure
from annotation.quality.said import Judged, Vote
from annotation.quality.shares import Tally

MONDAY, TUESDAY = date(2026, 5, 4), date(2026, 5, 5)


def order(*samples: int) -> dict[int, int]:
    return {sample: rank for rank, sample in enumerate(samples)}


def vote(person: int, ranks: dict[int, int], day: date = MONDAY, **fields: object) -> Vote:
    return Vote(person, day, {"overall": ranks}, **fields)


def measured(*tasks: Judged) -> dict:
    measure = Measure(["overall"])
    for task in tasks:
        measure.add(task)
    return measure.figures()


def test_two_who_say_the_same_agree() -> None:
    found = compare({1: order(10, 11, 12), 2: order(10, 11, 12)})
    assert (found.agreement, found.by_person, found.consensus) == (1, {1: 1, 2: 1}, "unanimous")


def test_a_swap_of_neighbours_is_one_pair_of_three() -> None:
    found = compare({1: order(10, 11, 12), 2: order(11, 10, 12)})
    assert found.agreement == pytest.approx(2 / 3)
    assert found.counts == [[1, 0, 1], [2, 0, 0], [2, 0, 0]]
    assert found.consensus == "split"  # of the swapped pair neither order has more than half


def test_a_tie_agrees_by_half_with_either_order() -> None:
    found = compare({1: order(10, 11), 2: {10: 0, 11: 0}})
    assert found.agreement == 0.5


def test_of_three_the_odd_one_out_agrees_least() -> None:
    """Pairs of people: 1 and 2 agree, each disagrees with 3: (1 + 0 + 0) / 3; each one's mean with the two others."""
    found = compare({1: order(10, 11), 2: order(10, 11), 3: order(11, 10)})
    assert found.agreement == pytest.approx(1 / 3)
    assert found.by_person == {1: 0.5, 2: 0.5, 3: 0}
    assert found.consensus == "majority"


def test_who_ranked_other_samples_is_not_compared() -> None:
    assert compare({1: order(10, 11), 2: order(12, 13)}).agreement is None


def test_mid_ranks_are_twice_the_mean_place() -> None:
    assert mid_ranks({1: 0, 2: 1, 3: 1, 4: 5}) == {1: 0, 2: 3, 3: 3, 4: 6}


def test_alpha_is_the_packages_on_random_counts() -> None:
    rng = random.Random(7)
    counts = [[rng.choice((0, 0, 1, 2)) for _ in range(5)] for _ in range(200)]
    ours = Coincidences(5)
    for unit in counts:
        ours.add(unit)
    theirs = krippendorff.alpha(value_counts=np.array(counts), level_of_measurement="ordinal")
    assert ours.alpha() == pytest.approx(theirs)


def test_alpha_of_krippendorffs_own_example() -> None:
    """Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", C: ordinal alpha 0.815 of four observers."""
    data = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]
    ours = Coincidences(5)
    for unit in zip(*data, strict=True):
        ours.add([unit.count(value) for value in range(1, 6)])
    assert ours.alpha() == pytest.approx(0.815, abs=5e-4)


def test_alpha_says_nothing_where_nobody_differs() -> None:
    ours = Coincidences(3)
    ours.add([3, 0, 0])
    assert ours.alpha() is None
    assert Coincidences(3).alpha() is None


def test_alpha_of_pairs_does_not_depend_on_which_sample_has_the_lower_id() -> None:
    """Imported files often put the chosen answer first: without both ways round everybody would say one value."""
    straight = measured(*[Judged(n, [vote(1, order(1, 2)), vote(2, order(1, 2))]) for n in range(4)])
    mixed = measured(
        *[Judged(n, [vote(1, order(1, 2)), vote(2, order(1, 2))]) for n in range(2)],
        *[Judged(n, [vote(1, order(2, 1)), vote(2, order(2, 1))]) for n in range(2, 4)],
    )
    alphas = [figures["agreement"]["overall"]["alpha_pairs"] for figures in (straight, mixed)]
    assert alphas == [1, 1]


def test_agreement_by_day_and_what_is_disputed() -> None:
    figures = measured(
        Judged(1, [vote(1, order(1, 2)), vote(2, order(1, 2), TUESDAY)]),
        Judged(2, [vote(1, order(3, 4)), vote(2, order(4, 3))]),
        Judged(3, [vote(1, order(5, 6))]),
    )["agreement"]["overall"]
    assert figures["tasks"] == 2
    assert figures["pair_agreement"]["value"] == 0.5
    assert {day: share["value"] for day, share in figures["by_day"].items()} == {"2026-05-04": 0, "2026-05-05": 1}
    assert figures["consensus"] == {"unanimous": 1, "majority": 0, "split": 1}
    assert [row["task"] for row in figures["disputed"]] == [2, 1]


def test_few_tasks_are_shrunk_towards_everybodys_mean() -> None:
    tally = Tally()
    tally.add(0.0)
    assert tally.shrunk(0.8, 5).value == pytest.approx(4 / 6)
    assert Tally().shrunk(0.8, 5).value == pytest.approx(0.8)


def test_an_interval_narrows_and_holds_the_mean() -> None:
    few, many = Tally(3, 4), Tally(300, 400)
    for tally in (few, many):
        found = tally.estimate()
        assert found.low < 0.75 < found.high
    assert many.estimate().high - many.estimate().low < few.estimate().high - few.estimate().low
    # Jeffreys' interval of 3 in 4: the 2.5% and 97.5% points of Beta(3.5, 1.5).
    assert (few.estimate().low, few.estimate().high) == pytest.approx((0.2836, 0.9725), abs=2e-3)
    assert Tally().estimate().value is None


@pytest.mark.parametrize(
    ("ranks", "right"),
    [
        (order(1, 2, 3), 1),
        (order(3, 2, 1), 0),
        (order(2, 1, 3), 2 / 3),
        ({1: 0, 2: 0, 3: 1}, 5 / 6),
        ({1: 0, 2: 1}, 1 / 3),  # 3 was left unranked: two of the three pairs are not said
        ({}, 0),
    ],
)
def test_a_gold_score_is_the_share_of_its_pairs(ranks: dict[int, int], right: float) -> None:
    assert score(order(1, 2, 3), ranks) == pytest.approx(right)


def test_what_ties_in_gold_asks_nothing() -> None:
    assert score({1: 0, 2: 0, 3: 1}, {1: 1, 2: 0, 3: 2}) == 1
    assert score({1: 0, 2: 0}, {1: 1, 2: 0}) is None


def test_gold_is_apart_from_agreement() -> None:
    figures = measured(Judged(1, [vote(1, order(1, 2)), vote(2, order(2, 1))], gold=order(1, 2)))
    assert figures["agreement"]["overall"]["tasks"] == 0
    assert figures["gold"]["value"] == 0.5
    assert {person["person"]: person["gold"]["value"] for person in figures["people"]} == {1: 1, 2: 0}


def test_the_upper_answer_wins_two_of_three_pairs() -> None:
    assert first_wins(vote(1, order(1, 3, 2), shown=[1, 2, 3]), order(1, 3, 2)) == pytest.approx(2 / 3)
    assert first_wins(vote(1, {1: 0, 2: 0}, shown=[1, 2]), {1: 0, 2: 0}) is None
    assert first_wins(vote(1, order(1, 2)), order(1, 2)) is None  # made elsewhere: who knows what stood first


def test_wins_by_place() -> None:
    figures = measured(Judged(1, [vote(1, order(1, 3, 2), shown=[1, 2, 3])]))
    assert [place["value"] for place in figures["bias"]["places"]] == [1, 0, 0.5]


def test_longer_wins_counts_only_pairs_of_unequal_length() -> None:
    judged = Judged(1, [], sizes={1: 100, 2: 100, 3: 900})
    assert longer_wins(judged, order(3, 1, 2)) == 1
    assert longer_wins(judged, order(1, 3, 2)) == 0.5
    assert longer_wins(judged, order(1, 2)) is None


def test_who_cannot_have_read_it_was_too_fast() -> None:
    long = Judged(1, [], sizes={1: 3000, 2: 1000}, prompt_size=1000)
    assert too_fast(long, vote(1, order(1, 2), seconds=49)) == 1
    assert too_fast(long, vote(1, order(1, 2), seconds=51)) == 0
    assert too_fast(long, vote(1, order(1, 2))) is None
    assert too_fast(Judged(1, [], sizes={1: 50, 2: 50}), vote(1, order(1, 2), seconds=0.1)) is None


def test_an_order_left_as_it_was_shown() -> None:
    habits = Habits()
    for ranks in (order(1, 2, 3), order(1, 3, 2), {1: 0, 2: 0, 3: 0}):
        habits.add(see(Judged(1, []), vote(1, ranks, shown=[1, 2, 3]), "overall"))
    figures = habits.figures()
    assert figures["as_shown"]["value"] == pytest.approx(1 / 3, abs=1e-6)
    assert figures["as_shown"]["by_chance"] == pytest.approx(1 / 6, abs=1e-6)
    assert figures["all_tied"]["value"] == pytest.approx(1 / 3, abs=1e-6)


def test_the_median_is_right_to_a_step_of_the_histogram() -> None:
    habits = Habits()
    for seconds in (5, 30, 31, 29, 600):
        habits.add(see(Judged(1, []), vote(1, order(1, 2), seconds=seconds), "overall"))
    assert habits.median_seconds == pytest.approx(30, rel=0.05)
    assert Habits().median_seconds is None


def test_only_what_lies_beyond_doubt_is_a_concern() -> None:
    """Ten tasks, three people: two agree always, the third never; of one task nobody could say that."""
    tasks = [Judged(n, [vote(1, order(1, 2)), vote(2, order(1, 2)), vote(3, order(2, 1))]) for n in range(30)]
    few, many = measured(tasks[0]), measured(*tasks)
    assert [person["concerns"] for person in few["people"]] == [[], [], []]
    assert {p["person"]: p["concerns"] for p in many["people"]} == {1: [], 2: [], 3: ["disagrees"]}


def test_straight_liners_and_sprinters_stand_out() -> None:
    tasks = [
        Judged(n, [vote(1, order(1, 2, 3), shown=[1, 2, 3], seconds=1)], sizes={1: 900, 2: 900, 3: 900})
        for n in range(12)
    ]
    assert set(measured(*tasks)["people"][0]["concerns"]) == {"too_fast", "as_shown", "first_wins"}


def test_memory_does_not_grow_with_tasks() -> None:
    measure = Measure(["overall"])
    for n in range(500):
        measure.add(Judged(n, [vote(1, order(1, 2)), vote(2, order(2, 1))]))
    held = measure.agreement["overall"]
    assert (len(held.disputed), len(held.by_day), len(measure.habits)) == (50, 1, 2)
