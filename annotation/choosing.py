"""A turn's choice: its answers become samples, and the person's verdict an ordinary comparison (ADR 17).

A prompt with the messages so far, K samples, a rank task that was this person's from the start, and a judgement by
judging.py: exports, training and quality see what they see of any other ranking.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation import assignment as leases
from annotation import chatting, judging, questions
from annotation.checking import NotAcceptable
from annotation.content import content_hash, text_hash
from annotation.judging import Verdict
from annotation.models import Assignment, Candidate, Conversation, Judgement, Lane, Prompt, Report, Sample, Task, Turn
from annotation.models.judgement import OVERALL
from annotation.models.task import TaskKind

SOURCE = "chat"  # of the prompts


@transaction.atomic
def judge(
    *, turn: Turn, verdict: Verdict, source: str = Judgement.Source.BROWSER, go_on_with: int | None = None
) -> Turn:
    """Judge the turn's answers, which are named by their candidates' ids, and go on with the best.

    Of several best ones it is `go_on_with`, else the one shown first; the judgement keeps the tie, the turn which of
    both it was. Where all are bad and none is ranked, the message is left without an answer. The same verdict again
    changes nothing. Raises `NotAcceptable`, `NotNow` and `NoLongerOpen`.
    """
    turn = chatting.locked(turn)
    if turn.state == Turn.State.DONE and turn.judgement:
        return _same_again(turn, verdict)
    if turn.state != Turn.State.READY or len(turn.shown) < 2:
        words = _("Turn %(n)d is %(state)s: it has no answers to judge.")
        raise chatting.NotNow("state", words % {"n": turn.number, "state": turn.get_state_display().lower()})
    if strangers := _named(verdict) - {str(candidate) for candidate in turn.shown}:
        words = _("These answers are not in this turn: %(answers)s.")
        raise NotAcceptable(words % {"answers": sorted(strangers)})
    winner, chosen_by = _winner(turn, verdict, go_on_with)
    samples = _samples(turn)
    assignment = _given(turn, samples)
    judgement = judging.submit(assignment=assignment, verdict=renamed(verdict, samples), source=source)
    return _close(turn, winner=winner, chosen_by=chosen_by, judgement=judgement)


def _named(verdict: Verdict) -> set[str]:
    """The candidates, as text, of which the verdict says anything."""
    ranked = {str(c) for groups in verdict.rankings.values() for group in groups for c in group}
    return ranked.union(verdict.ratings, verdict.flags, verdict.categories)


def _same_again(turn: Turn, verdict: Verdict) -> Turn:
    """Let a verdict that was sent twice pass; another one belongs to the turn's own assignment, as a revision."""
    first = turn.judgement
    assert first is not None
    assert first.assignment is not None
    names = dict(turn.candidates.filter(sample__isnull=False).values_list("pk", "sample_id"))
    known = _named(verdict) <= {str(candidate) for candidate in names}
    if not known or not renamed(verdict, names).checked(first.assignment).same(first):
        raise chatting.NotNow(
            "judged", _("This turn is judged already; its judgement can be revised under My judgements.")
        )
    return turn


@transaction.atomic
def go_on(*, turn: Turn) -> Turn:
    """Go on with the only answer where all models said the same: there is nothing to compare. Raises `NotNow`."""
    turn = chatting.locked(turn)
    if turn.state != Turn.State.READY or len(turn.shown) != 1:
        raise chatting.NotNow("state", _("This turn has several answers, or none: choose one."))
    return _close(turn, winner=turn.shown[0], chosen_by=Turn.ChosenBy.ALONE, judgement=None)


def _close(turn: Turn, *, winner: int | None, chosen_by: str, judgement: Judgement | None) -> Turn:
    turn.winner = Candidate.objects.get(pk=winner) if winner else None
    turn.state, turn.judgement, turn.done_at, turn.chosen_by = Turn.State.DONE, judgement, timezone.now(), chosen_by
    turn.save(update_fields=["state", "winner", "judgement", "done_at", "chosen_by"])
    chatting.forget_draft(turn.conversation.assignment)
    leases.renew(turn.conversation.assignment)
    return turn


def _winner(turn: Turn, verdict: Verdict, go_on_with: int | None) -> tuple[int | None, str]:
    """The candidate that the conversation goes on with, and why it is that one. Raises `NotAcceptable`."""
    best = _best(turn, verdict)
    if go_on_with is not None and go_on_with not in best:
        raise NotAcceptable(_("The conversation goes on with one of the best answers: this is none of them."))
    if len(best) < 2:
        return next(iter(best), None), Turn.ChosenBy.BEST if best else ""
    return go_on_with or best[0], Turn.ChosenBy.PERSON if go_on_with else Turn.ChosenBy.FIRST


def _best(turn: Turn, verdict: Verdict) -> list[int]:
    """The candidates at the top of the order, as they were shown."""
    main = questions.criterion(turn.conversation.project)
    groups = verdict.rankings.get(main) or verdict.rankings.get(OVERALL) or []
    best = next((group for group in groups if group), [])
    return [candidate for candidate in turn.shown if candidate in best]


