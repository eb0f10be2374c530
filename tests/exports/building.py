"""Judged data for tests, straight into the database: quicker than a browser, and as large as asked for."""

from collections.abc import Sequence
from typing import Any

from annotation.content import content_hash, messages_of, text_hash
from annotation.models import Generator, Judgement, Lane, Person, Project, Prompt, Ranking, Sample, Task


def project(slug: str = "chat") -> Project:
    owner, _ = Person.objects.get_or_create(username="olive")
    return Project.objects.create(slug=slug, name=slug, created_by=owner)


def person(project: Project, name: str) -> Person:
    """Somebody who judges in `project`, known from an imported file."""
    username = f"{project.slug}:{name}"
    found, _ = Person.objects.get_or_create(
        username=username, defaults={"origin": Person.Origin.IMPORTED, "is_active": False}
    )
    return found


def task(project: Project, prompt: Any, texts: Sequence[str], family: str = "", **facts: Any) -> Task:
    """A rank task over `texts`; `facts` are the prompt's. The same prompt again gives it another task."""
    messages = messages_of(prompt)
    digest = content_hash(messages)
    facts = {"messages": messages, "family": family or digest, "language": "en", **facts}
    row, _ = Prompt.objects.get_or_create(project=project, content_hash=digest, defaults=facts)
    generator, _ = Generator.objects.get_or_create(
        project=project, name="tiny", defaults={"backend": Generator.Backend.IMPORTED}
    )
    samples = Sample.objects.bulk_create(
        Sample(prompt=row, generator=generator, text=text, text_hash=text_hash(text), parameters={"temperature": 0.7})
        for text in texts
    )
    lane, _ = Lane.objects.get_or_create(project=project, kind="rank", language=row.language)
    return Task.objects.create(
        project=project, lane=lane, prompt=row, sample_ids=sorted(s.pk for s in samples), overlap=100
    )


def judge(task: Task, name: str, ranks: Sequence[int | None], **facts: Any) -> Judgement:
    """`name` ranks the task's samples in the order in which they were made; None leaves one unranked."""
    who = person(task.project, name)
    before = Judgement.objects.filter(task=task, person=who).update(is_current=False)
    judgement = Judgement.objects.create(
        project_id=task.project_id,
        task=task,
        prompt_id=task.prompt_id,
        person=who,
        revision=before + 1,
        source=Judgement.Source.IMPORT,
        **facts,
    )
    ranked = [(sample, rank) for sample, rank in zip(task.sample_ids, ranks, strict=True) if rank is not None]
    if ranked:
        sample_ids, given = map(list, zip(*ranked, strict=True))
        Ranking.objects.create(judgement=judgement, sample_ids=sample_ids, ranks=given)
    return judgement
