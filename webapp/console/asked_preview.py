"""How the ranking page will ask what a project asks: its own form and parts, with two sample answers.

Nothing of it can be entered: all of its fields are disabled, so that a browser does not send them either.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from annotation.models import Assignment, Project
from annotation.questions import of
from webapp.console.question_forms import QuestionsForm
from webapp.workbench.asking import harm_name
from webapp.workbench.ranking import Answer, RankingForm, with_texts

FIRST, SECOND = 1, 2  # the sample answers' ids


@dataclass(frozen=True)
class AskedPreview:
    ids: str
    """What the ids of its elements begin with, so that several stand on one page."""
    form: RankingForm
    answers: list[Answer]
    problems: list[str]
    """Sentences on lines that make no sense yet; the rest is shown without them."""
    strength_is_not_asked: bool
    """It is ticked, but the project ranks more than two answers at once."""


def of_form(form: QuestionsForm) -> AskedPreview:
    """What the form says now, saved or not."""
    if not form.is_bound:
        return preview(form.project, form.project.questions, ids="asked-")
    problems = [f"{form[name].label}: {' '.join(map(str, errors))}" for name, errors in form.errors.items()]
    return preview(form.project, form.sensible(), ids="asked-", problems=problems)


def preview(
    project: Project, questions: dict[str, Any], *, ids: str, problems: list[str] | None = None
) -> AskedPreview:
    """`questions` as `Project.questions` stores them; of the project only the rules of its work count."""
    strength = bool(questions.get("strength")) and project.k == 2
    sample = Project(allow_unranked=project.allow_unranked, questions={**questions, "strength": strength})
    sample_task = Assignment(project=sample, shown=[FIRST, SECOND])
    form = RankingForm(assignment=sample_task, auto_id=f"{ids}%s", prefix=ids, initial=_severities(sample))
    for field in form.fields.values():
        field.disabled = True
    texts = {FIRST: _("The first answer stands here."), SECOND: _("And here the second, beside or below it.")}
    not_asked = bool(questions.get("strength")) and not strength
    return AskedPreview(ids, form, with_texts(form, texts), problems or [], not_asked)


def _severities(project: Project) -> dict[str, str]:
    """The first categories of the first answer, each with another severity, so that all of them are seen."""
    asked = of(project)
    pairs = zip(asked.categories, asked.severities, strict=False)
    return {harm_name(FIRST, category.name): severity.name for category, severity in pairs}
