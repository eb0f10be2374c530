"""Near-copies are one family from the moment they come in, so that no split ever tears them apart.

A prompt joins the family of the prompt that it nearly repeats, and stays there: later ones join it, or another that
they are nearer to, and move nobody. Two families that a later prompt resembles both stay two. Prompts with different
numbers in them are different ("What is 7 + 5?", "What is 8 + 5?"), however much alike the rest is. A family that the
sender gave is kept as it is given.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import orjson
from django.db import connection

from annotation.intake.rows import PromptRow
from annotation.models import Project
from annotation.nearness import SHORTEST, fingerprint, shingles, similarity

COPY = 0.8  # Jaccard similarity of shingles from which on two prompts are one for a split
SHARED = 7  # of 24 keys: at a similarity of 0.8 twelve are to be expected, and fewer in one of a hundred cases
MEASURED = 3  # of a prompt's candidates: those that share the most keys
COMMON = 20  # a key that more of a batch share comes from a template, and tells nothing
CANDIDATES = 2_000  # of a batch: its other keys are rare
FETCHED = 50  # texts at a time, so that memory stays flat

Messages = Sequence[Mapping[str, str]]
Keys = dict[str, list[int]]  # fingerprints by content hash

_NUMBERS = re.compile(r"\d+")

CANDIDATE = """
SELECT id, family, fingerprint FROM annotation_prompt
 WHERE fingerprint && %(keys)s::integer[] AND project_id = %(project)s
"""


def families(project: Project, rows: Sequence[PromptRow]) -> tuple[dict[str, str], Keys]:
    """`(family, fingerprint)` of each of these new prompts, by its content's hash."""
    keys = {row.content_hash: fingerprint(row.messages, project.pk) for row in rows}
    leader = _led(rows, keys)
    first = [row for row in rows if leader[row.content_hash] == row.content_hash]
    known = _known(project, [row for row in first if not row.given_family], keys)
    own = {row.content_hash: known.get(row.content_hash, row.family) for row in first}
    return {name: own[led] for name, led in leader.items()}, keys


def _led(rows: Sequence[PromptRow], keys: Keys) -> dict[str, str]:
    """For each row the first of the same batch that it nearly repeats, or itself, by their contents' hashes."""
    before: dict[tuple[int, str], list[PromptRow]] = {}
    found: dict[str, str] = {}
    for row in rows:
        mine = [(key, numbers_of(row.messages)) for key in keys[row.content_hash]]
        other = None if row.given_family else _nearest(row, mine, before)
        found[row.content_hash] = other.content_hash if other else row.content_hash
        for key in () if other else mine:
            if len(those := before.setdefault(key, [])) < COMMON:
                those.append(row)
    return found


def _nearest(
    row: PromptRow, mine: list[tuple[int, str]], before: dict[tuple[int, str], list[PromptRow]]
) -> PromptRow | None:
    shared: Counter[str] = Counter()
    known: dict[str, PromptRow] = {}
    for key in mine:
        for other in before.get(key, ()):
            shared[other.content_hash] += 1
            known[other.content_hash] = other
    likely = [known[name] for name, count in shared.most_common(MEASURED) if count >= SHARED]
    return next((other for other in likely if copies(row.messages, other.messages) >= COPY), None)


def _known(project: Project, rows: Sequence[PromptRow], keys: Keys) -> dict[str, str]:
    """The families of those rows that nearly repeat a prompt which is there already."""
    likely = _likely(project, rows, keys)
    wanted: dict[int, list[PromptRow]] = {}
    for row in rows:
        for _, prompt, _ in likely.get(row.content_hash, ()):
            wanted.setdefault(prompt, []).append(row)
    family = {prompt: name for found in likely.values() for _, prompt, name in found}
    nearest: dict[str, tuple[float, str]] = {}
    for prompt, messages in _texts(sorted(wanted)):
        for row in wanted[prompt]:
            likeness = copies(row.messages, messages)
            if likeness >= COPY and likeness > nearest.get(row.content_hash, (0.0, ""))[0]:
                nearest[row.content_hash] = likeness, family[prompt]
    return {name: found for name, (_, found) in nearest.items()}


def _likely(project: Project, rows: Sequence[PromptRow], keys: Keys) -> dict[str, list[tuple[int, int, str]]]:
    """`(-shared keys, id, family)` of the few prompts that share the most keys with a row, by its content's hash."""
    by_key: dict[int, list[str]] = {}
    for row in rows:
        for key in keys[row.content_hash]:
            by_key.setdefault(key, []).append(row.content_hash)
    by_key = {key: names for key, names in by_key.items() if len(names) <= COMMON}
    found: dict[str, list[tuple[int, int, str]]] = {}
    for prompt, family, theirs in _candidates(project, sorted(by_key)):
        shared = Counter(name for key in theirs for name in by_key.get(key, ()))
        for name, count in shared.items():
            if count >= SHARED:
                found[name] = sorted([*found.get(name, ()), (-count, prompt, family)])[:MEASURED]
    return found


def _candidates(project: Project, keys: list[int]) -> Iterator[tuple[int, str, list[int]]]:
    if not keys:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('gin_fuzzy_search_limit', %s, true)", [str(CANDIDATES)])
        cursor.execute(CANDIDATE, {"keys": keys, "project": project.pk})
        found = cursor.fetchmany(CANDIDATES)
        cursor.execute("SELECT set_config('gin_fuzzy_search_limit', '0', true)")
    yield from found


def _texts(prompts: list[int]) -> Iterator[tuple[int, Messages]]:
    for start in range(0, len(prompts), FETCHED):
        with connection.cursor() as cursor:
            some = prompts[start : start + FETCHED]
            cursor.execute("SELECT id, messages::text FROM annotation_prompt WHERE id = ANY (%s) ORDER BY id", [some])
            for prompt, messages in cursor.fetchall():
                yield prompt, orjson.loads(messages)


def copies(one: Messages, other: Messages) -> float:
    """How much alike two prompts are, from 0 to 1; 0 where their numbers differ or there is too little to compare."""
    if numbers_of(one) != numbers_of(other):
        return 0.0
    mine, theirs = shingles(one), shingles(other)
    return similarity(mine, theirs) if min(len(mine), len(theirs)) >= SHORTEST else 0.0


def numbers_of(messages: Iterable[Mapping[str, str]]) -> str:
    return " ".join(_NUMBERS.findall(" ".join(message["content"] for message in messages)))
