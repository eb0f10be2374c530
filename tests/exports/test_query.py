"""A query that is misread freezes the wrong data, and nobody notices for a year."""

import pytest

from exports.query import normalise


def test_nothing_asked_for_is_everything() -> None:
    assert normalise({}) == {
        "formats": ["kwise", "trl-preference"],
        "fractions": [0.9, 0.05, 0.05],
        "languages": None,
        "categories": None,
        "since": None,
        "until": None,
        "seed": 0,
        "criterion": "overall",
        "text": False,
    }


def test_the_same_wish_in_other_words_is_the_same_query() -> None:
    one = {"formats": ["raw", "kto", "raw"], "since": "2026-05-31", "fractions": [1, 0, 0], "text": None}
    two = {"formats": ["kto", "raw"], "since": "2026-05-31T02:00:00+02:00", "fractions": (1.0, 0.0, 0.0)}
    assert normalise(one) == normalise(two)
    assert normalise(normalise(one)) == normalise(one)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ([], "JSON object"),
        ({"tie": "drop"}, "no key 'tie'"),
        ({"formats": []}, "formats: "),
        ({"formats": "kwise"}, "formats: "),
        ({"formats": ["parquet"]}, "there is no 'parquet'"),
        ({"fractions": [1, 1, 1]}, "fractions: "),
        ({"seed": -1}, "seed: "),
        ({"seed": True}, "seed: "),
        ({"criterion": ""}, "criterion: "),
        ({"languages": [1]}, "languages: "),
        ({"since": "yesterday"}, "since: "),
        ({"until": 5}, "until: "),
        ({"since": "2026-05-31", "until": "2026-05-31"}, "since: "),
        ({"text": "yes"}, "text: "),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(query: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        normalise(query)
