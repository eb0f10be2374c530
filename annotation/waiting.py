"""What waits for a person, by kind of work: for the pages from which they start."""

from collections import Counter

from annotation.models import Assignment, Person, Project
from annotation.models.task import TaskKind
from annotation.queue import MAX_LIVE, RULES, today
from annotation.statements import rows

MOST = 100  # counted for one kind and level; there may be more

# As the next task would be looked for: in the lanes that the rules allow, behind the person's positions.
WAITING = """
WITH %RULES%, place AS (
    SELECT lane.id AS lane_id, level.priority, coalesce(place.queue_number, 0) AS behind
      FROM lane CROSS JOIN generate_series(9, 0, -1) AS level(priority)
      LEFT JOIN annotation_queueposition place
        ON place.person_id = %(person)s::bigint AND place.lane_id = lane.id AND place.priority = level.priority
     WHERE NOT lane.gold
)
SELECT named.kind, sum(open.number)::bigint
  FROM place JOIN annotation_lane named ON named.id = place.lane_id CROSS JOIN LATERAL (
    SELECT count(*) AS number FROM (
        SELECT FROM annotation_task
         WHERE lane_id = place.lane_id AND priority = place.priority AND queue_number > place.behind
           AND taken < overlap AND withdrawn_at IS NULL AND NOT author_ids @> ARRAY[%(person)s::bigint]
           AND NOT EXISTS (SELECT FROM annotation_assignment given
                            WHERE given.task_id = annotation_task.id AND given.person_id = %(person)s::bigint)
         LIMIT %(limit)s::integer) counted) open
 GROUP BY named.kind
""".replace("%RULES%", RULES)


def waiting(person: Person, project: Project) -> dict[str, int]:
    """Kind of work → how much of it the person could do now, what they hold included; counted up to `MOST`.

    In the order of `TaskKind`; kinds of which there is nothing are left out.
    """
    live = Assignment.objects.live().filter(person=person, project=project)
    held = dict(live.values_list("uuid", "task__kind"))
    values = {
        "person": person.pk,
        "project": project.pk,
        "holding": list(held),
        "kind": "",
        "today": today(),
        "most": len(held) + MAX_LIVE,
        "limit": MOST,
    }
    found = Counter(held.values()) + Counter({kind: int(number) for kind, number in rows((WAITING, values))})
    return {kind: min(found[kind], MOST) for kind in TaskKind.values if found[kind]}
