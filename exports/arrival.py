"""The statements of streams: what statements.py reads, walked along an index, so that the first row comes at once
however much there is. Nothing in them sorts or hashes more than what belongs to one row.

Each is of one project, `%(project)s`. Where one row stands for several (a judgement for its task, an answer for its
prompt), it is the least of them, which an index tells: nothing need be remembered.
"""

from annotation.reviews import DISCARDED
from exports import statements
from exports.statements import ASKED, MADE_HERE, PROMPT, WANTED_PROMPTS, verdict, wanted_gold

# Ways along judgements: which of them, and in what order. Where an index tells which, the order is better left open:
# the planner might rather walk along all ids there are, of whichever projects, and look for the few that are meant.
BY_TIME = "", "judgement.created_at"
BY_PERSON = "AND judgement.person_id = %(person)s", ""
BY_LANGUAGE = "AND prompt.language = %(language)s", ""
BY_CATEGORY = "AND prompt.category = %(category)s", ""
BY_GOLD = "", ""  # golds are few, and known by their tasks

# Judgements that the query asks for; where only those are of use that mark an answer (as harmful, say), only these.
WANTED = f"""{MADE_HERE}
          AND (NOT %(marked)s OR judgement.flags <> '{{}}' OR judgement.categories <> '{{}}')"""

# Where there must be two to agree, tasks that one alone judged are passed over unread.
COMPARED = """(%(min_agreement)s = 0 OR EXISTS (
               SELECT FROM annotation_judgement second
                WHERE second.task_id = task.id AND second.is_current AND second.person_id <> judgement.person_id))"""


def _others(condition: str) -> str:
    """The same condition on `other`, a second judgement, and on `judge`, who made it."""
    return condition.replace("judgement.", "other.").replace("person.", "judge.")


def records(way: tuple[str, str], *, gold: str, safer: bool, scores: bool) -> str:
    """`statements.records` along one of the ways: a task where the judge with the least id is met."""
    which, order = way
    found = f"""
          FROM annotation_judgement judgement
          JOIN annotation_person person ON person.id = judgement.person_id
          JOIN annotation_task task ON task.id = judgement.task_id
          JOIN annotation_prompt prompt ON prompt.id = judgement.prompt_id
          JOIN {ASKED} ON asked.project_id = task.project_id
         WHERE judgement.is_current AND judgement.project_id = %(project)s {WANTED} {which}
           AND prompt.project_id = %(project)s AND {_judged(gold)}
           AND NOT EXISTS (
               SELECT FROM annotation_judgement other JOIN annotation_person judge ON judge.id = other.person_id
                WHERE other.task_id = judgement.task_id AND other.person_id < judgement.person_id
                  AND other.is_current {_others(WANTED)})"""
    more, order = (f", {order} AS place", "place") if order else ("", "")
    return statements.judged(found, order, shown=False, safer=safer, scores=scores, more=more)


def _judged(gold: str) -> str:
    return f"""task.kind = ANY (%(kinds)s) AND {WANTED_PROMPTS} {wanted_gold(gold)} AND {COMPARED}
           AND NOT {DISCARDED}"""


def families(way: tuple[str, str], *, gold: str) -> str:
    """The families of these records, each once: where its least task is met, of all projects that are asked for.
    `planted` leaves out those of imported trees."""
    which, order = way
    made = f"""annotation_judgement judgement
                  JOIN annotation_person person ON person.id = judgement.person_id
                  JOIN annotation_task task ON task.id = judgement.task_id
                  JOIN annotation_prompt prompt ON prompt.id = judgement.prompt_id
                 WHERE judgement.is_current {WANTED} AND {_judged(gold)}"""
    return f"""
SELECT made.family
  FROM (SELECT prompt.family, judgement.task_id, judgement.person_id{order and f", {order} AS place"}
          FROM {made} AND judgement.project_id = %(project)s AND prompt.project_id = %(project)s {which}) made
 WHERE NOT EXISTS (
       SELECT FROM {made} AND prompt.family = made.family AND prompt.project_id = ANY (%(projects)s)
          AND (judgement.task_id, judgement.person_id) < (made.task_id, made.person_id))
   AND (%(planted)s OR NOT EXISTS (
       SELECT FROM annotation_tree tree
        WHERE tree.external_id = made.family AND tree.project_id = ANY (%(projects)s)))
 {order and "ORDER BY made.place"}
"""


