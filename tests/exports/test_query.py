"""A query that is misread freezes the wrong data, and nobody notices for a year."""

import pytest

from exports.query import normalise, read


def test_nothing_asked_for_is_everything() -> None:
    asked = normalise({})
    defaults = {
        "formats": ["kwise", "trl-preference"],
        "fractions": [0.9, 0.05, 0.05],
        "languages": None,
        "categories": None,
        "since": None,
        "until": None,
        "seed": 0,
        "criterion": "overall",
        "text": False,
        "files": None,
        "projects": None,
        "people": None,
        "machines": "in",
        "gold": "out",
        "unsafe": "in",
        "votes": "raw",
        "ties": "keep",
        "pairs": "all",
        "cap": None,
        "margin": False,
        "comments": False,
    }
    assert {name: asked[name] for name in defaults} == defaults


def test_people_are_counted_and_not_named_in_what_is_handed_on() -> None:
    asked = read({"people": ["ann", "bob"], "without": ["eve"], "projects": {"b": 1, "a": 2}})
    assert asked.as_dict()["people"] == ["ann", "bob"]
    assert asked.public() == {**asked.as_dict(), "people": 2, "without": 1}
    assert list(asked.as_dict()["projects"]) == ["a", "b"]


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
        ({"files": ["xlsx"]}, "there is no 'xlsx'"),
        ({"files": ["csv"], "formats": ["kwise"]}, "no.* flat table"),
        ({"shard_mb": 0}, "shard_mb: "),
        ({"phases": [0.5, 0.5]}, "phases: "),
        ({"phases": [0.5, 0.5, 0.5]}, "phases: .*add up"),
        ({"projects": ["a"]}, "projects: "),
        ({"projects": {"a": 0}}, "projects: "),
        ({"projects": {"a": float("nan")}}, "projects: "),
        ({"people": ["ann"], "without": ["ann"]}, "without: "),
        ({"machines": "yes"}, "machines: one of in, out, only"),
        ({"gold": True}, "gold: "),
        ({"min_agreement": 2}, "min_agreement: "),
        ({"min_margin": "much"}, "min_margin: "),
        ({"min_strength": 5}, "min_strength: "),
        ({"ties": "none"}, "ties: "),
        ({"unranked": 1}, "unranked: "),
        ({"pairs": ["all"]}, "pairs: "),
        ({"cap": 0}, "cap: "),
        ({"best_of": 1}, "best_of: "),
        ({"kto": "mood"}, "kto: "),
        ({1: 2}, "no key '1'"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(query: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        normalise(query)
