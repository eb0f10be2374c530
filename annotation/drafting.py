"""What becomes of what people write: samples of theirs, prompts of theirs, and when these may still be changed."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation import nearness, wishes
from annotation.checking import NotAcceptable
from annotation.content import Message, content_hash, text_hash
from annotation.models import Generator, Judgement, Person, Project, Prompt, Report, Sample, Task
from annotation.models.audit import record
from annotation.models.task import TaskKind
from annotation.tasks import form_rank_tasks, hold_forming

WRITTEN = "written"  # the generator's name, and the source of prompts


def written_by_people(project: Project) -> Generator:
    """The mark of answers that people of the project wrote."""
    facts = {"backend": Generator.Backend.WRITTEN}
    return Generator.objects.get_or_create(project=project, name=WRITTEN, defaults=facts)[0]


def written_sample(judgement: Judgement, text: str) -> Sample:
    """The text as an answer of its writer's; where the prompt has just this answer already, that one."""
    facts = {"generator": written_by_people(judgement.project), "text": text, "author_id": judgement.person_id}
    return Sample.objects.get_or_create(prompt_id=judgement.prompt_id, text_hash=text_hash(text), defaults=facts)[0]


def supersede(sample: Sample) -> None:
    """A demonstration that its author has revised: it goes, unless people meet it in a task. The judgement keeps it."""
    hold_forming(sample.prompt.project)
    known = Task.objects.filter(prompt_id=sample.prompt_id, sample_ids__contains=[sample.pk]).exists()
    named = Judgement.objects.current().filter(Q(sample=sample) | Q(started_from=sample)).exists()
    if sample.author_id and not known and not named and not Report.objects.filter(sample=sample).exists():
        sample.delete()


def columns_of(project: Project, messages: list[Message], near: Sequence[nearness.Near]) -> dict[str, Any]:
    """A prompt's columns that follow from its messages. Near-copies are one family: no split tears them apart."""
    digest = content_hash(messages)
    return {
        "content_hash": digest,
        "family": near[0].prompt.family if near else digest,
        "fingerprint": nearness.fingerprint(messages, project.pk),
    }


def create_prompt(judgement: Judgement, state: str, columns: Mapping[str, Any]) -> Prompt:
    """The prompt that the judgement's person wrote. Raises `NotAcceptable` where there is just this one already."""
    facts = {"project_id": judgement.project_id, "author_id": judgement.person_id, "source": WRITTEN}
    try:
        with transaction.atomic():
            return Prompt.objects.create(review_state=state, **facts, **columns)
    except IntegrityError:
        raise _known_already() from None


def _known_already() -> NotAcceptable:
    return NotAcceptable(_("Just this prompt is in the project already: write another one."), "prompt")


def locked(prompt: Prompt) -> Prompt:
    return Prompt.objects.select_for_update(of=("self",)).select_related("project").get(pk=prompt.pk)


def rewrite(prompt: Prompt, columns: Mapping[str, Any]) -> Prompt:
    """Its author changes a prompt that nobody has met yet. Raises `NotAcceptable`."""
    prompt = locked(prompt)
    check_unused(prompt)
    waits = Prompt.Review.PENDING if prompt.project.review_prompts else Prompt.Review.ACCEPTED
    if prompt.review_state != waits:
        raise NotAcceptable(_("This prompt was reviewed meanwhile: it can no longer be changed."), "prompt")
    return _changed(prompt, columns)


def check_unused(prompt: Prompt, apart_from: Task | None = None) -> None:
    """Raise `NotAcceptable` where answers or somebody's work rest on the prompt as it stands."""
    tasks = prompt.tasks.exclude(pk=apart_from.pk) if apart_from else prompt.tasks.all()
    met = [task for task in tasks.select_for_update() if task.taken]  # nobody is given it while it changes
    if met or prompt.samples.exists():
        raise NotAcceptable(_("Others are at work with this prompt by now: it can no longer be changed."), "prompt")


def _changed(prompt: Prompt, columns: Mapping[str, Any]) -> Prompt:
    for name, value in columns.items():
        setattr(prompt, name, value)
    try:
        with transaction.atomic():
            prompt.save(update_fields=list(columns))
    except IntegrityError:
        raise _known_already() from None
    return prompt


def original(prompt: Prompt | None) -> list[Message]:
    """The prompt as its author wrote it."""
    return list(prompt.original_messages or prompt.messages) if prompt else []


def decide(prompt: Prompt, *, accepted: bool, messages: list[Message] | None = None) -> None:
    """Take the prompt, as it was written or as `messages`, or turn it down; its row is locked."""
    written = original(prompt)
    now = (messages or written) if accepted else written
    columns: dict[str, Any] = {
        "messages": now,
        "original_messages": written if now != written else None,
        "review_state": Prompt.Review.ACCEPTED if accepted else Prompt.Review.REJECTED,
    }
    if now != prompt.messages:
        near = nearness.near(project=prompt.project, messages=now, without=[prompt.pk])
        columns |= columns_of(prompt.project, now, near)
    _changed(prompt, columns)
    if accepted:
        go_on_with(prompt)
    else:
        prompt.tasks.filter(kind=TaskKind.DEMONSTRATE, taken=0).update(withdrawn_at=timezone.now())


def go_on_with(prompt: Prompt) -> None:
    """An accepted prompt takes the normal path: a demonstration where that is wished, rankings of its answers."""
    if prompt.project.demonstrate_prompts:
        wishes.ask_for_demonstrations(project=prompt.project, prompt_ids=[prompt.pk])
    form_rank_tasks(project=prompt.project, prompt_ids=[prompt.pk])


@transaction.atomic
def rule(*, prompt: Prompt, by: Person, accepted: bool, reason: str = "") -> bool:
    """A manager's word on a prompt that waits for review; its review task goes. False where it waits no longer."""
    prompt = locked(prompt)
    if prompt.review_state != Prompt.Review.PENDING:
        return False
    prompt.tasks.filter(kind=TaskKind.REVIEW_PROMPT).update(withdrawn_at=timezone.now())
    decide(prompt, accepted=accepted)
    action = "prompt.accept" if accepted else "prompt.reject"
    record(action, actor=by, project=prompt.project, subject=prompt.pk, reason=reason[:500])
    return True
