"""Open Assistant's message trees, a tree a line.

A tree that was imported goes out as it came in; where people have judged its answers here, their ranks take the place
of the file's. Other prompts become trees by what they share: conversations that begin alike are one tree.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from exports.formats.columns import Columns
from exports.formats.format import Format, Phase, Reads
from exports.formats.options import Options, Row
from exports.record import Ranks, Record, Response, consensus

Node = dict[str, Any]
ROLES = {"user": "prompter", "assistant": "assistant"}
DEEPEST = 100  # messages: JSON readers give up on what is nested deeper; such conversations are left out
READY = "ready_for_export"


@dataclass(frozen=True)
class Family:
    """What one family of prompts holds: trees as they were imported, by their ids, and the judged records."""

    trees: list[Row]
    records: list[Record]


def trees(family: Family) -> Iterator[Row]:
    """The family's trees: those that were imported, then those grown from its other prompts."""
    planted = {node["message_id"]: node for tree in family.trees for node in _nodes(tree["prompt"])}
    for record in family.records:
        if record.external_id in planted:
            _judge(planted[record.external_id], record)
    yield from family.trees
    yield from _grown([record for record in family.records if record.external_id not in planted])


def _nodes(root: Node) -> Iterator[Node]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.get("replies") or []


def _judge(node: Node, record: Record) -> None:
    """Put the ranks that people here gave in place of the imported ones, and new answers beside the old."""
    ranks = _ranks(record)
    if ranks is None:
        return
    replies = {reply.get("text"): reply for reply in node.get("replies") or []}
    for answer, rank in zip(record.responses, ranks, strict=True):
        if answer.text in replies:
            _rank(replies[answer.text], rank)
        else:
            node.setdefault("replies", []).append(_reply(node, answer, rank, record.language))


def _ranks(record: Record) -> Ranks | None:
    """A reviewer's order where they overruled, else the consensus of the people here; None: the file's ranks stand."""
    here = [verdict for verdict in record.verdicts if not verdict.machine and verdict.is_order]
    if record.ruling is not None or not here:
        return record.ruling
    return consensus([v.ranks for v in here], [v.weight for v in here])


def _rank(reply: Node, rank: int | None) -> None:
    reply.pop("rank", None)
    if rank is not None:
        reply["rank"] = rank


def _grown(records: Iterable[Record]) -> Iterator[Row]:
    roots: dict[str, Node] = {}
    known: dict[str, Node] = {}
    for record in records:
        if len(record.messages) >= DEEPEST:
            continue
        node = _path(record, roots, known)
        for answer, rank in zip(record.responses, record.consensus, strict=True):
            name = _name(node["message_id"], answer.text)
            if name in known:
                _rank(known[name], rank)
            else:
                known[name] = _reply(node, answer, rank, record.language)
                node["replies"].append(known[name])
    for name, root in roots.items():
        yield {"message_tree_id": name, "tree_state": READY, "prompt": root}


def _path(record: Record, roots: dict[str, Node], known: dict[str, Node]) -> Node:
    """The node of the record's prompt, with all before it."""
    parent: Node | None = None
    for role, text in _turns(record.messages):
        name = _name(parent["message_id"] if parent else "", text)
        node = known.get(name)
        if node is None:
            node = known[name] = _node(name, parent, text, role, record.language)
            if parent:
                parent["replies"].append(node)
            else:
                roots[name] = node
        parent = node
    assert parent is not None  # a prompt has at least the user's message
    return parent


def _turns(messages: list[dict[str, str]]) -> Iterator[tuple[str, str]]:
    """Roles and texts; a system's words, for which trees have no role, open the next turn."""
    before = ""
    for message in messages:
        if message["role"] == "system":
            before += f"{message['content']}\n\n"
        else:
            yield ROLES[message["role"]], before + message["content"]
            before = ""


def _name(parent: str, text: str) -> str:
    """A message's id: made of its text and all before it, so that it is the same everywhere."""
    return str(UUID(hashlib.sha256(f"{parent}\0{text}".encode()).hexdigest()[:32]))


def _node(name: str, parent: Node | None, text: str, role: str, language: str) -> Node:
    return {
        "message_id": name,
        **({"parent_id": parent["message_id"]} if parent else {}),
        "text": text,
        "role": role,
        "lang": language,
        "review_count": 0,
        "review_result": True,
        "deleted": False,
        "synthetic": False,
        "emojis": {},
        "labels": {},
        "replies": [],
    }


def _reply(parent: Node, answer: Response, rank: int | None, language: str) -> Node:
    name = _name(str(parent.get("message_id")), answer.text)
    node = _node(name, None, answer.text, "assistant", language)
    node |= {"parent_id": parent.get("message_id"), "synthetic": answer.model != "human", "model_name": answer.model}
    _rank(node, rank)
    return node


def rows(record: Record, options: Options) -> Iterator[Row]:
    """The tree of one record alone; see `trees` for whole families."""
    return trees(Family([], [record]))


def columns(options: Options) -> Columns:
    """None: a tree is nested as deep as it is, which no table can hold."""
    return {}


FORMAT = Format(rows, columns, reads=Reads.TREES, phase=Phase.REWARD)
