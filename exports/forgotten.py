"""That people were forgotten: whether somebody was while a snapshot was written, and names out of queries."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Max, Q

from annotation.models import AuditEvent, Person, Project
from exports.models import Snapshot
from workers.models import Job

FORGOTTEN = "person.forgotten"  # of the audit log
NOBODY = "(forgotten)"
"""Stands for them, so that a query for them alone does not become one for everybody."""


def hold(projects: Iterable[int]) -> None:
    """Until the transaction ends nobody of these projects is forgotten, and no snapshot of theirs is recorded."""
    asked = Project.objects.filter(pk__in=list(projects)).order_by("pk")
    list(asked.select_for_update(no_key=True).values_list("pk"))


def last_forgotten(projects: Iterable[int]) -> int:
    """A number that grows when somebody is forgotten in one of these projects."""
    events = AuditEvent.objects.filter(project__in=list(projects), action=FORGOTTEN)
    return int(events.aggregate(last=Max("pk"))["last"] or 0)


def bare_name(person: Person) -> str:
    """As queries have it; see `statements.BARE_NAME`."""
    return person.username.partition(":")[2] if person.origin == Person.Origin.IMPORTED else person.username


def unname(*, name: str, project: Project) -> None:
    """Out of all queries that read `project`, done or not; it stays where somebody else has that name."""
    if Person.objects.filter(Q(username=name) | Q(username__endswith=f":{name}", origin="imported")).exists():
        return
    snapshots = Snapshot.objects.filter(Q(project=project) | Q(sources__contains=[project.pk]))
    for snapshot in snapshots.filter(_mentions("query", name)):
        Snapshot.objects.filter(pk=snapshot.pk).update(query=_without(snapshot.query, name))
    jobs = Job.objects.filter(
        Q(project=project) | Q(arguments__query__projects__has_key=project.slug), kind=Job.Kind.SNAPSHOT
    )
    for job in jobs.filter(_mentions("arguments__query", name)):
        Job.objects.filter(pk=job.pk).update(
            arguments={**job.arguments, "query": _without(job.arguments["query"], name)}
        )


def _mentions(field: str, name: str) -> Q:
    return Q(**{f"{field}__people__contains": [name]}) | Q(**{f"{field}__without__contains": [name]})


def _without(query: dict[str, Any], name: str) -> dict[str, Any]:
    return {**query, **{key: _renamed(query[key], name) for key in ("people", "without") if query.get(key)}}


def _renamed(names: Iterable[str], name: str) -> list[str]:
    return sorted({NOBODY if one == name else one for one in names})