def _samples(turn: Turn) -> dict[int, int]:
    """Store the shown candidates as samples of the turn's prompt: candidate id → sample id, in the order shown."""
    prompt = _prompt(turn)
    found = {candidate.pk: candidate for candidate in turn.candidates.filter(pk__in=turn.shown)}
    stored = {}
    for candidate in (found[pk] for pk in turn.shown):
        candidate.sample = Sample.objects.get_or_create(
            prompt=prompt, text_hash=text_hash(candidate.text), defaults=_facts(candidate)
        )[0]
        candidate.save(update_fields=["sample"])
        stored[candidate.pk] = candidate.sample.pk
    return stored


def _facts(candidate: Candidate) -> dict[str, Any]:
    copied = ("text", "parameters", "seed", "finish_reason", "prompt_tokens", "completion_tokens", "latency_ms")
    out = candidate.reports.filter(verdict=Report.Verdict.UPHELD).exists()
    return {
        "generator_id": candidate.generator_id,
        "usable": not out,
        **{name: getattr(candidate, name) for name in copied},
    }


def _prompt(turn: Turn) -> Prompt:
    """The turn's prompt, of the conversation's family.

    Where the very same words were said before (a first "Hello"), it is that prompt, and a conversation that begins
    with it joins its family: nothing of one may stand on another side of a split.
    """
    conversation, said = turn.conversation, chatting.asked(turn)
    task = conversation.assignment.task
    defaults = {
        "messages": said,
        "family": conversation.family,
        "language": task.lane.language,
        "source": SOURCE,
        "author": conversation.assignment.person,
    }
    prompt, made = Prompt.objects.get_or_create(
        project=conversation.project, content_hash=content_hash(said), defaults=defaults
    )
    first = len(said) == len(chatting.opening(conversation)) + 1
    if first and not made and conversation.family != prompt.family:
        conversation.family = prompt.family
        conversation.save(update_fields=["family"])
    return prompt


def _given(turn: Turn, samples: Mapping[int, int]) -> Assignment:
    """A rank task over the turn's samples, in the person's hands: it never stood in the queue."""
    conversation = turn.conversation
    chat = conversation.assignment
    language, purpose = chat.task.lane.language, Lane.Purpose.WORK
    lane = Lane.objects.get_or_create(
        project=conversation.project, kind=TaskKind.RANK, language=language, cohort="", purpose=purpose
    )[0]
    task = Task.objects.get_or_create(
        prompt=Prompt.objects.get(samples=next(iter(samples.values()))),
        kind=TaskKind.RANK,
        sample_ids=sorted(set(samples.values())),
        defaults={"project": conversation.project, "lane": lane, "overlap": 1, "taken": 0},
    )[0]
    shown = list(samples.values())
    return leases.hand_over(task=task, person=chat.person, shown=shown, since=turn.ready_at or timezone.now())


def renamed(verdict: Verdict, names: Mapping[int, int]) -> Verdict:
    """The verdict with candidates' ids replaced by those of their samples."""

    def entries(said: Mapping[str, Any]) -> dict[str, Any]:
        return {str(names[int(candidate)]): value for candidate, value in said.items()}

    rankings = {c: [[names[i] for i in group] for group in groups] for c, groups in verdict.rankings.items()}
    return replace(
        verdict,
        rankings=rankings,
        ratings=entries(verdict.ratings),
        flags=entries(verdict.flags),
        categories=entries(verdict.categories),
    )


@dataclass(frozen=True)
class Closing:
    """What a person says of a conversation as a whole, when they end it: the judgement of the chat task itself."""

    kinds: ClassVar[tuple[str, ...]] = (TaskKind.CHAT,)

    comment: str = ""
    seconds: float | None = None

    def checked(self, assignment: Assignment) -> "Closing":
        """Raises `NotAcceptable` where no turn was judged: there is nothing to keep, and the task can be skipped."""
        if not Turn.objects.filter(conversation__assignment=assignment, state=Turn.State.DONE).exists():
            raise NotAcceptable(
                _("Nothing was judged in this conversation yet: skip the task instead of ending it."), "conversation"
            )
        return self

    def same(self, judgement: Judgement) -> bool:
        return judgement.comment == self.comment

    def write(self, judgement: Judgement, before: Judgement | None) -> None:
        """An unjudged last message is taken back. The judgement's prompt is the last turn's: all that was said."""
        assert judgement.assignment is not None
        judgement.comment = self.comment
        if before is None:
            judgement.prompt = _ended(chatting.begin(judgement.assignment))
        else:
            judgement.prompt_id = before.prompt_id
        judgement.save(force_insert=True)


def _ended(conversation: Conversation) -> Prompt:
    now = timezone.now()
    conversation.turns.open().update(state=Turn.State.CANCELLED, done_at=now)
    Conversation.objects.filter(pk=conversation.pk).update(ended_at=now)
    last = conversation.turns.filter(state=Turn.State.DONE).order_by("-number")[0]
    last.conversation = conversation
    return _prompt(last)
