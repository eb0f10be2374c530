"""The demo's example for managers: a week of a round, judged by simulated annotators and named as that everywhere.

Everything is made by what makes it in real projects (intake, gold, qualification, queue, judging, reports, reviews);
only its dates are moved back afterwards (dating.py), and no figure is entered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from random import Random
from typing import Any

from django.db import connection

from annotation import assignment as leases
from annotation import gold, judging, projects, qualification, reports, reviews
from annotation.intake.people import People
from annotation.intake.taking import take_samples
from annotation.models import Assignment, Judgement, Person, Project, Report, Review, Role, Sample, Task
from annotation.models.judgement import OVERALL
from webapp.demo.content import lines, text
from webapp.demo.dating import move_back
from webapp.demo.simulated import CREW, Annotator, Answer

SLUG, SOURCE = "example-round", "example, simulated"
CHINESE = 15  # prompts, of those that the Chinese demo has
MODELS = ("Example model A", "Example model B", "Example model C", "Example model D")
SEED = 20
DAYS = 6  # of work before today, after the day on which all was set up
A_DAY = (2, 3)  # tasks, each annotator
SKIPS, COMMENTS = 0.03, 0.1  # of their tasks
SAID = (
    "Simulated comment: what I put first does what was asked, in the form that was asked for.",
    "Simulated comment: two are nearly the same to me.",
    "Simulated comment: what I put last hardly answers.",
)
# Answers that somebody reports: a part of their text, the reason, the note, and what the manager says, if anything.
REPORTED = (
    ("breaststroke, crawl, backstroke", Report.Reason.BROKEN, "It stops in the middle of a sentence.", ""),
    ("rm -rf", Report.Reason.UNSAFE, "Whoever tries this loses their files.", ""),
    ("at the number that I gave", Report.Reason.UNSAFE, "This reads like a fraud.", "Rank it low; it may stay."),
)


@dataclass(frozen=True)
class Stage:
    """The project, whom its work is by, and what the simulated annotators see in its answers."""

    project: Project
    owner: Person
    crew: Mapping[Annotator, Person]
    answers: Mapping[int, Answer]
    dice: Random


def seed(people: Mapping[str, Person], roles: Mapping[str, str]) -> str:
    """Make the project unless it is there; answers a line about it."""
    if Project.objects.filter(slug=SLUG).exists():
        return ""
    project, dice = _project(people, roles), Random(SEED)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(%s)", [SEED / 100])  # the queue shuffles by the database's dice
    rows = _rows()
    answers = _take(project, people["mia"], rows, dice)
    stage = Stage(project, people["mia"], _crew(project, people["mia"]), answers, dice)
    _make_gold(stage, rows)
    move_back(project, days=DAYS + 1)
    _qualify(stage)
    for days in range(DAYS, -1, -1):
        _day(stage)
        if days == 0:
            _finish(stage)
        move_back(project, days=days)
    return f"{project.name}: {project.judgements.count()} judgements by {len(CREW)} simulated annotators"


def _project(people: Mapping[str, Person], roles: Mapping[str, str]) -> Project:
    """Who annotates in the demo is no member: nobody's real judgements shall lie among the simulated ones."""
    owner = people["mia"]
    project = projects.create(
        by=owner,
        slug=SLUG,
        name="Example round (simulated)",
        guideline=text("guideline_example.md"),
        languages=["en", "zh"],
        overlap=2,
        max_overlap=3,
        agreement_floor=0.75,
        gold_share=0.2,
        qualification_tasks=3,
    )
    for name in [name for name in people if roles[name] == Role.VIEWER]:
        projects.set_role(project=project, person=people[name], role=Role.VIEWER, by=owner)
    return project


def _rows() -> list[dict[str, Any]]:
    """Prompts with their `answers`: gold first, then English and Chinese in turns as far as the Chinese go."""
    english = list(lines("example_round.jsonl"))
    golden = [row for row in english if "purpose" in row]
    plain = [row for row in english if "purpose" not in row]
    return [*golden, *(row for pair in zip_longest(plain, _chinese()) for row in pair if row)]


def _chinese() -> list[dict[str, Any]]:
    answers = list(lines("answers_zh.jsonl"))
    prompts = list(lines("prompts_zh.jsonl"))[:CHINESE]
    return [{**row, "answers": [answer for answer in answers if answer["prompt"] == row["key"]]} for row in prompts]


def _take(project: Project, by: Person, rows: Sequence[dict[str, Any]], dice: Random) -> dict[int, Answer]:
    """Take the answers in, with which the prompts and tasks are made; what each is to the simulated eye, by id."""
    given = [
        {
            "messages": row["messages"],
            **{name: row[name] for name in ("category", "language")},
            "source": SOURCE,
            "text": answer["text"],
            "generator": model,
        }
        for row in rows
        for answer, model in _named(row["answers"], dice)
    ]
    taken = take_samples(project=project, rows=enumerate(given, 1), by=by)
    if taken.errors:
        raise ValueError(f"The demo's content is broken: {taken.errors[0]}")
    quality = {answer["text"]: answer["quality"] for row in rows for answer in row["answers"]}
    stored = Sample.objects.filter(prompt__project=project).values_list("pk", "text")
    return {pk: Answer(quality[words], len(words.encode())) for pk, words in stored}


