from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from annotation import undoing
from annotation.judging import NoLongerOpen
from annotation.models import Assignment
from webapp.requests import SignedIn
from webapp.workbench import page
from webapp.workbench.access import own_assignment
from webapp.workbench.telling import Outcome, told


@require_POST
@login_required
def undo(request: SignedIn, slug: str, uuid: UUID) -> HttpResponse:
    """Take one's last judgement back: the task is in work again, with what was said as its draft.

    Sent again it changes nothing. 409 where it can no longer be undone.
    """
    assignment = own_assignment(request, slug, uuid)
    if assignment.state == Assignment.State.JUDGED:
        draft = {**page.unbound(assignment).initial, "at": round(timezone.now().timestamp() * 1000)}
        try:
            undoing.undo(assignment=assignment, draft=draft)
        except NoLongerOpen as error:
            return told(request, assignment, Outcome(messages.ERROR, str(error)), status=409)
    return told(request, assignment, Outcome(messages.INFO, _("Taken back: it is yours to judge again.")))
