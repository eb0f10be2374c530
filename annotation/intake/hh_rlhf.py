"""Anthropic's hh-rlhf: `{chosen, rejected}`, two transcripts that part at the last turn of the assistant."""

import re
from collections.abc import Iterable
from typing import BinaryIO

from django.utils.translation import gettext as _

from annotation.content import Message
from annotation.intake.checking import comparison_row, required_text
from annotation.intake.objects import objects
from annotation.intake.readers import records
from annotation.intake.rows import Data, Rows

ROLES = {"Human": "user", "Assistant": "assistant"}
LAST_ANSWER = "\n\nAssistant:"
_TURN = re.compile(r"(?:^|\n\n)(Human|Assistant):")


def read(stream: BinaryIO) -> Rows:
    """One record a row: the chosen answer before the rejected one."""
    return records(objects(stream), _comparison, comparison_row)


def _comparison(data: Data) -> Iterable[Data]:
    before, chosen = split_last_answer(required_text(data, "chosen"), "chosen")
    before_too, rejected = split_last_answer(required_text(data, "rejected"), "rejected")
    if before != before_too:
        raise ValueError(_("chosen and rejected differ before the assistant's last turn: they are not one prompt."))
    yield {
        "messages": turns(before),
        "responses": [chosen, rejected],
        "ranks": [0, 1],
        "source": "hh-rlhf",
        "language": data.get("language"),
    }


def split_last_answer(transcript: str, what: str) -> tuple[str, str]:
    """What comes before the assistant's last turn, and that turn."""
    before, mark, answer = transcript.rpartition(LAST_ANSWER)
    if not mark:
        words = _("%(name)s has no turn of the assistant: turns start with a blank line and Assistant:.")
        raise ValueError(words % {"name": what})
    if "\n\nHuman:" in answer:
        words = _("%(name)s ends with the human's turn: there is no answer to compare.")
        raise ValueError(words % {"name": what})
    return before, answer.strip()


def turns(transcript: str) -> list[Message]:
    """`\\n\\nHuman: …\\n\\nAssistant: …` as messages."""
    opening, *parts = _TURN.split(transcript)
    if opening.strip():
        words = _("The transcript does not start with a turn: turns start with a blank line and Human:.")
        raise ValueError(words)
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return [{"role": ROLES[speaker], "content": text.strip()} for speaker, text in pairs]