def _named(answers: Sequence[dict[str, Any]], dice: Random) -> list[tuple[dict[str, Any], str]]:
    """A model's name to each: the better answers to the first ones, more often than not."""
    luck = sorted(answers, key=lambda answer: -answer["quality"] - dice.gauss(0, 1.2))
    return list(zip(luck, MODELS, strict=True))


def _crew(project: Project, owner: Person) -> dict[Annotator, Person]:
    """People who never sign in, as those of imported files; datasets know their judgements for a machine's."""
    known = People(project)
    known.ensure(annotator.name for annotator in CREW)
    found = Person.objects.in_bulk(known.ids.values())
    crew = {annotator: found[known.ids[annotator.name]] for annotator in CREW}
    for person in crew.values():
        projects.set_role(project=project, person=person, role=Role.ANNOTATOR, by=owner)
    return crew


def _make_gold(stage: Stage, rows: Sequence[dict[str, Any]]) -> None:
    tasks = {task.messages[-1]["content"]: task for task in stage.project.tasks.select_related("prompt")}
    for row in rows:
        if "purpose" in row:
            task = tasks[row["messages"][-1]["content"]]
            facts = {"purpose": row["purpose"], "explanation": row["explanation"]}
            gold.make(task=task, groups=_right(stage, task), by=stage.owner, **facts)


def _right(stage: Stage, task: Task) -> list[list[int]]:
    return [[pk] for pk in sorted(task.sample_ids, key=lambda pk: -stage.answers[pk].quality)]


def _qualify(stage: Stage) -> None:
    """Each passes the round, at the second try perhaps; whoever fails both is admitted by the manager."""
    for annotator, person in stage.crew.items():
        while qualification.begin(project=stage.project, person=person):
            for _ in range(stage.project.qualification_tasks):
                _work(stage, annotator, person)
        if not qualification.standing(stage.project, person).qualified:
            qualification.admit(project=stage.project, person=person, by=stage.owner)


def _day(stage: Stage) -> None:
    turns = [pair for pair in stage.crew.items() for _ in range(stage.dice.randint(*A_DAY))]
    stage.dice.shuffle(turns)
    for annotator, person in turns:
        _work(stage, annotator, person)


def _work(stage: Stage, annotator: Annotator, person: Person) -> None:
    """One task out of the queue, judged or skipped; nothing where there is none left."""
    try:
        given = leases.lease_next(person=person, project=stage.project)
    except leases.NothingLeft:
        return
    if stage.dice.random() < SKIPS and not qualification.explains(given):
        leases.skip(assignment=given, reason="unsure")
        return
    seen = {pk: stage.answers[pk] for pk in given.shown}
    verdict = judging.Verdict(
        rankings={OVERALL: annotator.order(given.shown, seen, stage.dice)},
        comment=stage.dice.choice(SAID) if stage.dice.random() < COMMENTS else "",
        seconds=annotator.seconds(sum(answer.size for answer in seen.values()), stage.dice),
    )
    judging.submit(assignment=given, verdict=verdict, source=Judgement.Source.API)


def _finish(stage: Stage) -> None:
    """What waits for a manager. Who meets which task is the queue's, so that some more work may be due before."""
    if not reviews.wanted(stage.project).exists():
        _day(stage)
    _report(stage)
    _rule(stage)


def _report(stage: Stage) -> None:
    for part, reason, note, words in REPORTED:
        sample = Sample.objects.get(prompt__project=stage.project, text__contains=part)
        judged = Assignment.objects.filter(project=stage.project, state=Assignment.State.JUDGED)
        where = judged.filter(task__sample_ids__contains=[sample.pk]).select_related("task").first()
        if where is None:
            continue
        made = reports.report(assignment=where, reason=reason, sample_id=sample.pk, note=note)
        if words:
            reports.resolve(report=made, by=stage.owner, verdict=Report.Verdict.DISMISSED, words=words)


def _rule(stage: Stage) -> None:
    """The manager's word on one of the tasks that wait for it; the others are left for whoever tries the demo."""
    waiting = reviews.wanted(stage.project, stage.owner).select_related("project")
    if waiting.count() > 1 and (task := waiting.first()):
        orders = {OVERALL: _right(stage, task)}
        note = "Simulated ruling: what stands first here does what was asked, best of all."
        reviews.rule(task=task, reviewer=stage.owner, verdict=Review.Verdict.OVERRULED, orders=orders, note=note)
