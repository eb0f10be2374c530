"""Near-copies among many prompts: our fingerprints beside PostgreSQL's trigrams (pg_trgm), on the same rows in turns.

    python -m tests.benchmarks.near_copies [SIZE …]      (1000 and 100000; 100,000 take some three minutes to make)

The prompts are words drawn by their frequency in the demo's English texts, 12 to 60 of them. What is looked for are
prompts of these with a tenth of their words changed, and strangers. Printed: how long one search takes (median and 95th
percentile of 100, both ways taking turns), how many of the near-copies are found, and the plan of ours. The database is
an embedded one of its own, with its usual settings, and is gone afterwards.
"""

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from annotation.models import Project

SIZES = (1_000, 100_000)
SEARCHES = 100
SEED = 20260531
BATCH = 2_000

TRIGRAMS = """
SELECT id FROM annotation_prompt
 WHERE project_id = %(project)s AND (messages->-1->>'content') %% %(text)s
 ORDER BY similarity(messages->-1->>'content', %(text)s) DESC LIMIT 3
"""


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or SIZES
    from webapp.embedded import running

    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as servers:
        os.environ.update(servers.environment, DJANGO_SETTINGS_MODULE="webapp.settings", PREFLOOP_DATA_DIR=folder)
        import django

        django.setup()
        _measure(sizes)


def _measure(sizes: list[int] | tuple[int, ...]) -> None:
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    project = _project()
    dice = random.Random(SEED)
    texts: list[str] = []
    for size in sizes:
        _add(project, texts, size, dice)
        with connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            cursor.execute(
                "CREATE INDEX IF NOT EXISTS by_trigrams ON annotation_prompt "
                "USING gin ((messages->-1->>'content') gin_trgm_ops)"
            )
            cursor.execute("VACUUM ANALYZE annotation_prompt")
        _report(project, texts, dice)
    _explain(project, texts[0])


def _project() -> "Project":
    from annotation import projects
    from annotation.models import Person

    return projects.create(by=Person.objects.create_user("bench"), slug="bench", name="Bench")


def _words() -> Iterator[str]:
    from webapp.demo.content import lines

    for row in lines("answers_en.jsonl"):
        yield from row["text"].split()


def _add(project: "Project", texts: list[str], size: int, dice: random.Random) -> None:
    from annotation.content import content_hash
    from annotation.models import Prompt
    from annotation.nearness import fingerprint

    words = list(_words())
    while len(texts) < size:
        new = [" ".join(dice.choices(words, k=dice.randint(12, 60))) for _ in range(min(BATCH, size - len(texts)))]
        rows = [[{"role": "user", "content": text}] for text in new]
        Prompt.objects.bulk_create(
            Prompt(
                project=project,
                messages=row,
                content_hash=(digest := content_hash(row)),
                family=digest,
                fingerprint=fingerprint(row, project.pk),
            )
            for row in rows
        )
        texts += new


def _changed(text: str, words: list[str], dice: random.Random) -> str:
    """The text with a tenth of its words replaced."""
    parts = text.split()
    for place in dice.sample(range(len(parts)), max(1, len(parts) // 10)):
        parts[place] = dice.choice(words)
    return " ".join(parts)


def _report(project: "Project", texts: list[str], dice: random.Random) -> None:
    from annotation.models import Prompt

    words = list(_words())
    copied = dice.sample(range(len(texts)), SEARCHES)
    ids = list(Prompt.objects.order_by("pk").values_list("pk", flat=True))
    near = [(_changed(texts[n], words, dice), ids[n]) for n in copied]
    strangers = [(" ".join(dice.choices(words, k=dice.randint(12, 60))), 0) for _ in range(SEARCHES)]
    print(f"{len(texts):,} prompts")
    for name, looked_for in (("near-copies", near), ("strangers", strangers)):
        ours, theirs = _in_turns(looked_for, _ours(project), _trigrams(project))
        for who, (times, found) in (("fingerprints", ours), ("pg_trgm", theirs)):
            p95 = sorted(times)[int(0.95 * len(times))]
            said = f"{statistics.median(times):8.2f} ms median {p95:8.2f} ms p95"
            print(f"  {name:<12} {who:<13} {said}   {found} of {len(looked_for)} found")


Search = Callable[[str], list[int]]
Measured = tuple[list[float], int]


def _in_turns(looked_for: list[tuple[str, int]], *searches: Search) -> list[Measured]:
    times: list[list[float]] = [[] for _ in searches]
    found = [0] * len(searches)
    for text, wanted in looked_for:
        for n, search in enumerate(searches):
            began = time.perf_counter()
            hits = search(text)
            times[n].append(1000 * (time.perf_counter() - began))
            found[n] += wanted in hits
    return list(zip(times, found, strict=True))


def _ours(project: "Project") -> Search:
    from annotation.nearness import near

    return lambda text: [each.prompt.pk for each in near(project=project, messages=[{"role": "user", "content": text}])]


def _trigrams(project: "Project") -> Search:
    from django.db import connection

    def search(text: str) -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute("SET pg_trgm.similarity_threshold = 0.5")
            cursor.execute(TRIGRAMS, {"project": project.pk, "text": text})
            return [pk for (pk,) in cursor.fetchall()]

    return search


def _explain(project: "Project", text: str) -> None:
    from django.db import connection

    from annotation.nearness import CANDIDATE, fingerprint

    keys = fingerprint([{"role": "user", "content": text}], project.pk)
    with connection.cursor() as cursor:
        values = {"keys": keys, "project": project.pk, "limit": 32}
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS) " + CANDIDATE, values)
        for (line,) in cursor.fetchall():
            print("  ", line[:140])


if __name__ == "__main__":
    main()
