"""How long measuring a project's quality takes, and that its memory does not grow: 10⁴, 10⁵ and 10⁶ judgements.

`python manage.py bench quality` (SIZES=10000,100000 for a quick look). Each task has four answers of some hundred
bytes and three judges of 200, whose orders are at random. The last line is one JSON object.
"""

import json
import os
import resource
import time
from pathlib import Path
from typing import Any

from tests.load.installation import database

SIZES = (10_000, 100_000, 1_000_000)
JUDGES, K, OVERLAP = 200, 4, 3

# Everything by the database itself, in one transaction a project.
FILL = (
    """INSERT INTO annotation_prompt
              (project_id, messages, content_hash, language, category, source, external_id, family, review_state,
               created_at)
       SELECT %(project)s, jsonb_build_array(jsonb_build_object('role', 'user', 'content', repeat('question ', 30))),
              %(project)s || ':' || n, 'en', '', '', '', 'f' || n, 'accepted', now()
         FROM generate_series(1, %(tasks)s) n""",
    """INSERT INTO annotation_sample
              (prompt_id, generator_id, text, text_hash, parameters, finish_reason, usable, created_at)
       SELECT prompt.id, %(generator)s, repeat('answer ', 20 + (40 * random())::int), prompt.id || ':' || k, '{}', '',
              true, now()
         FROM annotation_prompt prompt CROSS JOIN generate_series(1, %(k)s) k WHERE prompt.project_id = %(project)s""",
    """INSERT INTO annotation_task
              (project_id, lane_id, prompt_id, kind, sample_ids, author_ids, priority, overlap, taken, judged,
               created_at)
       SELECT %(project)s, %(lane)s, prompt_id, 'rank', array_agg(sample.id ORDER BY sample.id), '{}', 4, %(overlap)s,
              %(overlap)s, %(overlap)s, now()
         FROM annotation_sample sample JOIN annotation_prompt prompt ON prompt.id = sample.prompt_id
        WHERE prompt.project_id = %(project)s GROUP BY prompt_id""",
    """INSERT INTO annotation_assignment
              (uuid, project_id, task_id, person_id, state, shown, leased_at, expires_at, closed_at, skip_reason)
       SELECT gen_random_uuid(), %(project)s, task.id, (%(people)s::bigint[])[1 + (task.id * 7 + judge) %% %(judges)s],
              'judged', ARRAY(SELECT s FROM unnest(task.sample_ids) s ORDER BY random()), now(), now(), now(), ''
         FROM annotation_task task CROSS JOIN generate_series(1, %(overlap)s) judge
        WHERE task.project_id = %(project)s""",
    """INSERT INTO annotation_judgement
              (assignment_id, project_id, task_id, prompt_id, person_id, revision, is_current, ratings, flags,
               categories, all_bad, comment, edited_text, seconds, source, created_at)
       SELECT uuid, %(project)s, task.id, task.prompt_id, person_id, 1, true, '{}', '{}', '{}', false, '', '',
              5 + 60 * random(), 'api', now() - (task.id %% 90) * interval '1 day'
         FROM annotation_assignment given JOIN annotation_task task ON task.id = given.task_id
        WHERE given.project_id = %(project)s""",
    """INSERT INTO annotation_ranking (judgement_id, criterion, sample_ids, ranks)
       SELECT judgement.id, 'overall', task.sample_ids,
              ARRAY(SELECT (row_number() OVER (ORDER BY random()) - 1)::smallint FROM unnest(task.sample_ids))
         FROM annotation_judgement judgement JOIN annotation_task task ON task.id = judgement.task_id
        WHERE judgement.project_id = %(project)s""",
    "ANALYZE",
)


def main() -> None:
    sizes = [int(size) for size in os.environ.get("SIZES", "").split(",") if size] or SIZES
    with database():
        found = [measured(size) for size in sizes]
    print(json.dumps({"benchmark": "quality", "rows": found}))


def measured(judgements: int) -> dict[str, Any]:
    from annotation.quality import measuring

    started = time.monotonic()
    project = filled(judgements)
    made = time.monotonic() - started
    measuring.measure(project)  # once to warm the database's cache
    before = peak()
    started = time.monotonic()
    quality = measuring.measure(project)
    seconds = time.monotonic() - started
    assert quality.figures["judgements"] == judgements - judgements % OVERLAP
    row = {
        "judgements": quality.figures["judgements"],
        "seconds": round(seconds, 2),
        "peak_rose_mb": round(peak(since=before), 1),
        "filled_s": round(made, 1),
        "known_again_ms": round(1000 * glance(project), 1),
    }
    print(row, flush=True)
    return row


def peak(since: float | None = None) -> float:
    """By how many MB the most that this process ever held rose since then; or, without, how much it is from now on.

    Linux forgets the most of before when it is told to, so that each size is measured for itself; elsewhere a size
    tells only what it needs beyond the ones before it, which are smaller.
    """
    forget, status = Path("/proc/self/clear_refs"), Path("/proc/self/status")
    if not forget.exists():
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        return most - (since or 0.0)
    if since is None:
        forget.write_text("5")
    most = next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 2**10
    return most - (since or 0.0)


def glance(project: Any) -> float:
    """Seconds to answer where nothing is new."""
    from annotation.quality import measuring

    started = time.monotonic()
    measuring.latest(project)
    return time.monotonic() - started


def filled(judgements: int) -> Any:
    from django.db import connection

    from annotation import projects
    from annotation.models import Generator, Lane, Person

    owner, _ = Person.objects.get_or_create(username="owner")
    project = projects.create(by=owner, slug=f"q{judgements}", name="Quality")
    people = [Person.objects.get_or_create(username=f"p{n}")[0].pk for n in range(JUDGES)]
    values = {
        "project": project.pk,
        "tasks": judgements // OVERLAP,
        "k": K,
        "overlap": OVERLAP,
        "people": people,
        "judges": JUDGES,
        "generator": Generator.objects.create(project=project, name="m", backend="imported").pk,
        "lane": Lane.objects.create(project=project, kind="rank", language="en").pk,
    }
    with connection.cursor() as cursor:
        for statement in FILL:
            cursor.execute(statement, values)
    return project


if __name__ == "__main__":
    main()
