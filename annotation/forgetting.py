"""A person's right to have their data deleted, in one project: what they judged goes, and its slots are free again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connection, transaction
from django.db.models import F, Func, Value

from annotation.intake.people import username
from annotation.models import (
    Assignment,
    Judgement,
    Person,
    Project,
    Prompt,
    QualificationRound,
    Quality,
    QueuePosition,
    Report,
    Sample,
    Task,
    Tree,
    Turn,
    WorkDay,
)
from annotation.queue import ONE_AT_A_TIME
from annotation.statements import rows

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
    """How much went: judgements, and names on texts and on the messages of imported trees."""

    judgements: int
    texts: int
    messages: int


@transaction.atomic
def forget(*, person: Person, project: Project) -> Forgotten:
    """Delete the person's judgements with all revisions, comments, drafts, tries and days of work in `project`.

    Texts that they wrote as prompts or answers stay, with nobody's name on them: others have judged them by now. Who is
    known only from an imported file was of this project alone, and goes altogether.
    """
    mine = {"person": person, "project": project}
    _hold(person, project)
    judgements = Judgement.objects.filter(**mine).count()
    with connection.cursor() as cursor:
        cursor.execute(FREE, {"person": person.pk, "project": project.pk})
    Turn.objects.filter(conversation__assignment__in=Assignment.objects.filter(**mine)).update(winner=None)
    Judgement.objects.filter(**mine).delete()
    for kept in (Assignment, WorkDay, QualificationRound):
        kept.objects.filter(**mine).delete()
    QueuePosition.objects.filter(person=person, lane__project=project).delete()  # nothing lies behind them any more
    Report.objects.filter(**mine).update(note="")
    Quality.objects.filter(project=project).delete()  # it has figures by person, and is measured again
    gone = Forgotten(judgements, _unsigned(person, project), _of_trees(person, project))
    if person.origin == Person.Origin.IMPORTED:
        Person.objects.filter(pk=person.pk).delete()
    return gone


def _unsigned(person: Person, project: Project) -> int:
    texts = Sample.objects.filter(author=person, prompt__project=project).update(author=None)
    texts += Prompt.objects.filter(author=person, project=project).update(author=None)
    without = Func(F("author_ids"), Value(person.pk), function="array_remove")
    Task.objects.filter(project=project, author_ids__contains=[person.pk]).update(author_ids=without)
    return texts


def _of_trees(person: Person, project: Project) -> int:
    if person.origin != Person.Origin.IMPORTED:
        return 0  # trees come from elsewhere, and name nobody who signed up here
    return unname_in_trees(project, lambda name: username(project, name) == person.username)


def unname_in_trees(project: Project, is_theirs: Callable[[str], bool]) -> int:
    """Take `user_id` off the messages of imported trees that are theirs; answers of how many."""
    messages = 0
    for tree in Tree.objects.filter(project=project, body__contains='"user_id"').iterator(chunk_size=20):
        body = orjson.loads(tree.body)
        theirs = [node for node in _nodes(body["prompt"]) if is_theirs(str(node.get("user_id") or ""))]
        for node in theirs:
            del node["user_id"]
        if theirs:
            Tree.objects.filter(pk=tree.pk).update(body=orjson.dumps(body).decode())
        messages += len(theirs)
    return messages


def _nodes(root: dict[str, Any]) -> list[dict[str, Any]]:
    found = [root]
    for node in found:
        found += [reply for reply in node.get("replies") or [] if isinstance(reply, dict)]
    return found


def _hold(person: Person, project: Project) -> None:
    """Until the end nothing is handed to them, and what they hold is neither judged nor given back.

    Assignments are locked before their tasks, as everywhere: somebody may be submitting at this moment.
    """
    rows((ONE_AT_A_TIME, {"person": person.pk, "project": project.pk}))
    held = Assignment.objects.filter(person=person, project=project).order_by("pk").select_for_update()
    list(held.values_list("pk", flat=True))
