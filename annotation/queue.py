"""The queue's statements: one hands a person their next task, one takes tasks back. How they stay fast is ADR 3."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from annotation.models import Assignment, Person, Project, Prompt, Task
from annotation.statements import Columns, rows

# A task in work, the next one prefetched, and one in another tab.
MAX_LIVE = 3
CANDIDATES = 8
# More than people can be at one moment in the middle of being given a task: the last look must not take that for empty.
ALL_CANDIDATES = 256
LEASE_LOCK = 0x50524546  # "PREF": keeps this advisory lock apart from all others in the database

# Serialises one person's calls: two tabs that ask at once must not be given two tasks for one wish.
ONE_AT_A_TIME = f"SELECT pg_advisory_xact_lock({LEASE_LOCK}, hashint8(%(person)s::bigint << 20 # %(project)s::bigint))"

# Who may work at all, and in which lanes: none where the project is archived, the member paused or the day's cap
# reached. What a person holds counts towards the cap, and is all the same given again. Whoever has to qualify first
# gets the tasks of their open round, and no others. Gold is drawn by person and count: asking again draws the same.
# Whoever chooses a kind of work gets no other, whatever else they hold.
RULES = """
held AS MATERIALIZED (
    SELECT uuid, leased_at, uuid = ANY(%(holding)s::uuid[]) OR %(kind)s::text <> '' AND %(kind)s::text <> (
               SELECT kind FROM annotation_task task WHERE task.id = task_id) AS known
      FROM annotation_assignment
     WHERE person_id = %(person)s::bigint AND project_id = %(project)s::bigint
       AND state = 'leased' AND expires_at > now()
), member AS MATERIALIZED (
    SELECT member.languages, member.cohorts, project.lease_minutes, project.gold_share,
           member.role = 'annotator' AND project.qualification_tasks > 0 AND member.qualified_at IS NULL AS qualifies,
           coalesce(day.judgements, 0) + coalesce(day.skips, 0) + held.number AS drawn
      FROM annotation_project project
      JOIN annotation_membership member
        ON member.project_id = project.id AND member.person_id = %(person)s::bigint
      LEFT JOIN annotation_workday day
        ON day.project_id = project.id AND day.person_id = member.person_id AND day.day = %(today)s::date
     CROSS JOIN (SELECT count(*) AS number, count(*) FILTER (WHERE NOT known) AS again FROM held) held
     WHERE project.id = %(project)s::bigint AND project.archived_at IS NULL AND member.paused_at IS NULL
       AND held.again = 0 AND held.number < %(most)s::integer
       AND (project.daily_cap IS NULL OR coalesce(day.judgements, 0) + held.number < project.daily_cap)
), purpose AS (
    SELECT 'work' AS name FROM member WHERE NOT qualifies
     UNION ALL
    SELECT 'gold' FROM member
     WHERE NOT qualifies AND gold_share > 0
       AND hashint8extended(drawn + (%(today)s::date - DATE '2000-01-01') * 1000000::bigint, %(person)s::bigint)
           & 1048575 < gold_share * 1048576
     UNION ALL
    SELECT 'qualification' FROM member JOIN annotation_qualificationround round
        ON round.project_id = %(project)s::bigint AND round.person_id = %(person)s::bigint AND round.ended_at IS NULL
     WHERE qualifies AND round.wanted > (
        SELECT count(*) FROM annotation_assignment given
         WHERE given.project_id = %(project)s::bigint AND given.person_id = %(person)s::bigint
           AND given.state IN ('leased', 'judged') AND given.leased_at >= round.started_at
           AND 'qualification' = (SELECT lane.purpose FROM annotation_task task JOIN annotation_lane lane
                                      ON lane.id = task.lane_id WHERE task.id = given.task_id))
), lane AS (
    SELECT lane.id, lane.purpose = 'gold' AS gold
      FROM annotation_lane lane JOIN purpose ON purpose.name = lane.purpose CROSS JOIN member
     WHERE lane.project_id = %(project)s::bigint AND %(kind)s::text IN ('', lane.kind)
       AND (lane.cohort = '' OR lane.cohort = ANY(member.cohorts))
       AND (lane.language = '' OR member.languages = '{}' OR lane.language = ANY(member.languages)
            OR split_part(lane.language, '-', 1) = ANY(member.languages))
)"""

# UUIDv7 (RFC 9562, section 5.7): milliseconds, then 74 random bits. So new rows lie at their index's end; strewn over a
# large index, nearly each of them would be the first after a checkpoint to change its page, and log all of the page.
NEW_UUID = """encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING
    substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
    52, 1), 53, 1), 'hex')::uuid"""

# One guarded statement. Either a task that was handed out already and that the caller does not say they hold is handed
# out again, or the last one of as many as one may hold. Or the first lockable of the candidates that still has a slot
# is taken, its lease is written with the samples in an order of its own (position bias is measured, not fed), and the
# person's place in the lane moves behind it. Nothing is written when any part does not hold. OFFSET 0 keeps PostgreSQL
# at looking up single tasks that the person was given: as a join it might read all that anybody ever was.
LEASE = """
WITH %RULES%, again AS (
    UPDATE annotation_assignment given
       SET expires_at = now() + least(make_interval(mins => project.lease_minutes),
                                      CASE WHEN given.draft IS NULL THEN %(ahead)s::interval END)
      FROM annotation_project project, (SELECT uuid FROM held WHERE NOT known ORDER BY leased_at LIMIT 1) mine
     WHERE given.uuid = mine.uuid AND given.state = 'leased' AND project.id = given.project_id
       AND given.person_id = %(person)s::bigint AND given.project_id = %(project)s::bigint
    RETURNING given.*
), place AS (
    SELECT lane.id AS lane_id, lane.gold, level.priority,
           %BEHIND% AS behind
      FROM lane CROSS JOIN generate_series(9, 0, -1) AS level(priority)
      LEFT JOIN annotation_queueposition place
        ON place.person_id = %(person)s::bigint AND place.lane_id = lane.id AND place.priority = level.priority
), candidate AS MATERIALIZED (
    SELECT task.id, place.gold
      FROM place CROSS JOIN LATERAL (
        SELECT id, priority, queue_number FROM annotation_task
         WHERE lane_id = place.lane_id AND priority = place.priority AND queue_number > place.behind
           AND taken < overlap AND withdrawn_at IS NULL AND NOT author_ids @> ARRAY[%(person)s::bigint]
           AND NOT EXISTS (SELECT FROM annotation_assignment given
                            WHERE given.task_id = annotation_task.id AND given.person_id = %(person)s::bigint
                           OFFSET 0)
         ORDER BY queue_number LIMIT %CANDIDATES%
      ) task
     ORDER BY place.gold DESC, task.priority DESC, task.queue_number LIMIT %CANDIDATES%
), chosen AS (
    SELECT task.id FROM annotation_task task JOIN candidate ON candidate.id = task.id
     WHERE task.taken < task.overlap AND task.withdrawn_at IS NULL
     ORDER BY candidate.gold DESC, task.priority DESC, task.queue_number LIMIT 1
       FOR UPDATE OF task SKIP LOCKED
), leased AS (
    UPDATE annotation_task task SET taken = taken + 1 FROM chosen WHERE task.id = chosen.id
    RETURNING task.id, task.project_id, task.lane_id, task.priority, task.queue_number, task.sample_ids
), moved AS (
    INSERT INTO annotation_queueposition AS place (person_id, lane_id, priority, queue_number)
    SELECT %(person)s::bigint, lane_id, priority, queue_number FROM leased
    ON CONFLICT (person_id, lane_id, priority) DO UPDATE
       SET queue_number = %PLACE%
)%LOOKED%, given AS (
    INSERT INTO annotation_assignment
           (uuid, project_id, task_id, person_id, state, shown, leased_at, expires_at, skip_reason)
    SELECT %NEW_UUID%, leased.project_id, leased.id, %(person)s::bigint, 'leased',
           ARRAY(SELECT sample FROM unnest(leased.sample_ids) sample ORDER BY random()),
           clock_timestamp(), now() + least(make_interval(mins => member.lease_minutes), %(ahead)s::interval), ''
      FROM leased CROSS JOIN member
    RETURNING *
), answer AS (
    SELECT * FROM again UNION ALL SELECT * FROM given
    UNION ALL SELECT * FROM annotation_assignment
     WHERE uuid = (SELECT uuid FROM held ORDER BY leased_at DESC LIMIT 1)
       AND (SELECT count(*) >= %(most)s::integer AND bool_and(known) FROM held)
)
SELECT %COLUMNS%,
       ARRAY(SELECT sample.text FROM unnest(answer.shown) WITH ORDINALITY AS part(id, place)
               JOIN annotation_sample sample ON sample.id = part.id ORDER BY part.place)
  FROM answer JOIN annotation_task task ON task.id = answer.task_id
  LEFT JOIN annotation_prompt prompt ON prompt.id = task.prompt_id
