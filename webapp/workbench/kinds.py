"""The kinds of task on the workbench: the form that takes a verdict, and the part of the page that shows the task.

Everything else is one flow for all of them: work.py leases, shows, submits and goes on; drafts.py keeps the form.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from annotation.models import Assignment, Judgement
from annotation.models.task import TaskKind
from webapp.workbench import chat_page, ranking, rating, writing
from webapp.workbench.chat_forms import ClosingForm
from webapp.workbench.forms import VerdictForm


@dataclass(frozen=True)
class Kind:
    """What one kind brings to the flow."""

    form: type[VerdictForm]
    part: str
    """The template `workbench/{part}_part.html`, whose outermost element is `#task`."""
    context: Callable[[Any], dict[str, Any]]
    """What the part needs of its form besides the facts that every task has."""
    summary: Callable[[Judgement], str]
    """A judgement in a few words, for the list of one's own."""


KINDS: dict[str, Kind] = {
    TaskKind.RANK: Kind(form=ranking.RankingForm, part="task", context=ranking.context, summary=ranking.summary),
    TaskKind.DEMONSTRATE: Kind(
        form=writing.DemonstrationForm,
        part="demonstrate",
        context=writing.demonstration_context,
        summary=writing.demonstration_summary,
    ),
    TaskKind.WRITE_PROMPT: Kind(
        form=writing.PromptForm,
        part="write_prompt",
        context=writing.prompt_context,
        summary=writing.prompt_summary,
    ),
    TaskKind.REVIEW_PROMPT: Kind(
        form=writing.ReviewForm,
        part="review_prompt",
        context=writing.review_context,
        summary=writing.review_summary,
    ),
    TaskKind.RATE: Kind(form=rating.RateForm, part="rate", context=rating.context, summary=rating.summary),
    TaskKind.CHAT: Kind(form=ClosingForm, part="chat", context=chat_page.context, summary=chat_page.summary),
}


def of(assignment: Assignment) -> Kind:
    return KINDS[assignment.task.kind]
