"""The statements that read datasets. Each is one SELECT over one consistent view, sorted by what the data themselves
say (hashes of prompts and texts): ids and clocks of a database never decide the order.

In all of them `asked` is the query's projects: `(project_id, criterion, safer, model)` a project.
"""

from annotation.reviews import DISCARDED, overruled

ASKED = """unnest(%(projects)s::bigint[], %(criteria)s::text[], %(safer)s::text[], %(models)s::bigint[])
         AS asked (project_id, criterion, safer, model)"""

# Names as the data know them: without the project's slug, which intake puts before those of imported people.
BARE_NAME = """CASE WHEN person.origin = 'imported'
                    THEN substring(person.username FROM position(':' IN person.username) + 1)
                    ELSE person.username END"""

MACHINE = "(person.origin = 'imported' OR judgement.source = 'import')"


def verdict(*, shown: bool = False, safer: bool = False) -> str:
    """A judgement as a JSON object; `shown` adds the order on the page, `safer` the ranking by the second criterion."""
    more = ", 'shown', lease.shown" * shown + ", 'safer_samples', second.sample_ids, 'safer', second.ranks" * safer
    return f"""json_build_object(
       'person', judgement.person_id,
       'name', CASE WHEN person.origin = 'imported' THEN 'imported:' ELSE 'here:' END || {BARE_NAME},
       'samples', ranking.sample_ids, 'ranks', ranking.ranks, 'strength', judgement.strength,
       'ratings', judgement.ratings, 'flags', judgement.flags,
       'categories', judgement.categories, 'all_bad', judgement.all_bad, 'edited_text',
       judgement.edited_text, 'seconds', judgement.seconds, 'comment', judgement.comment,
       'machine', {MACHINE}{more})"""


def responses(*, scores: bool = False) -> str:
    """The task's answers as `[[id, hash, text, generator, parameters], …]`, with the model's `score` where wished."""
    score = (
        """, (SELECT score.value FROM workers_score score
               WHERE score.sample_id = sample.id AND score.reward_model_id = task.model)"""
        if scores
        else ""
    )
    return f"""(
       SELECT json_agg(json_build_array(
                  sample.id, sample.text_hash, sample.text, generator.name, sample.parameters{score})
                  ORDER BY sample.text_hash COLLATE "C")::text AS body
         FROM annotation_sample sample JOIN annotation_generator generator ON generator.id = sample.generator_id
        WHERE sample.id = ANY (task.sample_ids)) responses"""


# A judgement belongs here when it ranks by the criterion, or says that all answers are bad.
JUDGED = """annotation_judgement judgement
         JOIN annotation_person person ON person.id = judgement.person_id
         LEFT JOIN annotation_ranking ranking
                ON ranking.judgement_id = judgement.id AND ranking.criterion = %(criterion)s
        WHERE judgement.is_current AND (ranking.id IS NOT NULL OR judgement.all_bad)"""

SECOND = """LEFT JOIN annotation_ranking second
                ON second.judgement_id = judgement.id AND second.criterion = task.safer"""
LEASE = "LEFT JOIN annotation_assignment lease ON lease.uuid = judgement.assignment_id"

MADE_HERE = f"""
          AND (%(since)s::timestamptz IS NULL OR judgement.created_at >= %(since)s::timestamptz)
          AND (%(until)s::timestamptz IS NULL OR judgement.created_at < %(until)s::timestamptz)
          AND (%(people)s::text[] IS NULL OR {BARE_NAME} = ANY (%(people)s::text[]))
          AND (%(without)s::text[] IS NULL OR {BARE_NAME} <> ALL (%(without)s::text[]))
          AND (%(machines)s = 'in' OR ({MACHINE}) = (%(machines)s = 'only'))"""

WANTED_PROMPTS = """
               (%(languages)s::text[] IS NULL OR prompt.language = ANY (%(languages)s::text[]))
           AND (%(categories)s::text[] IS NULL OR prompt.category = ANY (%(categories)s::text[]))"""

# Of these families alone, where some are named.
AMONG = "AND (%(families)s::text[] IS NULL OR prompt.family = ANY (%(families)s::text[]))"

PROMPT = """prompt.content_hash COLLATE "C" AS hash, prompt.family, prompt.messages::text, prompt.language,
               prompt.category, prompt.source"""
GOLD = "EXISTS (SELECT FROM annotation_gold gold WHERE gold.task_id = task.id)"

OVERRULED = overruled("task.criterion")


def wanted_gold(gold: str) -> str:
    return {"in": "", "out": f"AND NOT {GOLD}", "only": f"AND {GOLD}"}[gold]


