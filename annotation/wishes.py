"""What a manager asks people for besides rankings: new prompts, demonstrations, ratings, reviews. Each makes tasks."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from annotation import questions
from annotation.models import Lane, Person, Project, Prompt, Sample, Task
from annotation.models.audit import record
from annotation.models.project import K_MAX
from annotation.models.task import DEFAULT_PRIORITY, TaskKind

MOST_AT_ONCE = 10_000  # tasks
LONGEST_INSTRUCTION = 4_000  # characters


class NotPossible(ValueError):
    """Such tasks cannot be made in this project; the message is a sentence for the person who asked."""


@dataclass(frozen=True)
class Terms:
    """How the tasks that are made stand in the queue; `overlap` None is the project's."""

    overlap: int | None = None
    priority: int = DEFAULT_PRIORITY
    cohort: str = ""


AS_USUAL = Terms()


@transaction.atomic
def ask_for_prompts(
    *,
    project: Project,
    by: Person,
    number: int,
    language: str = "",
    category: str = "",
    instruction: str = "",
    terms: Terms = AS_USUAL,
) -> int:
    """`number` tasks to write a prompt, each for one person; answers how many were made.

    `instruction` and `category` are of these tasks, beside the project's own instruction for writers.
    """
    brief = {name: value for name, value in (("category", category), ("instruction", instruction)) if value}
    facts = {"project": project, "kind": TaskKind.WRITE_PROMPT, "lane": _lane(project, language, terms)}
    wanted = min(number, MOST_AT_ONCE)
    one = {"brief": brief or None, "overlap": 1, "priority": terms.priority}
    Task.objects.bulk_create((Task(**facts, **one) for _ in range(wanted)), batch_size=1000)
    record("tasks.ask", actor=by, project=project, kind=TaskKind.WRITE_PROMPT, number=wanted)
    return wanted


def _lane(project: Project, language: str, terms: Terms) -> Lane:
    facts: dict[str, Any] = {"project": project, "kind": TaskKind.WRITE_PROMPT, "purpose": Lane.Purpose.WORK}
    return Lane.objects.get_or_create(**facts, language=language, cohort=terms.cohort)[0]


def ask_for_review(prompt: Prompt) -> None:
    """One person other than its author looks at the prompt; they get it before other work."""
    facts: dict[str, Any] = {"project": prompt.project, "kind": TaskKind.REVIEW_PROMPT}
    lane, _ = Lane.objects.get_or_create(**facts, language=prompt.language, cohort="", purpose=Lane.Purpose.WORK)
    authors = [prompt.author_id] if prompt.author_id else []
    Task.objects.create(**facts, lane=lane, prompt=prompt, author_ids=authors, overlap=1, priority=DEFAULT_PRIORITY + 1)


# One statement for any number of prompts; see FORM in tasks.py for the lane. `parts` gives each prompt its tasks.
MAKE = """
WITH part AS ({parts}), lane AS (
    INSERT INTO annotation_lane AS lane (project_id, kind, language, cohort, purpose)
    SELECT DISTINCT %(project)s::bigint, %(kind)s, language, %(cohort)s, 'work' FROM part
    ON CONFLICT (project_id, kind, language, cohort, purpose) DO UPDATE SET language = excluded.language
    RETURNING id, language
)
INSERT INTO annotation_task
       (project_id, lane_id, prompt_id, kind, sample_ids, author_ids, priority, overlap, taken, judged, created_at)
SELECT %(project)s, lane.id, prompt_id, %(kind)s, sample_ids,
       ARRAY(SELECT DISTINCT author FROM unnest(authors) author WHERE author IS NOT NULL ORDER BY author),
       %(priority)s, %(overlap)s, 0, 0, now()
  FROM part JOIN lane USING (language) ORDER BY prompt_id, sample_ids
ON CONFLICT (prompt_id, kind, sample_ids) DO NOTHING
"""

# Who wrote the prompt may answer it too: nothing is judged.
TO_ANSWER = """
    SELECT id AS prompt_id, language, '{}'::bigint[] AS sample_ids, '{}'::bigint[] AS authors
      FROM annotation_prompt
     WHERE project_id = %(project)s AND review_state = 'accepted' AND id = ANY(%(prompts)s::bigint[])"""

# Answers that are in no such task yet, as many as a page holds at once.
TO_RATE = """
    SELECT prompt_id, language, array_agg(id ORDER BY id) AS sample_ids,
           array_agg(author_id) || prompt_author AS authors
      FROM (SELECT prompt.id AS prompt_id, prompt.language, prompt.author_id AS prompt_author, sample.id,
                   sample.author_id, (row_number() OVER (PARTITION BY prompt.id ORDER BY sample.id) - 1) / %(most)s AS n
              FROM annotation_prompt prompt JOIN annotation_sample sample ON sample.prompt_id = prompt.id
             WHERE prompt.project_id = %(project)s AND prompt.review_state = 'accepted' AND sample.usable
               AND prompt.id = ANY(%(prompts)s::bigint[])
               AND NOT EXISTS (SELECT FROM annotation_task task WHERE task.prompt_id = prompt.id
                                  AND task.kind = 'rate' AND task.sample_ids @> ARRAY[sample.id])) free
     GROUP BY prompt_id, language, prompt_author, n"""


@transaction.atomic
def ask_for_demonstrations(
    *, project: Project, prompt_ids: Iterable[int], by: Person | None = None, terms: Terms = AS_USUAL
) -> int:
    """A task for each accepted prompt that has none yet: write its answer. Answers how many were made."""
    return _make(TaskKind.DEMONSTRATE, TO_ANSWER, project, prompt_ids, by, terms)


@transaction.atomic
def ask_for_ratings(*, project: Project, prompt_ids: Iterable[int], by: Person, terms: Terms = AS_USUAL) -> int:
    """Tasks to rate the prompts' answers on the project's scales; those that are in one already are left out.

    Raises `NotPossible` where the project has no scales, flags or categories.
    """
    asked = questions.of(project)
    if not (asked.scales or asked.flags or asked.categories):
        raise NotPossible(_("This project has no scales, flags or categories to rate by: add some in its settings."))
    return _make(TaskKind.RATE, TO_RATE, project, prompt_ids, by, terms)


def _make(
    kind: TaskKind, parts: str, project: Project, prompt_ids: Iterable[int], by: Person | None, terms: Terms
) -> int:
    values: dict[str, Any] = {
        "project": project.pk,
        "kind": kind.value,
        "prompts": sorted(set(prompt_ids)),
        "cohort": terms.cohort,
        "priority": terms.priority,
        "overlap": terms.overlap or (project.overlap if kind == TaskKind.RATE else 1),
        "most": K_MAX,
    }
    with connection.cursor() as cursor:
        cursor.execute(MAKE.replace("{parts}", parts), values)
        made = int(cursor.rowcount)
    if by:
        record("tasks.ask", actor=by, project=project, kind=kind, number=made)
    return made


def lacking(project: Project, kind: str) -> QuerySet[Prompt]:
    """The accepted prompts of which nobody was asked for such work yet, oldest first; to rate: those with answers."""
    tasks = Task.objects.filter(prompt=OuterRef("pk"), kind=kind, withdrawn_at=None)
    found = Prompt.objects.filter(~Exists(tasks), project=project, review_state=Prompt.Review.ACCEPTED)
    if kind == TaskKind.RATE:
        found = found.filter(Exists(Sample.objects.filter(prompt=OuterRef("pk"), usable=True)))
    return found.order_by("pk")
