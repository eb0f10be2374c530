"""What the page of one task shows: never a model's name, never anybody else's judgement (promise 4)."""

from typing import Any

from annotation import qualification
from annotation.lookups import beside
from annotation.models import Assignment, Guideline, Judgement, Person, Project
from webapp.rendering.changes import changes
from webapp.requests import SignedIn
from webapp.workbench import kinds
from webapp.workbench.chosen import kind_name, kind_of
from webapp.workbench.forms import SKIP_REASONS, VerdictForm
from webapp.workbench.progress import as_today
from webapp.workbench.reporting import form_of

LAYOUTS = ("auto", "row", "stacked")


def unbound(assignment: Assignment) -> VerdictForm:
    """The form as the person left it: their judgement, or their draft, or empty."""
    form = kinds.of(assignment).form
    if assignment.state == Assignment.State.JUDGED:
        current = Judgement.objects.current().get(task_id=assignment.task_id, person_id=assignment.person_id)
        return form.of_judgement(assignment, current)
    return form(assignment=assignment, initial=assignment.draft or {})


def facts(request: SignedIn, project: Project, **context: Any) -> dict[str, Any]:
    """What a page of the workbench needs besides its task."""
    found = beside(person=request.user, project=project)
    return {
        "project": project,
        "today": as_today(found.day, project),
        "guideline": found.guideline,
        "unread": unread(found.guideline, found.read),
        "only": kind_name(kind_of(request)),
        **context,
    }


def of_task(request: SignedIn, assignment: Assignment, form: VerdictForm) -> dict[str, Any]:
    layout = request.COOKIES.get("layout")
    context = facts(
        request,
        assignment.project,
        assignment=assignment,
        form=form,
        messages_shown=assignment.task.messages,
        revising=assignment.state == Assignment.State.JUDGED,
        explains=qualification.explains(assignment),
        skip_reasons=SKIP_REASONS,
        report_form=form_of(assignment)(assignment=assignment),
        layout=layout if layout in LAYOUTS else LAYOUTS[0],
    )
    context |= kinds.of(assignment).context(form)
    context["guideline_open"] = request.COOKIES.get("guideline", "open" if context["unread"] else "") == "open"
    return context


def unread(newest: Guideline | None, read: int | None) -> str:
    """`new` or `changed` where the guideline was not read as it is now, else nothing."""
    if newest is None or read is None or read >= newest.version:
        return ""
    return "changed" if read else "new"


def changed_since(project: Project, person: Person) -> dict[str, Any]:
    """What changed in the guideline since the person read it, for those of whom that is so."""
    found = beside(person=person, project=project)
    now, version = found.guideline, found.read
    if now is None or version is None or unread(now, version) != "changed":
        return {}
    before = project.guidelines.filter(version=version).first()
    return {"read": version, "changes": changes(before.text, now.text)} if before else {}
