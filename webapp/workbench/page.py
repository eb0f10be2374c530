"""What the page of one task shows: never a model's name, never anybody else's judgement (promise 4)."""

from dataclasses import dataclass
from typing import Any

from django.forms import BoundField

from annotation.models import Assignment, Guideline, Judgement, Membership, Person, Project, Sample
from webapp.requests import SignedIn
from webapp.workbench.asking import flag_name, harm_name, scale_name
from webapp.workbench.forms import SKIP_REASONS, RankingForm, entered_before
from webapp.workbench.progress import of_today

LAYOUTS = ("auto", "stacked")


@dataclass(frozen=True)
class Order:
    """One answer's place in one order; the name is for people, empty where there is only one order."""

    criterion: str
    name: str
    field: BoundField


@dataclass(frozen=True)
class Answer:
    """One answer on the page, and what is asked about it."""

    id: int
    letter: str
    text: str
    orders: list[Order]
    scales: list[BoundField]
    flags: list[BoundField]
    harms: list[BoundField]

    @property
    def asked(self) -> list[BoundField]:
        return [*self.scales, *self.flags, *self.harms]


def answers(form: RankingForm) -> list[Answer]:
    texts = dict(Sample.objects.filter(pk__in=form.assignment.shown).values_list("pk", "text"))
    return [_answer(form, sample_id, texts[sample_id]) for sample_id in form.assignment.shown]


def _answer(form: RankingForm, sample_id: int, text: str) -> Answer:
    asked = form.asking.asked
    return Answer(
        id=sample_id,
        letter=form.letters[sample_id],
        text=text,
        orders=[Order(c, form.names.get(c, ""), form.rank_field(sample_id, c)) for c in form.criteria],
        scales=[form[scale_name(sample_id, scale.name)] for scale in asked.scales],
        flags=[form[flag_name(sample_id, flag.name)] for flag in asked.flags],
        harms=[form[harm_name(sample_id, category.name)] for category in asked.categories],
    )


def unbound(assignment: Assignment) -> RankingForm:
    """The form as the person left it: their judgement, or their draft, or empty."""
    if assignment.state == Assignment.State.JUDGED:
        current = Judgement.objects.current().get(task_id=assignment.task_id, person_id=assignment.person_id)
        return RankingForm(assignment=assignment, initial=entered_before(current, assignment.project))
    return RankingForm(assignment=assignment, initial=assignment.draft or {})


def facts(request: SignedIn, project: Project, **context: Any) -> dict[str, Any]:
    """What a page of the workbench needs besides its task."""
    return {
        "project": project,
        "today": of_today(request.user, project),
        "guideline": project.guideline,
        "unread": unread(project, request.user),
        "last": last_judged(request.user, project),
        **context,
    }


def of_task(request: SignedIn, assignment: Assignment, form: RankingForm) -> dict[str, Any]:
    layout = request.COOKIES.get("layout")
    context = facts(
        request,
        assignment.project,
        assignment=assignment,
        form=form,
        answers=answers(form),
        messages_shown=assignment.task.messages,
        revising=assignment.state == Assignment.State.JUDGED,
        skip_reasons=SKIP_REASONS,
        layout=layout if layout in LAYOUTS else LAYOUTS[0],
    )
    context["guideline_open"] = request.COOKIES.get("guideline", "open" if context["unread"] else "") == "open"
    return context


def unread(project: Project, person: Person) -> str:
    """`new` or `changed` where the person has not read the guideline as it is now, else nothing."""
    newest: Guideline | None = project.guideline
    read = Membership.objects.filter(project=project, person=person).values_list("guideline_read", flat=True).first()
    if newest is None or read is None or read >= newest.version:
        return ""
    return "changed" if read else "new"


def last_judged(person: Person, project: Project) -> Assignment | None:
    mine = Assignment.objects.filter(person=person, project=project, state=Assignment.State.JUDGED)
    return mine.order_by("-closed_at").first()
