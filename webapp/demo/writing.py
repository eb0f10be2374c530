"""Writing in the demo: a little of it beside the rankings, and a project that goes InstructGPT's way from scratch."""

from collections.abc import Mapping

from annotation import projects, wishes
from annotation.intake.taking import take_prompts, take_samples
from annotation.models import Membership, Person, Project
from annotation.wishes import Terms
from webapp.demo.content import lines, text

LATER = Terms(priority=2)  # rankings come first
SLUG = "from-scratch"
RATED, ANSWERED = 3, 6  # of the English prompts: how many are rated, and how many there are
INSTRUCTIONS = {
    "en": "Ask something that you really want to know this week. Say **who the answer is for**.",
    "zh": "请写下你这周真正想问的问题，并说明**回答是给谁看的**。",
}


def ask(project: Project, by: Person, language: str) -> None:
    """Five demonstrations and three prompts, behind the rankings."""
    project.prompt_instruction, project.start_from_best = INSTRUCTIONS[language], True
    project.save(update_fields=["prompt_instruction", "start_from_best"])
    some = project.prompts.order_by("pk").values_list("pk", flat=True)[:5]
    wishes.ask_for_demonstrations(project=project, by=by, prompt_ids=some, terms=LATER)
    wishes.ask_for_prompts(project=project, by=by, number=3, language=language, terms=LATER)


def seed(people: Mapping[str, Person], roles: Mapping[str, str]) -> str:
    """The project that starts with people's own prompts; what is there already stays as it is."""
    if Project.objects.filter(slug=SLUG).exists():
        return ""
    owner = people["mia"]
    project = projects.create(
        by=owner,
        slug=SLUG,
        name="From scratch",
        preset="instructgpt",
        guideline=text("guideline_scratch.md"),
        languages=["en"],
        prompt_instruction=INSTRUCTIONS["en"],
        demonstrate_prompts=True,
    )
    others = {name: person for name, person in people.items() if person != owner}
    Membership.objects.bulk_create(
        Membership(project=project, person=person, role=roles[name]) for name, person in others.items()
    )
    _fill(project, owner)
    return f"{project.name}: {project.tasks.count()} tasks of every kind"


def _fill(project: Project, by: Person) -> None:
    prompts = list(lines("prompts_en.jsonl"))[:ANSWERED]
    take_prompts(project=project, rows=enumerate(({**p, "source": "demo"} for p in prompts), 1), by=by)
    messages = {prompt["key"]: prompt["messages"] for prompt in prompts[:RATED]}
    answers = (
        {"prompt": messages[answer["prompt"]], "text": answer["text"], "generator": answer["generator"]["name"]}
        for answer in lines("answers_en.jsonl")
        if answer["prompt"] in messages
    )
    take_samples(project=project, rows=enumerate(answers, 1), by=by)
    ids = list(project.prompts.order_by("pk").values_list("pk", flat=True))
    wishes.ask_for_ratings(project=project, by=by, prompt_ids=ids[:RATED])
    wishes.ask_for_demonstrations(project=project, by=by, prompt_ids=ids[RATED:])
    wishes.ask_for_prompts(project=project, by=by, number=3, language="en")
