"""Tasks by the million, made by the database itself."""

from datetime import timedelta

from django.db import connection
from django.db.models import F, Sum
from django.utils import timezone

from annotation.content import content_hash, text_hash
from annotation.models import Assignment, Generator, Lane, Person, Project, Prompt, QueuePosition, Sample, Task
from annotation.queue import NEW_UUID

# Four answers of one prompt, each drawn from a pool of its own: 60⁴ different tasks.
POOL = 60
TASKS = """
INSERT INTO annotation_task
       (project_id, lane_id, prompt_id, kind, sample_ids, author_ids, priority, overlap, taken, judged, created_at)
SELECT %(project)s, %(lane)s, %(prompt)s, 'rank',
       ARRAY[(%(samples)s::bigint[])[1 + n %% 60], (%(samples)s::bigint[])[61 + n / 60 %% 60],
             (%(samples)s::bigint[])[121 + n / 3600 %% 60], (%(samples)s::bigint[])[181 + n / 216000 %% 60]],
       '{}', 4, %(overlap)s, 0, 0, now()
  FROM generate_series(%(first)s, %(last)s - 1) n
"""


def tasks(project: Project, number: int, already: int = 0) -> Lane:
    """`number` open rank tasks over one prompt; `already` is how many the project has of these."""
    lane, _ = Lane.objects.get_or_create(project=project, kind="rank", language="en")
    prompt, samples = _prompt(project)
    values = {"project": project.pk, "lane": lane.pk, "prompt": prompt.pk, "samples": samples}
    with connection.cursor() as cursor:
        values |= {"overlap": project.overlap, "first": already, "last": already + number}
        cursor.execute(TASKS, values)
    return lane


def _prompt(project: Project) -> tuple[Prompt, list[int]]:
    messages = [{"role": "user", "content": "Which of these is best?"}]
    facts = {"messages": messages, "family": "bulk", "language": "en"}
    prompt, made = Prompt.objects.get_or_create(project=project, content_hash=content_hash(messages), defaults=facts)
    if made:
        generator = Generator.objects.create(project=project, name="bulk", backend=Generator.Backend.IMPORTED)
        texts = [f"Answer {number}. " + "Some words about it. " * 25 for number in range(4 * POOL)]
        Sample.objects.bulk_create(
            Sample(prompt=prompt, generator=generator, text=text, text_hash=text_hash(text)) for text in texts
        )
    return prompt, list(prompt.samples.order_by("pk").values_list("pk", flat=True))


VETERAN = """
WITH first AS (
    SELECT id, project_id, sample_ids, queue_number FROM annotation_task
     WHERE lane_id = %(lane)s AND priority = 4 AND taken < overlap AND withdrawn_at IS NULL
     ORDER BY queue_number LIMIT %(number)s
), done AS (
    INSERT INTO annotation_assignment
           (uuid, project_id, task_id, person_id, state, shown, leased_at, expires_at, closed_at, skip_reason)
    SELECT %NEW_UUID%, project_id, id, %(person)s, 'judged', sample_ids, now(), now(), now(), '' FROM first
    RETURNING uuid, project_id, task_id, person_id
), said AS (
    INSERT INTO annotation_judgement
           (assignment_id, project_id, task_id, prompt_id, person_id, revision, is_current, ratings, flags, categories,
            all_bad, comment, edited_text, source, created_at)
    SELECT uuid, project_id, task_id, %(prompt)s, person_id, 1, true, '{}', '{}', '{}', false, '', '', 'api', now()
      FROM done
)
UPDATE annotation_task task SET taken = taken + 1, judged = judged + 1 FROM first WHERE first.id = task.id
RETURNING first.queue_number
"""


def has_judged(person: Person, lane: Lane, number: int) -> None:
    """As if the person had judged the lane's first `number` tasks, which stay open for others."""
    with connection.cursor() as cursor:
        prompt, _samples = _prompt(lane.project)
        cursor.execute(
            VETERAN.replace("%NEW_UUID%", NEW_UUID),
            {"lane": lane.pk, "person": person.pk, "number": number, "prompt": prompt.pk},
        )
        behind = max((row[0] for row in cursor.fetchall()), default=0)
    QueuePosition.objects.create(person=person, lane=lane, priority=4, queue_number=behind)


def expire_some(project: Project, number: int) -> None:
    """Of what is in work, some ran out a moment ago."""
    live = Assignment.objects.live().filter(project=project).order_by("?")[:number]
    Assignment.objects.live().filter(pk__in=list(live.values_list("pk", flat=True))).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )


def open_slots(project: Project) -> int:
    slots = Task.objects.filter(project=project, withdrawn_at=None).aggregate(open=Sum(F("overlap") - F("taken")))
    return slots["open"] or 0
