"""A project of as many four-way rankings as are asked for, of realistic lengths, made by the database itself."""

from collections.abc import Sequence
from typing import Any

PIECES = 4096

# Sentences of 60 to 180 characters, every ninth with a line break and every eleventh with quotes.
MAKE_PIECES = """
CREATE TEMP TABLE piece AS
SELECT n AS id,
       initcap(string_agg(word, ' ' ORDER BY place)) || CASE WHEN n %% 9 = 0 THEN E'.\\n\\n' WHEN n %% 11 = 0
       THEN ', as they say: "so be it." ' ELSE '. ' END AS text
  FROM generate_series(0, %(pieces)s - 1) AS n
  JOIN LATERAL (
       SELECT place, (string_to_array(%(words)s, ' '))[1 + abs(hashint4(n * 97 + place)) %% %(count)s] AS word
         FROM generate_series(1, 10 + n %% 17) AS place) words ON true
 GROUP BY n
"""
WORDS = (
    "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore magna "
    "aliqua enim ad minim veniam quis nostrud exercitation ullamco laboris nisi aliquip ex ea commodo consequat duis "
    "aute irure in reprehenderit voluptate velit esse cillum eu fugiat nulla pariatur excepteur sint occaecat café "
    "non proident sunt culpa qui officia deserunt mollit anim id est laborum 你好 naïve"
)


def text(pieces: int, number: str) -> tuple[str, str]:
    """SQL for a text of so many sentences that `number` decides, and the joins that it needs."""
    names = [f"t{n}" for n in range(pieces)]
    joins = [
        f"JOIN piece {name} ON {name}.id = abs(hashint8({number} * 31 + {n})) %% {PIECES}"
        for n, name in enumerate(names)
    ]
    return f"{number} || ' ' || " + " || ".join(f"{name}.text" for name in names), " ".join(joins)


def make_pieces(cursor: Any) -> None:
    cursor.execute("DROP TABLE IF EXISTS piece")
    cursor.execute(MAKE_PIECES, {"pieces": PIECES, "words": WORDS, "count": len(WORDS.split())})
    cursor.execute("ANALYZE piece")


# Some of the 24 orders: which, the number says.
ORDERS = "(ARRAY['{0,1,2,3}', '{1,0,3,2}', '{2,3,0,1}', '{3,2,1,0}', '{1,3,0,2}'])[1 + n % 5]::smallint[]"


def fill(prompts: int, slug: str = "bench", after: int = 0) -> Any:
    """A project of `prompts` four-way rankings, whose ids come after `after`. Answers have about 600 characters,
    prompts about 400."""
    from django.db import connection

    from annotation.models import Generator, Judgement, Lane, Person, Project, Prompt, Ranking, Sample, Task

    person, _ = Person.objects.get_or_create(username="bench")
    people = [Person.objects.get_or_create(username=f"bench{n}")[0].pk for n in range(20)]
    project = Project.objects.create(slug=slug, name=slug, created_by=person)
    numbers = f"generate_series({after + 1}, {after + prompts}::bigint)"
    generator = Generator.objects.create(project=project, name="tiny", backend=Generator.Backend.IMPORTED)
    lane = Lane.objects.create(project=project, kind="rank", language="en")
    asked, prompt_joins = text(4, "n")
    answer, answer_joins = text(6, "n")
    with connection.cursor() as cursor:
        make_pieces(cursor)
        cursor.execute("SET session_replication_role = replica")  # keys are right as made
        insert(
            cursor,
            Prompt,
            f"FROM (SELECT n, {asked} AS text FROM {numbers} AS n {prompt_joins}) made",
            id="n",
            project_id=project.pk,
            messages="json_build_array(json_build_object('role', 'user', 'content', text))",
            content_hash="encode(sha256(convert_to(text, 'UTF8')), 'hex')",
            family="encode(sha256(convert_to(text, 'UTF8')), 'hex')",
            language="'en'",
        )
        insert(
            cursor,
            Sample,
            f"FROM (SELECT n, {answer} AS text"
            f" FROM generate_series(4 * {after + 1}, 4 * {after + prompts}::bigint + 3) n {answer_joins}) t",
            id="n",
            prompt_id="n / 4",
            generator_id=generator.pk,
            text="text",
            text_hash="encode(sha256(convert_to(text, 'UTF8')), 'hex')",
        )
        tasks = f"FROM {numbers} AS n"
        ids = "ARRAY[4 * n, 4 * n + 1, 4 * n + 2, 4 * n + 3]"
        insert(cursor, Task, tasks, id="n", project_id=project.pk, lane_id=lane.pk, prompt_id="n", sample_ids=ids,
               overlap=1, taken=1, judged=1)  # fmt: skip
        insert(cursor, Judgement, tasks, id="n", project_id=project.pk, task_id="n", prompt_id="n", seconds="n % 90",
               person_id=f"(ARRAY{people})[1 + n % 20]")  # fmt: skip
        insert(cursor, Ranking, tasks, id="n", judgement_id="n", sample_ids=ids, ranks=ORDERS)
        settle(cursor, (Prompt, Sample, Task, Judgement, Ranking))
    return project


def settle(cursor: Any, models: Sequence[Any]) -> None:
    for model in models:
        cursor.execute(f"VACUUM ANALYZE {model._meta.db_table}")
    cursor.execute("RESET session_replication_role")


def insert(cursor: Any, model: Any, source: str, **given: object) -> None:
    """Insert what `given` says in SQL, and every other column's default."""
    columns, values, literals = [], [], []
    for field in model._meta.concrete_fields:
        if field.attname in given:
            value = str(given[field.attname])
        elif field.has_db_default() or field.null:
            continue
        elif getattr(field, "auto_now_add", False):
            value = "now()"
        else:
            value = "%s"
            literals.append(field.get_db_prep_save(field.get_default(), cursor.db))
        columns.append(field.column)
        values.append(value)
    select = ", ".join(value if value == "%s" else value.replace("%", "%%") for value in values)
    cursor.execute(f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) SELECT {select} {source}", literals)
