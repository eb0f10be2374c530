"""What trainers read. A change in a golden file is a change that somebody's training script will notice."""

from pathlib import Path

import pytest

from exports.formats import FORMATS, Options
from exports.writers import line
from tests.exports.examples import record, verdict

GOLDEN = Path(__file__).parent / "golden"


def written(name: str, options: Options, **facts: object) -> bytes:
    return b"".join(map(line, FORMATS[name](record(**facts), options)))


@pytest.mark.parametrize("name", FORMATS)
def test_as_the_golden_file(name: str) -> None:
    assert written(name, Options()) == (GOLDEN / f"{name}.jsonl").read_bytes()


@pytest.mark.parametrize("name", ["trl-preference", "trl-preference-implicit", "kto"])
def test_as_the_golden_file_in_plain_text(name: str) -> None:
    assert written(name, Options(text=True)) == (GOLDEN / f"{name}.text.jsonl").read_bytes()


def test_every_strict_pair_of_every_judgement() -> None:
    rows = list(FORMATS["trl-preference"](record(), Options()))
    chosen = [(row["chosen"][0]["content"], row["rejected"][0]["content"]) for row in rows]
    assert [pair for pair in chosen if pair == ("Red.", "No.")] == [("Red.", "No.")]
    assert len(rows) == 3
    assert len({row["group_id"] for row in rows}) == 1


def test_all_bad_is_no_tie_and_no_example_to_follow() -> None:
    bad = [verdict("p1", [0, 1, 2], all_bad=True)]
    assert list(FORMATS["sft-messages"](record(verdicts=bad), Options())) == []
    assert [row["label"] for row in FORMATS["kto"](record(verdicts=bad), Options())] == [False] * 3
    assert len(list(FORMATS["trl-preference"](record(verdicts=bad), Options()))) == 3


def test_a_shared_first_place_is_no_best_answer() -> None:
    tie = [verdict("p1", [0, 0, 1])]
    assert list(FORMATS["sft-messages"](record(verdicts=tie), Options())) == []
    assert [row["label"] for row in FORMATS["kto"](record(verdicts=tie), Options())] == [True, True, False]


@pytest.mark.parametrize("ranks", [[0, 0, 0], [None, None, None]])
@pytest.mark.parametrize("name", ["sft-messages", "kto", "trl-preference", "trl-preference-implicit"])
def test_nothing_is_said_of_answers_that_all_tie_or_were_left_unranked(name: str, ranks: list[int | None]) -> None:
    assert list(FORMATS[name](record(verdicts=[verdict("p1", ranks)]), Options())) == []


def test_kwise_keeps_what_nobody_ranked_apart() -> None:
    [row] = FORMATS["kwise"](record(verdicts=[verdict("p1", [1, None, 0])]), Options())
    assert (row["responses"], row["ranks"], len(row["unranked"])) == (["Red.", "No."], [1, 0], 1)
    assert row["judgements"][0]["ranks"] == [1, 0]