# The families of imported trees; one that several projects hold is met in the first of them.
PLANTED = """
SELECT tree.external_id
  FROM annotation_tree tree
 WHERE tree.project_id = %(project)s AND NOT EXISTS (
       SELECT FROM annotation_tree other WHERE other.external_id = tree.external_id
          AND other.project_id = ANY (%(projects)s) AND other.project_id < tree.project_id)
 ORDER BY tree.external_id
"""


def prompts(way: tuple[str, str]) -> str:
    """Accepted prompts, each with where else it would come from: `[[project, family], …]`, earlier projects. Only
    languages and categories make a way of their own."""
    which = way[0] if way in (BY_LANGUAGE, BY_CATEGORY) else ""
    return f"""
SELECT {PROMPT}, '[]', NULL, prompt.external_id, prompt.project_id,
       (SELECT json_agg(json_build_array(earlier.project_id, earlier.family))::text
          FROM (SELECT prompt.* FROM annotation_prompt prompt WHERE {statements.ACCEPTED}) earlier
         WHERE earlier.content_hash = prompt.content_hash AND earlier.project_id = ANY (%(projects)s)
           AND earlier.project_id < prompt.project_id)
  FROM annotation_prompt prompt
 WHERE prompt.project_id = %(project)s {which} AND {statements.ACCEPTED}
"""


WRITTEN = f"""
SELECT {PROMPT}, written.body, NULL, prompt.external_id, prompt.project_id
  FROM (SELECT sample.id, sample.prompt_id FROM {statements.BY_PEOPLE}
           AND generator.project_id = %(project)s) made
  JOIN annotation_prompt prompt ON prompt.id = made.prompt_id
 CROSS JOIN LATERAL (SELECT {statements.ANSWERS} AS body FROM {statements.BY_PEOPLE}
           AND sample.prompt_id = made.prompt_id) written
 WHERE {WANTED_PROMPTS} AND NOT EXISTS (
       SELECT FROM {statements.BY_PEOPLE} AND sample.prompt_id = made.prompt_id AND sample.id < made.id)
"""

SCORED = f"""
SELECT {PROMPT}, scored.body, NULL, prompt.external_id, prompt.project_id
  FROM workers_score made
  JOIN annotation_sample first ON first.id = made.sample_id AND first.usable
  JOIN annotation_prompt prompt ON prompt.id = first.prompt_id AND prompt.review_state = 'accepted'
 CROSS JOIN LATERAL (
       SELECT count(*) AS answers, {statements.WITH_SCORES} AS body
         FROM annotation_sample sample
         JOIN annotation_generator generator ON generator.id = sample.generator_id
         JOIN workers_score score ON score.sample_id = sample.id AND score.reward_model_id = %(model)s
        WHERE sample.prompt_id = prompt.id AND sample.usable) scored
 WHERE made.reward_model_id = %(model)s AND prompt.project_id = %(project)s AND {WANTED_PROMPTS}
   AND scored.answers > 1 AND NOT EXISTS (
       SELECT FROM annotation_sample sample
         JOIN workers_score score ON score.sample_id = sample.id AND score.reward_model_id = %(model)s
        WHERE sample.prompt_id = prompt.id AND sample.usable AND sample.id < first.id)
"""

EDITS = f"""
SELECT {PROMPT}, {statements.BOTH}, said.body, prompt.external_id, prompt.project_id
  FROM (SELECT judgement.id, judgement.prompt_id, judgement.sample_id, judgement.started_from_id, judgement.created_at
          FROM {statements.EDITED} AND judgement.project_id = %(project)s) edit
  JOIN annotation_prompt prompt ON prompt.id = edit.prompt_id
  JOIN annotation_sample better ON better.id = edit.sample_id AND better.usable
  JOIN annotation_sample worse ON worse.id = edit.started_from_id
 CROSS JOIN LATERAL (
       SELECT json_agg({verdict()})::text AS body FROM {statements.EDITED} AND judgement.sample_id = edit.sample_id
          AND judgement.started_from_id = edit.started_from_id AND judgement.prompt_id = edit.prompt_id) said
 WHERE {WANTED_PROMPTS} AND NOT EXISTS (
       SELECT FROM {statements.EDITED} AND judgement.sample_id = edit.sample_id AND judgement.id < edit.id
          AND judgement.started_from_id = edit.started_from_id AND judgement.prompt_id = edit.prompt_id)
 ORDER BY edit.created_at
"""
