"""What a prompt and an answer are made of: texts that PostgreSQL can hold, messages, and the hashes that name both."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

MAX_TEXT_BYTES = 1_000_000
MAX_MESSAGES = 1_000
ROLES = ("system", "user", "assistant")

Message = dict[str, str]  # {role, content}

_SURROGATE = re.compile("[\ud800-\udfff]")


def storable(text: str) -> str:
    """`text` as PostgreSQL can hold it: NUL removed, surrogate pairs joined, lone surrogates → U+FFFD."""
    text = text.replace("\0", "")
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def text_hash(text: str) -> str:
    """SHA-256 (hex) of the text as it is stored, in UTF-8."""
    return hashlib.sha256(storable(text).encode()).hexdigest()


def content_hash(messages: Sequence[Mapping[str, str]]) -> str:
    """SHA-256 (hex) of the messages as canonical JSON: keys sorted, UTF-8, no spaces."""
    canonical = json.dumps(list(messages), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(storable(canonical).encode()).hexdigest()


def checked_text(value: Any, what: str) -> str:
    """`value` as a storable text; raises `ValueError` where it is no text or longer than `MAX_TEXT_BYTES`."""
    if not isinstance(value, str):
        raise ValueError(_("%(what)s must be text, not %(kind)s.") % {"what": what, "kind": kind_of(value)})
    text = storable(value)
    if len(text) > MAX_TEXT_BYTES // 4 and (size := len(text.encode())) > MAX_TEXT_BYTES:
        words = _("%(what)s is %(size)s bytes long: at most %(most)s are taken, shorten or split it.")
        raise ValueError(words % {"what": what, "size": f"{size:,}", "most": f"{MAX_TEXT_BYTES:,}"})
    return text


def messages_of(prompt: Any) -> list[Message]:
    """A prompt (a text, or a list of `{role, content}`) as messages that end with the user's.

    Raises `ValueError` with a sentence that says what is wrong and with which message.
    """
    if isinstance(prompt, str):
        prompt = [{"role": "user", "content": prompt}]
    if not isinstance(prompt, list | tuple):
        raise ValueError(_("A prompt is a text or a list of messages, not %(kind)s.") % {"kind": kind_of(prompt)})
    if not 1 <= len(prompt) <= MAX_MESSAGES:
        words = _("A prompt has 1 to %(most)s messages, this one has %(found)s.")
        raise ValueError(words % {"most": f"{MAX_MESSAGES:,}", "found": f"{len(prompt):,}"})
    messages = [_message(message, number) for number, message in enumerate(prompt, start=1)]
    _check_last(messages[-1])
    return messages


def _message(message: Any, number: int) -> Message:
    if not isinstance(message, Mapping) or not {"role", "content"} <= message.keys():
        raise ValueError(_("Message %(n)d must be an object with role and content.") % {"n": number})
    if message["role"] not in ROLES:
        role = f"{message['role']!r:.40}"
        words = _("Message %(n)d has the role %(role)s: use one of %(roles)s.")
        raise ValueError(words % {"n": number, "role": role, "roles": ", ".join(ROLES)})
    try:
        return {"role": message["role"], "content": checked_text(message["content"], "content")}
    except ValueError as error:
        raise ValueError(_("Message %(n)d: %(reason)s") % {"n": number, "reason": error}) from None


def _check_last(message: Message) -> None:
    if message["role"] != "user":
        words = _("A prompt ends with the user's message, this one ends with the %(role)s's.")
        raise ValueError(words % {"role": message["role"]})
    if not message["content"].strip():
        raise ValueError(_("The prompt is empty."))


def kind_of(value: Any) -> str:
    """What a JSON value is called in a sentence."""
    names: dict[type, str] = {
        type(None): _("nothing"),
        bool: _("true or false"),
        int: _("a number"),
        float: _("a number"),
        str: _("a text"),
        list: _("a list"),
        dict: _("an object"),
    }
    return names.get(type(value), type(value).__name__)
