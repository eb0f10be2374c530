"""The API's own description: whole, and readable without script."""

import pytest
from django.test import Client

from webapp.api.docs import calls

CONTRACT = {
    ("POST", "/api/v1/projects/"), ("GET", "/api/v1/projects/{slug}/"), ("PATCH", "/api/v1/projects/{slug}/"),
    ("PUT", "/api/v1/projects/{slug}/members/{username}/"), ("POST", "/api/v1/projects/{slug}/prompts/"),
    ("POST", "/api/v1/projects/{slug}/samples/"), ("POST", "/api/v1/projects/{slug}/comparisons/"),
    ("GET", "/api/v1/projects/{slug}/comparisons/"), ("POST", "/api/v1/projects/{slug}/generations/"),
    ("POST", "/api/v1/projects/{slug}/reward-models/"), ("POST", "/api/v1/projects/{slug}/snapshots/"),
    ("GET", "/api/v1/jobs/{job_id}/"), ("POST", "/api/v1/jobs/{job_id}/cancel/"),
    ("GET", "/api/v1/projects/{slug}/quality/"),
    ("POST", "/api/v1/projects/{slug}/next/"), ("PUT", "/api/v1/assignments/{uuid}/judgement/"),
    ("POST", "/api/v1/assignments/{uuid}/skip/"), ("POST", "/api/v1/reward-models/{id}/score/"),
    ("GET", "/api/v1/snapshots/{id}/{form}/{split}.{extension}"),
}  # fmt: skip


def described() -> set[tuple[str, str]]:
    return {(call["method"], call["path"]) for call in calls()}


def test_the_contract_is_described() -> None:
    assert described() >= CONTRACT


def test_a_summary_is_whole_also_where_it_runs_over_a_line() -> None:
    summaries = {(call["method"], call["path"]): call["summary"] for call in calls()}
    assert summaries["POST", "/api/v1/projects/{slug}/snapshots/"].endswith("split 90/5/5.")


@pytest.mark.django_db
def test_the_page_and_the_document_are_served(client: Client) -> None:
    page = client.get("/api/v1/docs/")
    assert page.status_code == 200
    assert b"/api/v1/projects/{slug}/next/" in page.content
    assert client.get("/api/v1/schema/").status_code == 200
