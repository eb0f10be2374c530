"""Every call of the OpenAPI document, with all that the document allows and much that it does not.

Nothing is an error of ours, and nothing is answered that the document does not tell of.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from knox.models import AuthToken
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from annotation.intake.taking import take_comparisons
from annotation.models import Person, Project
from webapp.wsgi import application

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]
EXAMPLES = 8  # a call and a mode
DOCUMENT = schemathesis.openapi.from_wsgi("/api/v1/schema/", application)
CALLS = {operation.label: operation for operation in (found.ok() for found in DOCUMENT.get_all_operations())}


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """As Django's own test client does: a call's end must not close the connection that holds the test's data."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def token(project: Project, owner: Person) -> str:
    rows = [{"prompt": f"Q{n}", "responses": ["a", "b", "c"], "ranks": [0, 1, 2]} for n in range(3)]
    take_comparisons(project=project, rows=enumerate(rows, 1), by=owner)
    return str(AuthToken.objects.create(owner)[1])


def cases() -> Iterator[tuple[str, GenerationMode]]:
    """Every call as it should be; and those that take more than words in their path as they should not."""
    for label, operation in CALLS.items():
        yield label, GenerationMode.POSITIVE
        parameters = [*operation.path_parameters, *operation.query]
        if operation.body or any(parameter.definition["schema"] != {"type": "string"} for parameter in parameters):
            yield label, GenerationMode.NEGATIVE


@pytest.mark.slow
@pytest.mark.parametrize(("label", "mode"), list(cases()), ids=lambda part: getattr(part, "value", part))
def test_every_call(label: str, mode: GenerationMode, token: str) -> None:
    @given(case=CALLS[label].as_strategy(generation_mode=mode))
    @settings(max_examples=EXAMPLES, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
    def call(case: Any) -> None:
        if "slug" in (case.path_parameters or {}):
            case.path_parameters["slug"] = "letters"
        case.call_and_validate(headers={"Authorization": f"Token {token}"}, checks=CHECKS)

    call()
