"""Prompts and answers as message lists, or as the plain strings of a transcript.

Their JSON is made once a record (`Options.piece`), however many rows hold it.
"""

from typing import Any

from exports.formats.columns import MESSAGES, TEXT, Type
from exports.formats.options import Options
from exports.record import Record, Response

SPEAKERS = {"system": "System", "user": "Human", "assistant": "Assistant"}


def conversational(options: Options) -> Type:
    """The type of what the functions below give."""
    return TEXT if options.text else MESSAGES


def prompt_of(record: Record, options: Options) -> Any:
    """A message list (TRL applies the chat template), or a transcript `Human: …\\n\\nAssistant:`."""
    if options.text:
        return options.piece(record.pieces, "transcript", lambda: transcript(record.messages))
    return options.piece(record.pieces, "messages", lambda: record.messages)


def answer_of(answer: Response, options: Options) -> Any:
    """A message list of one, or the text behind a space: trainers join the strings as they are."""
    if options.text:
        return options.piece(answer.pieces, "spaced", lambda: f" {answer.text}")
    return options.piece(answer.pieces, "message", lambda: [said(answer)])


def plain_of(answer: Response, options: Options) -> Any:
    """The text as it is."""
    return options.piece(answer.pieces, "plain", lambda: answer.text)


def whole(record: Record, answer: Response, options: Options) -> Any:
    """Prompt and answer in one: a message list or a transcript."""
    if options.text:
        return options.piece(answer.pieces, "whole transcript", lambda: f"{transcript(record.messages)} {answer.text}")
    return options.piece(answer.pieces, "conversation", lambda: [*record.messages, said(answer)])


def said(answer: Response) -> dict[str, str]:
    return {"role": "assistant", "content": answer.text}


def turns(messages: list[dict[str, str]]) -> list[str]:
    return [f"{SPEAKERS[message['role']]}: {message['content']}" for message in messages]


def transcript(messages: list[dict[str, str]]) -> str:
    return "\n\n".join([*turns(messages), "Assistant:"])


def hh_transcript(messages: list[dict[str, str]]) -> str:
    """hh-rlhf's: a blank line before each turn, and two speakers only. A system's words open the human's next turn."""
    parts, before = [], ""
    for message in messages:
        if message["role"] == "system":
            before += f"{message['content']}\n\n"
        else:
            parts.append(f"\n\n{SPEAKERS[message['role']]}: {before}{message['content']}")
            before = ""
    return "".join([*parts, "\n\nAssistant:"])


def from_messages(messages: list[dict[str, str]]) -> list[dict[str, str]]:
    """ColossalChat's messages: `from` instead of `role`."""
    return [{"from": message["role"], "content": message["content"]} for message in messages]