def tasks(gold: str) -> str:
    """The tasks to read, but those that a reviewer discarded; those of rating are read too where no particular
    criterion is asked for."""
    return f"""
               annotation_task task
          JOIN annotation_prompt prompt ON prompt.id = task.prompt_id
          JOIN {ASKED} ON asked.project_id = task.project_id
         WHERE task.kind = ANY (%(kinds)s) AND {WANTED_PROMPTS} {wanted_gold(gold)}
           AND NOT {DISCARDED} AND EXISTS (
               SELECT FROM annotation_judgement judgement WHERE judgement.task_id = task.id AND judgement.is_current)"""


# How a snapshot's records stand: by the prompts' hashes; or whole families together. A stream's: arrival.py.
BY_HASH, BY_FAMILY = "hash, id", 'family COLLATE "C", hash, id'


def records(*, gold: str, shown: bool, safer: bool, scores: bool, order: str) -> str:
    """Judged tasks. The inner SELECT is sorted before the laterals run, so that texts are read once, in order, and
    never sorted."""
    found = f"FROM {tasks(gold)} {AMONG} ORDER BY {order}"
    return judged(found, order, shown=shown, safer=safer, scores=scores)


def judged(found: str, order: str, *, shown: bool, safer: bool, scores: bool, more: str = "") -> str:
    """Tasks with all that was said of them and with their answers. `found` is where they come from (`FROM …`), `more`
    what of it `order` needs besides the tasks' own columns."""
    return f"""
SELECT task.hash, task.family, task.messages, task.language, task.category, task.source,
       responses.body, verdicts.body, task.external_id, task.project_id, {OVERRULED}
  FROM (SELECT task.id, task.sample_ids, task.kind, task.project_id, asked.criterion, asked.safer, asked.model,
               {PROMPT}, prompt.external_id{more}
         {found}) task
 CROSS JOIN LATERAL (
       SELECT json_agg({verdict(shown=shown, safer=safer)})::text AS body
         FROM annotation_judgement judgement
         JOIN annotation_person person ON person.id = judgement.person_id
         LEFT JOIN annotation_ranking ranking
                ON ranking.judgement_id = judgement.id AND ranking.criterion = task.criterion
         {SECOND if safer else ""} {LEASE if shown else ""}
        WHERE judgement.is_current AND judgement.task_id = task.id
          AND (ranking.id IS NOT NULL OR judgement.all_bad OR task.kind <> 'rank'){MADE_HERE}) verdicts
 CROSS JOIN LATERAL {responses(scores=scores)}
 WHERE verdicts.body IS NOT NULL AND responses.body IS NOT NULL
 {order and "ORDER BY " + ", ".join("task." + part for part in order.split(", "))}
"""


def families(gold: str) -> str:
    """How many tasks each family of each project has, for mixing."""
    return f"""
SELECT task.project_id, prompt.family, count(*)
  FROM {tasks(gold)}
 GROUP BY task.project_id, prompt.family
"""


def votes(gold: str) -> str:
    """Who ranked what how: `(task, person, samples, ranks)`, for reliability."""
    return f"""
SELECT task.id, judgement.person_id, ranking.sample_ids, ranking.ranks
  FROM (SELECT task.id, asked.criterion FROM {tasks(gold)}) task
  JOIN annotation_judgement judgement ON judgement.task_id = task.id AND judgement.is_current
  JOIN annotation_person person ON person.id = judgement.person_id
  JOIN annotation_ranking ranking ON ranking.judgement_id = judgement.id AND ranking.criterion = task.criterion
 WHERE TRUE {MADE_HERE}
 ORDER BY task.id
"""


COUNT = """
SELECT count(*) FROM annotation_judgement WHERE project_id = ANY (%(projects)s) AND is_current
"""

ANSWERS = """json_agg(json_build_array(sample.id, sample.text_hash, sample.text, generator.name, sample.parameters)
                       ORDER BY sample.text_hash COLLATE "C")::text"""

# Answers of people: those of current demonstrations, and those that came in as written without one.
BY_PEOPLE = f"""annotation_sample sample
  JOIN annotation_generator generator ON generator.id = sample.generator_id AND generator.backend = 'written'
  LEFT JOIN annotation_person person ON person.id = sample.author_id
 WHERE sample.usable
   AND (%(since)s::timestamptz IS NULL OR sample.created_at >= %(since)s::timestamptz)
   AND (%(until)s::timestamptz IS NULL OR sample.created_at < %(until)s::timestamptz)
   AND (%(people)s::text[] IS NULL OR {BARE_NAME} = ANY (%(people)s::text[]))
   AND (%(without)s::text[] IS NULL OR person.id IS NULL OR {BARE_NAME} <> ALL (%(without)s::text[]))
   AND NOT EXISTS (
       SELECT FROM annotation_judgement old WHERE old.sample_id = sample.id AND NOT EXISTS (
       SELECT FROM annotation_judgement current WHERE current.sample_id = sample.id AND current.is_current))"""
