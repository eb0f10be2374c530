"""What every call of an annotator's script looks up, each in one statement that stays prepared."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from annotation.models import Assignment, Guideline, Person, Project, Task, WorkDay
from annotation.models.project import JUDGES
from annotation.queue import today
from annotation.statements import Columns, rows

ASSIGNMENT, PROJECT, TASK = Columns(Assignment, "given"), Columns(Project, "project"), Columns(Task, "task")
MEMBER = """
  JOIN annotation_membership member
    ON member.project_id = project.id AND member.person_id = %(person)s::bigint AND member.role = ANY(%(roles)s::text[])
   AND project.id = coalesce(%(confined)s::bigint, project.id)
"""
WHERE_ONE_JUDGES = f"SELECT {PROJECT.sql} FROM annotation_project project {MEMBER} WHERE project.slug = %(slug)s::text"
OWN = f"""
SELECT {ASSIGNMENT.sql}, {TASK.sql}, {PROJECT.sql}
  FROM annotation_assignment given
  JOIN annotation_task task ON task.id = given.task_id
  JOIN annotation_project project ON project.id = given.project_id {MEMBER}
 WHERE given.uuid = %(uuid)s::uuid AND given.person_id = %(person)s::bigint
"""


GUIDELINE, DAY = Columns(Guideline, "guideline"), Columns(WorkDay, "day")
BESIDE = f"""
SELECT member.guideline_read, {GUIDELINE.sql}, {DAY.sql}
  FROM annotation_project project
  LEFT JOIN annotation_membership member ON member.project_id = project.id AND member.person_id = %(person)s::bigint
  LEFT JOIN annotation_guideline guideline ON guideline.project_id = project.id AND guideline.version = (
            SELECT max(version) FROM annotation_guideline WHERE project_id = project.id)
  LEFT JOIN annotation_workday day
    ON day.project_id = project.id AND day.person_id = %(person)s::bigint AND day.day = %(today)s::date
 WHERE project.id = %(project)s::bigint
"""


@dataclass(frozen=True)
class Beside:
    """What stands beside a person's work in a project."""

    guideline: Guideline | None
    """As it is now."""
    read: int | None
    """The version that a member has read, 0 where none; None for who is no member."""
    day: WorkDay
    """The person's today."""


def beside(*, person: Person, project: Project) -> Beside:
    ((read, *columns),) = rows((BESIDE, {"person": person.pk, "project": project.pk, "today": today()}))
    guideline, day = columns[: len(GUIDELINE.names)], columns[len(GUIDELINE.names) :]
    return Beside(
        GUIDELINE.read(guideline) if guideline[0] else None, read, DAY.read(day) if day[0] else WorkDay(day=today())
    )


def where_one_judges(*, person: Person, slug: str) -> Project:
    """Raises `Project.DoesNotExist`, also where the person is no member or one who only looks."""
    if found := rows((WHERE_ONE_JUDGES, {"slug": slug, **as_judge(person)})):
        return PROJECT.read(found[0])
    raise Project.DoesNotExist


def own_assignment(*, person: Person, uuid: UUID) -> Assignment:
    """With its task and project: as `AssignmentQuerySet.visible_to` has it. Raises `Assignment.DoesNotExist`."""
    found = rows((OWN, {"uuid": uuid, **as_judge(person)}))
    if not found:
        raise Assignment.DoesNotExist
    first, second = len(ASSIGNMENT.names), len(ASSIGNMENT.names) + len(TASK.names)
    assignment, task = ASSIGNMENT.read(found[0][:first]), TASK.read(found[0][first:second])
    assignment.task, assignment.project, assignment.person = task, PROJECT.read(found[0][second:]), person
    return assignment


def as_judge(person: Person) -> dict[str, Any]:
    return {"person": person.pk, "roles": [*JUDGES], "confined": person.confined_to}
