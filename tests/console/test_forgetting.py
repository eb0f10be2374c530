"""An owner forgets a person: a page says what goes, and a job does it."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import AuditEvent, Judgement, Membership, Person, Project, Role
from exports.models import Snapshot
from workers import jobs
from workers.models import Job

pytestmark = pytest.mark.django_db(transaction=True)


def address(who: Person) -> str:
    return reverse("person_forget", args=["letters", who.pk])


def test_it_works(manager: Client, snapshot: Snapshot, annotator: Person) -> None:
    assert address(annotator) in manager.get(reverse("person", args=["letters", annotator.pk])).content.decode()
    page = manager.get(address(annotator))
    assert (page.context["judgements"], list(page.context["snapshots"])) == (1, [snapshot])
    assert Judgement.objects.count() == 1
    started = manager.post(address(annotator), {"name": "anna"})
    job = Job.objects.get(kind=Job.Kind.FORGET)
    assert started["Location"] == reverse("job", args=["letters", job.pk])
    jobs.run(str(job.pk))
    job.refresh_from_db()
    assert job.state == Job.State.SUCCEEDED, job.error
    assert not Judgement.objects.exists()
    snapshot.refresh_from_db()
    assert snapshot.withdrawn_at
    assert not snapshot.folder.exists()
    [successor] = job.result["successors"]
    assert Job.objects.get(pk=successor).arguments["parent"] == snapshot.pk
    html = manager.get(started["Location"]).content.decode()
    assert reverse("job", args=["letters", successor]) in html
    assert AuditEvent.objects.filter(action="person.forgotten").exists()


@pytest.mark.parametrize("name", ["", "ben", "ANNA", "olga"])
def test_another_name_deletes_nothing(name: str, manager: Client, snapshot: Snapshot, annotator: Person) -> None:
    assert manager.post(address(annotator), {"name": name}).status_code == 422
    assert not Job.objects.filter(kind=Job.Kind.FORGET).exists()
    assert Judgement.objects.count() == 1


def test_owners_only(
    signed_in: Callable[[Person], Client], viewer: Person, outsider: Person, snapshot: Snapshot, annotator: Person
) -> None:
    boss = Person.objects.create_user("max")
    Membership.objects.create(project=snapshot.project, person=boss, role=Role.MANAGER)
    for person in (viewer, outsider, annotator, boss):
        client = signed_in(person)
        assert client.get(address(annotator)).status_code == 404
        assert client.post(address(annotator), {"name": "anna"}).status_code == 404
    assert (
        address(annotator)
        not in signed_in(boss).get(reverse("person", args=["letters", annotator.pk])).content.decode()
    )


def test_a_stranger_to_the_project_is_not_there(manager: Client, project: Project, outsider: Person) -> None:
    assert manager.get(address(outsider)).status_code == 404
