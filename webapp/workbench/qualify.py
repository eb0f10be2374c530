"""The qualification round as a newcomer meets it: what it is, each task explained, and how it ended."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from annotation import qualification, questions
from annotation.models import Assignment, Judgement, Sample
from annotation.qualification import Result, Standing
from webapp.requests import SignedIn
from webapp.workbench import page
from webapp.workbench.access import judged_project, own_assignment
from webapp.workbench.order import lettered, written


@require_safe
@login_required
@never_cache
def qualify(request: SignedIn, slug: str) -> HttpResponse:
    """Where the person is with the qualification, and the way on."""
    project = judged_project(request, slug)
    now = qualification.standing(project, request.user)
    if now.qualified and now.round is None:
        return redirect("work", slug)
    shown = now.round if now.round and now.round.passed is not None else None
    facts = page.facts(
        request,
        project,
        now=now,
        results=_listed(now),
        wanted=min(project.qualification_tasks, now.tasks_left),
        pass_percent=_percent(now.round.pass_share if now.round else project.qualification_pass),
        score=_percent(shown.score) if shown and shown.score is not None else "",
    )
    return render(request, "workbench/qualify.html", facts)


@dataclass(frozen=True)
class Listed:
    """One judged task of the round, for the list."""

    result: Result
    percent: str


def _listed(now: Standing) -> list[Listed]:
    return [Listed(result, _percent(result.score)) for result in now.results]


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"


@require_POST
@login_required
def begin(request: SignedIn, slug: str) -> HttpResponseRedirect:
    project = judged_project(request, slug)
    begun = qualification.begin(project=project, person=request.user)
    return redirect("work" if begun else "qualify", slug)


@dataclass(frozen=True)
class Answer:
    """One answer with its right rank and the person's; ranks from 1, "–" where there is none."""

    letter: str
    text: str
    right: str
    mine: str

    @property
    def is_right(self) -> bool:
        return self.right == self.mine


@require_safe
@login_required
@never_cache
def explained(request: SignedIn, slug: str, uuid: UUID) -> HttpResponse:
    """A judged task of the round: what is right, why, and what the person said."""
    assignment = own_assignment(request, slug, uuid)
    if assignment.state != Assignment.State.JUDGED or not qualification.explains(assignment):
        raise Http404
    result = _result(assignment)
    now = qualification.standing(assignment.project, request.user)
    letters = lettered(assignment.shown)
    right = result.gold.groups
    facts = page.facts(
        request,
        assignment.project,
        assignment=assignment,
        messages_shown=assignment.task.messages,
        answers=answers(assignment, result),
        right=written(right, letters),
        mine=_mine(result, assignment),
        percent=_percent(result.score),
        result=result,
        now=now,
        number=_number(now, result),
    )
    return render(request, "workbench/explained.html", facts)


def _result(assignment: Assignment) -> Result:
    """Of what was said first."""
    said = Judgement.objects.filter(task_id=assignment.task_id, person_id=assignment.person_id, revision=1)
    judgement = said.select_related("task__gold").prefetch_related("rankings").first()
    if judgement is None or not hasattr(judgement.task, "gold"):
        raise Http404
    return qualification.result_of(judgement, assignment.project)


def _number(now: Standing, result: Result) -> int:
    """The how-manieth of its round this one is; 0 where it belongs to an earlier one."""
    places = [each.judgement.pk for each in now.results]
    return places.index(result.judgement.pk) + 1 if result.judgement.pk in places else 0


def _mine(result: Result, assignment: Assignment) -> str:
    letters = lettered(assignment.shown)
    main = questions.criterion(assignment.project)
    orders = [written(r.groups, letters) for r in result.judgement.rankings.all() if r.criterion == main]
    return orders[0] if orders else ""


def answers(assignment: Assignment, result: Result) -> list[Answer]:
    """In the order of the page on which they were judged."""
    texts = dict(Sample.objects.filter(pk__in=assignment.shown).values_list("pk", "text"))
    main = questions.criterion(assignment.project)
    mine = next((r for r in result.judgement.rankings.all() if r.criterion == main), None)
    right = _places(result.gold.sample_ids, result.gold.ranks)
    said = _places(mine.sample_ids, mine.ranks) if mine else {}
    return [
        Answer(letter, texts.get(pk, ""), right.get(pk, "–"), said.get(pk, "–"))
        for pk, letter in lettered(assignment.shown).items()
    ]


def _places(sample_ids: list[int], ranks: list[int]) -> dict[int, str]:
    return {pk: str(rank + 1) for pk, rank in zip(sample_ids, ranks, strict=True)}
