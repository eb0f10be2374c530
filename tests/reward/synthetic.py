"""Ranked groups from a known hidden scorer: an answer is as good as the sum of its words' worth."""

import random
from dataclasses import replace
from itertools import combinations

from workers.reward.data import Group

WORDS = [f"w{n}" for n in range(24)]
WORTH = {word: (n - 11.5) / 4 for n, word in enumerate(WORDS)}


def hidden_score(text: str) -> float:
    return sum(WORTH[word] for word in text.split())


def make_group(number: int, split: str, random_: random.Random, answers: int = 4) -> Group:
    prompt, *responses = (" ".join(random_.choices(WORDS, k=5)) for _ in range(answers + 1))
    scores = [hidden_score(text) for text in responses]
    pairs = list(combinations(range(answers), 2))
    return Group(
        group_id=f"g{number}",
        prompt_id=f"p{number}",
        family=f"f{number:05d}",
        split=split,
        messages=[{"role": "user", "content": prompt}],
        response_ids=[f"g{number}a{k}" for k in range(answers)],
        responses=responses,
        first=[i for i, _ in pairs],
        second=[j for _, j in pairs],
        probability=[0.5 if scores[i] == scores[j] else float(scores[i] > scores[j]) for i, j in pairs],
        weight=[1.0] * len(pairs),
    )


def make_groups(count: int, random_: random.Random) -> list[Group]:
    """80% train, 10% validation, 10% test."""
    splits = [*["train"] * 8, "validation", "test"]
    return [make_group(n, splits[n % 10], random_) for n in range(count)]


def shuffled(groups: list[Group], random_: random.Random) -> list[Group]:
    """The same groups with labels by coin."""
    return [replace(group, probability=[float(random_.random() < 0.5) for _ in group.first]) for group in groups]
