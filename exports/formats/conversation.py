"""Prompts and answers as message lists, or as the plain strings of a transcript."""

from typing import Any

from exports.formats.options import Options
from exports.record import Record

SPEAKERS = {"system": "System", "user": "Human", "assistant": "Assistant"}


def prompt_of(record: Record, options: Options) -> Any:
    """A message list (TRL applies the chat template), or a transcript `Human: …\\n\\nAssistant:`."""
    return _transcript(record.messages) if options.text else record.messages


def answer_of(text: str, options: Options) -> Any:
    """A message list of one, or the text behind a space: trainers join the strings as they are."""
    return f" {text}" if options.text else [{"role": "assistant", "content": text}]


def whole(record: Record, text: str, options: Options) -> Any:
    """Prompt and answer in one: a message list or a transcript."""
    return prompt_of(record, options) + answer_of(text, options)


def _transcript(messages: list[dict[str, str]]) -> str:
    turns = [f"{SPEAKERS[message['role']]}: {message['content']}" for message in messages]
    return "\n\n".join([*turns, "Assistant:"])
