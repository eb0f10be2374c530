"""What trainers read. A change in a golden file is a change that somebody's training script will notice."""

import json
from pathlib import Path
from typing import Any

import pytest

from exports.formats import FORMATS, Options
from exports.lines import line
from exports.record import WRITTEN
from tests.exports.examples import OPTIONS, answer, example, record, verdict

GOLDEN = Path(__file__).parent / "golden"


def rows(name: str, options: Options = OPTIONS, **facts: object) -> list[dict[str, Any]]:
    """As a reader finds them."""
    return [json.loads(line(row)) for row in FORMATS[name].rows(record(**facts), options)]


def written(name: str, options: Options) -> bytes:
    return b"".join(map(line, FORMATS[name].rows(example(name), options)))


@pytest.mark.parametrize("name", FORMATS)
def test_as_the_golden_file(name: str) -> None:
    assert written(name, OPTIONS) == (GOLDEN / f"{name}.jsonl").read_bytes()


@pytest.mark.parametrize("name", ["trl-preference", "trl-preference-implicit", "openrlhf", "kto", "sft", "prompts"])
def test_as_the_golden_file_in_plain_text(name: str) -> None:
    assert written(name, Options(text=True)) == (GOLDEN / f"{name}.text.jsonl").read_bytes()


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("text", [False, True])
def test_prepared_json_is_the_same_as_plain_values(name: str, text: bool) -> None:
    facts = {"harms": OPTIONS.harms, "severities": OPTIONS.severities, "text": text}
    assert written(name, Options(**facts)) == written(name, Options(**facts, plain=True))


@pytest.mark.parametrize("name", FORMATS)
def test_rows_have_the_columns_that_the_format_states(name: str) -> None:
    columns = FORMATS[name].columns(OPTIONS)
    for row in FORMATS[name].rows(example(name), OPTIONS):
        assert not columns or list(row) == list(columns)


def test_every_strict_pair_of_every_judgement() -> None:
    found = rows("trl-preference")
    chosen = [(row["chosen"][0]["content"], row["rejected"][0]["content"]) for row in found]
    assert [pair for pair in chosen if pair == ("Red.", "No.")] == [("Red.", "No.")]
    assert len(found) == 3
    assert len({row["group_id"] for row in found}) == 1


def test_all_bad_is_no_tie_and_no_example_to_follow() -> None:
    bad = [verdict("p1", [0, 1, 2], all_bad=True)]
    assert rows("sft-messages", verdicts=bad) == []
    assert [row["label"] for row in rows("kto", verdicts=bad)] == [False] * 3
    assert len(rows("trl-preference", verdicts=bad)) == 3


def test_a_shared_first_place_is_no_best_answer() -> None:
    tie = [verdict("p1", [0, 0, 1])]
    assert rows("sft-messages", verdicts=tie) == []
    assert [row["label"] for row in rows("kto", verdicts=tie)] == [True, True, False]


@pytest.mark.parametrize("ranks", [[0, 0, 0], [None, None, None]])
@pytest.mark.parametrize("name", ["sft-messages", "kto", "trl-preference", "trl-preference-implicit"])
def test_nothing_is_said_of_answers_that_all_tie_or_were_left_unranked(name: str, ranks: list[int | None]) -> None:
    assert rows(name, verdicts=[verdict("p1", ranks)]) == []


def test_kwise_keeps_what_nobody_ranked_apart() -> None:
    ranks = [verdict("p1", [1, None, 0])]
    [row] = rows("kwise", verdicts=ranks)
    assert (row["responses"], row["ranks"], len(row["unranked"])) == (["Red.", "No."], [1, 0], 1)
    assert row["judgements"][0]["ranks"] == [1, 0]
    [row] = rows("kwise", Options(unranked="last"), verdicts=ranks)
    assert row["ranks"] == [1, 2, 0]
    [row] = rows("kwise", Options(unranked="drop"), verdicts=ranks)
    assert row["unranked"] == []


def test_ties_in_both_directions_at_half_the_weight_or_nowhere() -> None:
    tie = [verdict("p1", [0, 1, 1], strength=3)]
    found = rows("trl-preference", Options(ties="half", margin=True), verdicts=tie)
    assert [row["weight"] for row in found] == [1, 1, 0.5, 0.5]
    assert [row["margin"] for row in found] == pytest.approx([2 / 3, 2 / 3, 0, 0])
    [row] = rows("kwise", Options(ties="drop"), verdicts=tie)
    assert row["ranks"] == [0, 1]


@pytest.mark.parametrize(("which", "pairs"), [("all", 3), ("adjacent", 2), ("best", 2)])
def test_how_many_pairs_of_a_ranking(which: str, pairs: int) -> None:
    order = [verdict("p1", [0, 1, 2])]
    assert len(rows("trl-preference", Options(pairs=which), verdicts=order)) == pairs


