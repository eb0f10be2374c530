"""Writes over a project and what belongs to it: creation, guideline, members, invitations."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from annotation.assignment import revoke
from annotation.models import Assignment, Guideline, Invitation, Membership, Person, Project, Role
from annotation.models.audit import record
from annotation.models.project import JUDGES
from annotation.presets import PRESETS

# Projects are locked `no_key`: whoever writes a lease or a judgement meanwhile refers to the project, and holds what a
# revocation waits for. A full lock would have each wait for the other.


class NotPossible(ValueError):
    """The change would break a rule; the message is a sentence for the person who asked."""


@transaction.atomic
def create(*, by: Person, slug: str, name: str, preset: str = "custom", guideline: str = "", **fields: Any) -> Project:
    """A new project with `by` as its owner; what `fields` does not say comes from the preset."""
    defaults = PRESETS[preset].defaults
    project = Project.objects.create(created_by=by, slug=slug, name=name, preset=preset, **{**defaults, **fields})
    Membership.objects.create(project=project, person=by, role=Role.OWNER)
    if guideline:
        write_guideline(project=project, text=guideline, by=by)
    record("project.create", actor=by, project=project, subject=slug, preset=preset)
    return project


@transaction.atomic
def write_guideline(*, project: Project, text: str, by: Person) -> Guideline:
    """A new version of the guideline, or the current one when the text is the same."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    current = project.guideline
    if current and current.text == text:
        return current
    version = current.version + 1 if current else 1
    record("project.guideline", actor=by, project=project, subject=version)
    return Guideline.objects.create(project=project, version=version, text=text, created_by=by)


@transaction.atomic
def set_role(*, project: Project, person: Person, role: str, by: Person) -> Membership:
    """Give a person a role. Raises `NotPossible` when the project would lose its last owner.

    Who only looks from now on has nothing in work: it goes to others.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    if role != Role.OWNER:
        _keep_an_owner(project, person)
    if role not in JUDGES:
        _take_work_back(project, person)
    record("member.role", actor=by, project=project, subject=person.username, role=role)
    return Membership.objects.update_or_create(project=project, person=person, defaults={"role": role})[0]


@transaction.atomic
def remove_member(*, project: Project, person: Person, by: Person) -> None:
    """Take a person out: their judgements stay, the tasks they had in work go to others."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    _keep_an_owner(project, person)
    _take_work_back(project, person)
    Membership.objects.filter(project=project, person=person).delete()
    record("member.remove", actor=by, project=project, subject=person.username)


@transaction.atomic
def set_reach(
    *, project: Project, person: Person, languages: Sequence[str], cohorts: Sequence[str], by: Person
) -> None:
    """Which tasks a member may get: those in `languages` (none: all), and what is for `cohorts` beside what is for
    everybody. What they have in work they may finish."""
    reach = {"languages": _distinct(languages), "cohorts": _distinct(cohorts)}
    if Membership.objects.filter(project=project, person=person).update(**reach):
        record("member.reach", actor=by, project=project, subject=person.username, **reach)


def _distinct(names: Sequence[str]) -> list[str]:
    return sorted({name.strip() for name in names} - {""})


@transaction.atomic
def pause(*, project: Project, person: Person, by: Person) -> int:
    """Give a member no more tasks until somebody lifts it; what they have in work goes to others: answers how much."""
    if not Membership.objects.filter(project=project, person=person, paused_at=None).update(paused_at=timezone.now()):
        return 0
    record("member.pause", actor=by, project=project, subject=person.username)
    return take_back(project=project, person=person, by=by)


@transaction.atomic
def resume(*, project: Project, person: Person, by: Person) -> bool:
    """Lift a pause; False where there was none."""
    members = Membership.objects.filter(project=project, person=person, paused_at__isnull=False)
    if not members.update(paused_at=None):
        return False
    record("member.resume", actor=by, project=project, subject=person.username)
    return True


@transaction.atomic
def take_back(*, project: Project, person: Person, by: Person) -> int:
    """Take away what somebody has in work, for others; answers how many tasks that were."""
    live = Assignment.objects.filter(project=project, person=person).live()
    taken = sum(revoke(assignment=assignment) for assignment in live)
    if taken:
        record("member.take_back", actor=by, project=project, subject=person.username, tasks=taken)
    return taken


def _take_work_back(project: Project, person: Person) -> None:
    for assignment in Assignment.objects.filter(project=project, person=person).live():
        revoke(assignment=assignment)


def _keep_an_owner(project: Project, leaving: Person) -> None:
    owners = set(project.memberships.filter(role=Role.OWNER).values_list("person_id", flat=True))
    if owners == {leaving.pk}:
        raise NotPossible(_("A project needs an owner: make somebody else an owner first."))


def invite(*, project: Project, role: str, by: Person, days: int = 7, uses: int = 1) -> tuple[Invitation, str]:
    """An invitation and its token, which is shown once."""
    if role == Role.OWNER:
        raise NotPossible(_("An owner is made from a member, never by a link."))
    ends = timezone.now() + timedelta(days=days)
    record("invitation.create", actor=by, project=project, role=role, uses=uses)
    return Invitation.issue(project=project, role=role, created_by=by, expires_at=ends, max_uses=uses)


@transaction.atomic
def accept_invitation(*, token: str, person: Person) -> Project | None:
    """Join by a link; None when it is unknown, used up, expired or revoked. A member keeps the role they have."""
    invitation = Invitation.objects.usable(token).select_for_update().select_related("project").first()
    if invitation is None:
        return None
    _, joined = Membership.objects.get_or_create(
        project=invitation.project, person=person, defaults={"role": invitation.role}
    )
    if joined:
        Invitation.objects.filter(pk=invitation.pk).update(uses=F("uses") + 1)
        record("invitation.accept", actor=person, project=invitation.project, role=invitation.role)
    return invitation.project
