"""OASST message trees as ranked groups, a fold by tree."""

import json
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from workers.reward.data import Group

DATA = Path("../shared/data/oasst_en_100_tree.jsonl")
ROLES = {"prompter": "user", "assistant": "assistant"}

Node = dict[str, Any]


def ranked_groups() -> list[Group]:
    """Every prompter message with two ranked replies or more: the talk so far, its replies, their strict pairs."""
    groups = []
    with DATA.open(encoding="utf-8") as lines:
        for line in lines:
            tree = json.loads(line)
            for path in _paths(tree["prompt"], ()):
                group = _group(tree["message_tree_id"], path)
                if group is not None:
                    groups.append(group)
    return groups


def _paths(node: Node, before: tuple[Node, ...]) -> Iterator[tuple[Node, ...]]:
    path = (*before, node)
    yield path
    for reply in node["replies"]:
        yield from _paths(reply, path)


def _group(family: str, path: tuple[Node, ...]) -> Group | None:
    replies = [node for node in path[-1]["replies"] if node["role"] == "assistant" and node.get("rank") is not None]
    if path[-1]["role"] != "prompter" or len(replies) < 2:
        return None
    ranks = [node["rank"] for node in replies]
    pairs = [(i, j) for i, j in combinations(range(len(ranks)), 2) if ranks[i] != ranks[j]]
    return Group(
        group_id=path[-1]["message_id"],
        prompt_id=path[-1]["message_id"],
        family=family,
        split="train",
        messages=[{"role": ROLES[node["role"]], "content": node["text"]} for node in path],
        response_ids=[node["message_id"] for node in replies],
        responses=[node["text"] for node in replies],
        first=[i for i, _ in pairs],
        second=[j for _, j in pairs],
        probability=[float(ranks[i] < ranks[j]) for i, j in pairs],
        weight=[1.0] * len(pairs),
    )


def folds(groups: list[Group], count: int, seed: int) -> dict[str, int]:
    """A fold for each tree, drawn by `seed`."""
    families = sorted({group.family for group in groups})
    order = np.random.default_rng(seed).permutation(len(families))
    return {families[n]: place % count for place, n in enumerate(order)}
