"""Taking one's last word back: the judgement is withdrawn, and the same task is in work again."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation import assignment as leases
from annotation import drafting, overlap
from annotation.checking import NotAcceptable
from annotation.judging import NoLongerOpen
from annotation.models import Assignment, Judgement, Task, WorkDay
from annotation.models.task import TaskKind
from annotation.tasks import hold_forming

# What was written goes with its undoing, where nobody works with it yet. A review has decided, a chat is over.
UNDOABLE = (TaskKind.RANK, TaskKind.RATE, TaskKind.DEMONSTRATE, TaskKind.WRITE_PROMPT)


@transaction.atomic
def undo(*, assignment: Assignment, draft: dict[str, Any] | None = None) -> Judgement:
    """Withdraw the person's judgement and hand them the same assignment again, with `draft` as the unfinished form.

    The revision is kept, and is current no longer; what comes next is another revision. The slot stays theirs, so
    that nobody can take the task in between. Only their last word, and only while the project and the task are open:
    raises `NoLongerOpen`. Answers what was withdrawn.
    """
    locked = Assignment.objects.select_for_update(of=("self",)).select_related("project", "task").get(pk=assignment.pk)
    judgement, counted_at = _last_word(locked)
    Judgement.objects.filter(pk=judgement.pk).update(is_current=False)
    Task.objects.filter(pk=locked.task_id).update(judged=F("judged") - 1)
    _uncount(judgement, counted_at)
    _take_out(locked, judgement)
    locked.state, locked.closed_at, locked.draft = Assignment.State.LEASED, None, draft
    locked.expires_at = leases.lease_end(locked.project)
    locked.save(update_fields=["state", "closed_at", "draft", "expires_at"])
    if overlap.is_dynamic(locked.project):
        overlap.settle(locked.task_id)
    for name in ("state", "closed_at", "draft", "expires_at"):
        setattr(assignment, name, getattr(locked, name))
    return judgement


def _last_word(assignment: Assignment) -> tuple[Judgement, datetime]:
    """And when the task was judged."""
    if assignment.state != Assignment.State.JUDGED or assignment.closed_at is None:
        raise NoLongerOpen(_("There is no judgement of this task to undo."))
    if assignment.task.kind not in UNDOABLE:
        raise NoLongerOpen(_("This kind of work is revised, not undone."))
    if assignment.project.archived_at or assignment.task.withdrawn_at:
        raise NoLongerOpen(_("The round is over: this judgement can no longer be undone."))
    mine = Assignment.objects.filter(
        project_id=assignment.project_id, person_id=assignment.person_id, state=Assignment.State.JUDGED
    )
    if mine.order_by("-closed_at").values_list("pk", flat=True).first() != assignment.pk:
        raise NoLongerOpen(_("Only the last judgement can be undone: open this one and revise it."))
    said = Judgement.objects.current().get(task_id=assignment.task_id, person_id=assignment.person_id)
    return said, assignment.closed_at


def _uncount(judgement: Judgement, counted_at: datetime) -> None:
    """Take it out of the day on which the task was judged, with the seconds of what was said then."""
    said = Judgement.objects.filter(task_id=judgement.task_id, person_id=judgement.person_id, created_at=counted_at)
    seconds = said.values_list("seconds", flat=True).first() or 0.0
    day = WorkDay.objects.filter(
        project_id=judgement.project_id, person_id=judgement.person_id, day=timezone.localdate(counted_at)
    )
    day.update(judgements=Greatest(F("judgements") - 1, 0), seconds=Greatest(F("seconds") - seconds, 0.0))


def _met() -> NoLongerOpen:
    return NoLongerOpen(
        _("Others are at work with your text by now: it can no longer be undone, open it and revise it.")
    )


def _take_out(assignment: Assignment, judgement: Judgement) -> None:
    """What the person wrote goes: their answer, or their prompt with what was said of it, which was by them alone."""
    if assignment.task.kind == TaskKind.DEMONSTRATE and judgement.sample:
        hold_forming(assignment.project)
        if Task.objects.filter(prompt_id=judgement.prompt_id, sample_ids__contains=[judgement.sample_id]).exists():
            raise _met()
        drafting.supersede(judgement.sample)
    elif assignment.task.kind == TaskKind.WRITE_PROMPT:
        prompt = drafting.locked(judgement.prompt)
        try:
            drafting.check_unused(prompt)
        except NotAcceptable as error:
            raise _met() from error
        if Judgement.objects.filter(prompt=prompt).exclude(person_id=judgement.person_id).exists():
            raise _met()
        prompt.delete()
