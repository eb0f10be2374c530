"""Near-copies of prompts: found through an index by a fingerprint, then measured exactly.

A prompt is taken as its set of shingles: runs of two characters in scripts that write without spaces, of four
elsewhere; letters and digits alone, whatever their case and width. Nearness is the Jaccard similarity of two such sets.
The fingerprint is MinHash in bands (Broder 1997; Leskovec, Rajaraman & Ullman, chapter 3): 24 keys of three minima
each, of which two prompts share at least one with probability 1 - (1 - j³)²⁴: 0.96 at j = ½, 0.18 at 0.2. Each key is
rare, so that a GIN index finds the few candidates among any number of prompts. Why not the database's trigrams: see
docs/adr.
"""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from django.db import connection

from annotation.models import Project, Prompt

NEAR = 0.5  # similarity from which on somebody is told
SHOWN = 3  # near-copies at most
CANDIDATES = 32
BANDS, ROWS = 24, 3
READ = 20_000  # characters of a conversation; what comes behind is not looked at
SHORTEST = 3  # shingles: "Hi" and "Ho" are near nothing

Hashes = npt.NDArray[np.uint64]

_PRIME = np.uint64(0x9E3779B97F4A7C15)
_UNSPACED = 0x2E80  # from here on: Han, kana, Hangul
_DICE = np.random.default_rng(20260531)
_FACTORS = _DICE.integers(0, 2**63, (BANDS * ROWS, 1), dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_TERMS = _DICE.integers(0, 2**63, (BANDS * ROWS, 1), dtype=np.uint64)


@dataclass(frozen=True)
class Near:
    """A prompt that is there already, and how near it is: 1 has the same shingles."""

    prompt: Prompt
    similarity: float


def near(
    *, project: Project, messages: Sequence[Mapping[str, str]], without: Collection[int] = (), at_least: float = NEAR
) -> list[Near]:
    """The project's prompts that are nearly `messages`, nearest first; `without` those of these ids."""
    mine = shingles(messages)
    if len(mine) < SHORTEST:
        return []
    found = Prompt.objects.in_bulk(_candidates(project, _keys(mine, project.pk)))
    measured = [Near(prompt, similarity(mine, shingles(prompt.messages))) for prompt in found.values()]
    nearest = sorted(measured, key=lambda each: (-each.similarity, each.prompt.pk))
    return [each for each in nearest if each.similarity >= at_least and each.prompt.pk not in without][:SHOWN]


CANDIDATE = """
SELECT id FROM annotation_prompt
 WHERE fingerprint && %(keys)s::integer[] AND project_id = %(project)s AND review_state <> 'rejected'
 ORDER BY (SELECT count(*) FROM unnest(fingerprint) key WHERE key = ANY (%(keys)s::integer[])) DESC, id
 LIMIT %(limit)s
"""


def _candidates(project: Project, keys: list[int]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(CANDIDATE, {"keys": keys, "project": project.pk, "limit": CANDIDATES})
        return [pk for (pk,) in cursor.fetchall()]


def fingerprint(messages: Sequence[Mapping[str, str]], project_id: int) -> list[int]:
    """What `Prompt.fingerprint` holds: keys that only this project's prompts share."""
    return _keys(shingles(messages), project_id)


def _keys(hashes: Hashes, project_id: int) -> list[int]:
    if not len(hashes):
        return []
    minima = (hashes[None, :] * _FACTORS + _TERMS).min(axis=1).reshape(BANDS, ROWS)
    keys = np.arange(BANDS, dtype=np.uint64) + np.uint64(project_id) * np.uint64(BANDS)
    for column in range(ROWS):
        keys = _mixed(keys * _PRIME + minima[:, column])
    return [int(key) for key in (keys >> np.uint64(32)).astype(np.uint32).view(np.int32)]


def similarity(one: Hashes, other: Hashes) -> float:
    """Jaccard's: shared shingles over all of both."""
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / max(1, len(one) + len(other) - shared)


def shingles(messages: Sequence[Mapping[str, str]]) -> Hashes:
    """The set of the conversation's shingles as hashes, ascending."""
    text = "\n".join(message["content"] for message in messages)[:READ]
    text = "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32).astype(np.uint64)
    pairs, fours = _runs(codes, 2), _runs(codes, 4)
    unspaced = codes >= np.uint64(_UNSPACED)
    return np.unique(np.concatenate([pairs[unspaced[: len(pairs)]], fours[~unspaced[: len(fours)]]]))


def _runs(codes: Hashes, length: int) -> Hashes:
    """A hash of each run of `length` characters."""
    count = max(0, len(codes) - length + 1)
    hashes = np.full(count, length, np.uint64)
    for start in range(length):
        hashes = hashes * _PRIME + codes[start : start + count]
    return _mixed(hashes)


def _mixed(hashes: Hashes) -> Hashes:
    """SplitMix64's last step: every bit of the input moves every bit of the output."""
    hashes = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hashes = (hashes ^ (hashes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return hashes ^ (hashes >> np.uint64(31))
