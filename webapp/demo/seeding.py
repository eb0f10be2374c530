"""Fill an empty installation with the demo. What is there already stays as it is, so that it may run at every start."""

from typing import Any

from django.db import transaction

from annotation import projects
from annotation.content import content_hash, messages_of
from annotation.intake.taking import take_prompts, take_samples
from annotation.models import Membership, Person, Project, Role
from webapp.demo import PASSWORD, SIGN_INS, example_round, small_talk, writing
from webapp.demo.content import lines, text
from workers import generating

PROJECTS = (
    {"slug": "everyday-help", "name": "Everyday help", "language": "en", "next_strategy": "disagreement"},
    {"slug": "zhongwen", "name": "中文助手", "language": "zh", "next_strategy": "arrival"},
)
ROLES: dict[str, str] = {
    "mia": Role.OWNER,
    "eli": Role.VIEWER,
    "alice": Role.ANNOTATOR,
    "bo": Role.ANNOTATOR,
}
NOT_IN = {("alice", "zhongwen")}


@transaction.atomic
def seed() -> list[str]:
    """Make the demo's people and projects; answers a line for each thing made."""
    people = {name: _person(name) for name, _, _ in SIGN_INS}
    made = [
        *(_project(facts, people) for facts in PROJECTS),
        writing.seed(people, ROLES),
        small_talk.seed(people, ROLES),
        example_round.seed(people, ROLES),
    ]
    return [line for line in made if line]


def _person(name: str) -> Person:
    may_create = name in {"mia", "eli"}
    defaults = {"display_name": name.capitalize(), "may_create_projects": may_create}
    person, made = Person.objects.get_or_create(username=name, defaults=defaults)
    if made:
        person.set_password(PASSWORD)
        person.save(update_fields=["password"])
    return person


def _project(facts: dict[str, Any], people: dict[str, Person]) -> str:
    if Project.objects.filter(slug=facts["slug"]).exists():
        return ""
    language, owner = facts["language"], people["mia"]
    project = projects.create(
        by=owner,
        slug=facts["slug"],
        name=facts["name"],
        preset="custom",
        guideline=text(f"guideline_{language}.md"),
        languages=[language],
        retrain_every=10,
        next_strategy=facts["next_strategy"],
    )
    members = [name for name in people if (name, project.slug) not in NOT_IN and people[name] != owner]
    Membership.objects.bulk_create(
        Membership(project=project, person=people[name], role=ROLES[name]) for name in members
    )
    return _fill(project, language, owner)


def _fill(project: Project, language: str, by: Person) -> str:
    prompts = list(lines(f"prompts_{language}.jsonl"))
    taken = take_prompts(project=project, rows=enumerate(({**p, "source": "demo"} for p in prompts), 1), by=by)
    messages = {prompt["key"]: prompt["messages"] for prompt in prompts}
    ids = dict(project.prompts.values_list("content_hash", "pk"))
    answers = (
        {**answer, "prompt_id": ids[content_hash(messages_of(messages[answer["prompt"]]))], **_seed_of(answer)}
        for answer in lines(f"answers_{language}.jsonl")
    )
    generating.default_generator(project)  # the model behind the English answers, which answers new prompts too
    samples = take_samples(project=project, rows=enumerate(answers, 1), by=by)
    errors = [*taken.errors, *samples.errors]
    if errors:
        raise ValueError(f"The demo's content is broken: {errors[0]}")
    said = f"{project.name}: {taken.created} prompts, {samples.created} answers, {project.tasks.count()} tasks to rank"
    writing.ask(project, by, language)
    return said


def _seed_of(answer: dict[str, Any]) -> dict[str, Any]:
    seed = answer["parameters"].get("seed")
    return {} if seed is None else {"seed": seed}
