from collections.abc import Callable

import pytest
from django.test import Client

from annotation import assignment as leases
from annotation.models import Assignment, Person, Project


@pytest.fixture
def page(signed_in: Callable[[Person], Client], annotator: Person) -> Client:
    """The annotator's browser."""
    return signed_in(annotator)


@pytest.fixture
def task(fill: Callable[[int], None], project: Project, annotator: Person) -> Assignment:
    """The first of three tasks, in the annotator's hands."""
    fill(3)
    return leases.lease_next(person=annotator, project=project)


@pytest.fixture
def ranks() -> Callable[..., dict[str, str]]:
    """`ranks(task, 2, 1, 1, 3)`: the form as a browser sends it, ranks in the order of the page."""

    def entered(task: Assignment, *given: int, **fields: str) -> dict[str, str]:
        return {f"rank-{s}": str(rank) for s, rank in zip(task.shown, given, strict=False)} | fields

    return entered


@pytest.fixture
def url(task: Assignment) -> Callable[[str], str]:
    """`url("submit")`: what the task's forms are sent to; `url("")` is its page."""

    def of(action: str) -> str:
        return f"/p/letters/work/{task.pk}/{action + '/' if action else ''}"

    return of