"""
ASSIGNMENT = Columns(Assignment, "answer")
# What never changes: the statement sees the task as it was before the lease.
TASK = Columns(Task, "task", ("id", "project_id", "lane_id", "prompt_id", "kind", "sample_ids", "brief"))
PROMPT = Columns(Prompt, "prompt", ("id", "messages", "language", "category"))
LEASE = (
    LEASE.replace("%RULES%", RULES)
    .replace("%NEW_UUID%", NEW_UUID)
    .replace("%COLUMNS%", f"{ASSIGNMENT.sql}, {TASK.sql}, {PROMPT.sql}")
)


# A look that found nothing notes how far numbers had been given out (`noted`) and the first transaction to come then.
# Once all before that one are over, a look that again finds nothing has seen whatever will ever lie up to there: what
# opens later draws a new number. From then on the looks begin behind it (`empty_to`).
LOOKED = """, looked AS (
    UPDATE annotation_queueposition mine
       SET empty_to = mine.noted, noted_before = moment.next,
           noted = greatest(mine.noted, mine.queue_number), queue_number = greatest(mine.noted, mine.queue_number)
      FROM place CROSS JOIN (SELECT pg_snapshot_xmin(now)::text::bigint AS oldest,
                                    pg_snapshot_xmax(now)::text::bigint AS next FROM pg_current_snapshot() now) moment
     WHERE mine.person_id = %(person)s::bigint AND mine.lane_id = place.lane_id AND mine.priority = place.priority
       AND NOT EXISTS (SELECT FROM candidate)
       AND mine.empty_to < greatest(mine.noted, mine.queue_number)
       AND mine.noted_before NOT BETWEEN moment.oldest + 1 AND moment.next
)"""


def _searching(behind: str, place: str, candidates: int, looked: str = "") -> str:
    """The numbers are part of the text: planned for any number, PostgreSQL would prepare for a tenth of all tasks."""
    parts = {"%BEHIND%": behind, "%PLACE%": place, "%CANDIDATES%": str(candidates), "%LOOKED%": looked}
    statement = LEASE
    for name, part in parts.items():
        statement = statement.replace(name, part)
    return statement


LEASE_NEXT = _searching(
    "coalesce(place.queue_number, 0)", "greatest(place.queue_number, excluded.queue_number)", CANDIDATES
)
LEASE_FROM_START = _searching("coalesce(place.empty_to, 0)", "excluded.queue_number", ALL_CANDIDATES, LOOKED)


def today() -> date:
    return timezone.localdate()


def hand_out(
    *,
    person: Person,
    project: Project,
    holding: Collection[UUID] = (),
    kind: str = "",
    ahead: timedelta | None = None,
    from_start: bool = False,
) -> Assignment | None:
    """The task that the person holds already or else their next one; None where there is none behind their positions.

    A task can lie behind somebody's position without having been theirs: another transaction held its row, or it
    was committed later than one with a higher number. Only who has come to the end pays for the look `from_start`,
    and only for what they did since the last but one that found nothing; their position goes back to what it finds.
    `ahead`: the lease of a task in which nothing is entered ends by then.
    """
    values = {
        "person": person.pk,
        "project": project.pk,
        "holding": list(holding),
        "kind": kind,
        "ahead": ahead,
        "today": today(),
        "most": MAX_LIVE,
    }
    found = rows((ONE_AT_A_TIME, values), (LEASE_FROM_START if from_start else LEASE_NEXT, values))
    return _given(found[0], project) if found else None


def _given(row: tuple[Any, ...], project: Project) -> Assignment:
    """With its task, prompt and the texts of its samples, so that a page needs no more statements."""
    end, after = len(ASSIGNMENT.names), len(ASSIGNMENT.names) + len(TASK.names)
    assignment, task = ASSIGNMENT.read(row[:end]), TASK.read(row[end:after])
    if task.prompt_id:
        task.prompt = PROMPT.read(row[after:-1])
    assignment.project, assignment.task = project, task
    assignment.texts = dict(zip(assignment.shown, row[-1], strict=True))
    return assignment


# What is freed goes to its lane's end, before everybody's position. Tasks are locked in one order: no deadlocks.
CLOSE = """
WITH closed AS (
    UPDATE annotation_assignment SET state = %(state)s, closed_at = now(), skip_reason = %(reason)s
     WHERE uuid = ANY(%(uuids)s) AND state = 'leased' RETURNING task_id
), freed AS (
    SELECT task_id, count(*) AS slots FROM closed GROUP BY task_id
), locked AS (
    SELECT id FROM annotation_task WHERE id IN (SELECT task_id FROM freed) ORDER BY id FOR UPDATE
)
UPDATE annotation_task task
   SET taken = task.taken - freed.slots, queue_number = nextval('annotation_queue_seq')
  FROM freed JOIN locked ON locked.id = freed.task_id
 WHERE task.id = freed.task_id
RETURNING freed.slots
"""


def take_back(uuids: list[UUID], state: str, reason: str = "") -> int:
    """End those of the leases that are still live and free their slots; answers how many ended."""
    with connection.cursor() as cursor:
        cursor.execute(CLOSE, {"uuids": uuids, "state": state, "reason": reason})
        return sum(int(slots) for (slots,) in cursor.fetchall())
