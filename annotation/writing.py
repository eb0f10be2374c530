"""What people write: demonstrations, prompts, and reviews of prompts. Each is a verdict that judging.py takes.

`Judgement.facts` says how a text came about, for the manager to read and never to punish: `typed` and `pasted`
(characters, as the page counted them), `largest` (the longest piece that was pasted), `near` ({id: similarity} of
prompts that were pointed out as near-copies). Where the page counted nothing (no script, the API), nothing is said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from django.utils.translation import gettext as _

from annotation import drafting, nearness, wishes
from annotation.checking import NotAcceptable
from annotation.content import Message, messages_of, storable
from annotation.models import Assignment, Judgement, Prompt, Task
from annotation.models.task import TaskKind
from annotation.tasks import form_rank_tasks

LONGEST_TEXT = 100_000  # characters of one text
LONGEST_REASON = 2_000
LONGEST_CATEGORY = 60

Facts = dict[str, Any]


def brief_of(assignment: Assignment) -> dict[str, str]:
    """What is wished of a prompt to write: the project's words and the task's, a category, a language."""
    wished, project = assignment.task.brief or {}, assignment.project
    words = filter(None, [project.prompt_instruction, wished.get("instruction", "")])
    return {
        "instruction": "\n\n".join(words),
        "category": wished.get("category", ""),
        "language": assignment.task.lane.language,
    }


def checked_text(text: str, about: str = "text") -> str:
    """The text as it is stored: outer blank lines and trailing blanks are nobody's words."""
    text = storable(text).replace("\r\n", "\n").strip("\n").rstrip()
    if not text.strip():
        raise NotAcceptable(_("There is no text yet: write it."), about)
    if len(text) > LONGEST_TEXT:
        words = _("A text has at most %(most)s characters: this one has %(found)s.")
        raise NotAcceptable(words % {"most": f"{LONGEST_TEXT:,}", "found": f"{len(text):,}"}, about)
    return text


@dataclass(frozen=True)
class Demonstration:
    """The answer that a person wrote. It becomes a sample of theirs."""

    kinds: ClassVar[tuple[str, ...]] = (TaskKind.DEMONSTRATE,)

    text: str
    started_from: int | None = None
    """The sample whose text they changed: then theirs is known to be better."""
    comment: str = ""
    facts: Facts | None = None
    seconds: float | None = None

    def checked(self, assignment: Assignment) -> Self:
        if self.started_from is not None and self.started_from not in assignment.shown:
            raise NotAcceptable(_("This is not an answer that you were offered to start from."), "started_from")
        return replace(self, text=checked_text(self.text))

    def same(self, judgement: Judgement) -> bool:
        said = (judgement.edited_text, judgement.started_from_id, judgement.comment)
        return said == (self.text, self.started_from, self.comment)

    def write(self, judgement: Judgement, before: Judgement | None) -> None:
        judgement.edited_text, judgement.comment, judgement.facts = self.text, self.comment, self.facts
        judgement.started_from_id = self.started_from
        judgement.sample = drafting.written_sample(judgement, self.text)
        judgement.save(force_insert=True)
        if before and before.sample and before.sample != judgement.sample:
            drafting.supersede(before.sample)
        form_rank_tasks(project=judgement.project, prompt_ids=[judgement.prompt_id])


