"""Open Assistant's message trees: wherever people ranked the replies to a prompt, one ranked list.

Format: LAION-AI/Open-Assistant, `{message_tree_id, tree_state, prompt: Node}`, a tree a line.
"""

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import orjson
from django.utils.translation import gettext as _

from annotation.content import Message, kind_of, storable
from annotation.intake.checking import comparison_row, is_whole, required_text
from annotation.intake.objects import objects
from annotation.intake.readers import records
from annotation.intake.rows import BadRow, Data, Rows, TreeRow

LONGEST_NAME = 200
ROLES = {"prompter": "user", "assistant": "assistant"}


def read(stream: BinaryIO) -> Rows:
    """One record a prompter's message that has two or more ranked replies, with the conversation up to it.

    A tree is one family, so that no split tears it apart. Deleted messages are left out with all below them. The tree
    itself comes after, as it is, so that it can be given back.
    """
    trees = (_kept(item) for item in objects(stream))
    for item, tree in trees:
        yield from records(iter([item]), _lists, comparison_row)
        if tree:
            yield tree


def _kept(item: tuple[int, Data] | BadRow) -> tuple[tuple[int, Data] | BadRow, tuple[int, TreeRow] | None]:
    """The tree and, where it can be named, itself as it is: an export gives it back whole."""
    if isinstance(item, BadRow):
        return item, None
    line, tree = item
    name = tree.get("message_tree_id")
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or not isinstance(tree.get("prompt"), dict):
        return item, None
    try:
        orjson.dumps([[[[tree]]]])  # with room for what is added at its ends when it goes out
        return item, (line, TreeRow(storable(name), orjson.dumps(tree).decode()))
    except TypeError:
        return item, None  # nested too deep to be written again, or with numbers and signs that JSON cannot hold


def _lists(tree: Data) -> Iterable[Data]:
    root = tree.get("prompt")
    if not isinstance(root, dict):
        raise ValueError(_("This is no message tree: there is no prompt with its replies."))
    for node, conversation in _walk(root):
        ranked = [reply for reply in _replies(node) if is_whole(reply.get("rank"))]
        if node.get("role") == "prompter" and len(ranked) > 1:
            yield _ranked_list(tree, node, conversation, ranked)


def _walk(root: Data) -> Iterator[tuple[Data, list[Message]]]:
    """Each node, depth first, with the conversation that ends with it."""
    waiting: list[tuple[Data, list[Message]]] = [] if root.get("deleted") else [(root, [])]
    while waiting:
        node, before = waiting.pop()
        conversation = [*before, {"role": _role(node), "content": required_text(node, "text")}]
        yield node, conversation
        waiting += [(reply, conversation) for reply in reversed(_replies(node))]


def _role(node: Data) -> str:
    role = node.get("role")
    if not isinstance(role, str) or role not in ROLES:
        words = _("A message has the role %(role)s: prompter and assistant are known.")
        raise ValueError(words % {"role": f"{role!r:.40}"})
    return ROLES[role]


def _replies(node: Data) -> list[dict[str, Any]]:
    replies = node.get("replies") or []
    if not isinstance(replies, list) or not all(isinstance(reply, dict) for reply in replies):
        raise ValueError(_("replies must be a list of messages, not %(kind)s.") % {"kind": kind_of(replies)})
    return [reply for reply in replies if not reply.get("deleted")]


def _ranked_list(tree: Data, node: Data, conversation: list[Message], ranked: list[dict[str, Any]]) -> Data:
    return {
        "messages": conversation,
        "responses": [required_text(reply, "text") for reply in ranked],
        "generators": [_writer(reply) for reply in ranked],
        "ranks": [reply["rank"] for reply in ranked],
        "language": node.get("lang"),
        "family": tree.get("message_tree_id"),
        "external_id": node.get("message_id"),
        "source": "oasst",
    }


def _writer(reply: Data) -> str:
    return str(reply.get("model_name") or ("synthetic" if reply.get("synthetic") else "human"))
