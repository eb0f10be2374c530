"""What people report while they work, and what becomes of it. The one place that writes reports."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation import assignment as leases
from annotation import chatting
from annotation.models import Assignment, Conversation, Person, Prompt, Report, Sample, Task, Turn
from annotation.models.audit import record
from annotation.models.task import TaskKind

LONGEST_NOTE = 2_000


class NotReportable(ValueError):
    """The report does not fit the task; the message is a sentence for the person who sent it."""


@transaction.atomic
def report(
    *,
    assignment: Assignment,
    reason: str,
    sample_id: int | None = None,
    candidate_id: int | None = None,
    note: str = "",
) -> Report:
    """Keep what `assignment`'s person says of one of the answers they were shown, or of the prompt (no `sample_id`).

    In a live chat: of the answer `candidate_id`, or of the conversation. The same report again changes nothing but the
    note. Raises `NotReportable`, and `NoLongerOpen` for a chat that ended before it began.
    """
    if reason not in Report.Reason.values:
        raise NotReportable(_("A reason is one of %(known)s.") % {"known": ", ".join(Report.Reason.values)})
    if sample_id is not None and (sample_id not in assignment.shown or candidate_id is not None):
        raise NotReportable(_("This answer is not in the task."))
    in_chat = assignment.task.kind == TaskKind.CHAT
    if candidate_id is not None and not in_chat:
        raise NotReportable(_("This task is no chat: name the answer by its sample."))
    about = _chat(assignment, candidate_id) if in_chat else _prompt(assignment)
    note = note[:LONGEST_NOTE]
    key: dict[str, Any] = {"sample_id": sample_id, "candidate_id": candidate_id, "reason": reason}
    return Report.objects.update_or_create(
        task_id=assignment.task_id,
        person_id=assignment.person_id,
        **key,
        defaults={"note": note},
        create_defaults={"project_id": assignment.project_id, "note": note, **about},
    )[0]


def _prompt(assignment: Assignment) -> dict[str, Any]:
    if (prompt_id := assignment.task.prompt_id) is None:
        raise NotReportable(_("In this task the prompt is what you write: there is nothing to report."))
    return {"prompt_id": prompt_id}


def _chat(assignment: Assignment, candidate_id: int | None) -> dict[str, Any]:
    """Before the first word there is no conversation yet, but there may be something to report in what it is about."""
    conversation = chatting.of(assignment) or chatting.begin(assignment)
    if candidate_id is not None:
        seen = Turn.objects.filter(conversation=conversation, shown__contains=[candidate_id])
        if not seen.exists():
            raise NotReportable(_("This answer is not in the conversation."))
    return {"conversation": conversation}


@transaction.atomic
def resolve(*, report: Report, by: Person, verdict: str, words: str = "") -> bool:
    """A manager's verdict on a report, with their words; False where it has one already.

    Upheld, the answer (or the prompt, with all its tasks) is no longer handed out; the report's task alone where it is
    `withdrawn`; the whole prompt where it is `rejected`. Of a live chat the conversation is taken from the person who
    has it, and its prompts are rejected. Judgements that exist stay.
    """
    said = {"verdict": Report.Verdict(verdict), "resolution": words[:LONGEST_NOTE]}
    fresh = Report.objects.open().filter(pk=report.pk)
    if not fresh.update(resolved_by=by, resolved_at=timezone.now(), **said):
        return False
    _take_out(report, verdict)
    record("report.resolve", actor=by, project=report.project, subject=report.pk, verdict=verdict, reason=report.reason)
    return True


def _take_out(report: Report, verdict: str) -> None:
    if verdict == Report.Verdict.DISMISSED:
        return
    sample_id = report.candidate.sample_id if report.candidate else report.sample_id
    if verdict == Report.Verdict.WITHDRAWN:
        _withdraw(Task.objects.filter(pk=report.task_id))
    elif verdict == Report.Verdict.UPHELD and report.of_answer:
        if sample_id is not None:  # else its turn is not judged yet: choosing.py makes a sample of it that is out
            Sample.objects.filter(pk=sample_id).update(usable=False)
            _withdraw(Task.objects.filter(prompt__samples=sample_id, sample_ids__contains=[sample_id]))
    elif report.conversation:
        _end(report.conversation)
    else:
        _reject(Prompt.objects.filter(reports=report))


def _end(conversation: Conversation) -> None:
    """Take the conversation out, with all prompts that are its own: a first "Hello" may be others' as well."""
    said = Turn.objects.filter(state=Turn.State.DONE, judgement__isnull=False)
    elsewhere = said.exclude(conversation=conversation).values("judgement__prompt")
    mine = said.filter(conversation=conversation).values("judgement__prompt")
    _reject(Prompt.objects.filter(pk__in=mine).exclude(pk__in=elsewhere))
    _withdraw(Task.objects.filter(assignments=conversation.assignment))
    leases.revoke(assignment=conversation.assignment)


def _reject(prompts: QuerySet[Prompt]) -> None:
    ids = list(prompts.values_list("pk", flat=True))
    Prompt.objects.filter(pk__in=ids).update(review_state=Prompt.Review.REJECTED)
    _withdraw(Task.objects.filter(prompt__in=ids))


def _withdraw(tasks: QuerySet[Task]) -> None:
    ids = list(tasks.filter(withdrawn_at=None).values_list("pk", flat=True))
    Task.objects.filter(pk__in=ids).update(withdrawn_at=timezone.now())