@dataclass(frozen=True)
class NewPrompt:
    """A prompt that a person wrote: a conversation that ends where a model is to answer."""

    kinds: ClassVar[tuple[str, ...]] = (TaskKind.WRITE_PROMPT,)

    messages: list[Message]
    language: str = ""
    category: str = ""
    comment: str = ""
    facts: Facts | None = None
    seconds: float | None = None

    def checked(self, assignment: Assignment) -> Self:
        """Without a language it is the task's, or the project's where that has one."""
        project, wished = assignment.project, assignment.task
        named = self.language or wished.lane.language
        language = named or (project.languages[0] if len(project.languages) == 1 else "")
        if self.language and project.languages and language not in project.languages:
            words = _("This project's languages are %(languages)s.")
            raise NotAcceptable(words % {"languages": ", ".join(project.languages)}, "language")
        category = " ".join(storable(self.category).split()) or (wished.brief or {}).get("category", "")
        if len(category) > LONGEST_CATEGORY:
            words = _("A category has at most %(most)d characters.")
            raise NotAcceptable(words % {"most": LONGEST_CATEGORY}, "category")
        return replace(self, messages=checked_messages(self.messages), language=language, category=category)

    @property
    def written(self) -> dict[str, Any]:
        return {"messages": self.messages, "language": self.language, "category": self.category}

    def same(self, judgement: Judgement) -> bool:
        return (judgement.written, judgement.comment) == (self.written, self.comment)

    def write(self, judgement: Judgement, before: Judgement | None) -> None:
        near = nearness.near(
            project=judgement.project, messages=self.messages, without=[before.prompt_id] if before else []
        )
        judgement.prompt = self._prompt(judgement, before, near)
        judgement.written, judgement.comment = self.written, self.comment
        judgement.facts = with_near(self.facts, near)
        judgement.save(force_insert=True)

    def _prompt(self, judgement: Judgement, before: Judgement | None, near: Sequence[nearness.Near]) -> Prompt:
        columns = {**self.written, **drafting.columns_of(judgement.project, self.messages, near)}
        if before:
            return drafting.rewrite(before.prompt, columns)
        waits = judgement.project.review_prompts
        state = Prompt.Review.PENDING if waits else Prompt.Review.ACCEPTED
        prompt = drafting.create_prompt(judgement, state, columns)
        if waits:
            wishes.ask_for_review(prompt)
        else:
            drafting.go_on_with(prompt)
        return prompt


def checked_messages(messages: Sequence[Mapping[str, str]]) -> list[Message]:
    """Raises `NotAcceptable` where it is no conversation that a model can answer."""
    try:
        found = messages_of(list(messages))
    except ValueError as error:
        raise NotAcceptable(str(error), "prompt") from error
    if sum(len(message["content"]) for message in found) > LONGEST_TEXT:
        words = _("A prompt has at most %(most)s characters.")
        raise NotAcceptable(words % {"most": f"{LONGEST_TEXT:,}"}, "prompt")
    return [{**message, "content": checked_text(message["content"], "prompt")} for message in found]


def with_near(facts: Facts | None, near: Sequence[nearness.Near]) -> Facts | None:
    if not near:
        return facts
    return {**(facts or {}), "near": {str(each.prompt.pk): round(each.similarity, 2) for each in near}}


@dataclass(frozen=True)
class PromptReview:
    """What a person says of a prompt that another wrote: take it, take it as they edited it, or not, and why."""

    kinds: ClassVar[tuple[str, ...]] = (TaskKind.REVIEW_PROMPT,)

    decision: str
    messages: list[Message] | None = None
    """The prompt as it should be, where the decision is `edit`."""
    reason: str = ""
    facts: Facts | None = None
    seconds: float | None = None

    def checked(self, assignment: Assignment) -> Self:
        if self.decision not in Judgement.Decision.values:
            words = _("A review's verdict is one of %(known)s.")
            raise NotAcceptable(words % {"known": ", ".join(Judgement.Decision.values)}, "verdict")
        reason = storable(self.reason).strip()
        if len(reason) > LONGEST_REASON:
            words = _("A reason has at most %(most)s characters.")
            raise NotAcceptable(words % {"most": f"{LONGEST_REASON:,}"}, "reason")
        if self.decision == Judgement.Decision.REJECT and not reason:
            raise NotAcceptable(_("Say why the prompt should not be taken: its author can learn from it."), "reason")
        return replace(self, reason=reason, messages=self._edited(assignment.task))

    def _edited(self, task: Task) -> list[Message] | None:
        if self.decision != Judgement.Decision.EDIT:
            return None
        messages = checked_messages(self.messages or [])
        if messages == drafting.original(task.prompt):
            raise NotAcceptable(_("The prompt is as its author wrote it: accept it, or change something."), "text")
        return messages

    def same(self, judgement: Judgement) -> bool:
        edited = self.messages and {"messages": self.messages}
        return (judgement.decision, judgement.comment, judgement.written) == (self.decision, self.reason, edited)

    def write(self, judgement: Judgement, before: Judgement | None) -> None:
        judgement.decision, judgement.comment, judgement.facts = self.decision, self.reason, self.facts
        judgement.written = {"messages": self.messages} if self.messages else None
        judgement.save(force_insert=True)
        prompt = drafting.locked(judgement.prompt)
        if before:
            drafting.check_unused(prompt, apart_from=judgement.task)
        elif prompt.review_state != Prompt.Review.PENDING:
            return  # somebody decided meanwhile: this opinion is kept, that decision stands
        drafting.decide(prompt, accepted=self.decision != Judgement.Decision.REJECT, messages=self.messages)
