"""A query together with what it means in this database: which projects, which criteria, which reward models."""

import hashlib
from dataclasses import dataclass, field, fields
from typing import Any

from django.utils.translation import gettext as _

from annotation import questions
from annotation.models import Person, Project
from annotation.models.project import READS_DATA
from annotation.splitting import place
from exports.formats import FORMATS, Options, Reads
from exports.query import Query
from workers.models import RewardModel


@dataclass(frozen=True)
class Source:
    """One project of a query. `criterion` is the name under which its rankings lie, `safer` the second of two."""

    project: Project
    weight: float
    criterion: str
    safer: str
    model: RewardModel | None


@dataclass(frozen=True)
class Plan:
    """What to read, and what formats need to know of it."""

    query: Query
    sources: tuple[Source, ...]
    options: Options
    bounds: dict[int, float] = field(default_factory=dict)
    """Where projects are mixed: of each one's prompt families those are in whose place is below (mixing.py)."""
    weights: dict[int, Any] = field(default_factory=dict)
    """People's reliability by id, where the query wants it (reliability.py)."""

    @property
    def project_ids(self) -> list[int]:
        return [source.project.pk for source in self.sources]

    @property
    def reads(self) -> set[Reads]:
        return {FORMATS[name].reads for name in self.query.formats}

    def is_mixed_in(self, project: int, family: str) -> bool:
        return not self.bounds or place(family, mix_seed(self.query)) < self.bounds[project]


class Unreadable(ValueError):
    """A query names a project that is not there, or not the caller's to read; the message says so."""


def plan(query: Query, project: Project) -> Plan:
    """The plan of a query of `project`'s. Raises `Unreadable`."""
    found = tuple(_source(one, weight, query) for one, weight in _projects(query, project))
    return Plan(query, found, _options(query, [source.project for source in found]))


def check_readable(query: Query, project: Project, by: Person | None) -> None:
    """Raise `Unreadable` where `by` (None: the server itself) may not read all data that the query asks for."""
    if by is None or query.projects is None:
        return  # the server itself; or the caller has come through the project's door
    for one, _weight in _projects(query, project):
        if one.role_of(by) not in READS_DATA:
            raise Unreadable(_nowhere(one.slug))


def mix_seed(query: Query) -> str:
    return f"mix:{query.seed}"


def _projects(query: Query, project: Project) -> list[tuple[Project, float]]:
    if query.projects is None:
        return [(project, 1.0)]
    known = {one.slug: one for one in Project.objects.filter(slug__in=[slug for slug, _weight in query.projects])}
    if missing := [slug for slug, _weight in query.projects if slug not in known]:
        raise Unreadable(_nowhere(missing[0]))
    return [(known[slug], weight) for slug, weight in query.projects]


def _nowhere(slug: str) -> str:
    return _("projects: there is no %(name)s whose data you may read.") % {"name": f"{slug!r:.80}"}


def _source(project: Project, weight: float, query: Query) -> Source:
    orders = questions.of(project).orders
    criterion = questions.criterion(project, query.criterion)
    safer = next((name for name in orders if "harmless" in name or "safe" in name), orders[-1])
    needs_scores = query.best_of is not None or "trlx" in query.formats or "prompts" in query.formats
    model = RewardModel.objects.adopted(project) if needs_scores else None
    return Source(project, weight, criterion, safer if safer != criterion else "", model)


def _options(query: Query, projects: list[Project]) -> Options:
    asked = [questions.of(project) for project in projects]
    same = {f.name: getattr(query, f.name) for f in fields(Options) if hasattr(query, f.name)}
    return Options(
        scales=tuple(dict.fromkeys((s.name, float(s.low), float(s.high)) for one in asked for s in one.scales)),
        harms=tuple(dict.fromkeys(item.name for one in asked for item in one.categories)),
        severities=tuple(dict.fromkeys(item.name for one in asked for item in one.severities)),
        **same,
    )


def phase_of(family: str, query: Query) -> int:
    """The phase of training (0 SFT, 1 reward, 2 RL) that prompts of `family` are for."""
    assert query.phases is not None
    at = place(family, f"phase:{query.seed}")
    first, second, _third = query.phases
    return 0 if at < first else 1 if at < first + second else 2


def fingerprint(name: str) -> str:
    """A person's place among others: the same everywhere, and it tells nothing of the name's letters."""
    return hashlib.sha256(name.encode()).hexdigest()
