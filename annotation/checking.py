"""What a verdict must be to be written: it fits what was shown, and what the project asks and allows."""

from collections.abc import Collection, Mapping
from math import isfinite
from typing import Any, Protocol

from django.utils.translation import gettext as _

from annotation import questions
from annotation.models import Assignment, Project
from annotation.questions import Questions

LONGEST_NAME = 80  # of a scale, flag or category


class NotAcceptable(ValueError):
    """The verdict does not fit the task; the message is a sentence for the person who sent it.

    `about` names the part of the verdict that is meant.
    """

    def __init__(self, sentence: str, about: str = "ranking"):
        super().__init__(sentence)
        self.about = about


class OfAnswers(Protocol):
    """What is said of each answer for itself, as in `Verdict`."""

    @property
    def ratings(self) -> dict[str, dict[str, float]]: ...
    @property
    def flags(self) -> dict[str, dict[str, bool]]: ...
    @property
    def categories(self) -> dict[str, dict[str, str]]: ...


class OfRanked(OfAnswers, Protocol):
    """What is said of answers that were put in order, as in `Verdict`."""

    @property
    def rankings(self) -> dict[str, list[list[int]]]: ...
    @property
    def strength(self) -> int | None: ...
    @property
    def all_bad(self) -> bool: ...


def check(verdict: OfRanked, assignment: Assignment) -> None:
    """Raise `NotAcceptable` where the verdict does not fit what was shown and what the project asks and allows.

    Names of scales, flags and categories are free where the project defines none of the kind. What is asked may be
    left out here: the ranking page insists on it, other clients send what they have.
    """
    shown, asked = set(assignment.shown), questions.of(assignment.project)
    for criterion, groups in verdict.rankings.items():
        _check_name(criterion, asked.orders if asked.criteria else (), "rankings")
        _check_ranking(criterion, groups, shown, assignment.project)
    if not verdict.rankings and not verdict.all_bad:
        raise NotAcceptable(_("There is no ranking: put the answers in order, best first."))
    check_answers(verdict, shown, asked)
    _check_strength(verdict, shown, asked)


def check_answers(verdict: OfAnswers, shown: set[int], asked: Questions) -> None:
    """Raise `NotAcceptable` where ratings, flags or categories do not fit the answers or the questions."""
    _check_entries("ratings", verdict.ratings, shown, [scale.name for scale in asked.scales])
    _check_entries("flags", verdict.flags, shown, [flag.name for flag in asked.flags])
    _check_entries("categories", verdict.categories, shown, [category.name for category in asked.categories])
    _check_ratings(verdict, asked)
    _check_severities(verdict, asked)


def _check_entries(about: str, said: Mapping[str, Mapping[str, Any]], shown: set[int], known: Collection[str]) -> None:
    if strangers := set(said) - {str(sample_id) for sample_id in shown}:
        words = _("These %(about)s name answers that are not in this task: %(answers)s.")
        raise NotAcceptable(words % {"about": about, "answers": sorted(strangers)}, about)
    for name in {name for entry in said.values() for name in entry}:
        _check_name(name, known, about)


def _check_name(name: str, known: Collection[str], about: str) -> None:
    if not name or len(name) > LONGEST_NAME or "\0" in name:
        words = _("A name in %(about)s has 1 to %(most)d characters and no NUL.")
        raise NotAcceptable(words % {"about": about, "most": LONGEST_NAME}, about)
    if known and name not in known:
        words = _("This project has no %(name)s in %(about)s; it has %(known)s.")
        raise NotAcceptable(words % {"name": repr(name), "about": about, "known": ", ".join(known)}, about)


def _check_ratings(verdict: OfAnswers, asked: Questions) -> None:
    scales = {scale.name: scale for scale in asked.scales}
    for name, value in (item for entry in verdict.ratings.values() for item in entry.items()):
        if not isfinite(value):
            words = _("A rating is a number: %(name)s is %(value)s.")
            raise NotAcceptable(words % {"name": name, "value": value}, "ratings")
        if (scale := scales.get(name)) and not scale.low <= value <= scale.high:
            words = _("%(name)s goes from %(low)s to %(high)s: %(value)s is outside.")
            facts = {"name": name, "low": scale.low, "high": scale.high, "value": f"{value:g}"}
            raise NotAcceptable(words % facts, "ratings")


def _check_severities(verdict: OfAnswers, asked: Questions) -> None:
    known = [severity.name for severity in asked.severities]
    for name, severity in (item for entry in verdict.categories.values() for item in entry.items()):
        if len(severity) > LONGEST_NAME or "\0" in severity or (known and severity not in known):
            words = _("The severity of %(name)s is not one of this project's: %(known)s.")
            raise NotAcceptable(words % {"name": name, "known": ", ".join(known) or _("free")}, "categories")


def _check_strength(verdict: OfRanked, shown: set[int], asked: Questions) -> None:
    if verdict.strength is None or asked.nothing:
        return
    if not asked.strength:
        raise NotAcceptable(_("This project does not ask how much better an answer is."), "strength")
    if len(shown) != 2:
        words = _("A strength of preference is of two answers: this task has %(n)d.")
        raise NotAcceptable(words % {"n": len(shown)}, "strength")
    if any(len(group) > 1 for group in verdict.rankings.get(asked.orders[0], ())):
        raise NotAcceptable(_("A tie has no strength of preference."), "strength")


def _check_ranking(criterion: str, groups: list[list[int]], shown: set[int], project: Project) -> None:
    ranked = [sample_id for group in groups for sample_id in group]
    if len(ranked) != len(set(ranked)):
        raise NotAcceptable(_("The ranking (%(criterion)s) names an answer twice.") % {"criterion": criterion})
    if strangers := set(ranked) - shown:
        words = _("The ranking (%(criterion)s) names answers that are not in this task: %(answers)s.")
        raise NotAcceptable(words % {"criterion": criterion, "answers": sorted(strangers)})
    missing = shown - set(ranked)
    if missing and not project.allow_unranked:
        words = _("The ranking (%(criterion)s) leaves out %(missing)d of %(all)d answers.")
        raise NotAcceptable(words % {"criterion": criterion, "missing": len(missing), "all": len(shown)})
    if not project.allow_ties and any(len(group) > 1 for group in groups):
        raise NotAcceptable(_("This project does not allow ties: give each answer a rank of its own."))
