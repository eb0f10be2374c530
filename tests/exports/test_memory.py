"""An export must not grow with the project: a worker that is killed for its memory never delivers."""

import tracemalloc

import pytest
from django.db import connection

from annotation.comparisons import groups
from annotation.models import Judgement, Person, Project, Prompt, Ranking, Task
from exports.models import Snapshot
from exports.snapshot import freeze
from tests.exports.building import project, task
from workers.models import Job

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
JUDGEMENTS = 5_000
ALLOWED = 8 * 2**20

ANSWERS = """
INSERT INTO annotation_sample (prompt_id, generator_id, text, text_hash, parameters, finish_reason, usable, created_at)
SELECT prompt, generator.id, n || ' to ' || prompt || repeat(' so it is.', 150), lpad(n::text, 64, '0'), '{}', '', true,
       now()
  FROM unnest(%s::bigint[]) AS prompt, generate_series(0, 3) AS n, annotation_generator generator
 ORDER BY prompt, n RETURNING id
"""


@pytest.fixture
def large() -> Project:
    """5,000 prompts with four answers of 1.5 KB each, ranked: some 30 MB of text, copied from one ranked task."""
    chat = project()
    one = task(chat, "Why?", ["a", "b", "c", "d"])
    person = Person.objects.create(username="ann")
    prompts = Prompt.objects.bulk_create(
        Prompt(project=chat, messages=one.prompt.messages, content_hash=f"{n:064}", family=f"tree-{n}")
        for n in range(JUDGEMENTS)
    )
    with connection.cursor() as cursor:
        cursor.execute(ANSWERS, [[prompt.pk for prompt in prompts]])
        pks = [pk for (pk,) in cursor.fetchall()]
    ids = [pks[4 * n : 4 * n + 4] for n in range(JUDGEMENTS)]
    tasks = Task.objects.bulk_create(
        Task(project=chat, lane=one.lane, prompt=prompt, sample_ids=mine, overlap=1)
        for prompt, mine in zip(prompts, ids, strict=True)
    )
    judgements = Judgement.objects.bulk_create(
        Judgement(project=chat, task=work, prompt_id=work.prompt_id, person=person) for work in tasks
    )
    Ranking.objects.bulk_create(
        Ranking(judgement=judgement, sample_ids=mine, ranks=[0, 1, 2, 3])
        for judgement, mine in zip(judgements, ids, strict=True)
    )
    return chat


def test_memory_stays_flat(large: Project) -> None:
    job = Job.objects.create(kind=Job.Kind.SNAPSHOT, queue="export", project=large)
    tracemalloc.start()
    try:
        snapshot: Snapshot = freeze(job_id=job.pk, project=large, by=None, query={})
        frozen = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        ranked = sum(1 for _ in groups(large))
        grouped = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert ranked == snapshot.manifest["counts"]["judgements"] == JUDGEMENTS
    assert sum(facts["bytes"] for facts in snapshot.manifest["files"].values()) > 10 * ALLOWED
    assert max(frozen, grouped) < ALLOWED, f"{frozen:,} and {grouped:,} bytes"
