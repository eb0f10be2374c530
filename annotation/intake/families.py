"""Near-copies are one family from the moment they come in, so that no split ever tears them apart.

A prompt joins the family of the first prompt that it nearly repeats, and stays there: later ones join it, or the other
that they are nearer to, and move nobody. Two families that a later prompt resembles both stay two; it joins the
nearer. Prompts with different numbers in them are different ("What is 7 + 5?", "What is 8 + 5?"), however much alike
the rest is. A family that the sender gave is kept as it is given.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import orjson
from django.db import connection

from annotation.intake.rows import PromptRow
from annotation.models import Project
from annotation.nearness import SHORTEST, Hashes, fingerprint, shingles, similarity

COPY = 0.8  # Jaccard similarity of shingles from which on two prompts are one for a split
SHARED_KEYS = 3  # of 24: at a similarity of 0.8 twelve are to be expected, and fewer than three in one of 10,000 cases
CANDIDATES = 3_000  # of a batch: where prompts are made from one template, thousands share keys; some are enough
MEASURED = 8  # of a prompt's candidates: those that share the most keys

_NUMBERS = re.compile(r"\d+")

# Those who joined a family are left out: who founded it stands for them, and a cluster is one candidate.
CANDIDATE = """
SELECT prompt.id, prompt.family, prompt.messages::text, prompt.fingerprint FROM annotation_prompt prompt
 WHERE prompt.fingerprint && %(keys)s::integer[] AND prompt.project_id = %(project)s
   AND NOT EXISTS (SELECT FROM annotation_prompt founder WHERE founder.project_id = prompt.project_id
                   AND founder.content_hash = prompt.family AND founder.id <> prompt.id)
"""


@dataclass
class Founder:
    """A prompt that others may nearly repeat."""

    family: str
    messages: Sequence[Mapping[str, str]]

    @cached_property
    def shingles(self) -> Hashes:
        return shingles(self.messages)


class Founders:
    """The founders that a batch may meet, by the keys of their fingerprints and the numbers in their texts."""

    def __init__(self) -> None:
        self._by_key: dict[tuple[int, str], list[Founder]] = {}

    def add(self, founder: Founder, keys: Iterable[int]) -> None:
        numbers = _numbers(founder.messages)
        for key in keys:
            self._by_key.setdefault((key, numbers), []).append(founder)

    def nearest(self, messages: Sequence[Mapping[str, str]], keys: Iterable[int]) -> str | None:
        """The family of the nearest founder, if it is near enough; the first of several equals."""
        numbers = _numbers(messages)
        shared: Counter[int] = Counter()
        known: dict[int, Founder] = {}
        for key in keys:
            for founder in self._by_key.get((key, numbers), ()):
                shared[id(founder)] += 1
                known[id(founder)] = founder
        likely = [known[one] for one, count in shared.most_common(MEASURED) if count >= SHARED_KEYS]
        if not likely or len(mine := shingles(messages)) < SHORTEST:
            return None
        likeness, founder = max(((similarity(mine, one.shingles), one) for one in likely), key=lambda each: each[0])
        return founder.family if likeness >= COPY else None


def families(project: Project, rows: Sequence[PromptRow]) -> tuple[dict[str, str], dict[str, list[int]]]:
    """`(family, fingerprint)` of each of these new prompts, by its content's hash."""
    keys = {row.content_hash: fingerprint(row.messages, project.pk) for row in rows}
    founders = _known(project, sorted({key for mine in keys.values() for key in mine}))
    found: dict[str, str] = {}
    for row in rows:
        mine = keys[row.content_hash]
        family = row.given_family or founders.nearest(row.messages, mine) or row.content_hash
        found[row.content_hash] = family
        if family in (row.given_family, row.content_hash):
            founders.add(Founder(family, row.messages), mine)
    return found, keys


def _known(project: Project, keys: list[int]) -> Founders:
    founders = Founders()
    wanted = set(keys)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('gin_fuzzy_search_limit', %s, true)", [str(CANDIDATES)])
        cursor.execute(CANDIDATE, {"keys": keys, "project": project.pk})
        found = sorted(cursor.fetchall())
        cursor.execute("SELECT set_config('gin_fuzzy_search_limit', '0', true)")
    for _, family, messages, theirs in found:
        founders.add(Founder(family, orjson.loads(messages)), wanted.intersection(theirs))
    return founders


def _numbers(messages: Sequence[Mapping[str, str]]) -> str:
    return " ".join(_NUMBERS.findall(" ".join(message["content"] for message in messages)))
