"""How an order is written for people: answers are letters in the order in which they were shown."""

from collections.abc import Mapping, Sequence

LETTERS = "ABCDEFGHI"


def lettered(shown: Sequence[int]) -> dict[int, str]:
    """Sample id → its letter on the page."""
    return {sample_id: LETTERS[i] for i, sample_id in enumerate(shown)}


def written(groups: Sequence[Sequence[int]], letters: Mapping[int, str]) -> str:
    """Best-first groups as `B > A = C > D`."""
    return " > ".join(" = ".join(sorted(letters[s] for s in group)) for group in groups)


def groups_of(ranks: Mapping[int, int]) -> list[list[int]]:
    """Sample id → rank (1 best) as best-first groups; gaps between ranks mean nothing."""
    return [[s for s, r in ranks.items() if r == rank] for rank in sorted(set(ranks.values()))]
