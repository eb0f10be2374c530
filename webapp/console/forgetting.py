"""A person's right to have their data deleted: what that takes away, and then the job that does it. Owners only."""

from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from annotation.models import Judgement, Person, Project, Prompt, Role, Sample
from exports import withdrawing
from webapp.console.access import SignedIn, page

SHOWN = 20  # snapshots that are listed


class ForgetForm(forms.Form):
    """There is no way back: the name is typed, not clicked."""

    name = forms.CharField(
        label=gettext_lazy("Their user name, to confirm"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, who: Person, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.who = who

    def clean_name(self) -> str:
        if self.cleaned_data["name"].strip() != self.who.username:
            raise forms.ValidationError(_("This is not their user name: nothing was deleted."))
        return self.who.username


@login_required
@require_http_methods(["GET", "POST"])
def person_forget(request: SignedIn, slug: str, person_id: int) -> HttpResponse:
    project = get_object_or_404(Project.objects.with_role(request.user, Role.OWNER), slug=slug)
    who = _somebody(project, person_id)
    form = ForgetForm(request.POST or None, who=who)
    if request.method == "POST" and form.is_valid():
        return redirect("job", slug, withdrawing.start(person=who, project=project, by=request.user).pk)
    status = 422 if request.method == "POST" else 200
    return page(request, "person_forget", project, status=status, who=who, form=form, **_what_goes(project, who))


def _somebody(project: Project, person_id: int) -> Person:
    """A member, or somebody with judgements or texts in the project."""
    who = get_object_or_404(Person, pk=person_id)
    traces = (
        project.memberships.filter(person=who),
        Judgement.objects.filter(project=project, person=who),
        Prompt.objects.filter(project=project, author=who),
        Sample.objects.filter(prompt__project=project, author=who),
    )
    if not any(found.exists() for found in traces):
        raise Http404
    return who


def _what_goes(project: Project, who: Person) -> dict[str, Any]:
    snapshots = withdrawing.holding(project).order_by("-pk")
    return {
        "judgements": Judgement.objects.filter(project=project, person=who).count(),
        "texts": Prompt.objects.filter(project=project, author=who).count()
        + Sample.objects.filter(prompt__project=project, author=who).count(),
        "snapshots": snapshots[:SHOWN],
        "snapshot_count": snapshots.count(),
        "reward_models": project.reward_models.count(),
    }