def test_a_cap_draws_the_same_pairs_each_time_and_others_by_another_seed() -> None:
    order = [verdict("p1", [0, 1, 2])]
    drawn = [rows("hh-rlhf", Options(cap=1, seed=seed), verdicts=order) for seed in range(9)]
    assert [len(found) for found in drawn] == [1] * 9
    assert drawn[0] == rows("hh-rlhf", Options(cap=1), verdicts=order)
    assert len({found[0]["rejected"] + found[0]["chosen"] for found in drawn}) > 1


def test_a_margin_of_votes_keeps_what_people_are_sure_of() -> None:
    votes = [verdict("p1", [0, 1, 2]), verdict("p2", [0, 2, 1]), verdict("p3", [0, 1, 2])]
    sure = rows("trl-preference", Options(votes="consensus", min_margin=0.5), verdicts=votes)
    assert [row["chosen"][0]["content"] for row in sure] == ["Red.", "Red."]
    assert len(rows("trl-preference", Options(votes="consensus"), verdicts=votes)) == 3


def test_a_strength_that_is_too_little_or_not_stated_makes_no_pair() -> None:
    votes = [verdict("p1", [0, 1, 2], strength=2), verdict("p2", [0, 1, 2])]
    assert rows("trl-preference", Options(min_strength=3), verdicts=votes) == []
    assert len(rows("trl-preference", Options(min_strength=2), verdicts=votes)) == 3


def test_a_correction_of_the_best_answer_takes_its_place() -> None:
    votes = [verdict("p1", [0, 1, 1], edited_text="Deep red."), verdict("p2", [0, 1, 1])]
    assert [row["completion"] for row in rows("sft", Options(text=True), verdicts=votes)] == [" Deep red."]


def test_what_people_wrote_is_all_to_learn_from() -> None:
    found = rows("openai-chat", verdicts=[], kind=WRITTEN)
    assert [row["messages"][-1]["content"] for row in found][::2] == ["Red.", "No."]
    assert rows("trlx", verdicts=[], kind=WRITTEN) == []


def test_kto_from_ratings_and_from_flags() -> None:
    scales = (("helpfulness", 1.0, 7.0),)
    rated = [verdict("p1", [0, 0, 0], ratings=[{"helpfulness": 7}, {"helpfulness": 4}, {"helpfulness": 1}])]
    found = rows("kto", Options(kto="ratings", scales=scales), verdicts=rated)
    assert [(row["completion"][0]["content"], row["label"]) for row in found] == [("Red.", True), ("No.", False)]
    flagged = [verdict("p1", [0, 0, 0], flags=[{"unsafe": False}, {}, {"unsafe": True}], categories=[{}, {}, {}])]
    assert [row["label"] for row in rows("kto", Options(kto="flags"), verdicts=flagged)] == [True, False]


def test_trlx_rewards_are_the_reward_models_where_all_answers_have_them() -> None:
    assert [row["rewarded_by"] for row in rows("trlx")] == ["people"] * 3
    scored = [answer("a", "Red."), answer("b", "No.")]
    scored[0].score, scored[1].score = 1.5, -0.5
    found = rows("trlx", responses=scored, verdicts=[verdict("p1", [0, 1])])
    assert [row["rewards"] for row in found] == [1.5, -0.5]


def test_safe_rlhf_says_which_is_better_and_which_is_safer() -> None:
    said = [{"privacy_violation": "severe"}, {}]
    both = [verdict("p1", [0, 1], safer=[1, 0], categories=said, ratings=[{}, {}], flags=[{}, {}])]
    [row] = rows("safe-rlhf", responses=[answer("a", "A"), answer("b", "B")], verdicts=both)
    assert (row["better_response_id"], row["safer_response_id"]) == (0, 1)
    assert (row["is_response_0_safe"], row["is_response_1_safe"]) == (False, True)
    assert row["response_0_harm_category"] == {"privacy_violation": True, "hate": False}
    assert (row["response_0_severity_level"], row["response_1_severity_level"]) == (2, 0)


def test_steps_up_to_the_first_that_nobody_judged() -> None:
    proof = [answer("a", "One.\n\nTwo,\nstill two.\n \n Three."), answer("b", "No steps.")]
    flags = [{"step_1": True, "step_2": False}, {}]
    votes = [verdict("p1", [0, 1], flags=flags, ratings=[{}, {}], categories=[{}, {}])]
    [row] = rows("stepwise", responses=proof, verdicts=votes)
    assert (row["completions"], row["labels"]) == (["One.", "Two,\nstill two."], [True, False])


def test_a_system_message_has_its_place_in_transcripts() -> None:
    talk = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    [first, *_] = rows("hh-rlhf", messages=talk)
    assert first["chosen"].startswith("\n\nHuman: Be brief.\n\nHi\n\nAssistant: ")
    [first, *_] = rows("deepspeed-chat", messages=talk)
    assert first["prompt"] == "System: Be brief. Human: Hi Assistant:"
    [first, *_] = rows("prompts-csv", messages=talk)
    assert first["prompt"] == "System: Be brief.\n\nHuman: Hi\n\nAssistant:"
