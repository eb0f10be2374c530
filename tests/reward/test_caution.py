"""What the data cannot carry is said, with how much more would do; what carries a conclusion is left alone."""

import pytest

from workers.reward.caution import ADVISED, MOST_FORETOLD, SENTENCES, Caution, before_training, of_figures


def estimate(value, low, high=1.0):
    return {"value": value, "low": low, "high": high}


def codes(**figures):
    return [caution.code for caution in of_figures({"split": "test", **figures})]


SOLID = {"families": 60, "accuracy": estimate(0.7, 0.64), "gain": estimate(0.1, 0.03)}


def test_it_works():
    (found,) = before_training(2, 0)
    assert (found.code, found.more) == ("few_rankings", 298)
    assert "with a ranking: 2, of which 0 are held out" in str(found.sentence)
    assert "about 298 more" in str(found.sentence)
    assert codes(**SOLID) == []


def test_enough_is_left_alone():
    assert before_training(ADVISED, 30) == before_training(0, 0) == []


def test_nothing_held_out():
    (found,) = of_figures({"split": None})
    assert (found.code, found.more) == ("nothing_held_out", ADVISED)
    assert codes(accuracy=estimate(None, None)) == ["nothing_held_out"]


def test_few_held_out():
    (found,) = of_figures({"split": "test", **SOLID, "families": 4})
    assert (found.code, found.more) == ("few_held_out", 260)


@pytest.mark.parametrize(
    ("accuracy", "code", "more"),
    [
        (estimate(0.6, 0.4), "chance", 10 * (4 * 60 - 60)),  # twice as narrow takes four times as many
        (estimate(0.6, 0.5), "chance", 10),
        (estimate(0.5, 0.4), "chance_open", None),
        (estimate(0.45, 0.3), "chance_open", None),
        (estimate(0.501, 0.4), "chance_open", None),  # more than anybody ranks
    ],
)
def test_chance_is_within_the_interval(accuracy, code, more):
    (found,) = of_figures({"split": "test", **SOLID, "accuracy": accuracy})
    assert (found.code, found.more) == (code, more)
    assert more is None or more <= MOST_FORETOLD


def test_longer_wins_is_within_the_interval():
    assert codes(**{**SOLID, "gain": estimate(0.02, -0.03)}) == ["longer_wins"]
    assert codes(**{**SOLID, "gain": estimate(-0.02, -0.03)}) == ["longer_wins_open"]


def test_one_family_has_no_interval():
    assert codes(families=1, accuracy=estimate(1.0, None), gain=estimate(0.5, None)) == [
        "few_held_out", "chance", "longer_wins",
    ]  # fmt: skip


@pytest.mark.parametrize("figures", [{}, {"accuracy": 3}, {"split": "test", "accuracy": "?", "families": None}])
def test_what_an_older_version_lacks_does_no_harm(figures):
    assert all(str(caution.sentence) for caution in of_figures(figures))


def test_every_sentence_has_its_facts():
    facts = {"have": 1, "held_out": 2, "advised": 3, "more": 4}
    assert all("%(" not in str(Caution(code, facts).sentence) for code in SENTENCES)
