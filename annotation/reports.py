"""What people report while they work, and what becomes of it. The one place that writes reports."""

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from annotation.models import Assignment, Person, Prompt, Report, Sample, Task
from annotation.models.audit import record

LONGEST_NOTE = 2_000


class NotReportable(ValueError):
    """The report does not fit the task; the message is a sentence for the person who sent it."""


def report(*, assignment: Assignment, reason: str, sample_id: int | None = None, note: str = "") -> Report:
    """Keep what `assignment`'s person says of one of the answers they were shown, or of the prompt (no `sample_id`).

    The same report again changes nothing but the note. Raises `NotReportable`.
    """
    if reason not in Report.Reason.values:
        raise NotReportable(f"A reason is one of {', '.join(Report.Reason.values)}.")
    if sample_id is not None and sample_id not in assignment.shown:
        raise NotReportable("This answer is not in the task.")
    if (prompt_id := assignment.task.prompt_id) is None:
        raise NotReportable("In this task the prompt is what you write: there is nothing to report.")
    key: dict[str, Any] = {"sample_id": sample_id, "reason": reason}
    kept, _ = Report.objects.update_or_create(
        task_id=assignment.task_id,
        person_id=assignment.person_id,
        **key,
        defaults={"note": note[:LONGEST_NOTE]},
        create_defaults={
            "project_id": assignment.project_id,
            "prompt_id": prompt_id,
            "note": note[:LONGEST_NOTE],
        },
    )
    return kept


@transaction.atomic
def resolve(*, report: Report, by: Person, verdict: str, words: str = "") -> bool:
    """A manager's verdict on a report, with their words; False where it has one already.

    Upheld, the answer (or the prompt, with all its tasks) is no longer handed out; the report's task alone where it is
    `withdrawn`; the whole prompt where it is `rejected`. Judgements that exist stay.
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
    concerned = Q()
    if verdict == Report.Verdict.WITHDRAWN:
        concerned = Q(pk=report.task_id)
    elif verdict == Report.Verdict.UPHELD and report.sample_id is not None:
        Sample.objects.filter(pk=report.sample_id).update(usable=False)
        concerned = Q(sample_ids__contains=[report.sample_id])
    else:
        Prompt.objects.filter(pk=report.prompt_id).update(review_state=Prompt.Review.REJECTED)
    Task.objects.filter(concerned, prompt_id=report.prompt_id, withdrawn_at=None).update(withdrawn_at=timezone.now())
