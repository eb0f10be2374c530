"""Which version counts. A new one is adopted by itself unless it is worse on what both of them never saw (ADR 10).

`RewardModel.adoption` says why: `{verdict: adopted / refused / chosen / beside, reason, against?, difference?, by?}`.
The reason is `first` (there was none), `not_worse`, `worse`, `nothing_held_out` (nothing to compare on), `other_aim` (a
cost model, or one of another criterion: it stands beside the reward model), or, for a manager's choice, `chosen`. A
first version has nothing but chance to be compared with: where it is below that, on enough held-out prompts to tell,
it is refused as `worse_than_chance`. `difference` is that of `figures.accuracy.difference`, to chance where it is the
first.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from annotation.models import Person, Project
from annotation.models.audit import record
from annotation.models.judgement import OVERALL
from annotation.questions import criterion
from workers.figures import collect
from workers.figures.accuracy import difference
from workers.figures.cases import scored, strict
from workers.models import RewardModel
from workers.sentences import Sentence

IN_WORDS = {
    "first": gettext_noop("adopted, for it is the first"),
    "not_worse": gettext_noop("adopted, for it is not worse on what both held out"),
    "worse_than_chance": gettext_noop("not adopted, for it is the first and worse than chance"),
    "worse": gettext_noop("not adopted, for it is worse on what both held out"),
    "nothing_held_out": gettext_noop("adopted, for nothing is held out to compare on"),
    "other_aim": gettext_noop("stands beside the adopted one, for it has another aim"),
    "chosen": gettext_noop("chosen by a manager"),
}
LEAST_FAMILIES = 10  # held-out prompts, below which a first version cannot be told from chance
SURE = 0.8  # of the resamples of held-out families in which the new version is worse
REFUSED = {"worse", "worse_than_chance"}


def decide(model: RewardModel) -> RewardModel:
    """Adopt `model` unless it is worse than the adopted version; a decision that was made is left alone."""
    if has_other_aim(model):
        return model if model.adoption else _note(model, {"verdict": "beside", "reason": "other_aim"})
    settled = None
    while settled is None:  # again where somebody chose another version while these two were compared
        current = RewardModel.objects.adopted(model.project)
        settled = _settle(model, current, beside_chance(model) if current is None else compare(model, current))
    return settled


def in_words(model: RewardModel) -> Sentence:
    """What was decided, for the log."""
    reason = "chosen" if model.adoption["verdict"] == "chosen" else model.adoption["reason"]
    return Sentence(IN_WORDS[reason])


def has_other_aim(model: RewardModel) -> bool:
    """Whether its scores say something else than which answer people prefer by the project's main order.

    A cost is high for the worse answer: adopted, it would choose the worst of n.
    """
    asked = model.config.get("criterion") or OVERALL
    return model.config.get("target") == "cost" or criterion(model.project, asked) != criterion(model.project)


@transaction.atomic
def _settle(model: RewardModel, against: RewardModel | None, found: dict[str, Any]) -> RewardModel | None:
    """Write the decision down; None where it was made against what is no longer the adopted version."""
    Project.objects.select_for_update(no_key=True).get(pk=model.project_id)
    locked = RewardModel.objects.select_related("project").get(pk=model.pk)
    if locked.adoption:
        return locked
    if RewardModel.objects.adopted(model.project) != against:
        return None
    if found["reason"] in REFUSED:
        return _note(locked, {"verdict": "refused", **found})
    return _adopt(locked, {"verdict": "adopted", **found}, by=None)


def beside_chance(model: RewardModel) -> dict[str, Any]:
    """The verdict on a first version: on today's rankings of what it held out, beside somebody who guesses."""
    cases = collect.cases(model.project, collect.division(model.project, model.split_seed).measured)
    scores = collect.scores(model, collect.samples_of(cases))
    pairs = strict(scored(cases, scores), scores)
    found = difference(pairs, replace(pairs, margin=np.zeros(len(pairs))))
    refused = found["families"] >= LEAST_FAMILIES and is_worse(found)
    return {"reason": "worse_than_chance" if refused else "first", "difference": found}


def compare(new: RewardModel, old: RewardModel) -> dict[str, Any]:
    """The verdict on `new` against `old`, on today's rankings of the families that both held out."""
    divided = collect.division(new.project, new.split_seed, old.split_seed)
    cases = collect.cases(new.project, divided.measured)
    samples = collect.samples_of(cases)
    after, before = collect.scores(new, samples), collect.scores(old, samples)
    both = scored(scored(cases, after), before)
    pairs = strict(both, after)
    against = {"against": old.version}
    if not len(pairs):
        return {"reason": "nothing_held_out", **against}
    found = difference(pairs, strict(both, before))
    return {"reason": "worse" if is_worse(found) else "not_worse", "difference": found, **against}


def is_worse(found: dict[str, Any]) -> bool:
    """Whether a paired difference speaks against the new version: below zero, and in most resamples too."""
    value, worse = found["value"], found["worse"]
    return bool(value is not None and value < 0 and (worse is None or worse >= SURE))


@transaction.atomic
def choose(*, model: RewardModel, by: Person) -> RewardModel:
    """A manager's word, whatever the figures say."""
    Project.objects.select_for_update(no_key=True).get(pk=model.project_id)
    locked = RewardModel.objects.select_related("project").get(pk=model.pk)
    if locked.is_adopted:
        return locked
    return _adopt(locked, {**locked.adoption, "verdict": "chosen", "by": by.username}, by=by)


def _adopt(model: RewardModel, adoption: dict[str, Any], by: Person | None) -> RewardModel:
    """The project's row is locked, so that there is never a second one; the constraint stands behind it."""
    RewardModel.objects.filter(project=model.project_id, is_adopted=True).update(is_adopted=False)
    model.is_adopted, model.adopted_at = True, timezone.now()
    record("reward_model.adopt", actor=by, project=model.project, subject=model.pk, version=model.version)
    return _note(model, adoption)


def _note(model: RewardModel, adoption: dict[str, Any]) -> RewardModel:
    model.adoption = adoption
    model.save(update_fields=["adoption", "is_adopted", "adopted_at"])
    return model