WRITTEN = f"""
SELECT {PROMPT}, {ANSWERS}, NULL, prompt.external_id,
       prompt.project_id
  FROM annotation_prompt prompt, {BY_PEOPLE}
   AND sample.prompt_id = prompt.id AND prompt.project_id = ANY (%(projects)s) AND {WANTED_PROMPTS}
 GROUP BY prompt.id
 ORDER BY hash, prompt.project_id
"""

# Demonstrations that started from another answer: theirs is better than it. A record an edit, whoever made it.
EDITED = f"""annotation_judgement judgement
          JOIN annotation_task task ON task.id = judgement.task_id AND task.kind = 'demonstrate'
          JOIN annotation_person person ON person.id = judgement.person_id
         CROSS JOIN LATERAL (SELECT ARRAY[judgement.sample_id, judgement.started_from_id] AS sample_ids,
                                    ARRAY[0, 1] AS ranks) ranking
         WHERE judgement.is_current AND judgement.started_from_id <> judgement.sample_id{MADE_HERE}"""
BOTH = f"""(SELECT {ANSWERS} FROM annotation_sample sample
          JOIN annotation_generator generator ON generator.id = sample.generator_id
         WHERE sample.id IN (edit.sample_id, edit.started_from_id))"""
EDITS = f"""
SELECT {PROMPT},
       {BOTH},
       edit.verdicts, prompt.external_id, prompt.project_id
  FROM (SELECT judgement.prompt_id, judgement.sample_id, judgement.started_from_id,
               json_agg({verdict()})::text AS verdicts
          FROM {EDITED}
           AND judgement.project_id = ANY (%(projects)s)
         GROUP BY judgement.prompt_id, judgement.sample_id, judgement.started_from_id) edit
  JOIN annotation_prompt prompt ON prompt.id = edit.prompt_id
  JOIN annotation_sample better ON better.id = edit.sample_id AND better.usable
  JOIN annotation_sample worse ON worse.id = edit.started_from_id
 WHERE {WANTED_PROMPTS}
 ORDER BY hash, better.text_hash COLLATE "C", worse.text_hash COLLATE "C", prompt.project_id
"""

# All accepted prompts; those of gold tasks as the query says.
ACCEPTED = f"""prompt.review_state = 'accepted' AND {WANTED_PROMPTS}
   AND (%(gold)s = 'in' OR EXISTS (
       SELECT FROM annotation_task task JOIN annotation_gold gold ON gold.task_id = task.id
        WHERE task.prompt_id = prompt.id) = (%(gold)s = 'only'))"""
PROMPTS = f"""
SELECT {PROMPT}, '[]', NULL, prompt.external_id, prompt.project_id
  FROM annotation_prompt prompt
 WHERE prompt.project_id = ANY (%(projects)s) AND {ACCEPTED}
 ORDER BY hash, prompt.project_id
"""

# Prompts with two answers or more that the adopted reward model has scored.
WITH_SCORES = """json_agg(json_build_array(sample.id, sample.text_hash, sample.text, generator.name, sample.parameters,
                                 score.value) ORDER BY sample.text_hash COLLATE "C")::text"""
SCORED = f"""
SELECT {PROMPT},
       {WITH_SCORES},
       NULL, prompt.external_id, prompt.project_id
  FROM {ASKED}
  JOIN annotation_prompt prompt ON prompt.project_id = asked.project_id AND prompt.review_state = 'accepted'
  JOIN annotation_sample sample ON sample.prompt_id = prompt.id AND sample.usable
  JOIN annotation_generator generator ON generator.id = sample.generator_id
  JOIN workers_score score ON score.sample_id = sample.id AND score.reward_model_id = asked.model
 WHERE {WANTED_PROMPTS}
 GROUP BY prompt.id
HAVING count(*) > 1
 ORDER BY hash, prompt.project_id
"""

TREES = """
SELECT tree.external_id COLLATE "C" AS family, tree.body
  FROM annotation_tree tree
 WHERE tree.project_id = ANY (%(projects)s)
   AND (%(families)s::text[] IS NULL OR tree.external_id = ANY (%(families)s::text[]))
 ORDER BY family, tree.project_id
"""
