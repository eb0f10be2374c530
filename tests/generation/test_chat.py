"""Prompts end where the assistant speaks, and what is too long loses its oldest turns first."""

from pathlib import Path

import pytest
from transformers import AutoTokenizer

from workers.generation import Message
from workers.generation.chat import Chat

TURNS = [
    Message(role="system", content="Be kind."),
    Message(role="user", content="first " * 10),
    Message(role="assistant", content="answer " * 10),
    Message(role="user", content="last"),
]


@pytest.fixture
def chat(chat_model: Path) -> Chat:
    return Chat(AutoTokenizer.from_pretrained(chat_model))


@pytest.fixture
def plain(plain_model: Path) -> Chat:
    return Chat(AutoTokenizer.from_pretrained(plain_model))


def written(chat: Chat, room: int | None) -> str:
    tokens = chat.prompt_tokens(TURNS, room)
    assert room is None or len(tokens) <= room
    return str(chat.tokenizer.decode(tokens))


def test_the_template_is_followed(chat: Chat) -> None:
    assert written(chat, None) == chat.tokenizer.apply_chat_template(TURNS, add_generation_prompt=True, tokenize=False)


def test_a_tokenizer_without_template_gets_a_transcript(plain: Chat) -> None:
    expected = f"System: Be kind.\n\nHuman: {'first ' * 10}\n\nAssistant: {'answer ' * 10}\n\nHuman: last\n\nAssistant:"
    assert written(plain, None) == expected


def test_the_oldest_turns_go_first_and_whole(chat: Chat, plain: Chat) -> None:
    kept = [TURNS[0], TURNS[3]]
    assert written(chat, 80) == chat.tokenizer.apply_chat_template(kept, add_generation_prompt=True, tokenize=False)
    assert written(plain, 80) == "System: Be kind.\n\nHuman: last\n\nAssistant:"


def test_a_last_turn_that_alone_is_too_long_loses_its_beginning(chat: Chat) -> None:
    assert written(chat, 17) == "last<|im_end|>\n<|im_start|>assistant\n"


def test_the_end_of_a_turn_is_read_off_the_template(chat: Chat, plain: Chat) -> None:
    chat.tokenizer.eos_token = "<|endoftext|>"
    assert chat.tokenizer.convert_ids_to_tokens(sorted(chat.end_ids())) == ["<|endoftext|>", "<|im_end|>"]
    assert plain.end_ids() == set()


def test_an_untaught_model_stops_before_it_speaks_for_the_person(plain: Chat) -> None:
    tokens = plain.tokenizer(" Yes.\n\nHuman: And")["input_ids"]
    assert plain.ends_turn(tokens)
    assert plain.text(tokens) == "Yes."
    assert not plain.ends_turn(plain.tokenizer("Human: no")["input_ids"])
