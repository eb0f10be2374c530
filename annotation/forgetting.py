"""A person's right to have their data deleted, in one project: what they judged goes, and its slots are free again."""

from dataclasses import dataclass

from django.db import connection, transaction

from annotation.models import Assignment, Judgement, Person, Project, Prompt, QueuePosition, Report, Sample, WorkDay

# The task counts live leases and judgements: both of the person's end here. It goes to its lane's end, as every task
# that comes back.
FREE = """
WITH freed AS (
    SELECT task_id, count(*) FILTER (WHERE judged) AS judged, count(*) AS taken
      FROM (SELECT task_id, true AS judged FROM annotation_judgement
             WHERE person_id = %(person)s AND project_id = %(project)s AND is_current
             UNION ALL
            SELECT task_id, false FROM annotation_assignment
             WHERE person_id = %(person)s AND project_id = %(project)s AND state = 'leased') held
     GROUP BY task_id
), locked AS (
    SELECT id FROM annotation_task WHERE id IN (SELECT task_id FROM freed) ORDER BY id FOR UPDATE
)
UPDATE annotation_task task
   SET taken = task.taken - freed.taken, judged = task.judged - freed.judged,
       queue_number = nextval('annotation_queue_seq')
  FROM freed JOIN locked ON locked.id = freed.task_id
 WHERE task.id = freed.task_id
"""


@dataclass(frozen=True)
class Forgotten:
    """How much went."""

    judgements: int
    texts: int


@transaction.atomic
def forget(*, person: Person, project: Project) -> Forgotten:
    """Delete the person's judgements with all revisions, comments, drafts and days of work in `project`.

    Texts that they wrote as prompts or answers stay, with nobody's name on them: others have judged them by now.
    """
    mine = {"person": person, "project": project}
    judgements = Judgement.objects.filter(**mine).count()
    with connection.cursor() as cursor:
        cursor.execute(FREE, {"person": person.pk, "project": project.pk})
    Judgement.objects.filter(**mine).delete()
    Assignment.objects.filter(**mine).delete()
    QueuePosition.objects.filter(person=person, lane__project=project).delete()  # nothing lies behind them any more
    WorkDay.objects.filter(**mine).delete()
    Report.objects.filter(**mine).update(note="")
    texts = Sample.objects.filter(author=person, prompt__project=project).update(author=None)
    return Forgotten(judgements, texts + Prompt.objects.filter(author=person, project=project).update(author=None))
