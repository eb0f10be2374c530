"""The demo's content is what a person meets first: it must be whole, storable and honest about its origin."""

import json
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from webapp.demo.sample_answers import CONTENT, LOCATION, read_prompts

KINDS = {
    "open-question", "rewriting", "summarising", "brainstorming", "classification",
    "code", "multi-turn", "extraction", "creative",
}  # fmt: skip
LANGUAGES = pytest.mark.parametrize("language", ["en", "zh"])


def answers(language: str) -> list[dict[str, Any]]:
    text = (CONTENT / f"answers_{language}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n") if line]


def texts(value: Any) -> list[str]:
    """Every string inside a JSON value, keys included."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for pair in value.items() for item in pair for text in texts(item)]
    return [text for item in value for text in texts(item)] if isinstance(value, list) else []


@pytest.mark.parametrize(("language", "least"), [("en", 28), ("zh", 14)])
def test_there_are_enough_prompts_of_every_kind(language: str, least: int) -> None:
    prompts = read_prompts(language)
    assert len(prompts) >= least
    assert {prompt["category"] for prompt in prompts} == KINDS
    assert {prompt["language"] for prompt in prompts} == {language}


@LANGUAGES
def test_a_key_and_a_text_occur_once(language: str) -> None:
    prompts = read_prompts(language)
    assert len({prompt["key"] for prompt in prompts}) == len(prompts)
    assert len({json.dumps(prompt["messages"]) for prompt in prompts}) == len(prompts)
    assert all(prompt["key"].startswith(f"{language}-") for prompt in prompts)


@LANGUAGES
def test_turns_alternate_and_end_with_the_user(language: str) -> None:
    for prompt in read_prompts(language):
        roles = [message["role"] for message in prompt["messages"]]
        assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"]
        assert (len(roles) > 1) == (prompt["category"] == "multi-turn")


def test_prompts_are_short_enough_for_a_small_model() -> None:
    for prompt in read_prompts("en"):
        assert sum(len(message["content"].split()) for message in prompt["messages"]) <= 120


@LANGUAGES
def test_every_prompt_has_four_distinct_answers(language: str) -> None:
    rows = answers(language)
    count = Counter(row["prompt"] for row in rows)
    assert count == {prompt["key"]: 4 for prompt in read_prompts(language)}
    assert len({(row["prompt"], row["text"].strip()) for row in rows}) == len(rows)
    assert all(row["text"].strip() for row in rows)


@LANGUAGES
def test_every_text_can_be_stored(language: str) -> None:
    for text in texts([read_prompts(language), answers(language)]):
        assert "\0" not in text
        # Fails on a lone surrogate, which JSON can carry and PostgreSQL cannot.
        text.encode("utf-8")


def test_english_answers_say_how_they_were_sampled() -> None:
    rows = answers("en")
    for row in rows:
        assert row["generator"] == {
            "name": "SmolLM2-135M-Instruct", "backend": "transformers", "location": LOCATION,
        }  # fmt: skip
        assert list(row["parameters"]) == ["temperature", "top_p", "top_k", "max_new_tokens", "seed"]
        assert row["finish_reason"] in {"stop", "length"}
        assert 0 < row["completion_tokens"] <= row["parameters"]["max_new_tokens"]
        assert row["prompt_tokens"] > 0
    seeds = Counter(row["parameters"]["seed"] for row in rows)
    assert max(seeds.values()) == 1
    assert len({row["parameters"]["temperature"] for row in rows}) == 4


def test_chinese_answers_are_marked_as_written() -> None:
    rows = answers("zh")
    for row in rows:
        assert row["generator"] == {"name": "written", "backend": "written"}
        assert row["parameters"] == {}
    for prompt in read_prompts("zh"):
        assert sorted(row["quality"] for row in rows if row["prompt"] == prompt["key"]) == [1, 2, 3, 4]


def test_neither_place_nor_length_gives_the_best_chinese_answer_away() -> None:
    groups = [[row for row in answers("zh") if row["prompt"] == key["key"]] for key in read_prompts("zh")]
    places = Counter([row["quality"] for row in group].index(4) for group in groups)
    assert max(places.values()) <= len(groups) / 2
    pairs = [pair for group in groups for pair in combinations(group, 2)]
    longer = sum((len(a["text"]) > len(b["text"])) == (a["quality"] > b["quality"]) for a, b in pairs)
    assert 0.4 <= longer / len(pairs) <= 0.6


def test_chinese_answers_exercise_the_rendering() -> None:
    everything = "\n".join(row["text"] for row in answers("zh"))
    for sign in ("```python", "\n- ", "\n1. ", "|---|", "**", "$"):
        assert sign in everything


@pytest.mark.parametrize("name", ["guideline_en.md", "guideline_zh.md", "guideline_scratch.md"])
def test_a_guideline_is_a_page_with_headings(name: str) -> None:
    text = (CONTENT / name).read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert text.count("\n## ") >= 4
    assert 1_000 < len(text) < 6_000


def test_the_content_stays_small() -> None:
    files = [path for path in Path(CONTENT).iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 250_000


@pytest.mark.slow
def test_an_answer_can_be_sampled_again_from_its_parameters() -> None:
    """The coolest, and short: the fixture was drawn in batches of sixteen and this is a batch of one, so the
    logits differ in their last bits, which only a nearly tied choice could feel.
    """
    from workers.generation import Request, Sampling, open_backend

    coolest = min(row["parameters"]["temperature"] for row in answers("en"))
    rows = [row for row in answers("en") if row["parameters"]["temperature"] == coolest]
    row = min((row for row in rows if row["completion_tokens"] >= 20), key=lambda row: row["completion_tokens"])
    messages = next(prompt["messages"] for prompt in read_prompts("en") if prompt["key"] == row["prompt"])
    backend = open_backend("transformers", LOCATION, {})
    try:
        request = Request(key=row["prompt"], messages=messages, sampling=Sampling(**row["parameters"]))
        [answer] = backend.generate([request])
    finally:
        backend.close()
    assert answer.text == row["text"]
    assert answer.finish_reason == row["finish_reason"]
    assert answer.completion_tokens == row["completion_tokens"]
